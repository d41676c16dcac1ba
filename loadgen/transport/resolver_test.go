package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// zone stands in for DNS: a record that a test changes.
type zone struct {
	mu    sync.Mutex
	found []netip.Addr
	err   error
	takes time.Duration
}

func (z *zone) set(takes time.Duration, err error, addresses ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.found, z.err, z.takes = nil, err, takes
	for _, a := range addresses {
		z.found = append(z.found, netip.MustParseAddr(a))
	}
}

func (z *zone) lookup(ctx context.Context, _ string) ([]netip.Addr, error) {
	z.mu.Lock()
	found, err, takes := z.found, z.err, z.takes
	z.mu.Unlock()
	select {
	case <-time.After(takes):
		return found, err
	case <-ctx.Done():
		return nil, &net.DNSError{Err: "no answer", Name: "shop.test", IsTimeout: true}
	}
}

func (z *zone) expect(t *testing.T, r *Resolver, what string, within time.Duration, want ...string) {
	t.Helper()
	began := time.Now()
	found, err := r.Lookup(t.Context(), "shop.test")
	var got []string
	for _, a := range found {
		got = append(got, a.String())
	}
	if err != nil || !slices.Equal(got, want) || time.Since(began) > within {
		t.Errorf("%s: found %v, %v after %v, wanted %v within %v", what, got, err, time.Since(began), want, within)
	}
}

var errZone = &net.DNSError{Err: "server misbehaving", Name: "shop.test", IsTemporary: true}

func TestNamesAreLookedUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var z zone
		var problems []error
		r := NewResolver(z.lookup, func(err error) { problems = append(problems, err) })
		const soon = 10 * time.Millisecond

		z.set(soon, nil, "10.0.0.1")
		z.expect(t, r, "first", soon, "10.0.0.1")
		z.set(soon, nil, "::ffff:10.0.0.3", "10.0.0.2", "10.0.0.2")
		z.expect(t, r, "within its life", 0, "10.0.0.1")
		time.Sleep(addressLife)
		z.expect(t, r, "a record that changed", soon, "10.0.0.3", "10.0.0.2")
		z.set(soon, nil, "10.0.0.4", "10.0.0.2", "10.0.0.3")
		time.Sleep(addressLife)
		z.expect(t, r, "one more address, and rotated", soon, "10.0.0.3", "10.0.0.2", "10.0.0.4")
		if len(problems) != 0 {
			t.Errorf("problems %v, wanted none", problems)
		}

		for range 3 { // of which the first is waited for
			z.set(soon, errZone)
			time.Sleep(addressLife + soon)
			z.expect(t, r, "lookups fail", soon, "10.0.0.3", "10.0.0.2", "10.0.0.4")
			synctest.Wait()
		}
		if len(problems) != 1 || !strings.Contains(problems[0].Error(), "10.0.0.3") {
			t.Errorf("problems %v, wanted one that says which addresses stay in use", problems)
		}
		z.set(soon, nil, "10.0.0.9")
		time.Sleep(addressLife + soon)
		z.expect(t, r, "well again, not waited for", 0, "10.0.0.3", "10.0.0.2", "10.0.0.4")
		time.Sleep(soon)
		synctest.Wait()
		z.expect(t, r, "well again", 0, "10.0.0.9")
		begun, failed := r.Lookups()
		if begun != 7 || failed != 3 {
			t.Errorf("%d lookups, %d of them failed, wanted 7 and 3", begun, failed)
		}
	})
}

