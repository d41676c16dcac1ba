package loadgen

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

func TestManifestKeepsNoPassword(t *testing.T) {
	s := compile(t, steady, func(o *Options) { o.Target = must(url.Parse("http://user:secret@127.0.0.1:1/api")) })
	m := must(s.Manifest(time.Now()))
	if strings.Contains(m.Target, "secret") || !strings.HasSuffix(m.Target, "127.0.0.1:1/api") {
		t.Errorf("target is %s", m.Target)
	}
}

func TestManifestPlacesT0(t *testing.T) {
	now := time.Now()
	m := must(compile(t, steady).Manifest(now))
	if !m.T0.Equal(now.Add(2*time.Second)) || !m.Start.Equal(now) || m.PlannedArrivals != 1200 || m.Connections != 0 || m.MaxConnections != 1200 {
		t.Errorf("T0 %v after the start, %d users, %d connections, at most %d", m.T0.Sub(m.Start), m.PlannedArrivals, m.Connections, m.MaxConnections)
	}
	clock := strings.Replace(steady, "t0: 2s", "t0: 2030-11-11T20:00:00+08:00", 1)
	s := compile(t, clock)
	at := time.Date(2030, 11, 11, 12, 0, 0, 0, time.UTC)
	m = must(s.Manifest(at.Add(-2 * time.Second)))
	if !m.T0.Equal(at) || s.Lead() != 2*time.Second {
		t.Errorf("T0 is %v, wanted %v", m.T0, at)
	}
	_, err := s.Manifest(at.Add(-1900 * time.Millisecond))
	if input, found := errors.AsType[*transport.InputError](err); !found || input.Hint == "" {
		t.Errorf("a storm that should have begun already: %v", err)
	}
}

// TestConnectionsThatAStormWillNeed holds what is opened before T0 against Little's law, and against crowds, who are all in
// flight at once however fast the target answers.
func TestConnectionsThatAStormWillNeed(t *testing.T) {
	for _, c := range []struct {
		phase   string
		service time.Duration
		want    int
	}{
		{"from: T0, to: T0+10s, rate: 200/s", 300 * time.Millisecond, 60},
		{"from: T0, to: T0+10s, rate: 200/s", 0, 1},
		{"from: T0, to: T0+10s, rate: [0/s, 400/s]", time.Second, 380},
		{"at: T0, users: 34", time.Microsecond, 34},
		{"at: T0+5s, users: 800, reaction: {uniform: [0s, 2s]}", 100 * time.Millisecond, 40},
		{"from: T0, to: T0+1s, rate: 1M/s", time.Second, DefaultMaxConnections},
	} {
		s := compile(t, "steps: {browse: {share: 100%, request: {url: /}}}\nstorm: {t0: 1s, phases: [{journey: v, "+c.phase+"}]}\njourneys: {v: [browse]}\n")
		if got := s.connectionsFor(c.service); got < c.want || got > c.want+1 {
			t.Errorf("%s, each taking %s: %d connections, wanted %d", c.phase, c.service, got, c.want)
		}
	}
}

func TestStormsThatCannotBeSent(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no storm":          func(o *Options) { o.Scenario.Storm = nil },
		"another's host":    func(o *Options) { o.Target = must(url.Parse("http://shop.invalid")) },
		"cut before it has": func(o *Options) { o.Duration = time.Nanosecond },
	} {
		o := Options{Scenario: parse(t, steady), Target: loadtest.Target()}
		change(&o)
		_, err := New(o)
		if input, found := errors.AsType[*transport.InputError](err); !found || input.Hint == "" {
			t.Errorf("%s: %v, wanted an InputError with a hint", name, err)
		}
	}
}
