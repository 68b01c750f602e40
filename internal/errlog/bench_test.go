package errlog

import (
	"bytes"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

// What an answer waits for, and what is done behind it, for a page of 64 KiB.
func BenchmarkReport(b *testing.B) {
	page := bytes.Repeat([]byte("<li class=\"frame user\">app/views.py in total</li>\n"), 1300)
	id, err := age.GenerateX25519Identity()
	if err != nil {
		b.Fatal(err)
	}
	for name, e := range map[string]config.ErrorLog{
		"stored": {Store: true, MaxOriginal: 256 << 10},
		"sealed": {Store: true, MaxOriginal: 256 << 10, SealTo: []string{id.Recipient().String()}},
	} {
		b.Run(name, func(b *testing.B) {
			db, err := records.Open(records.Options{DSN: "sqlite:" + filepath.Join(b.TempDir(), "records.db")})
			if err != nil {
				b.Fatal(err)
			}
			log, err := New(Options{DB: db, Errors: e})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := full()
				r.Original = bytes.Clone(page)
				if log.Seals() {
					r.Unscrubbed = bytes.Clone(page)
				}
				log.Report(r)
			}
			b.StopTimer()
			if err := log.Close(b.Context()); err != nil {
				b.Error(err)
			}
			_ = db.Close(b.Context())
		})
	}
	b.Run("fingerprint", func(b *testing.B) {
		r := full()
		b.ReportAllocs()
		for b.Loop() {
			Fingerprint(&r)
		}
	})
}
