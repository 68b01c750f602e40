package codec

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
)

func TestCSVEdits(t *testing.T) {
	s := editor(all("s", "x"))
	runEdits(t, "csv", []editCase{
		{"cells", "a,b\r\ns,\"s\"\r\n\"q\",s", s, "a,b\r\nx,\"x\"\r\n\"q\",x"},
		{"key", "a,token\n1,s\n\"t,u\",v\n", keyed("token", "x"), "a,token\n1,x\n\"t,u\",x\n"},
		{"quoted key", "\"the \"\"key\"\"\"\n1\n", keyed(`the "key"`, "x"), "\"the \"\"key\"\"\"\nx\n"},
		{"names and values", "Name;Value\ntoken;s\nother;s\n", keyed("token", "x"), "Name;Value\ntoken;x\nother;s\n"},
		{"tabs", "a\ttoken\n1,2\ts\n", keyed("token", "x"), "a\ttoken\n1,2\tx\n"},
		{"separator told", "sep=|\na,b|token\n1|s\n", keyed("token", "x"), "sep=|\na,b|token\n1|x\n"},
		{"what must be quoted", "a,b\ns,\"s\"\n", editor(all("s", "1,\"2\"\n")), "a,b\n1 '2' ,\"1,\"\"2\"\"\n\"\n"},
		{"inner quotation marks", "a\n\"p\"\"s\"\n", editor(map[string][]Splice{`p"s`: {{2, 3, []byte("x"), ""}}}), "a\n\"p\"\"x\"\n"},
		{"inside of an escape", "a\n\"p\"\"s\"\n", editor(map[string][]Splice{`p"s`: {{1, 2, []byte("x"), ""}}}), "a\n\"pxs\"\n"},
		{"line break in a cell", "a,b\n\"s\nt\",u\n", editor(all("s\nt", "x")), "a,b\n\"x\",u\n"},
		{"JSON in a cell", "a\n\"{\"\"k\"\":\"\"s\"\"}\"\n", s, "a\n\"{\"\"k\"\":\"\"x\"\"}\"\n"},
		{"remove", "a,b\ns,t\n", editor(nil, "s"), "a,b\n,t\n"},
		{"remove the only cell", "a\ns\nt\n", editor(nil, "s"), "a\n\"\"\nt\n"},
		{"closes nothing", "a,b\n5\" disk,\"x\"y\",s\n", s, "a,b\n5\" disk,\"x\"y\",x\n"},
		{"old Macintosh", "a\rs\r", s, "a\rx\r"},
		{"more cells than names", "a\n1,s\n", s, "a\n1,x\n"},
	})
}

// TestCSVAgainstStandard asks that the cells are those that the standard library reads.
func TestCSVAgainstStandard(t *testing.T) {
	for name, src := range samples(t, "csv") {
		if name == "odd.csv" {
			continue // the first line and lone quotation marks
		}
		r := csv.NewReader(bytes.NewReader(src))
		if strings.HasSuffix(name, ".tsv") {
			r.Comma = '\t'
		}
		if name == "one-column.csv" {
			r = csv.NewReader(bytes.NewReader(bytes.ReplaceAll(src, []byte("\r"), []byte("\n"))))
		}
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(name, err)
		}
		var want []string
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" {
					want = append(want, strings.ReplaceAll(cell, "\r\n", "\n"))
				}
			}
		}
		var got []string
		rec := &recorder{}
		if _, _, err := walkWhole(csvCodec{}, src, rec); err != nil {
			t.Fatal(name, err)
		}
		for _, f := range rec.fields {
			if f.Kind == String && (f.Key == "" || f.Path == f.Key) { // of JSON in a cell
				got = append(got, strings.ReplaceAll(f.Value, "\r\n", "\n"))
			}
		}
		if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestCSVRecordWithoutEnd(t *testing.T) {
	src := []byte("a,b\n1,\"" + strings.Repeat("x\n", maxRow) + "s")
	_, n, err := walkWhole(csvCodec{}, src, &recorder{})
	if !IsSyntax(err) || n != 4 {
		t.Fatal(n, err)
	}
}

// TestCSVColumnsOfInterest asks that a name makes the cells under it be visited, also
// where nothing in their rows is suspect.
func TestCSVColumnsOfInterest(t *testing.T) {
	v := &choosy{recorder: recorder{}, word: "token"}
	if _, _, err := walkWhole(csvCodec{}, []byte("id,token\n"+strings.Repeat("1,abc\n", 3000)), v); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range v.fields {
		if f.Key == "token" && f.Value == "abc" {
			n++
		} else if f.Key == "id" {
			t.Fatal("visited", f)
		}
	}
	if n != 3000 {
		t.Error(n)
	}
}

// choosy is a visitor to whom only one word is suspect.
type choosy struct {
	recorder
	word string
}

func (c *choosy) Suspect(raw []byte) bool { return bytes.Contains(raw, []byte(c.word)) }
func (c *choosy) Tells(_, _ []byte) bool  { return false }
