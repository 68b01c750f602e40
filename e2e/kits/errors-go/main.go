// Command shop answers with errors as programs on net/http do: shop ADDRESS.
// APP_DEBUG=1 has the answers tell the stack and the text of errors.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"
)

var (
	debugging   = os.Getenv("APP_DEBUG") == "1"
	databaseURL = os.Getenv("DATABASE_URL")
	shop        *sql.DB
)

type invoice struct {
	Number int
	Email  string
}

func chargeLedger(i *invoice, deployToken string) {
	session := os.Getenv("SESSION_CREDENTIAL")
	panic(fmt.Errorf("ledger at %s refused invoice %+v with token %s of session %s", os.Getenv("REPLICA"), *i, deployToken, session))
}

func settleInvoice(w http.ResponseWriter, r *http.Request) {
	chargeLedger(&invoice{7, os.Getenv("ROW_EMAIL")}, os.Getenv("DEPLOY_CREDENTIAL"))
}

func readReport(ctx context.Context) error {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return err
	}
	// No name is looked up, and at this port nothing listens.
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{"127.0.0.1"}, nil }
	config.Port = 1
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("cannot reach %s: %w", databaseURL, err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "SELECT id, margin_cents FROM customer_ledger")
	return err
}

// fail answers as http.Error does, with the error's text if it may.
func fail(w http.ResponseWriter, err error, status int) {
	if debugging {
		http.Error(w, err.Error(), status)
		return
	}
	http.Error(w, http.StatusText(status), status)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func dailyReport(w http.ResponseWriter, r *http.Request) {
	fail(w, readReport(r.Context()), http.StatusInternalServerError)
}

func health(w http.ResponseWriter, r *http.Request) {
	err := readReport(r.Context())
	u, _ := url.Parse(databaseURL)
	w.Header().Set("Retry-After", "30")
	w.Header().Set("Server-Timing", `db;desc="`+u.Hostname()+`";dur=2001.4`)
	answer(w, http.StatusServiceUnavailable, map[string]any{"status": "down", "error": err.Error()})
}

func createCustomer(r *http.Request) error {
	var c struct{ Email string }
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		return err
	}
	_, err := shop.ExecContext(r.Context(), "INSERT INTO shop_customer (email) VALUES (?)", c.Email)
	if err != nil {
		return fmt.Errorf("INSERT INTO shop_customer (email) VALUES (%q): %w", c.Email, err)
	}
	return nil
}

func customers(w http.ResponseWriter, r *http.Request) {
	fail(w, createCustomer(r), http.StatusInternalServerError)
}

func importCustomers(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusConflict, map[string]any{"message": createCustomer(r).Error(), "code": "duplicate"})
}

func exportInvoice(w http.ResponseWriter, r *http.Request) {
	const statement = "SELECT id, margin_cents FROM customer_ledger WHERE invoice = ?"
	_, err := shop.QueryContext(r.Context(), statement, 7)
	w.Header().Set("X-Debug-Query", statement)
	answer(w, http.StatusInternalServerError, map[string]any{
		"error": err.Error(), "stack": string(debug.Stack()), "context": map[string]any{"database": databaseURL, "attempt": 3},
	})
}

func orders(w http.ResponseWriter, r *http.Request) {
	err := errors.Join(errors.New("quantity: must be at most 10"), errors.New("currency: GBP is not one of EUR, USD"),
		errors.New("address: required"))
	http.Error(w, err.Error(), http.StatusBadRequest)
}

func unauthorized(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="shop", error="invalid_token"`)
	answer(w, http.StatusUnauthorized, map[string]any{
		"message": "Your session has expired. Please sign in again.", "code": "session_expired",
	})
}

// recovered answers for a handler that panics.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://shop.example.com")
		w.Header().Set("X-RateLimit-Remaining", "41")
		defer func() {
			if v := recover(); v != nil {
				fail(w, fmt.Errorf("panic: %v\n\n%s", v, debug.Stack()), http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func main() {
	var err error
	if shop, err = sql.Open("sqlite", "file:"+os.Getenv("APP_DATA")+"/shop.db"); err != nil {
		log.Fatal(err)
	}
	_, err = shop.Exec(`CREATE TABLE shop_customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, margin_cents INTEGER);
		INSERT INTO shop_customer (email, margin_cents) VALUES (?, 1250)`, os.Getenv("ROW_EMAIL"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /invoices/7/settle", settleInvoice)
	mux.HandleFunc("GET /invoices/7/export", exportInvoice)
	mux.HandleFunc("GET /invoices/999", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Invoice 999 does not exist.", http.StatusNotFound)
	})
	mux.HandleFunc("GET /reports/daily", dailyReport)
	mux.HandleFunc("GET /health", health)
	mux.HandleFunc("POST /customers", customers)
	mux.HandleFunc("POST /customers/import", importCustomers)
	mux.HandleFunc("POST /orders", orders)
	mux.HandleFunc("GET /admin/ledger", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusForbidden, map[string]any{"message": "Only accountants may open the ledger."})
	})
	mux.HandleFunc("GET /admin/console", func(w http.ResponseWriter, _ *http.Request) {
		_, err := os.ReadFile(os.Getenv("APP_DATA") + "/console.key/")
		fail(w, fmt.Errorf("console: %w", err), http.StatusForbidden)
	})
	mux.HandleFunc("GET /me", unauthorized)
	mux.HandleFunc("GET /limited", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		http.Error(w, "Too many requests. Try again in 17 seconds.", http.StatusTooManyRequests)
	})
	log.Fatal(http.ListenAndServe(os.Args[1], recovered(mux)))
}
