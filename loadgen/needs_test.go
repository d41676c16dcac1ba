package loadgen

import (
	"context"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"fsctl/loadgen/host"
	"fsctl/loadgen/loadtest"
)

func TestNeeds(t *testing.T) {
	needs := func(change func(*Options)) map[string]host.Need {
		s := compile(t, "\nsteps: {a: {share: 100%, request: {url: /a}}}\nstorm: {t0: 0s, phases: [{journey: j, from: T0, to: T0+10s, rate: 1000/s}]}\njourneys: {j: [{think: 2s}, a]}\n",
			func(o *Options) { o.Connections = 1000 }, change)
		m := map[string]host.Need{}
		for _, n := range must(s.Needs(context.Background())) {
			m[n.Name] = n
		}
		return m
	}
	plain := needs(func(*Options) {})
	if n := plain[host.NeedFiles].Needed; n < 1000 || n > 1200 {
		t.Errorf("1000 connections need %g file descriptors", n)
	}
	inside := needs(func(o *Options) { o.TargetInside = true })
	if n := inside[host.NeedFiles].Needed - plain[host.NeedFiles].Needed; n < 990 || n > 1010 {
		t.Errorf("a target in this process needs %g more file descriptors, wanted 1000", n)
	}
	secure := needs(func(o *Options) { o.Target = must(url.Parse("https://127.0.0.1:1")) })
	if secure[host.NeedMemory].Needed <= plain[host.NeedMemory].Needed {
		t.Errorf("memory: %g bytes, with TLS %g", plain[host.NeedMemory].Needed, secure[host.NeedMemory].Needed)
	}
	if why := plain[host.NeedMemory].Because; !strings.Contains(why, "1,000 connections and at most 2,000 users") {
		t.Errorf("memory is for %s, wanted 1000 connections and 2 s of 1000 users/s", why)
	}
	if runtime.GOOS == "linux" {
		sources := needs(func(o *Options) {
			o.Route.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
		})
		if one, two := plain[host.NeedPorts], sources[host.NeedPorts]; one.Needed != 1000 || one.Available <= 0 || two.Available != 2*one.Available {
			t.Errorf("ports: %+v, from two sources %+v", one, two)
		}
	}
	s := compile(t, steady, func(o *Options) { o.Dial = loadtest.NewPipes().Dial })
	if n, err := s.Needs(context.Background()); len(n) != 0 || err != nil {
		t.Errorf("a network of its own needs %v, %v", n, err)
	}
}

// TestNeedsOfOwnConnections asks for room for the users who are there at once, whatever the maximum is.
func TestNeedsOfOwnConnections(t *testing.T) {
	needs := func(change func(*Options)) (*Storm, []host.Need) {
		s := compile(t, "\ndefaults: {connections: per-user}\nsteps: {a: {request: {url: /a}}}\nstorm: {t0: 20s, phases: [{journey: j, at: T0, users: 3k, before: {journey: early, from: T0-10s, to: T0-5s}}, {journey: j, from: T0, to: T0+10s, rate: 500/s}]}\njourneys: {early: [a], j: [a, {think: 2s}, a]}\n", change)
		return s, must(s.Needs(context.Background()))
	}
	s, own := needs(func(*Options) {})
	if own[0].Name != host.NeedFiles || !strings.Contains(own[0].Because, "connections, one for each user (at least 4,000 there at once)") || s.most() < 4000 || s.most() > 8000 {
		t.Errorf("%s are for %s, of at most %d; wanted the users who wait for T0 or are at their pauses", own[0].Name, own[0].Because, s.most())
	}
	if _, own = needs(func(o *Options) { o.MaxConnections = 100 }); own[0].Own != 100 || strings.Contains(own[0].Hint, "--connections") {
		t.Errorf("a maximum of 100 takes %v file descriptors, %s", own[0].Own, own[0].Hint)
	}
	if _, own = needs(func(o *Options) { o.MaxConnections, o.ShareRatio = 0, 0.5 }); !strings.Contains(own[0].Because, "at least 2,000 there at once") {
		t.Errorf("half of the users take %s, wanted 2,000 at once", own[0].Because)
	}
}
