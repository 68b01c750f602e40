package errlog

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

func TestSeal(t *testing.T) {
	var keys []string
	var files []string
	for range 2 {
		id, err := age.GenerateX25519Identity()
		if err != nil {
			t.Fatal(err)
		}
		keys, files = append(keys, id.Recipient().String()), append(files, "# x\n"+id.String()+"\n")
	}
	db := open(t, filepath.Join(t.TempDir(), "records.db"))
	log, err := New(Options{DB: db, Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 20, SealTo: keys}})
	if err != nil || !log.Seals() {
		t.Fatal(err)
	}
	secret := "password = " + strings.Repeat("planted ", 10)
	plain := []byte(secret)
	r := report(1)
	r.Unscrubbed = plain
	log.Report(r)
	log.Report(report(2))
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(plain, make([]byte, len(plain))) {
		t.Error("the plain text is not wiped")
	}
	list, err := db.ErrorOccurrences(t.Context(), records.OccurrenceFilter{Reference: "ref-1"})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := db.ErrorOriginal(t.Context(), &list[0]); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(list[0].Sealed, []byte("planted")) {
		t.Error("it is not sealed")
	}
	for _, file := range files {
		text, err := Unseal(list[0].Sealed, strings.NewReader(file))
		if err != nil || string(text) != secret {
			t.Errorf("%q: %v", text, err)
		}
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unseal(list[0].Sealed, strings.NewReader(stranger.String())); err == nil {
		t.Error("a stranger's key opens it")
	}
	for _, bad := range []string{"", "AGE-SECRET-KEY-1PLANTED", "planted"} {
		if _, err := Unseal(list[0].Sealed, strings.NewReader(bad)); err == nil || strings.Contains(strings.ToLower(err.Error()), "planted") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Without a place for it, nothing with secrets is kept, however it came.
func TestUnscrubbedWithoutSeal(t *testing.T) {
	for name, o := range map[string]Options{
		"no sink":     {},
		"no database": {Errors: config.ErrorLog{OTLP: newServer(t).URL}},
	} {
		log, err := New(o)
		if err != nil || log.Seals() {
			t.Fatal(name, err)
		}
		plain := []byte("planted")
		r := report(1)
		r.Unscrubbed = plain
		log.Report(r)
		if err := log.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(plain, make([]byte, len(plain))) {
			t.Errorf("%s: the plain text is not wiped", name)
		}
	}
	q := newQueue(limits{entries: 1, bytes: 1, groups: 1})
	log := &Log{observer: Nobody{}, intake: q, sealer: &sealer{}, lanes: []*lane{{}}}
	for range 2 { // one is stripped, one is counted
		plain := []byte("planted")
		r := report(1)
		r.Unscrubbed = plain
		log.Report(r)
		if !bytes.Equal(plain, make([]byte, len(plain))) {
			t.Error("the plain text of what does not fit is not wiped")
		}
	}
}

func TestCheck(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	parse := func(text string) *config.Config {
		t.Helper()
		cfg, err := config.Parse("c.toml", []byte("[route.r]\nupstream = \"echo\"\n"+text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	good := parse("[errors]\nseal_to = [\"" + id.Recipient().String() + "\"]\n")
	if err := Check(good); err != nil {
		t.Error(err)
	}
	bad := parse("[records]\ndsn = \"postgres://u:planted@h/d?sslmode=planted\"\n[errors]\nseal_to = [\"" + id.String() + "\", \"age1planted\"]\n")
	err = Check(bad)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"c.toml:4: records.dsn: is refused: ", "c.toml:6: errors.seal_to[0]: is a private key", "c.toml:6: errors.seal_to[1]: is no public key"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), id.String()) {
		t.Errorf("it quotes too much:\n%v", err)
	}
}
