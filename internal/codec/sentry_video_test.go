package codec

import (
	"bytes"
	"fmt"
	"testing"
)

// packedBin is data as binary MessagePack.
func packedBin(data []byte) []byte {
	p := packed{kind: packBin, form: 0xc4}
	return append(p.resize(nil, len(data)), data...)
}

func videoEnvelope(item []byte) []byte {
	return fmt.Appendf(nil, "{}\n{\"type\":\"replay_video\",\"length\":%d}\n%s\n{\"type\":\"event\"}\n{}\n", len(item), item)
}

// TestSentryVideo asks that the event and the recording of a video are walked, that the
// video stays, and that all lengths say so.
func TestSentryVideo(t *testing.T) {
	const secret = "XSECRETX"
	build := func(word string) []byte {
		item := []byte{0x83}
		recording := append([]byte("{\"segment_id\":0}\n"), must(Encode(nil, []byte(`[{"message":"`+word+`"}]`), "deflate"))...)
		for _, m := range []struct {
			name string
			data []byte
		}{
			{"replay_event", []byte(`{"urls":["a ` + word + `"]}`)},
			{sentryRecording, recording},
			{sentryVideo, append([]byte("\x00\x00\x00 ftyp"+secret), bytes.Repeat([]byte{0}, 300)...)},
		} {
			item = append(AppendPackedString(item, m.name), packedBin(m.data)...)
		}
		return item
	}
	src := videoEnvelope(build(secret))
	splices, _, err := walkWhole(sentryCodec{}, src, &planter{secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	out := Apply(nil, src, splices)
	_, payloads := envelopeItems(t, out)
	if len(payloads) != 3 {
		t.Fatalf("%d items", len(payloads))
	}
	got, want := PackedElems(payloads[1]), PackedElems(build("[R]"))
	if len(got) != len(want) {
		t.Fatalf("%d elements", len(got))
	}
	for i := range got {
		text, _ := PackedText(got[i])
		other, _ := PackedText(want[i])
		if i == 3 { // compressed by whatever writer
			text = text[bytes.IndexByte(text, '\n')+1:]
			text = must(Decode(nil, text, "deflate", 1<<20))
			other = []byte(`[{"message":"[R]"}]`)
		}
		if !bytes.Equal(text, other) {
			t.Errorf("element %d is %q, want %q", i, text, other)
		}
	}
}

// TestSentryVideoBroken asks that what is no such map goes on as it is, and is counted.
func TestSentryVideoBroken(t *testing.T) {
	for _, item := range []string{"x", "\x81", "\x81\xacreplay_event\xc4\x09short", "\x82\xa1a\x01", "\x93\x01\x02\x03", "\x81\x91\x01\x02", "\x81\x01\x91\xa1a"} {
		src := videoEnvelope([]byte(item))
		c := &counter{}
		splices, _, err := walkWhole(sentryCodec{}, src, c)
		if err != nil || len(splices) > 0 || c.n == 0 {
			t.Errorf("%q: %d splices, %d counted, %v", item, len(splices), c.n, err)
		}
	}
}
