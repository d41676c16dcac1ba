package loadgen

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/host"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/transport"
)

// Needs returns what the storm needs of this machine beside cores; none where Options.Dial stands
// in for the network. It looks the target up, and fails where that does not succeed. Where the user has not said how many
// connections may be open, it makes that what there is room for, up to DefaultMaxConnections, or, where each user has one, up to as many as there are users: a machine
// without room for all who are there at once does not have what the storm needs.
func (s *Storm) Needs(ctx context.Context) ([]host.Need, error) {
	if s.Dial != nil {
		return nil, nil // another network than this machine's
	}
	d := host.Demand{Connections: s.most(), PerConnection: 1, Together: s.Together, Route: s.Route, BindsPorts: s.engineName() == EngineVegeta}
	for _, at := range s.usedTargets() {
		target := s.targets[at].URL
		d.Secure = d.Secure || target.Scheme == "https"
		d.Addresses = append(d.Addresses, transport.AddressOf(target))
	}
	d.Hosts = len(d.Addresses)
	if s.TargetInside {
		d.PerConnection = 2
	}
	d.KeepsBodies = slices.ContainsFunc(s.journeys.Steps, (*journey.Step).WantsBody)
	if s.schedule != nil {
		d.Thinking = s.forecast().thinking
		if s.timings.Own {
			d.Users = s.ownUsers()
		}
	}
	if s.Connections == 0 && s.MaxConnections == 0 {
		if err := d.Fit(ctx); err != nil {
			return nil, err
		}
		s.MaxConnections = d.Connections
		d.Connections = max(d.Connections, d.Users) // fewer would let users wait
	}
	return d.Needs(ctx)
}

// Needs returns what the list needs of this machine beside cores. It looks the targets up, and
// fails where that does not succeed.
func (l *TargetList) Needs(ctx context.Context) ([]host.Need, error) {
	secure := slices.ContainsFunc(l.addresses, func(a string) bool { return strings.HasSuffix(a, ":443") })
	d := host.Demand{Connections: l.MaxConnections, PerConnection: 1, Secure: secure, Addresses: l.addresses, Route: l.Route, BindsPorts: true}
	if l.fit {
		if err := d.Fit(ctx); err != nil {
			return nil, err
		}
		l.MaxConnections = d.Connections
	}
	return d.Needs(ctx)
}

// Targets returns what a look before the storm connects to.
func (s *Storm) Targets() (all []preflight.Target) {
	protocols := []string{"http/1.1"}
	if s.engineName() == EngineVegeta {
		protocols = netHTTPProtocols()
	}
	for _, t := range s.targets {
		all = append(all, preflight.Target{URL: t.URL, Route: s.Route, TLS: s.TLS, Protocols: protocols, Dial: s.Dial})
	}
	return all
}

// netHTTPProtocols are those that net/http offers in a handshake.
func netHTTPProtocols() []string { return []string{"h2", "http/1.1"} }

// Targets returns what a look before the list is fired connects to: each scheme, host and port once.
func (l *TargetList) Targets() (all []preflight.Target) {
	seen := map[string]bool{}
	for _, t := range l.targets {
		u, _ := url.Parse(t.URL) // parsed before
		if key := u.Scheme + " " + transport.AddressOf(u); !seen[key] {
			seen[key] = true
			all = append(all, preflight.Target{URL: u, Route: l.Route, TLS: l.TLS, Protocols: netHTTPProtocols()})
		}
	}
	return all
}

// What a second takes on the disk, as measured of a few requests each second; of many it is some times as much.
const (
	secondBytes = 256 // of the generator's health
	stepBytes   = 256 // of a step's counters and histograms
	mostRoom    = 1 << 30
)

// LeastRecordBytes returns how many bytes the record of one process's share takes on the disk at least, up to 1 GiB,
// by definition:
//
//	bytes = seconds x (secondBytes + steps x stepBytes)
func (s *Storm) LeastRecordBytes() int64 {
	seconds := int64(s.Length()/time.Second) + 1
	return min(seconds*int64(secondBytes+len(s.journeys.Steps)*stepBytes), mostRoom)
}
