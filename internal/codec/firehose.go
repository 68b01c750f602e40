package codec

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
)

func init() { Register(firehoseCodec{}) }

// firehoseCodec is what Amazon Data Firehose delivers to an HTTP endpoint: a document
// with records whose data is base64 of anything, compressed with gzip where it comes
// from CloudWatch Logs (AWS, "Understand HTTP endpoint delivery request and response
// specifications"). The data is decoded and walked as what it looks like; a record that
// changed is coded again. The ids and times of the request and of events of CloudWatch
// are never visited.
type firehoseCodec struct{}

func (firehoseCodec) Name() string           { return "firehose" }
func (firehoseCodec) MediaTypes() []string   { return nil }
func (firehoseCodec) NewWalker() Walker      { return &firehoseWalker{} }
func (firehoseCodec) Streams() bool          { return false }
func (firehoseCodec) Opaque(src []byte) bool { return len(src) > 0 }

// Endpoint knows a delivery by its head, since it may go to any path.
func (firehoseCodec) Endpoint(_, mediaType string, head []byte) bool {
	return strings.HasSuffix(mediaType, "json") && looksJSON(head) && bytes.Contains(head, []byte(`"requestId"`)) &&
		bytes.Contains(head, []byte(`"records"`)) && bytes.Contains(head, []byte(`"data"`))
}

type firehoseWalker struct {
	doc     jsonWalker
	records firehoseRecords
}

func (w *firehoseWalker) Reset() {
	w.doc.Reset()
	w.records.inner.reset()
	w.records = firehoseRecords{inner: w.records.inner}
}

func (w *firehoseWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	if !final {
		return dst, 0, nil
	}
	w.doc.begin()
	w.records.inner.begin()
	w.records.v = v
	out, n, err = w.doc.walk(dst, src, true, &w.records)
	w.records.v = nil
	return out, n, err
}

// firehoseRecords is a visitor that looks into the data of records.
type firehoseRecords struct {
	v     Visitor
	inner inner
	edit  [1]Splice
}

// firehoseKept are paths of a delivery, and of what CloudWatch Logs sends in it.
var firehoseKept = map[string]bool{
	"requestId": true, "timestamp": true, "messageType": true, "owner": true,
	"logEvents[].id": true, "logEvents[].timestamp": true,
}

func (r *firehoseRecords) Suspect(raw []byte) bool     { return r.v.Suspect(raw) }
func (r *firehoseRecords) Tells(name, raw []byte) bool { return r.v.Tells(name, raw) }

func (r *firehoseRecords) Visit(f *Field) ([]Splice, bool, error) {
	if f.Kind == String && string(f.Path) == "records[].data" {
		text, codings, ok, err := r.decode(f.Value)
		if err != nil {
			return nil, false, err
		}
		if ok {
			defer clear(text)
			if c := Detect("", "", text[:min(len(text), sniffLen)]); c != nil {
				return r.data(f, text, codings, c)
			}
			skip(r.v, len(text)) // unless it never was base64
		}
	}
	return firehoseData{r.v}.Visit(f)
}

// maxHidden is how many codings are undone that nothing but the data tells of.
const maxHidden = 2

// decode returns what the data of a record stands for, and the content codings that it
// has in base64. What only begins like a coding is data as it is.
func (r *firehoseRecords) decode(value []byte) (text []byte, codings string, ok bool, err error) {
	data, err := base64.StdEncoding.AppendDecode(nil, value)
	if err != nil || len(data) == 0 {
		return nil, "", false, nil
	}
	text = data
	for range maxHidden {
		coding := HiddenCoding(text)
		if coding == "" {
			break
		}
		if codings != "" {
			coding += ", " + codings
		}
		decoded, err := inflate(r.v, nil, data, coding)
		if errors.Is(err, ErrTooLarge) {
			return nil, "", false, err
		}
		if err != nil {
			break
		}
		text, codings = decoded, coding
	}
	return text, codings, true, nil
}

// data walks text, which the value of f stands for and which is of format c.
func (r *firehoseRecords) data(f *Field, text []byte, codings string, c Codec) ([]Splice, bool, error) {
	splices, err := r.inner.walk(nil, text, 0, c, firehoseData{r.v})
	if err != nil || len(splices) == 0 {
		return nil, false, err
	}
	out, err := recode(text, splices, codings)
	if err != nil {
		return nil, false, err
	}
	defer clear(out)
	r.edit[0] = Splice{0, len(f.Value), base64.StdEncoding.AppendEncode(nil, out), noteOf(splices)}
	return r.edit[:], false, nil
}

// firehoseData is a visitor of what is in a record, or around records.
type firehoseData struct{ Visitor }

func (d firehoseData) Visit(f *Field) ([]Splice, bool, error) {
	if f.Kind == Name {
		switch string(f.Value) {
		case "requestId", "timestamp", "records", "data", "messageType", "owner", "logEvents", "id":
			return nil, false, nil
		}
	} else if firehoseKept[string(f.Path)] {
		return nil, false, nil
	}
	return d.Visitor.Visit(f)
}

// Skipped implements Skipper.
func (d firehoseData) Skipped(n int) { skip(d.Visitor, n) }
