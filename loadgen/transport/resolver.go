package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Lookup finds the addresses of a name. It fails with a *net.DNSError where there are none.
type Lookup = func(ctx context.Context, host string) ([]netip.Addr, error)

// How long the addresses of a name are used, and how long a lookup may take.
//
// net/http looks names up for each connection, wrk2 once a run, k6 every five minutes. A second follows a record that changes
// about as soon as net/http does, and keeps a storm that opens ten thousand connections a second at one lookup a second.
const (
	addressLife   = time.Second
	lookupTimeout = 10 * time.Second
	// refreshPatience is how long connections wait for a new lookup while there are addresses of an earlier one.
	refreshPatience = 100 * time.Millisecond
)

// Resolver looks names up and uses what it found for a second. Of a name there is one lookup at a time. Addresses of an earlier
// lookup stay in use while a new one takes long, and where it fails. It may be used by several goroutines.
type Resolver struct {
	lookup  Lookup
	problem func(error)

	mu      sync.Mutex
	names   map[string]*knownName
	lookups uint64
	failed  uint64
}

// knownName is what is known of a name.
type knownName struct {
	addresses []netip.Addr  // that the last lookup which succeeded found; nil before the first
	err       error         // of the last lookup
	until     time.Time     // what is known is used without a new lookup
	running   chan struct{} // closed when the lookup under way ends; nil for none
	began     time.Time     // when that one began
	slow      bool          // the last lookup failed or took longer than refreshPatience, so that the next is not waited for
}

// NewResolver returns a resolver; lookup stands in for the machine's where it is not nil. problem is told the error of the first
// of several lookups that fail one after another while earlier addresses stay in use; it may be nil.
func NewResolver(lookup Lookup, problem func(error)) *Resolver {
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if problem == nil {
		problem = func(error) {}
	}
	return &Resolver{lookup: lookup, problem: problem, names: map[string]*knownName{}}
}

// Lookups returns how many lookups were begun, and how many of them failed.
func (r *Resolver) Lookups() (begun, failed uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookups, r.failed
}

// Lookup returns the addresses of a host, at least one; of an address itself. Those that stay keep their order, so that taking
// them in turn is not undone by a server that rotates its answers. It fails where no lookup of the name has succeeded yet, and
// the last one failed less than a second ago or ctx ends first.
func (r *Resolver) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	r.mu.Lock()
	name := r.names[host]
	if name == nil {
		name = &knownName{}
		r.names[host] = name
	}
	now := time.Now()
	if now.Before(name.until) {
		defer r.mu.Unlock()
		return name.result()
	}
	if name.running == nil {
		name.running, name.began = make(chan struct{}), now
		r.lookups++
		go r.refresh(context.WithoutCancel(ctx), host, name) // others wait for it too
	}
	running, known := name.running, name.addresses
	patience := name.began.Add(refreshPatience).Sub(now)
	if name.slow {
		patience = 0
	}
	r.mu.Unlock()
	if err := await(ctx, running, known != nil, patience); err != nil {
		return nil, fmt.Errorf("look up %s: %w", host, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return name.result()
}

// await waits for a lookup: no longer than patience where there are addresses already.
func await(ctx context.Context, running chan struct{}, known bool, patience time.Duration) error {
	if known && patience <= 0 {
		return nil
	}
	var enough <-chan time.Time
	if known {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-running:
	case <-enough:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// result returns what is known of a name.
func (n *knownName) result() ([]netip.Addr, error) {
	if n.addresses != nil {
		return n.addresses, nil
	}
	return nil, n.err
}

// refresh looks a name up.
func (r *Resolver) refresh(ctx context.Context, host string, name *knownName) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := r.lookup(ctx, host)
	if err == nil && len(found) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil {
		err = fmt.Errorf("look up %s: %w", host, err)
	}
	r.mu.Lock()
	first := err != nil && name.err == nil && name.addresses != nil
	if err != nil {
		r.failed++
	} else {
		name.addresses = inOrder(name.addresses, found)
	}
	now := time.Now()
	name.err, name.until, name.slow = err, now.Add(addressLife), err != nil || now.Sub(name.began) > refreshPatience
	close(name.running)
	name.running = nil
	known := name.addresses
	r.mu.Unlock()
	if first {
		r.problem(fmt.Errorf("%w; connections go on to the addresses found before: %v", err, known))
	}
}

// inOrder returns the addresses found, each once: first those that were known, in their order.
func inOrder(known, found []netip.Addr) (list []netip.Addr) {
	plain := make([]netip.Addr, 0, len(found))
	for _, a := range found {
		plain = append(plain, a.Unmap())
	}
	for _, a := range slices.Concat(known, plain) {
		if slices.Contains(plain, a) && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}
