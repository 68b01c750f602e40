package records

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// The states of a leak.
const (
	// LeakOpen is one that nobody has looked at, or that was seen after it was rotated.
	LeakOpen = "open"
	// LeakAcknowledged is one that somebody works on.
	LeakAcknowledged = "acknowledged"
	// LeakRotated is one whose value is no longer good for anything. When it is seen
	// again it is opened: somebody still uses the value.
	LeakRotated = "rotated"
	// LeakFalsePositive is none. It stays so, however often it is seen.
	LeakFalsePositive = "false_positive"
)

// LeakStates returns all states of leaks.
func LeakStates() []string {
	return []string{LeakOpen, LeakAcknowledged, LeakRotated, LeakFalsePositive}
}

// Leak is one value that was found, however often, by its keyed fingerprint.
type Leak struct {
	Number      int64     `json:"number"` // short for the fingerprint, within one database
	Fingerprint string    `json:"fingerprint"`
	Rule        string    `json:"rule"` // of the last finding, as are Severity and Secret
	Severity    string    `json:"severity"`
	Secret      string    `json:"secret,omitempty"` // which of the operator's own it is: "source/name"
	FirstSeen   time.Time `json:"first_seen"`
	LastSeen    time.Time `json:"last_seen"`
	Count       int64     `json:"count"`
	Shadow      int64     `json:"shadow,omitempty"` // of these, counted only and let through

	State        string    `json:"state"`
	StateChanged time.Time `json:"state_changed,omitzero"`
	// Reopened is when it was first seen after it was rotated.
	Reopened time.Time `json:"still_leaking_since,omitzero"`

	Places []LeakPlace `json:"places"` // the one seen first first
}

// LeakPlace is where a leak was found, as far as is known.
type LeakPlace struct {
	Route       string    `json:"route"`
	Direction   string    `json:"direction"`
	Path        string    `json:"path,omitempty"`
	Service     string    `json:"service,omitempty"`
	Version     string    `json:"version,omitempty"`
	Logger      string    `json:"logger,omitempty"`
	Environment string    `json:"environment,omitempty"`
	Destination string    `json:"destination,omitempty"`
	FirstSeen   time.Time `json:"first_seen"`
	LastSeen    time.Time `json:"last_seen"`
	Count       int64     `json:"count"`
}

// Since returns the place with a version that l was seen in first, if there is any: the
// version that brought the leak, as far as places tell versions.
func (l *Leak) Since() (LeakPlace, bool) {
	for _, p := range l.Places {
		if p.Version != "" {
			return p, true
		}
	}
	return LeakPlace{}, false
}

// LeakChange is what somebody said of a leak.
type LeakChange struct {
	Time  time.Time `json:"time"`
	State string    `json:"state"`
	By    string    `json:"by,omitempty"`
	Note  string    `json:"note,omitempty"`
}

// FindingCount is how many findings there were in an hour.
type FindingCount struct {
	Hour      time.Time `json:"hour"` // its beginning
	Route     string    `json:"route"`
	Direction string    `json:"direction"`
	Rule      string    `json:"rule"`
	Severity  string    `json:"severity"`
	Action    string    `json:"action"` // ActionShadow where nothing was changed
	Count     int64     `json:"count"`
}

// ActionShadow is the action of findings in shadow mode.
const ActionShadow = "shadow"

// The reasons why something of a trail is not in the records.
const (
	LossRemoved    = "removed"    // retention removed records before they were read
	LossUnreadable = "unreadable" // lines are no records
	LossDropped    = "dropped"    // findings have no record, as a marker says
)

// TrailLoss says what of a trail is not in the records.
type TrailLoss struct {
	Source string    `json:"source"`
	Seq    uint64    `json:"seq"` // up to which record it was noticed
	Reason string    `json:"reason"`
	Time   time.Time `json:"time"`
	Count  int64     `json:"count"` // of records; of findings where they were dropped
}

// maxPlaces is how many places of a leak are told apart; the rest are counted by route
// and direction, with OtherPlaces as their path.
const maxPlaces = 200

// OtherPlaces is the path of places that are not told apart.
const OtherPlaces = "(others)"

// cleaned returns p as every engine can keep it.
func (p *LeakPlace) cleaned() LeakPlace {
	c := *p
	for _, s := range c.names() {
		*s = clean(*s, maxName)
	}
	return c
}

// names are the columns that make a place, in the order of the table.
func (p *LeakPlace) names() []*string {
	return []*string{&p.Route, &p.Direction, &p.Path, &p.Service, &p.Version, &p.Logger, &p.Environment, &p.Destination}
}

// id tells p from other places.
func (p *LeakPlace) id() string {
	h := sha256.New()
	for _, s := range p.names() {
		h.Write([]byte(*s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
