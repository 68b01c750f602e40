package canary

import (
	"bytes"
	"encoding/csv"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"strings"
)

func writeForm(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	for i := range list {
		if i > 0 {
			b.WriteByte('&')
		}
		// The number stands behind the name, in front of which rules look.
		b.WriteString(number(i) + "." + url.QueryEscape(list[i].key()) + "=" + url.QueryEscape(list[i].Text))
	}
	return b.Bytes(), nil
}

func readForm(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	for pair := range strings.SplitSeq(string(body), "&") {
		name, value, _ := strings.Cut(pair, "=")
		text, err := url.QueryUnescape(value)
		if err != nil {
			return nil, errShape
		}
		number, _, _ := strings.Cut(name, ".")
		t.set(number, text)
	}
	return t.found, nil
}

// boundary is that of multipart bodies.
const boundary = "b1946ac92492d234"

func writeMultipart(list []Canary) ([]byte, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil {
		return nil, err
	}
	for i := range list {
		p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {
			mime.FormatMediaType("form-data", map[string]string{"name": number(i) + "." + list[i].key()})}})
		if err != nil {
			return nil, err
		}
		_, _ = io.WriteString(p, list[i].Text) // into a buffer
	}
	err := w.Close()
	return b.Bytes(), err
}

func readMultipart(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return t.found, nil
		}
		if err != nil {
			return nil, errShape
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, errShape
		}
		number, _, _ := strings.Cut(p.FormName(), ".")
		t.set(number, string(text))
	}
}

// writeCSV writes one table for all: the names of its columns are those of the rules.
func writeCSV(list []Canary) ([]byte, error) {
	columns, at := []string{"seq", "note"}, map[string]int{"note": 1}
	for i := range list {
		if k := list[i].key(); at[k] == 0 {
			at[k] = len(columns)
			columns = append(columns, k)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(columns) // errors stay until Error
	for i := range list {
		row := make([]string, len(columns))
		row[0], row[at[list[i].key()]] = number(i), list[i].Text
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func readCSV(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil {
		return nil, errShape
	}
	for _, row := range rows {
		t.set(row[0], strings.Join(row[1:], "\x00"))
	}
	return t.found, nil
}

func init() {
	Register(Format{Name: "http-form", ContentType: "application/x-www-form-urlencoded", Keyed: true, Fits: hasPlainKey, Write: writeForm, Read: readForm})
	Register(Format{Name: "http-multipart", ContentType: "multipart/form-data; boundary=" + boundary, Keyed: true, Fits: hasPlainKey,
		Write: writeMultipart, Read: readMultipart})
	Register(Format{Name: "http-csv", ContentType: "text/csv", Keyed: true, Write: writeCSV, Read: readCSV,
		Fits: func(c *Canary) bool { return !strings.Contains(c.Text, "\r") && c.Text != "" }})
}
