package proxy

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// digests gives each field that describes a body as it is for a body; "" is left out.
func digests(body string) map[string]string {
	b := []byte(body)
	m5, s1, s2, s5 := md5.Sum(b), sha1.Sum(b), sha256.Sum256(b), sha512.Sum512(b)
	crc := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b))
	crcc := binary.BigEndian.AppendUint32(nil, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return map[string]string{
		"Content-MD5": base64Of(m5[:]), "X-Ms-Blob-Content-MD5": base64Of(m5[:]), "X-Ms-Content-Sha256": base64Of(s2[:]),
		"X-Amz-Content-Sha256": hex.EncodeToString(s2[:]),
		"X-Amz-Checksum-Sha1":  base64Of(s1[:]), "X-Amz-Checksum-Sha256": base64Of(s2[:]),
		"X-Amz-Checksum-Crc32": base64Of(crc), "X-Amz-Checksum-Crc32c": base64Of(crcc),
		"Digest":         "SHA-256=" + base64Of(s2[:]) + ", md5=" + base64Of(m5[:]) + ", SHA=" + base64Of(s1[:]),
		"Content-Digest": "sha-512=:" + base64Of(s5[:]) + ":, sha-256=:" + base64Of(s2[:]) + ":",
		"Repr-Digest":    "sha-256=:" + base64Of(s2[:]) + ":",
		"X-Goog-Hash":    "crc32c=" + base64Of(crcc) + ", md5=" + base64Of(m5[:]),
	}
}

// lost are fields that can't be made anew.
var lost = map[string]string{
	"ETag": `"1"`, "X-Ms-Content-Crc64": "AAAAAAAAAAA=",
}

// TestDigests asks of each field, in requests and answers, that it is as it came where
// the body is, that it is right where the body changed, and that it is gone where
// that can't be.
func TestDigests(t *testing.T) {
	long := strings.Repeat("a line of a log\n", 8<<10)
	for _, tt := range []struct {
		name, body string
		want       func(field, value string) string
	}{
		{"clean", "clean", func(_, value string) string { return value }},
		{"changed", "a " + secret, func(field, _ string) string { return digests("a " + placeholder)[field] }},
		{"streamed", long + secret, func(string, string) string { return "" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sent := map[string]string{"Want-Digest": "sha-256"}
			for _, m := range []map[string]string{digests(tt.body), lost} {
				for field, value := range m {
					sent[field] = value
				}
			}
			up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
				for field, value := range sent {
					w.Header().Set(field, value)
				}
				w.Header().Set("Content-Type", "text/plain")
				w.Header().Set("X-Up", "1")
				_, _ = io.WriteString(w, tt.body)
			})
			h := start(t, settings(up.URL))
			headers := []string{"Content-Type", "text/plain"}
			for field, value := range sent {
				headers = append(headers, field, value)
			}
			r := h.do("POST", "/", tt.body, headers...)
			req, _ := up.last(t)
			for field, value := range sent {
				want := tt.want(field, value)
				if field == "Want-Digest" { // says nothing about a body
					want = value
				}
				if got := r.Header.Get(field); got != want {
					t.Errorf("client got %s %q, want %q", field, got, want)
				}
				if got := req.Header.Get(field); got != want {
					t.Errorf("upstream got %s %q, want %q", field, got, want)
				}
			}
		})
	}
}

// TestDigestsOfUnknownKinds asks that no algorithm is guessed.
func TestDigestsOfUnknownKinds(t *testing.T) {
	sum := sha256.Sum256([]byte("x"))
	good := base64Of(sum[:])
	for _, tt := range []struct{ name, old, want string }{
		{"Digest", "unixsum=30637, sha-256=AAAA", "sha-256=" + good},
		{"Content-Digest", "sha-1024=:AA==:, sha-256=:AA==:", "sha-256=:" + good + ":"},
		{"Content-Digest", "sha-1024=:AA==:", ""},
		{"Repr-Digest", "", ""},
		{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD", "UNSIGNED-PAYLOAD"},
		{"ETag", `W/"1"`, ""},
	} {
		if got := redigest([]byte(tt.name), []byte(tt.old), []byte("x")); string(got) != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.name, tt.old, got, tt.want)
		}
	}
	// The check value of CRC-64/NVME in the catalogue of parametrised CRC algorithms.
	crc, _ := hex.DecodeString("ae8b14860a799888")
	if got := redigest([]byte("x-amz-checksum-crc64nvme"), nil, []byte("123456789")); string(got) != base64Of(crc) {
		t.Errorf("CRC-64/NVME is %s", got)
	}
}

// TestPartialAnswerLosesItsDigests: what describes the whole is not made from a part.
func TestPartialAnswerLosesItsDigests(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Repr-Digest", digests("whole")["Repr-Digest"])
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, secret)
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].Response = config.ScopeAll
	cfg.Routes["main"].OnFailure = config.FailPass // else it is withheld
	h := start(t, cfg)
	if r := h.do("GET", "/", ""); r.StatusCode != 206 || r.Header.Get("Repr-Digest") != "" || r.body != placeholder {
		t.Errorf("got %d %v %q", r.StatusCode, r.Header, r.body)
	}
	if n := h.metric("redactd_uninspected_payloads_total"); n != 0 { // what was scrubbed was inspected
		t.Errorf("%v payloads count as not inspected", n)
	}
}

// TestSignedAnswers asks that the signature of an answer goes with what it signs.
func TestSignedAnswers(t *testing.T) {
	fields := []string{"Signature", "Signature-Input", "X-Hub-Signature-256", "X-Acme-Signature"}
	for _, tt := range []struct{ name, body, extra, want string }{
		{"clean", "clean", "clean", "sig1"},
		{"body", secret, "clean", ""},
		{"header", "clean", secret, ""},
	} {
		up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
			for _, f := range fields {
				w.Header().Set(f, "sig1")
			}
			w.Header().Set("X-Extra", tt.extra)
			_, _ = io.WriteString(w, tt.body)
		})
		r := start(t, settings(up.URL)).do("GET", "/", "")
		for _, f := range fields {
			if got := r.Header.Get(f); got != tt.want {
				t.Errorf("%s: %s is %q", tt.name, f, got)
			}
		}
	}
}
