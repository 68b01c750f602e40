package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// otlp exports logs and a trace, over HTTP also a metric: otlp grpc|http HOST:PORT.
// Standard input has credentials to leak, as JSON.
func otlp(args []string) (any, error) {
	var secrets map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&secrets); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	logs, traces, err := exporters(ctx, args[0], args[1])
	if err != nil {
		return nil, err
	}
	res := resource.NewSchemaless(attribute.String("service.name", "shop"),
		attribute.String("database.url", "postgresql://app:"+secrets["database"]+"@db:5432/app"))
	provider := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(sdklog.NewBatchProcessor(logs)))
	emit(ctx, provider.Logger("shop.worker"), secrets)
	tracer := sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithBatcher(traces))
	record(ctx, tracer.Tracer("shop.worker"), secrets)
	err = errors.Join(provider.Shutdown(ctx), tracer.Shutdown(ctx))
	if args[0] == "http" {
		err = errors.Join(err, measure(ctx, args[1], res, secrets))
	}
	return map[string]bool{"done": err == nil}, err
}

func exporters(ctx context.Context, transport, addr string) (sdklog.Exporter, *otlptrace.Exporter, error) {
	if transport == "grpc" {
		logs, err := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(addr), otlploggrpc.WithInsecure())
		if err != nil {
			return nil, nil, err
		}
		traces, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(addr), otlptracegrpc.WithInsecure(),
			otlptracegrpc.WithCompressor("gzip"))
		return logs, traces, err
	}
	logs, err := otlploghttp.New(ctx, otlploghttp.WithEndpoint(addr), otlploghttp.WithInsecure())
	if err != nil {
		return nil, nil, err
	}
	traces, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpoint(addr), otlptracehttp.WithInsecure(),
		otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
	return logs, traces, err
}

// emit logs strings, maps, lists and attributes, some with credentials.
func emit(ctx context.Context, logger log.Logger, secrets map[string]string) {
	begin := time.Now().Add(-time.Minute)
	bodies := []attribute.Value{
		attribute.StringValue("listening on 0.0.0.0:8000, 4 workers: naïve café"),
		attribute.StringValue("charge with " + secrets["stripe"] + " refused"),
		attribute.MapValue(attribute.String("user", "jane"), attribute.String("password", secrets["password"]), attribute.Int("port", 5432)),
		attribute.SliceValue(attribute.StringValue("eu"), attribute.StringValue(secrets["aws"])),
		attribute.ByteSliceValue([]byte("token " + secrets["github"])),
	}
	for i, body := range bodies {
		var r log.Record
		r.SetTimestamp(begin.Add(time.Duration(i) * time.Second))
		r.SetSeverity(log.SeverityWarn)
		r.SetSeverityText("WARN")
		r.SetBody(body)
		r.AddAttributes(attribute.Int("n", i), attribute.Float64("ratio", 0.25), attribute.Bool("ok", true),
			attribute.String("http.request.header.authorization", "Bearer "+secrets["session"]))
		logger.Emit(ctx, r)
	}
}

func record(ctx context.Context, tracer trace.Tracer, secrets map[string]string) {
	ctx, parent := tracer.Start(ctx, "GET https://oauth2:"+secrets["github"]+"@github.com/acme/app.git")
	_, span := tracer.Start(ctx, "query", trace.WithAttributes(attribute.String("db.user", "app"),
		attribute.String("db.connection_string", "postgresql://app:"+secrets["database"]+"@db:5432/app"),
		attribute.StringSlice("labels", []string{"eu", secrets["aws"]})))
	span.AddEvent("retry", trace.WithAttributes(attribute.String("password", secrets["password"])))
	span.RecordError(errors.New("401 with " + secrets["stripe"]))
	span.SetStatus(codes.Error, "signed with\n"+secrets["pem"])
	span.End()
	parent.End()
}

func measure(ctx context.Context, addr string, res *resource.Resource, secrets map[string]string) error {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpoint(addr), otlpmetrichttp.WithInsecure())
	if err != nil {
		return err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithResource(res), sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter)))
	counter, err := provider.Meter("shop.worker").Int64Counter("requests")
	if err != nil {
		return err
	}
	counter.Add(ctx, 3, counterAttributes(secrets))
	return provider.Shutdown(ctx)
}

func counterAttributes(secrets map[string]string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("api_key", secrets["stripe"]), attribute.Int("status", 200))
}
