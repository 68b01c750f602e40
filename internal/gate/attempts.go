package gate

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// burst is how many wrong tokens an address may show at once, and pause after which
	// time it may show another. While it may show none, none is looked at, right or wrong.
	burst = 10
	pause = 10 * time.Second
	// maxAddresses bounds how many addresses are told apart; what is beyond counts as one.
	maxAddresses = 4096
)

// attempts counts wrong tokens by address. It is safe for concurrent use.
type attempts struct {
	mu   sync.Mutex
	free map[netip.Addr]time.Time // by address, when all of its attempts are free again
}

// try asks right, unless addr has shown too many wrong tokens; then wait is after which
// time it may try again.
func (a *attempts) try(addr netip.Addr, now time.Time, right func() bool) (ok bool, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	addr = a.counted(addr, now)
	from := a.free[addr]
	if from.Before(now) {
		from = now
	}
	if over := from.Add(pause).Sub(now) - burst*pause; over > 0 {
		return false, over
	}
	if right() {
		return true, 0
	}
	if a.free == nil {
		a.free = map[netip.Addr]time.Time{}
	}
	a.free[addr] = from.Add(pause)
	return false, 0
}

// counted returns the address that addr is counted as: a network of IPv6 is one, since
// who has one address of it has them all.
func (a *attempts) counted(addr netip.Addr, now time.Time) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			addr = p.Addr()
		}
	}
	if _, ok := a.free[addr]; ok || len(a.free) < maxAddresses {
		return addr
	}
	for known, free := range a.free {
		if free.Before(now) {
			delete(a.free, known)
		}
	}
	if len(a.free) < maxAddresses {
		return addr
	}
	return netip.Addr{}
}
