package patterns

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// idKinds make the identifiers, digests and times that logs are full of.
var idKinds = map[string]func(r *rand.Rand) string{
	"uuid":      func(r *rand.Rand) string { h := hexID(r, 16); return uuidOf(h) },
	"UUID":      func(r *rand.Rand) string { return strings.ToUpper(uuidOf(hexID(r, 16))) },
	"span":      func(r *rand.Rand) string { return hexID(r, 8) },
	"object":    func(r *rand.Rand) string { return hexID(r, 12) },
	"trace":     func(r *rand.Rand) string { return hexID(r, 16) },
	"sha1":      func(r *rand.Rand) string { return hexID(r, 20) },
	"sha256":    func(r *rand.Rand) string { return hexID(r, 32) },
	"short":     func(r *rand.Rand) string { return hexID(r, 6) },
	"image":     func(r *rand.Rand) string { return "sha256:" + hexID(r, 32) },
	"integrity": func(r *rand.Rand) string { return "sha512-" + base64.StdEncoding.EncodeToString(randomBytes(r, 64)) },
	"md5":       func(r *rand.Rand) string { return base64.StdEncoding.EncodeToString(randomBytes(r, 16)) },
	"ulid":      func(r *rand.Rand) string { return "01" + fromAlphabet(r, 24, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") },
	"ksuid":     func(r *rand.Rand) string { return fromAlphabet(r, 27, alnum) },
	"snowflake": func(r *rand.Rand) string { return fmt.Sprint(100000000000000000 + r.Int64N(1500000000000000000)) },
	"millis":    func(r *rand.Rand) string { return fmt.Sprint(1600000000000 + r.Int64N(300000000000)) },
	"nanos":     func(r *rand.Rand) string { return fmt.Sprint(1600000000000000000 + r.Int64N(300000000000000000)) },
	"decimal":   func(r *rand.Rand) string { return fmt.Sprint(r.Int64()) },
	"timestamp": func(r *rand.Rand) string {
		return fmt.Sprintf("2026-%02d-%02dT%02d:00:00.%06dZ", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(1000000))
	},
	"version": func(r *rand.Rand) string {
		return fmt.Sprintf("v%d.%d.%d-rc.%d+%s", r.IntN(9), r.IntN(40), r.IntN(99), r.IntN(9), hexID(r, 4))
	},
	"pod": func(r *rand.Rand) string {
		return "web-" + fromAlphabet(r, 10, "bcdf2456789") + "-" + fromAlphabet(r, 5, "bcdfghjklmnpqrstvwxz2456789")
	},
	"traceparent": func(r *rand.Rand) string { return "00-" + hexID(r, 16) + "-" + hexID(r, 8) + "-01" },
}

const alnum = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// idNames are names that identifiers stand under, some of them with words in that
// name credentials. %s is a provider of some rule.
var idNames = []string{
	"trace_id", "traceId", "span_id", "dd.trace_id", "request_id", "requestId", "x-request-id", "X-Correlation-ID",
	"traceparent", "token_id", "tokenId", "key_id", "secret_id", "secretName", "api_key_id", "access_token_hash",
	"kms_key_id", "password_hash_id", "session_token_id", "etag", "ETag", "commit", "git_sha", "revision", "digest",
	"image", "checksum", "build_id", "pod", "pod_uid", "container_id", "resourceVersion", "transaction_id", "order_id",
	"userId", "accountId", "event_id", "message_id", "job_id", "next_page_token", "idempotency_key", "public_key",
	"%s_request_id", "%s.trace_id", "%s_account_id", "%s_commit", "%s-event-id", "%sDeploymentId", "%s_build_version",
}

// idShapes are log records that hold a name and an identifier.
var idShapes = []string{
	`2026-03-01T10:00:00Z INFO done NAME=ID took=12ms`,
	`{"level":"info","NAME":"ID","msg":"done"}`,
	`level=info msg="done" NAME=ID`,
	`NAME: ID`,
	`{\"NAME\":\"ID\"}`,
	`GET /v1/items?NAME=ID&page=2 200`,
	`[worker-1] finished (NAME: ID) in 3s`,
}

// Identifiers stay as they are under the names of identifiers, whatever provider's name
// is beside them: in text and as values of fields.
func TestIdentifiersStay(t *testing.T) {
	f := defaults(t)
	r := rand.New(rand.NewPCG(1, 2))
	providers := ruleWords()
	lines, failures := 0, map[string]string{}
	note := func(kind, text string, found []redact.Finding) {
		for _, fd := range found {
			where := fd.Rule.ID + " takes " + kind
			failures[where] = text
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(idKinds)) {
		make := idKinds[kind]
		for _, name := range idNames {
			rounds := 2
			if strings.Contains(name, "%s") {
				rounds = 60
			}
			for range rounds {
				name, id := strings.ReplaceAll(name, "%s", providers[r.IntN(len(providers))]), make(r)
				text := strings.NewReplacer("NAME", name, "ID", id).Replace(idShapes[r.IntN(len(idShapes))])
				lines += 2
				note(kind, text, find(t, f, redact.Field{Value: []byte(text)}))
				note(kind, name+" -> "+id, find(t, f, redact.Field{Key: []byte(name), Value: []byte(id)}))
			}
		}
	}
	for where, text := range failures {
		t.Errorf("%s: %s", where, text)
	}
	if lines < 10000 {
		t.Errorf("%d lines searched, want 10000", lines)
	}
}

var nameless = regexp.MustCompile(`^(?:token|secret|password|pass|key|jwt|session)$`)

func find(t *testing.T, f finder, field redact.Field) []redact.Finding {
	t.Helper()
	found, err := f.set.Find(f.scratch, nil, field)
	if err != nil {
		t.Fatalf("%q: %v", field.Value, err)
	}
	return found
}

// ruleWords are the first words of the ids of the default rules, but for those that name
// credentials of whatever provider.
func ruleWords() []string {
	seen := map[string]bool{}
	var words []string
	for _, rule := range Rules(Default()) {
		if word, _, _ := strings.Cut(rule.ID, "-"); len(word) > 2 && !seen[word] && !nameless.MatchString(word) {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func hexID(r *rand.Rand, bytes int) string { return hex.EncodeToString(randomBytes(r, bytes)) }

func uuidOf(h string) string {
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func fromAlphabet(r *rand.Rand, n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}
