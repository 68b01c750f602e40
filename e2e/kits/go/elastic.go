package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"
)

// elastic indexes the documents of a file with the bulk indexer of the Elasticsearch
// client: elastic URL FILE plain|gzip. Standard input has the password.
func elastic(args []string) (any, error) {
	password, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return nil, err
	}
	client, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{args[0]}, Username: "shipper", Password: strings.TrimSpace(password),
		CompressRequestBody: args[2] == "gzip", DisableRetry: true,
	})
	if err != nil {
		return nil, err
	}
	docs, err := os.ReadFile(args[1])
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stats, err := index(ctx, client, docs)
	if err != nil {
		return nil, err
	}
	info, err := client.Info()
	if err != nil {
		return nil, err
	}
	defer func() { _ = info.Body.Close() }()
	var about struct{ Tagline string }
	if err := json.NewDecoder(info.Body).Decode(&about); err != nil {
		return nil, err
	}
	return map[string]any{"product": about.Tagline, "ok": stats.NumFlushed, "errors": stats.NumFailed}, nil
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
