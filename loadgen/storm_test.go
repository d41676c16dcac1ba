package loadgen

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestCheckTarget(t *testing.T) {
	allow := []string{"shop.example", "Other.Example:8080", "2001:db8::1"}
	for _, c := range []struct {
		target string
		ok     bool
	}{
		{"http://127.0.0.1:8080", true},
		{"http://127.8.9.1", true},
		{"https://localhost/api", true},
		{"http://LOCALHOST:80", true},
		{"http://[::1]:8080", true},
		{"http://[::ffff:127.0.0.1]", true},
		{"http://user:secret@127.0.0.1", true},
		{"http://shop.example", true},
		{"https://SHOP.example:8443", true},
		{"http://other.example:8080", true},
		{"http://other.example:8081", false},
		{"http://[2001:db8::1]:80", true},
		{"http://[2001:db8::2]:80", false},
		{"http://sub.shop.example", false},
		{"http://shop.example.invalid", false},
		{"http://127.0.0.1@evil.invalid", false},
		{"http://127.0.0.1:80@evil.invalid:80/", false},
		{"http://localhost.evil.invalid", false},
		{"http://127.0.0.1.evil.invalid", false},
		{"http://10.0.0.1", false},
		{"http://0.0.0.0", false},
		{"http://128.0.0.1", false},
		{"http://2130706433", false}, // 127.0.0.1 as one number, to some resolvers
		{"http://127.1", false},
		{"http://%6cocalhost.evil.invalid", false},
		{"ftp://127.0.0.1", false},
		{"127.0.0.1:8080", false},
		{"//127.0.0.1", false},
		{"http://", false},
		{"http:127.0.0.1", false},
		{"/items", false},
		{"", false},
		{"http://127.0.0.1?x=1", false},
		{"http://127.0.0.1#x", false},
	} {
		u, err := url.Parse(c.target)
		if err == nil {
			err = CheckTarget(u, allow, Route{})
			if input, found := errors.AsType[*InputError](err); err != nil && (!found || input.Hint == "") {
				t.Errorf("%s: %v is no InputError with a hint", c.target, err)
			}
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, wanted it allowed: %v", c.target, err, c.ok)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in %v", c.target, err)
		}
	}
	if err := CheckTarget(nil, nil, Route{}); err == nil {
		t.Error("no target was accepted")
	}
}

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
	if input, found := errors.AsType[*InputError](err); !found || input.Hint == "" {
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
		o := Options{Scenario: parse(t, steady), Target: target()}
		change(&o)
		_, err := New(o)
		if input, found := errors.AsType[*InputError](err); !found || input.Hint == "" {
			t.Errorf("%s: %v, wanted an InputError with a hint", name, err)
		}
	}
}
