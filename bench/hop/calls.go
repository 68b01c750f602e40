package hop

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
)

// LogsMethod is the call that takes logs of OTLP.
const LogsMethod = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"

// callSink is a gRPC server that answers every call with an empty message.
type callSink struct {
	addr   string
	server *grpc.Server
	last   atomic.Pointer[[]byte] // the message of the last call
}

func newCallSink() (*callSink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &callSink{addr: ln.Addr().String()}
	s.server = grpc.NewServer(grpc.ForceServerCodecV2(rawMessages{}), grpc.MaxRecvMsgSize(64<<20), grpc.UnknownServiceHandler(s.serve))
	go func() { _ = s.server.Serve(ln) }()
	return s, nil
}

func (s *callSink) serve(_ any, stream grpc.ServerStream) error {
	var message, empty []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	s.last.Store(&message)
	return stream.SendMsg(&empty)
}

// Call makes calls of OTLP's logs service at addr for that long, at least one, with
// the message compressed if asked for. It returns how many there were, and what the
// last one brought to s.
func (s *Sink) Call(ctx context.Context, addr string, message []byte, compressed bool, duration time.Duration) (times int, got []byte, err error) {
	options := []grpc.CallOption{grpc.ForceCodecV2(rawMessages{}), grpc.MaxCallSendMsgSize(64 << 20)}
	if compressed {
		options = append(options, grpc.UseCompressor(gzip.Name))
	}
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, nil, err
	}
	defer conn.Close()
	for end := time.Now().Add(duration); times == 0 || time.Now().Before(end); times++ {
		var reply []byte
		if err := conn.Invoke(ctx, LogsMethod, &message, &reply, options...); err != nil {
			return times, nil, err
		}
	}
	if last := s.calls.last.Load(); last != nil {
		got = *last
	}
	return times, got, nil
}

// rawMessages hands messages on as the bytes that they are.
type rawMessages struct{}

func (rawMessages) Name() string { return "proto" }

var errRaw = errors.New("not bytes")

func (rawMessages) Marshal(v any) (mem.BufferSlice, error) {
	p, ok := v.(*[]byte)
	if !ok {
		return nil, errRaw
	}
	return mem.BufferSlice{mem.SliceBuffer(*p)}, nil
}

func (rawMessages) Unmarshal(data mem.BufferSlice, v any) error {
	p, ok := v.(*[]byte)
	if !ok {
		return errRaw
	}
	*p = slices.Clone(data.Materialize())
	return nil
}
