package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/records"
)

// errorlog DSN FILE [IDENTITY] reports the errors of a file, JSON objects of
// errlog.Report with Body in place of Original and Secret in place of Unscrubbed. With
// IDENTITY, originals are sealed to a new key, which is put there.
func cmdErrorLog(ts *testscript.TestScript, _ bool, args []string) {
	o := errlog.Options{Errors: config.ErrorLog{Store: true, MaxOriginal: 1 << 10}, Replica: "replica-1"}
	if len(args) > 2 {
		key, err := age.GenerateX25519Identity()
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte("# made by a test\n"+key.String()+"\n"), 0o600))
		o.Errors.SealTo = []string{key.Recipient().String()}
	}
	var reports []struct {
		errlog.Report
		Body, Secret string
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &reports))
	file, _ := records.SQLiteFile(args[0])
	db, err := records.Open(records.Options{DSN: "sqlite:" + ts.MkAbs(file)})
	ts.Check(err)
	o.DB = db
	log, err := errlog.New(o)
	ts.Check(err)
	for _, r := range reports {
		r.Original = []byte(r.Body)
		if log.Seals() && r.Secret != "" {
			r.Unscrubbed = []byte(r.Secret)
		}
		log.Report(r.Report)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ts.Check(log.Close(ctx))
	ts.Check(db.Close(ctx))
}

// groupid VARIABLE DSN ROUTE sets a variable to what errors list calls the only error of
// a route.
func cmdGroupID(ts *testscript.TestScript, _ bool, args []string) {
	file, _ := records.SQLiteFile(args[1])
	db, err := records.Open(records.Options{DSN: "sqlite:" + ts.MkAbs(file), Existing: true})
	ts.Check(err)
	ctx := context.Background()
	groups, err := db.ErrorGroups(ctx, records.ErrorFilter{Route: args[2]})
	ts.Check(err)
	if len(groups) != 1 {
		ts.Fatalf("%d errors of %s", len(groups), args[2])
	}
	ts.Setenv(args[0], groups[0].ID[:shownID])
	ts.Check(db.Close(ctx))
}
