package codec

import (
	"net/netip"
	"testing"
)

func TestTypeOf(t *testing.T) {
	for text, want := range map[string]Kind{
		"10.1.2.3": Address, "10.1.2.3/8": Address, "::1": Address, "2001:db8::/32": Address, "FE80::A": Address, "::ffff:10.1.2.3": Address,
		"1.2.3": String, "10.1.2.300": String, "10.1.2.3:80": String, "fe80::1%eth0": String, "10.1.2.3/33": String, "": String, "::": Address,
		"cafe": String, "10:15:00": String, "a.b.c.d": String,
		"1980-05-17": Date, "1980/5/7": Date, "17.05.1980": Date, "5/17/1980": Date, "2026-03-01T10:15:00.123456789+01:00": Date,
		"2026-03-01 10:15": Date, "2026-03-01T10Z": Date, "2026-03-01 10:15:00,5 UTC": Date, "2026-03-01T10:15:00-0700": Date,
		"19800517": Date, "19801317": String, "18800517": String, "12345678": String, "1980": String, "1980-05": String, "1980-05-17-01": String, "1980-05/17": String, "05-17-80": String, "1980-05-1980": String,
		"1980-45-17": String, "2026-03-01T": String, "2026-03-01T10:15:00.": String, "2026-03-01T10:15:00 ": String, "2026-03-01T1": String,
		"2026-03-01T10:15:00+1": String, "2026-03-01x": String, "555-12-1980": String,
	} {
		if got := typeOf([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// TestStandIns holds what typed fields become to their type.
func TestStandIns(t *testing.T) {
	whole := func(value, text string) []Splice { return []Splice{{0, len(value), []byte(text), ""}} }
	for _, tt := range [][3]string{
		{"1980-05-17", "[x]", "1970-01-01"},
		{"17.5.1980", "[x]", "01.1.1970"},
		{"19800517", "[x]", "19700101"},
		{"2026-03-01T10:15:00.123-07:00", "[x]", "1970-01-01T00:00:00.000+00:00"},
		{"2026/03/01 10:15:00,1 UTC", "[x]", "1970/01/01 00:00:00,0 UTC"},
		{"1980-05-17", "1981-01-01", "1981-01-01"},
		{"10.1.2.3", "10.9.9.9", "10.9.9.9"},
	} {
		kind := typeOf([]byte(tt[0]))
		if got := string(appendStandIn(nil, kind, []byte(tt[0]), whole(tt[0], tt[1]))); got != tt[2] {
			t.Errorf("%s: %s, want %s", tt[0], got, tt[2])
		}
	}
	seen := map[string]bool{}
	for _, value := range []string{"10.1.2.3", "10.1.2.3/8", "10.1.2.3/24", "fe80::1", "fe80::1/10", "fe80::1/128", "::ffff:10.1.2.3"} {
		for _, text := range []string{"[a]", "[b]"} {
			got := appendStandIn(nil, Address, []byte(value), whole(value, text))
			f := Field{Kind: Address, Value: got}
			was, bits, _ := addressed([]byte(value))
			addr, newBits, ok := addressed(got)
			if !ok || addr.Is4() != was.Is4() || (bits < 0) != (newBits < 0) || newBits < bits || !f.StandsIn() {
				t.Errorf("%s became %s", value, got)
			}
			if p, err := netip.ParsePrefix(string(got)); err == nil && p.Masked() != p {
				t.Errorf("%s has bits of a host", got)
			}
			seen[string(got)] = true
		}
	}
	if len(seen) < 9 {
		t.Errorf("%d stand-ins for two tokens: %v", len(seen), seen)
	}
	for _, f := range []Field{{Kind: Address, Value: []byte("10.1.2.3")}, {Kind: Date, Value: []byte("1980-05-17")}, {Kind: Number, Value: []byte("1")}, {Kind: String, Value: []byte("0")}} {
		if f.StandsIn() {
			t.Errorf("%s stands in", f.Value)
		}
	}
}

func TestElasticsearchEdits(t *testing.T) {
	s := editor(all("s", "x"))
	runEdits(t, "esdoc", []editCase{
		{"kept", `{"@timestamp":"s","_id":"s","a":{"_id":"s","@timestamp":"s"}}`, s, `{"@timestamp":"s","_id":"s","a":{"_id":"x","@timestamp":"x"}}`},
		{"answer", `{"_index":"s","_id":"s","error":{"reason":"s"}}`, s, `{"_index":"s","_id":"s","error":{"reason":"x"}}`},
		{"date", `{"d":"1980\/05\/17","e":["1980-05-17"]}`, &recorder{edit: markAll}, `{"MARK":"1970/01/01","MARK":["1970-01-01"]}`},
		{"remove", `{"d":"1980-05-17","e":["1980-05-17"],"f":1}`, editor(nil, "1980-05-17"), `{"e":["1970-01-01"],"f":1}`},
		{"text", `{"d":"on 1980-05-17"}`, editor(all("on 1980-05-17", "x")), `{"d":"x"}`},
	})
	runEdits(t, "esupdate", []editCase{
		{"all", `{"doc":{"a":"s","@timestamp":"s"},"upsert":{"a":"s"},"script":{"source":"s","lang":"s","id":"s","params":{"p":"s"}},"query":"s"}`,
			s, `{"doc":{"a":"x","@timestamp":"s"},"upsert":{"a":"x"},"script":{"source":"s","lang":"s","id":"s","params":{"p":"x"}},"query":"x"}`},
		{"script alone", `{"script":"s"}`, s, `{"script":"s"}`},
	})
	runEdits(t, "esanswer", []editCase{
		{"items", `{"items":[{"create":{"_index":"s","_id":"s","error":{"type":"s","reason":"s","caused_by":{"reason":"s"},"index":"s"}}},{"update":{"_id":"s","get":{"_source":{"a":"s"}}}}]}`,
			s, `{"items":[{"create":{"_index":"s","_id":"s","error":{"type":"s","reason":"x","caused_by":{"reason":"x"},"index":"s"}}},{"update":{"_id":"s","get":{"_source":{"a":"x"}}}}]}`},
	})
	ip := &recorder{edit: func(f *Field) ([]Splice, bool) {
		if string(f.Key) != "ip" || f.Kind == Name {
			return nil, false
		}
		return []Splice{{0, len(f.Value), []byte("10.9.9.9"), ""}}, false
	}}
	runEdits(t, "esbulk", []editCase{
		{"typed", `{"index":{"ip":"10.1.2.3"}}` + "\n" + `{"ip":"10.1.2.3","l":["10.1.2.3"],"s":"{\"ip\":\"10.1.2.3\"}"}` + "\r\n", ip,
			`{"index":{"ip":"10.1.2.3"}}` + "\n" + `{"ip":"10.9.9.9","l":["10.1.2.3"],"s":"{\"ip\":\"10.9.9.9\"}"}` + "\r\n"},
		{"number", `{"index":{}}` + "\n" + `{"n":[4111111111111111,1.5e3]}`, &recorder{edit: markAll}, `{"index":{}}` + "\n" + `{"MARK":[0,0]}`},
	})
}
