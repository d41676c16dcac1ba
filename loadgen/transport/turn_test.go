package transport

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// network stands in for one where an address is alive, refuses at once, or never answers.
type network struct {
	mu    sync.Mutex
	alive map[string]time.Duration // how long it takes
	dead  []string                 // never answer; all others refuse
	tried []string
	open  int
}

type countedConn struct {
	net.Conn
	n *network
}

func (c *countedConn) Close() error { c.n.mu.Lock(); defer c.n.mu.Unlock(); c.n.open--; return nil }

func (n *network) dial(ctx context.Context, address string, _ uint64) (net.Conn, error) {
	n.mu.Lock()
	n.tried = append(n.tried, address)
	takes, alive := n.alive[address]
	n.mu.Unlock()
	switch {
	case slices.Contains(n.dead, address):
		<-ctx.Done()
		return nil, ctx.Err()
	case !alive:
		return nil, errors.New("refused by " + address)
	}
	time.Sleep(takes) // also when ctx is done: a connection may come too late
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open++
	return &countedConn{n: n}, nil
}

func TestAddressesInTurn(t *testing.T) {
	const a, b, c, x, y = "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "[2001:db8::1]:80", "[2001:db8::2]:80"
	for _, k := range []struct {
		name      string
		addresses []string
		turn      uint64
		dead      []string
		alive     map[string]time.Duration
		tried     []string
		took      time.Duration
		err       string
	}{
		{"its turn", []string{a, b, c}, 4, nil, map[string]time.Duration{a: 0, b: 0, c: 0}, []string{b}, 0, ""},
		{"one after it", []string{a, b, c}, 1, nil, map[string]time.Duration{a: 0}, []string{b, c, a}, 0, ""},
		{"none", []string{a, b}, 1, nil, nil, []string{b, a}, 0, "refused by " + b},
		{"its share of the time", []string{a, b}, 0, []string{a}, map[string]time.Duration{b: 0}, []string{a, b}, 5 * time.Second, ""},
		{"IPv6 that leads nowhere", []string{x, a}, 0, []string{x}, map[string]time.Duration{a: 0}, []string{x, a}, fallbackDelay, ""},
		{"IPv4 that leads nowhere", []string{x, a}, 1, []string{a}, map[string]time.Duration{x: time.Second}, []string{a, x}, fallbackDelay + time.Second, ""},
		{"IPv6 that refuses", []string{x, y, a}, 0, nil, map[string]time.Duration{a: 0}, []string{x, y, a}, 0, ""},
		{"both families slow", []string{x, a}, 0, nil, map[string]time.Duration{x: time.Second, a: time.Second}, []string{x, a}, time.Second, ""},
		{"both families refuse", []string{a, x}, 0, nil, nil, []string{a, x}, 0, "refused by " + a},
		{"both families lead nowhere", []string{a, x}, 0, []string{a, x}, nil, []string{a, x}, 10 * time.Second, context.DeadlineExceeded.Error()},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := &network{alive: k.alive, dead: k.dead}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			conn, err := InTurn(ctx, k.addresses, k.turn, n.dial)
			if took := time.Since(began); took != k.took || (err == nil) != (k.err == "") || err != nil && err.Error() != k.err || !slices.Equal(n.tried, k.tried) {
				t.Errorf("%s: %v, tried %v, took %v, wanted %q, %v, %v", k.name, err, n.tried, took, k.err, k.tried, k.took)
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if conn != nil {
				_ = conn.Close()
			}
			if n.open != 0 {
				t.Errorf("%s: %d connections stay open", k.name, n.open)
			}
		})
	}
}
