// Command goes sends what a test has prepared with clients written in Go. It is a
// module of its own, so that they are no dependencies of redactd.
//
//	goes CLIENT ARGUMENTS
//
// What the client says of it is printed as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

var clients = map[string]func(args []string) (any, error){
	"elastic": elastic,
	"loki":    loki,
	"otlp":    otlp,
	"sentry":  sentryClient,
}

func main() {
	if len(os.Args) < 2 || clients[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: goes elastic|loki|otlp|sentry ARGUMENTS")
		os.Exit(2)
	}
	result, err := clients[os.Args[1]](os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "goes:", err)
		os.Exit(1)
	}
}
