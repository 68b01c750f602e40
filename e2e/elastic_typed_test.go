//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// TestOpenSearchTypedFields sends documents to an index that types its fields, and asks
// that none is refused for what redactd put in, that the reasons for which others are
// refused quote no value, and that who looks for nodes is sent back to redactd.
func TestOpenSearchTypedFields(t *testing.T) {
	b := startOpenSearch(t)
	fetch(t, http.MethodPut, "http://"+b.addr+"/logs-typed", `{"mappings":{"properties":{
		"n":{"type":"long"},"card":{"type":"long"},"client":{"type":"ip"},"net":{"type":"ip_range"},
		"birth_date":{"type":"date"},"day":{"type":"date","format":"dd.MM.yyyy"},"ok":{"type":"boolean"}}}}`)
	r := startRedactd(t, portsConfig+`
[upstream.backend]
urls = ["http://`+b.addr+`"]
[route.backend]
upstream = "backend"
request = "logs"
response = "errors"
rules = ["ip-address", "birth-date-field"]
[rule.day]
description = "any day"
keys = ["day"]
`)
	hop := "http://" + r.addr
	quoted := random(14, alnum)
	const card = "4539578763621486" // of no one: made to fit the check digit
	lines := []string{
		`{"index":{"_index":"logs-typed","_id":"1"}}`,
		`{"n":1,"card":` + card + `,"client":"10.11.12.13","net":"10.11.0.0/16","birth_date":"1980-05-17","day":"17.05.1980","ok":true}`,
		`{"create":{"_index":"logs-typed","_id":"2"}}`, `{"n":"` + quoted + `"}`,
		`{"index":{"_index":"logs-typed","_id":"3"}}`, `{"birth_date":"` + quoted + `"}`,
		`{"index":{"_index":"logs-typed","_id":"4"}}`, `{"client":"` + quoted + `"}`,
		`{"index":{"_index":"logs-typed","_id":"5"}}`, `{"ok":"` + quoted + `"}`,
		`{"update":{"_index":"logs-typed","_id":"1"}}`, `{"doc":{"client":"10.9.9.9"}}`,
	}
	answer := fetch(t, http.MethodPost, hop+"/_bulk?refresh=true", strings.Join(lines, "\n")+"\n")
	var said struct {
		Errors bool
		Items  []map[string]struct {
			ID     string `json:"_id"`
			Status int
			Error  struct{ Reason string }
		}
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil {
		t.Fatal(err)
	}
	var statuses []string
	for _, item := range said.Items {
		for op, it := range item {
			statuses = append(statuses, fmt.Sprintf("%s %s %d", op, it.ID, it.Status))
		}
	}
	if got, want := strings.Join(statuses, ", "), "index 1 201, create 2 400, index 3 400, index 4 400, index 5 400, update 1 200"; got != want {
		t.Errorf("items %s, want %s: %s", got, want, answer)
	}
	if strings.Contains(answer, quoted) || !strings.Contains(answer, "[REDACTED:elasticsearch-echo]") {
		t.Errorf("reasons: %s", answer)
	}

	var doc struct {
		Source struct {
			N           int
			Card        json.Number
			Client, Net string
			Born        string `json:"birth_date"`
			Day         string
			OK          bool
		} `json:"_source"`
	}
	stored := fetch(t, http.MethodGet, "http://"+b.addr+"/logs-typed/_doc/1", "")
	if err := json.Unmarshal([]byte(stored), &doc); err != nil {
		t.Fatal(err)
	}
	s := doc.Source
	addr, err := netip.ParseAddr(s.Client)
	net, err2 := netip.ParsePrefix(s.Net)
	if err != nil || err2 != nil || s.N != 1 || s.Card != "0" || s.Born != "1970-01-01" || s.Day != "01.01.1970" || !s.OK ||
		netip.MustParsePrefix("10.0.0.0/8").Contains(addr) || net.Bits() != 16 || net.Addr().As4()[0] == 10 {
		t.Errorf("stored %s", stored)
	}

	nodes := fetch(t, http.MethodGet, hop+"/_nodes/http", "")
	if !strings.Contains(nodes, `"publish_address":"`+r.addr+`"`) || strings.Count(nodes, r.addr) < 2 {
		t.Errorf("nodes %s", nodes)
	}
	if one := fetch(t, http.MethodPost, hop+"/logs-typed/_search", `{"query":{"term":{"birth_date":"1970-01-01"}}}`); !strings.Contains(one, `"_id":"1"`) {
		t.Errorf("searched %s", one)
	}
}
