package adminui

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/redact"
)

// Sources are what the console reads and acts on, the page and the API alike. A field that
// is nil is not there, and the views say so. All are safe for concurrent use.
type Sources struct {
	Version string
	Logger  *slog.Logger // told of everything that is done; nil for nowhere

	// Metrics are the counters of redactd.
	Metrics prometheus.Gatherer

	Errors  Errors
	Leaks   Leaks
	Policy  Policy
	Explain Explain
	Audit   Audit
	// Coverage is what passed, Statements what the records have of it and of canaries.
	Coverage   Coverage
	Statements Statements
}

// Errors are the errors of the services behind redactd: a *records.DB.
type Errors interface {
	ErrorGroups(ctx context.Context, f records.ErrorFilter) ([]records.ErrorGroup, error)
	CountErrorGroups(ctx context.Context, f records.ErrorFilter) (int64, error)
	ErrorGroup(ctx context.Context, id string) (records.ErrorGroup, error)
	ErrorOccurrences(ctx context.Context, f records.OccurrenceFilter) ([]records.ErrorOccurrence, error)
	ErrorOriginal(ctx context.Context, o *records.ErrorOccurrence) error
	SetErrorState(ctx context.Context, group, state, by string, now time.Time) error
}

// Leaks are what the trail says of values, read into a database: a *records.DB.
type Leaks interface {
	Leaks(ctx context.Context, f records.LeakFilter) ([]records.Leak, error)
	CountLeaks(ctx context.Context, f records.LeakFilter) (int64, error)
	Leak(ctx context.Context, id string) (records.Leak, error)
	LeaksOf(ctx context.Context, fingerprints []string) ([]records.Leak, error)
	LeakChanges(ctx context.Context, number int64) ([]records.LeakChange, error)
	LeakTotals(ctx context.Context) (byState map[string]int64, reopened int64, err error)
	SetLeakState(ctx context.Context, number int64, c records.LeakChange) error
	FindingCounts(ctx context.Context, from, to time.Time) ([]records.FindingCount, error)
	TrailLosses(ctx context.Context) ([]records.TrailLoss, error)
	RuleTotals(ctx context.Context, rule string) (map[string]records.RuleTotal, error)
}

// Policy is what is in force.
type Policy interface {
	// InForce returns what is in force now.
	InForce() InForce
	// Reload reads the configuration again. Where it returns an error, which names the
	// places of what is wrong, nothing has changed.
	Reload() error
	// Costs returns what each rule that is on somewhere adds to the search of a megabyte
	// of ordinary log, by id. It is measured once for each policy.
	Costs(ctx context.Context) (map[string]time.Duration, error)
	// Traces returns the fingerprints and tokens, under all keys, of a value and of the
	// secrets that the rules in force find in it. It keeps nothing of value.
	Traces(value []byte) (fingerprints, tokens []string)
}

// Explain says what a policy finds in a text: a *proxy.Proxy.
type Explain interface {
	Explain(ctx context.Context, route string, r explain.Request) (*explain.Result, error)
}

// InForce is what a configuration has redactd do.
type InForce struct {
	Digest   string    `json:"digest"`
	LoadedAt time.Time `json:"loaded_at"`
	// Config is the configuration as TOML, without its secrets.
	Config string  `json:"config"`
	Routes []Route `json:"routes"` // by name; listeners are routes too
	// Rules are all that there are, by id. Not to be changed.
	Rules []redact.Rule `json:"-"`
}

// Route says what is done to the traffic of a route or a listener.
type Route struct {
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`  // RouteHTTP, or the protocol of a listener
	Match     string   `json:"match"` // method, host and path, or the addresses of a listener
	Upstream  string   `json:"upstream"`
	Mode      string   `json:"mode"`
	Request   string   `json:"request"` // scopes
	Response  string   `json:"response"`
	OnFailure string   `json:"on_failure"`
	Action    string   `json:"action"`
	Rules     []string `json:"rules"` // ids of those that are on
}

// RouteHTTP is the kind of routes that are no listeners.
const RouteHTTP = "http"

// Coverage is what of the traffic was inspected.
type Coverage interface {
	// Recent returns what passed of each route in the last hour, up to now.
	Recent() map[string]audit.CoverageSum
	// Report sums up rows, beside what the configuration in force never inspects.
	Report(rows []audit.CoverageRow) coverage.Report
}

// Statements are what redactd says of itself in the trail, read into a database: a
// *records.DB.
type Statements interface {
	CoverageTotals(ctx context.Context, from, to time.Time) ([]records.CoverageCount, error)
	CoverageHours(ctx context.Context, from, to time.Time) ([]records.CoverageCount, error)
	CanaryRuns(ctx context.Context, before time.Time, limit int) ([]records.CanaryRun, error)
}

// Audit is the trail.
type Audit interface {
	Status() AuditStatus
	// Verify reads the whole trail and proves it, or names the first place that does not
	// fit. It may take long.
	Verify() (audit.Report, error)
}

// AuditStatus says what the trail is and how it is.
type AuditStatus struct {
	Dir       string      `json:"dir"`
	Required  bool        `json:"required"`
	PublicKey string      `json:"public_key,omitempty"` // of checkpoints; "" where there are none
	Stats     audit.Stats `json:"stats"`
}
