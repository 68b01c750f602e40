package otlpgrpc

import (
	"io"
	"math"

	"google.golang.org/grpc/encoding"

	"github.com/redactd/redactd/internal/codec"
)

// The compressions that senders may use beside gzip; those of the OpenTelemetry
// Collector call the framed form of snappy by that name.
func init() {
	encoding.RegisterCompressor(compressor{"zstd", "zstd"})
	encoding.RegisterCompressor(compressor{"snappy", "x-snappy-framed"})
}

// compressor is a content coding as gRPC has it.
type compressor struct{ name, coding string }

func (c compressor) Name() string { return c.name }

func (c compressor) Compress(w io.Writer) (io.WriteCloser, error) {
	return codec.NewEncoder(w, c.coding)
}

// Decompress sets no limit: gRPC reads up to one of its own, and closes the reader.
func (c compressor) Decompress(r io.Reader) (io.Reader, error) {
	return codec.NewDecoder(r, c.coding, math.MaxInt64/2)
}
