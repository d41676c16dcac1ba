package loadgen

import (
	"context"
	"slices"
	"strings"

	"fsctl/loadgen/host"
	"fsctl/loadgen/transport"
)

// Needs returns what the storm needs of this machine beside cores; none where Options.Dial stands
// in for the network. It looks the target up, and fails where that does not succeed.
func (s *Storm) Needs(ctx context.Context) ([]host.Need, error) {
	if s.Dial != nil {
		return nil, nil // another network than this machine's
	}
	d := host.Demand{Connections: s.Connections, PerConnection: 1, Secure: s.Target.Scheme == "https", Addresses: []string{transport.AddressOf(s.Target)},
		Route: s.Route, BindsPorts: s.engineName() == EngineVegeta}
	if s.TargetInside {
		d.PerConnection = 2
	}
	if s.schedule != nil {
		d.Thinking = s.forecast().thinking
	}
	return d.Needs(ctx)
}

// Needs returns what the list needs of this machine beside cores. It looks the targets up, and
// fails where that does not succeed.
func (l *TargetList) Needs(ctx context.Context) ([]host.Need, error) {
	secure := slices.ContainsFunc(l.addresses, func(a string) bool { return strings.HasSuffix(a, ":443") })
	d := host.Demand{Connections: l.Connections, PerConnection: 1, Secure: secure, Addresses: l.addresses, Route: l.Route, BindsPorts: true}
	return d.Needs(ctx)
}
