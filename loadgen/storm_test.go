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
	if !m.T0.Equal(now.Add(2*time.Second)) || !m.Start.Equal(now) || m.PlannedArrivals != 1200 || m.Connections != fewestConnections {
		t.Errorf("T0 %v after the start, %d users, %d connections", m.T0.Sub(m.Start), m.PlannedArrivals, m.Connections)
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

func TestConnectionsFollowThePeak(t *testing.T) {
	for rate, want := range map[string]int{"20/s": fewestConnections, "2k/s": 500, "1M/s": mostConnections} {
		text := strings.NewReplacer("20/s", rate, "T0+58s", "T0+1s", "T0-2s", "T0").Replace(steady)
		if s := compile(t, text); s.Connections < want || s.Connections > want+1 {
			t.Errorf("at %s: %d connections, wanted %d", rate, s.Connections, want)
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
