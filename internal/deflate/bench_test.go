package deflate

import "testing"

func BenchmarkDecode(b *testing.B) {
	text := texts()["log"][:64<<10]
	data := deflated(b, text, 1)
	buf := make([]byte, 0, len(text)+slack)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, err := Decode(buf, data, len(text), len(text)); err != nil {
			b.Fatal(err)
		}
	}
}
