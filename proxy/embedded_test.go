package proxy

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
)

// Errors inside of answers of success lose what they disclose; data stays as it is, byte for
// byte, with a token that a client asked for.
func TestEmbeddedErrors(t *testing.T) {
	data := `"data" : {"login": {"token":"` + realSecret + `", "n": 1.0}}`
	leak := `{"message":` + jsonString(pythonTrace) + `,"path":["login"],"locations":[{"line":1,"column":2}],"extensions":{"code":"INTERNAL_SERVER_ERROR","stacktrace":["a"]}}`
	const told = `{"message":"Not for you.","path":["a"],"extensions":{"code":"FORBIDDEN"}}`
	const other = `"path":["login"],"locations":[{"line":1,"column":2}]`
	for _, tt := range []struct {
		name, policy, path, media, body string
		want                            string // "" is body
		outcome                         string
	}{
		{"errors", "", "/graphql", "", `{"errors":[` + told + `,` + leak + `],` + data + `}`,
			`{"errors":[` + told + `,{"message":"An internal error happened.",` + other + `,"extensions":{"code":"INTERNAL_SERVER_ERROR"}}],` + data + `}`, "neutralised"},
		{"by type", "", "/x", "application/graphql-response+json", `{` + data + `,"errors":[{"stacktrace":["a"]}]}`,
			`{` + data + `,"errors":[{"message":"An internal error happened."}]}`, "replaced"},
		{"batch", "", "/api/gql/", "", `[{` + data + `}, {"errors":[` + leak + `]} ]`,
			`[{` + data + `}, {"errors":[{"message":"An internal error happened.",` + other + `,"extensions":{"code":"INTERNAL_SERVER_ERROR"}}]} ]`, "neutralised"},
		{"replace", `embedded = "replace"`, "/graphql", "", `{"errors":[` + told + `]}`, `{"errors":[{"message":"An internal error happened."}]}`, "replaced"},
		{"scrub", `embedded = "scrub"`, "/graphql", "", `{"errors":[{"message":"` + realSecret + `"}],` + data + `}`, `{"errors":[{"message":"[REDACTED:test-token]"}],` + data + `}`, "scrubbed"},
		{"off", `embedded = "off"`, "/graphql", "", `{"errors":[` + leak + `]}`, "", ""},
		{"shadow", `mode = "shadow"`, "/graphql", "", `{"errors":[` + leak + `]}`, "", "neutralised"},
		{"what users may know", "", "/graphql", "", `{"errors":[` + told + `],` + data + `}`, "", ""},
		{"data alone", "", "/graphql", "", `{` + data + `,"errors":[]}`, "", ""},
		{"data of that name", "", "/graphql", "", `{"data":{"errors":[` + leak + `]}}`, "", ""},
		{"no document", "", "/graphql", "", `{"errors":[` + leak, "", ""},
		{"an API", "", "/orders", "", `{"errors":[` + leak + `]}`, "", ""},
		{"JSON-RPC", "", "/jsonrpc", "", `{"jsonrpc":"2.0","error":{"code":-32000,"message":` + jsonString(pythonTrace) + `},"id":"7"}`,
			`{"jsonrpc":"2.0","error":{"code":-32000,"message":"An internal error happened."},"id":"7"}`, "neutralised"},
	} {
		for _, coding := range []string{"", "gzip"} {
			media := tt.media
			if media == "" {
				media = "application/json"
			}
			sent, err := codec.Encode(nil, []byte(tt.body), coding)
			if err != nil {
				t.Fatal(err)
			}
			headers := []string{"Content-Type", media, "ETag", `"a"`}
			if coding != "" {
				headers = append(headers, "Content-Encoding", coding)
			}
			h, log := errorHop(t, tt.policy, says(200, string(sent), headers...))
			r := h.do("POST", tt.path, "{}", "Content-Type", "application/json", "Accept-Encoding", "gzip")
			want := tt.want
			if want == "" {
				want = tt.body
			}
			if got := decode(t, r.Header.Get("Content-Encoding"), r.body); got != want || r.StatusCode != 200 || r.Header.Get("Content-Type") != media {
				t.Errorf("%s %q: got %s\nwant %s", tt.name, coding, got, want)
			}
			if (r.Header.Get("ETag") == "") != (tt.want != "") || (r.Header.Get("X-Error-Id") == "") != (tt.want == "") {
				t.Errorf("%s: %v", tt.name, r.Header)
			}
			if n := h.metric("redactd_error_responses_total", "outcome", tt.outcome, "status_class", "2xx"); (n == 1) != (tt.outcome != "") {
				t.Errorf("%s: counted %v times as %q", tt.name, n, tt.outcome)
			}
			if tt.outcome == "neutralised" {
				all := log.take()
				if len(all) != 1 || !strings.Contains(string(all[0].Original), "views.py") || strings.Contains(string(all[0].Original), realSecret) {
					t.Errorf("%s: reports %+v", tt.name, all)
				}
			}
		}
	}
}

