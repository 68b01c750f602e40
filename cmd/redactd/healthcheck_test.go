package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A listener with TLS is asked whatever name its certificate has; one that is not ready is
// not.
func TestHealthcheckTLS(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/-/ready" {
			t.Errorf("asks %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	if err := askReady(t.Context(), server.URL, 5*time.Second); err != nil {
		t.Error(err)
	}
	if err := askReady(t.Context(), strings.Replace(server.URL, "https", "http", 1), 5*time.Second); err == nil {
		t.Error("ready without TLS")
	}
	status = http.StatusServiceUnavailable
	if err := askReady(t.Context(), server.URL, 5*time.Second); err == nil {
		t.Error("ready with 503")
	}
}
