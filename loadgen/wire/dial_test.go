package wire

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

func TestRefused(t *testing.T) {
	t.Parallel()
	refusing, _ := loadtest.Refused(t)
	c := dialed(t, refusing)
	var a transport.Answer
	if err := exchange(t.Context(), c, patience, get(), &a); class(err) != "refused" {
		t.Errorf("%v, want refused", err)
	}
	if err := c.Connect(t.Context()); class(err) != "refused" {
		t.Errorf("%v, want refused", err)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	empty := func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	for name, config := range map[string]Config{
		"no port":            {Address: "shop.test"},
		"connect to no port": {Address: "shop.test:80", ConnectTo: map[string]string{"shop.test:80": "other"}},
	} {
		if _, err := New(t.Context(), config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var dns *net.DNSError
	if _, err := New(t.Context(), Config{Address: "shop.test:80", Lookup: empty}); !errors.As(err, &dns) {
		t.Errorf("%v, want an error of DNS", err)
	}
}

// served notes who connected to whom.
type served struct {
	mu         sync.Mutex
	from, into []string
}

func (s *served) handle(_ int, nc *net.TCPConn) {
	s.mu.Lock()
	s.from = append(s.from, nc.RemoteAddr().(*net.TCPAddr).IP.String())
	s.into = append(s.into, nc.LocalAddr().(*net.TCPAddr).IP.String())
	s.mu.Unlock()
	answering(hello, false)(0, nc)
}

func TestAddressesAndSourcesTakeTurns(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	var s served
	serveOn(t, l, s.handle)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	lookups := 0
	e := newEngine(t, Config{
		Address:   "shop.test:80",
		ConnectTo: map[string]string{"shop.test:80": "elsewhere.test:" + port},
		Sources:   []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")},
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if lookups++; host != "elsewhere.test" {
				t.Errorf("looked up %s", host)
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.4"), netip.MustParseAddr("::ffff:127.0.0.5")}, nil
		},
	})
	var a transport.Answer
	for range 5 {
		do(t, e.conn(), get(), &a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := []string{"127.0.0.4", "127.0.0.5", "127.0.0.4", "127.0.0.5", "127.0.0.4"}; !slices.Equal(s.into, want) {
		t.Errorf("connected to %v, want %v", s.into, want)
	}
	if want := []string{"127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3", "127.0.0.2"}; !slices.Equal(s.from, want) {
		t.Errorf("connected from %v, want %v", s.from, want)
	}
	if lookups != 1 {
		t.Errorf("%d lookups, want 1", lookups)
	}
}

// Connections that are opened anew follow a record of DNS that changes; one that is open stays.
func TestReopenedConnectionsFollowTheName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		record, lookups := []string{"10.0.0.1"}, 0
		var failure error
		var into []string
		e := newEngine(t, Config{Address: "shop.test:80",
			Lookup: func(context.Context, string) (list []netip.Addr, err error) {
				lookups++
				for _, a := range record {
					list = append(list, netip.MustParseAddr(a))
				}
				return list, failure
			},
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				into = append(into, address)
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					for p := make([]byte, 1000); ; {
						if _, err := theirs.Read(p); err != nil {
							return
						}
						if _, err := theirs.Write([]byte(hello)); err != nil {
							return
						}
					}
				}()
				return ours, nil
			}})
		open := e.conn()
		var a transport.Answer
		do(t, open, get(), &a)
		reopen := func(want ...string) {
			t.Helper()
			into = nil
			for range want {
				c := e.conn()
				do(t, c, get(), &a)
				c.close()
			}
			if do(t, open, get(), &a); !slices.Equal(into, want) {
				t.Errorf("connected to %v, want %v", into, want)
			}
		}
		reopen("10.0.0.1:80")
		record = []string{"10.0.0.2"}
		reopen("10.0.0.1:80")
		time.Sleep(2 * time.Second)
		reopen("10.0.0.2:80", "10.0.0.2:80")
		record = []string{"10.0.0.3", "10.0.0.2"}
		time.Sleep(2 * time.Second)
		reopen("10.0.0.3:80", "10.0.0.2:80", "10.0.0.3:80")
		record, failure = nil, &net.DNSError{Err: "server misbehaving", Name: "shop.test"}
		time.Sleep(2 * time.Second)
		reopen("10.0.0.2:80", "10.0.0.3:80")
		if lookups != 4 {
			t.Errorf("%d lookups, want 4", lookups)
		}
		e.Close()
		synctest.Wait()
	})
}

func TestDeadAddressIsPassedOver(t *testing.T) {
	t.Parallel()
	address := serve(t, answering(hello, false))
	_, port, _ := net.SplitHostPort(address)
	e := newEngine(t, Config{Address: "shop.test:" + port, Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.9"), netip.MustParseAddr("127.0.0.1")}, nil
	}})
	var a transport.Answer
	for range 3 {
		if do(t, e.conn(), get(), &a); a.Status != 200 {
			t.Errorf("status %d, wanted the answer of the address that is alive", a.Status)
		}
	}
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		e, err := New(t.Context(), Config{Address: "shop.test:80", Seed: 1,
			Dial: func(context.Context, string, string) (net.Conn, error) { attempts++; return nil, net.ErrClosed }})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		c := e.conn()
		var a transport.Answer
		var pauses []time.Duration
		for range 14 {
			began := time.Now()
			if err := exchange(t.Context(), c, time.Minute, get(), &a); err == nil {
				t.Fatal("no error")
			}
			pauses = append(pauses, time.Since(began))
		}
		for i, p := range pauses {
			most := time.Duration(0)
			if i > 0 {
				most = min(firstPause<<(i-1), mostPause)
			}
			if p < most/2 || p > most {
				t.Errorf("pause %d is %v, want %v to %v", i, p, most/2, most)
			}
		}
		began := time.Now()
		before := attempts
		if err := exchange(t.Context(), c, 10*time.Millisecond, get(), &a); err == nil || time.Since(began) > 10*time.Millisecond {
			t.Errorf("%v after %v, want an error by the deadline", err, time.Since(began))
		}
		if attempts != before+1 {
			t.Error("the pause left no time for an attempt")
		}
	})
}

// TestDeadlineToTheInstant runs on a connection that is not the kernel's, with a clock of its own.
func TestDeadlineToTheInstant(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{time.Millisecond, 900 * time.Millisecond, 5500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			e, err := New(t.Context(), Config{Address: "shop.test:80", Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			go func() {
				defer theirs.Close()
				p := make([]byte, 1000)
				for i := 0; ; i++ {
					if _, err := theirs.Read(p); err != nil {
						return
					}
					if i == 0 { // the first request is answered, so that an end of wait is set already
						if _, err := theirs.Write([]byte(hello)); err != nil {
							return
						}
					}
				}
			}()
			c := e.conn()
			var a transport.Answer
			do(t, c, get(), &a)
			began := time.Now()
			err = exchange(t.Context(), c, limit, get(), &a)
			if class(err) != "timeout" || time.Since(began) != limit {
				t.Errorf("%v after %v, want a timeout after %v", err, time.Since(began), limit)
			}
		})
	}
}

func TestDialTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, err := New(t.Context(), Config{Address: "shop.test:80", DialTimeout: time.Second,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, limit := range []time.Duration{time.Minute, 100 * time.Millisecond} {
			var a transport.Answer
			began := time.Now()
			err := exchange(t.Context(), e.conn(), limit, get(), &a)
			if want := min(limit, time.Second); class(err) != "timeout" || time.Since(began) != want {
				t.Errorf("%v after %v, want a timeout after %v", err, time.Since(began), want)
			}
		}
	})
}
