"""Export logs and a trace as an instrumented program does, with credentials in them.

otlp_client.py grpc|http HOST:PORT: credentials come on standard input as JSON.
"""

import json
import logging
import sys

from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

transport, address = sys.argv[1:]
secrets = json.load(sys.stdin)
if transport == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    logs, spans = OTLPLogExporter(endpoint=address, insecure=True), OTLPSpanExporter(endpoint=address, insecure=True)
else:
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    logs = OTLPLogExporter(endpoint=f"http://{address}/v1/logs", compression=Compression.Gzip)
    spans = OTLPSpanExporter(endpoint=f"http://{address}/v1/traces")

resource = Resource.create({"service.name": "shop", "service.instance.id": "web-1", "region": ["eu", "us"]})
log_provider = LoggerProvider(resource=resource)
log_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
log = logging.getLogger("shop.worker")
log.setLevel(logging.INFO)
log.propagate = False
log.addHandler(LoggingHandler(logger_provider=log_provider))

log.info("listening on 0.0.0.0:8000, 4 workers")
log.warning("charge with %s refused", secrets["stripe"], extra={"attempt": 2, "password": secrets["password"]})
log.error(f"connect postgresql://app:{secrets['database']}@db:5432/app failed")
try:
    raise ValueError(f"401 for https://oauth2:{secrets['github']}@github.com/acme/app.git")
except ValueError:
    log.exception("unhandled exception")
log.info("done: naïve café, 100% & <b>more</b>")

tracer_provider = TracerProvider(resource=resource)
tracer_provider.add_span_processor(BatchSpanProcessor(spans))
tracer = tracer_provider.get_tracer("shop")
with tracer.start_as_current_span("nightly"):
    with tracer.start_as_current_span("query", attributes={"db.user": "app", "labels": ["eu", secrets["aws"]]}) as span:
        span.add_event("retry", {"authorization": "Bearer " + secrets["session"]})
        span.set_status(trace.StatusCode.ERROR, "signed with\n" + secrets["pem"])
log_provider.shutdown()
tracer_provider.shutdown()
print(json.dumps({"done": True}))
