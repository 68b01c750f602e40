// Command goes indexes the documents of a file with the bulk indexer of the Go
// Elasticsearch client. It is a module of its own, so that the client is no
// dependency of redactd.
//
//	goes URL FILE plain|gzip
//
// FILE has one JSON document a line, standard input the password. What the
// client says of it is printed as JSON.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "goes:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: goes URL FILE plain|gzip")
	}
	password, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return err
	}
	client, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{args[0]}, Username: "shipper", Password: strings.TrimSpace(password),
		CompressRequestBody: args[2] == "gzip", DisableRetry: true,
	})
	if err != nil {
		return err
	}
	docs, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stats, err := index(ctx, client, docs)
	if err != nil {
		return err
	}
	info, err := client.Info()
	if err != nil {
		return err
	}
	defer func() { _ = info.Body.Close() }()
	var about struct{ Tagline string }
	if err := json.NewDecoder(info.Body).Decode(&about); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"product": about.Tagline, "ok": stats.NumFlushed, "errors": stats.NumFailed,
	})
}

// index sends the documents in batches of about 8 KiB, one after the other.
func index(ctx context.Context, client *elasticsearch.Client, docs []byte) (esutil.BulkIndexerStats, error) {
	bulk, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{
		Client: client, Index: "logs-go", NumWorkers: 1, FlushBytes: 8 << 10, FlushInterval: time.Minute,
	})
	if err != nil {
		return esutil.BulkIndexerStats{}, err
	}
	n := 0
	for line := range bytes.Lines(docs) {
		item := esutil.BulkIndexerItem{
			Action: "index", DocumentID: strconv.Itoa(n), Body: bytes.NewReader(bytes.TrimSuffix(line, []byte("\n"))),
		}
		if err := bulk.Add(ctx, item); err != nil {
			return esutil.BulkIndexerStats{}, err
		}
		n++
	}
	err = bulk.Close(ctx)
	return bulk.Stats(), err
}
