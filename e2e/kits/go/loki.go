package main

import (
	"bytes"
	"os"
	"time"

	"github.com/go-kit/log"
	lokiclient "github.com/grafana/loki-client-go/loki"
	"github.com/prometheus/common/model"
)

// loki pushes the lines of a file: loki URL FILE.
func loki(args []string) (any, error) {
	cfg, err := lokiclient.NewDefaultConfig(args[0] + "/loki/api/v1/push")
	if err != nil {
		return nil, err
	}
	cfg.BatchSize, cfg.BatchWait = 8<<10, 100*time.Millisecond
	client, err := lokiclient.NewWithLogger(cfg, log.NewLogfmtLogger(os.Stderr))
	if err != nil {
		return nil, err
	}
	docs, err := os.ReadFile(args[1])
	if err != nil {
		return nil, err
	}
	n, begin := 0, time.Now().Add(-time.Minute)
	for line := range bytes.Lines(docs) {
		labels := model.LabelSet{"app": "shop", "env": "staging"}
		if err := client.Handle(labels, begin.Add(time.Duration(n)*time.Millisecond), string(bytes.TrimSuffix(line, []byte("\n")))); err != nil {
			return nil, err
		}
		n++
	}
	client.Stop()
	return map[string]int{"sent": n}, nil
}