// A server of names that does not answer stops no connection for long.
func TestSlowLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var z zone
		r := NewResolver(z.lookup, nil)
		z.set(0, nil, "10.0.0.1")
		z.expect(t, r, "first", 0, "10.0.0.1")
		z.set(time.Hour, nil, "10.0.0.2")
		time.Sleep(addressLife)
		z.expect(t, r, "slow", refreshPatience, "10.0.0.1")
		z.expect(t, r, "slow still", 0, "10.0.0.1")
		for range 100 { // lookups end after lookupTimeout, and none is waited for any more
			time.Sleep(addressLife)
			z.expect(t, r, "after a slow one", 0, "10.0.0.1")
		}
		if begun, _ := r.Lookups(); begun > 12 {
			t.Errorf("%d lookups in 100 s of which each takes 10 s, wanted one at a time", begun)
		}
		z.set(0, nil, "10.0.0.2")
		time.Sleep(lookupTimeout + addressLife)
		z.expect(t, r, "well again, not waited for", 0, "10.0.0.1")
		synctest.Wait()
		z.expect(t, r, "well again", 0, "10.0.0.2")
	})
}

func TestFirstLookupFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			err   error
			takes time.Duration
			class string
		}{
			{&net.DNSError{Err: "no such host", Name: "shop.test", IsNotFound: true}, 0, ClassDNS},
			{errZone, time.Millisecond, ClassDNS},
			{nil, 0, ClassDNS}, // no addresses
			{nil, time.Hour, ClassTimeout},
		} {
			var z zone
			z.set(c.takes, c.err)
			r := NewResolver(z.lookup, func(err error) { t.Errorf("%v was told though nothing was known", err) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
			for range 100 {
				if _, err := r.Lookup(ctx, "shop.test"); Classify(err) != c.class {
					t.Errorf("%v: class %q, wanted %s", err, Classify(err), c.class)
				}
			}
			if begun, _ := r.Lookups(); begun != 1 {
				t.Errorf("%d lookups of a name that fails, wanted 1 a second", begun)
			}
			cancel()
			z.set(0, nil, "10.0.0.1")
			time.Sleep(lookupTimeout + addressLife)
			z.expect(t, r, "the name came", 0, "10.0.0.1")
		}
	})
}

// Ten thousand connections a second, from several goroutines, look their names up once a second each.
func TestManyConnectionsFewLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var z zone
		z.set(time.Millisecond, nil, "10.0.0.1")
		r := NewResolver(z.lookup, nil)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				for i := range 1000 {
					if _, err := r.Lookup(t.Context(), fmt.Sprintf("%d.shop.test", i%2)); err != nil {
						t.Error(err)
					}
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		all.Wait()
		if begun, failed := r.Lookups(); begun < 18 || begun > 22 || failed != 0 {
			t.Errorf("%d lookups, %d failed, wanted about 20 of two names in 10 s", begun, failed)
		}
	})
}

func TestAddressesOfRoutes(t *testing.T) {
	var z zone
	z.set(0, nil, "10.0.0.1", "2001:db8::1", "10.0.0.2")
	names := NewResolver(z.lookup, nil)
	for _, c := range []struct {
		address string
		sources []string
		detour  string
		want    []string
	}{
		{"shop.test:80", nil, "::a.test:", []string{"10.0.0.1:80", "[2001:db8::1]:80", "10.0.0.2:80"}},
		{"shop.test:80", []string{"10.1.1.1"}, "::a.test:81", []string{"10.0.0.1:81", "10.0.0.2:81"}},
		{"shop.test:80", []string{"2001:db8::2"}, "::a.test:", []string{"[2001:db8::1]:80"}},
		{"127.0.0.1:80", nil, "other::a.test:", []string{"127.0.0.1:80"}},
		{"[::ffff:127.0.0.1]:80", nil, "other::a.test:", []string{"127.0.0.1:80"}},
		{"[::1]:80", []string{"127.0.0.1"}, "other::a.test:", nil},
	} {
		r := detours(c.detour)
		r.Names = names
		for _, s := range c.sources {
			r.Sources = append(r.Sources, netip.MustParseAddr(s))
		}
		got, err := r.Addresses(t.Context(), c.address)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%s from %v: %v, %v, wanted %v", c.address, c.sources, got, err, c.want)
		}
		if _, input := errors.AsType[*InputError](err); err != nil && !input {
			t.Errorf("%v is no InputError", err)
		}
	}
}