// A large answer of success passes, since it may be all data.
func TestEmbeddedErrorsOfLargeAnswers(t *testing.T) {
	body := `{"data":"` + strings.Repeat("x", 200<<10) + `","errors":[{"message":"x"}]}`
	h, _ := errorHop(t, `max_body = "64KiB"`, says(200, body, "Content-Type", "application/json"))
	if r := h.do("POST", "/graphql", "{}"); r.body != body || r.StatusCode != 200 {
		t.Errorf("%d, %d bytes", r.StatusCode, len(r.body))
	}
	if h.metric("redactd_uninspected_bytes_total", "reason", "limit") <= 64<<10 {
		t.Error("it is not counted")
	}
}

func grpcFrame(flag byte, message string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(message)))) + message
}

// grpcStatus is a status with details for clients and for developers.
func grpcStatus(t *testing.T) []byte {
	t.Helper()
	var details []*anypb.Any
	for _, m := range []proto.Message{
		&errdetails.DebugInfo{StackEntries: []string{"/srv/a.py"}, Detail: "secret"},
		&errdetails.ErrorInfo{Reason: "OUT_OF_STOCK", Domain: "shop"},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "email", Description: "is missing"}}},
	} {
		a, err := anypb.New(m)
		if err != nil {
			t.Fatal(err)
		}
		details = append(details, a)
	}
	bin, err := proto.Marshal(&status.Status{Code: 13, Message: pythonTrace, Details: details})
	if err != nil {
		t.Fatal(err)
	}
	return bin
}

func checkGRPCStatus(t *testing.T, value string) {
	t.Helper()
	bin, err := base64.RawStdEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	var s status.Status
	if err := proto.Unmarshal(bin, &s); err != nil {
		t.Fatal(err)
	}
	if s.Code != 13 || s.Message != safeSentence || len(s.Details) != 2 || bytes.Contains(bin, []byte("/srv")) {
		t.Errorf("status %v", &s)
	}
}

// Errors of gRPC-Web lose what they disclose, in the header and in the trailer.
func TestGRPCWeb(t *testing.T) {
	details := base64.StdEncoding.EncodeToString(grpcStatus(t))
	message := string(percent([]byte(pythonTrace)))
	trailer := "grpc-status: 13\r\ngrpc-message: " + message + "\r\ngrpc-status-details-bin:" + details + "\r\nx-other: a\r\n"
	messages := grpcFrame(0, "message one "+realSecret) + grpcFrame(1, strings.Repeat("m", 70000))
	for _, media := range []string{"application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text", "application/grpc-web-text+proto"} {
		for _, split := range []bool{false, true} { // each frame in base64 alone, or all together
			body := messages + grpcFrame(trailerFlag, trailer)
			if isGRPCText(media) && split {
				body = base64.StdEncoding.EncodeToString([]byte(messages)) + base64.StdEncoding.EncodeToString([]byte(grpcFrame(trailerFlag, trailer)))
			} else if isGRPCText(media) {
				body = base64.StdEncoding.EncodeToString([]byte(body))
			}
			h, log := errorHop(t, "", says(200, body, "Content-Type", media))
			r := h.do("POST", "/shop.Shop/Pay", "x", "Content-Type", media)
			got := r.body
			if isGRPCText(media) {
				var out []byte
				for i := 0; i+4 <= len(got); i += 4 {
					piece, err := base64.StdEncoding.DecodeString(got[i : i+4])
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, piece...)
				}
				got = string(out)
			}
			rest, ok := strings.CutPrefix(got, messages)
			if !ok || r.err != nil || len(rest) < 5 || rest[0] != trailerFlag || int(binary.BigEndian.Uint32([]byte(rest[1:5]))) != len(rest)-5 {
				t.Fatalf("%s: %d bytes, trailer %q: %v", media, len(got), rest, r.err)
			}
			lines := strings.Split(rest[5:], "\r\n")
			if len(lines) != 6 || lines[0] != "grpc-status: 13" || lines[1] != "grpc-message: "+safeSentence || lines[3] != "x-other: a" || !strings.HasPrefix(lines[4], "x-error-id: ") {
				t.Errorf("%s: %q", media, lines)
			}
			checkGRPCStatus(t, strings.TrimPrefix(lines[2], "grpc-status-details-bin: "))
			all := log.take()
			if len(all) != 1 || all[0].Framework != "python" || "x-error-id: "+all[0].Reference != lines[4] || strings.Contains(string(all[0].Original), realSecret) {
				t.Errorf("%s: reports %+v", media, all)
			}
		}
	}
	h, _ := errorHop(t, "", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/grpc-web")
		w.Header()["grpc-status"], w.Header()["grpc-message"], w.Header()["grpc-status-details-bin"] = []string{"13"}, []string{message}, []string{strings.TrimRight(details, "=")}
	})
	r := h.do("POST", "/shop.Shop/Pay", "x")
	if r.Header.Get("Grpc-Message") != safeSentence || r.Header.Get("Grpc-Status") != "13" || r.Header.Get("X-Error-Id") == "" {
		t.Errorf("%v", r.Header)
	}
	checkGRPCStatus(t, r.Header.Get("Grpc-Status-Details-Bin"))
}

// What is no gRPC is not passed on as if it were inspected.
func TestGRPCWebBroken(t *testing.T) {
	for name, tt := range map[string]struct{ media, body, want string }{
		"messages alone":    {"application/grpc-web", grpcFrame(0, "a"), grpcFrame(0, "a")},
		"half a trailer":    {"application/grpc-web", grpcFrame(0, "a") + grpcFrame(trailerFlag, pythonTrace)[:30], grpcFrame(0, "a")},
		"a huge trailer":    {"application/grpc-web", grpcFrame(trailerFlag, strings.Repeat("a", 100<<10)), ""},
		"no base64":         {"application/grpc-web-text", "!!!!", ""},
		"compressed":        {"application/grpc-web", grpcFrame(trailerFlag|1, pythonTrace), ""},
		"nothing to change": {"application/grpc-web", grpcFrame(trailerFlag, "grpc-status:0\r\n"), grpcFrame(trailerFlag, "grpc-status:0\r\n")},
	} {
		h, _ := errorHop(t, "", says(200, tt.body, "Content-Type", tt.media))
		if r := h.do("POST", "/a.B/C", "x"); r.body != tt.want || (tt.body == tt.want) != (r.err == nil) {
			t.Errorf("%s: %q: %v", name, r.body, r.err)
		}
	}
}

// JSON transcoding has the same in JSON.
func TestGRPCTranscoding(t *testing.T) {
	body := `{"code":13,"message":` + jsonString(pythonTrace) + `,"details":[{"@type":"type.googleapis.com/google.rpc.DebugInfo","stackEntries":["/srv/a.py:3"],"detail":"x"},` +
		`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"OUT_OF_STOCK"}]}`
	h, _ := errorHop(t, "", says(500, body, "Content-Type", "application/json"), func(*config.Config) {})
	r := h.do("GET", "/v1/shop", "")
	if strings.Contains(r.body, "/srv") || !strings.Contains(r.body, "OUT_OF_STOCK") || !strings.Contains(r.body, `"code":13`) || !json.Valid([]byte(r.body)) {
		t.Error(r.body)
	}
}
