package loadgen

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/host"
	"fsctl/loadgen/transport"
)

// Needs returns what the storm needs of this machine beside cores; none where Options.Dial stands
// in for the network. It looks the target up, and fails where that does not succeed. Where the user has not said how many
// connections may be open, it makes that what there is room for, up to DefaultMaxConnections.
func (s *Storm) Needs(ctx context.Context) ([]host.Need, error) {
	if s.Dial != nil {
		return nil, nil // another network than this machine's
	}
	d := host.Demand{Connections: s.most(), PerConnection: 1, Together: s.Together, Secure: s.Target.Scheme == "https", Addresses: []string{transport.AddressOf(s.Target)},
		Route: s.Route, BindsPorts: s.engineName() == EngineVegeta}
	if s.TargetInside {
		d.PerConnection = 2
	}
	if s.schedule != nil {
		d.Thinking = s.forecast().thinking
	}
	if s.Connections == 0 && s.MaxConnections == 0 {
		if err := d.Fit(ctx); err != nil {
			return nil, err
		}
		s.MaxConnections = d.Connections
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

// reachWithin is how long the target may take to accept a connection before the storm.
const reachWithin = 5 * time.Second

// Reach opens a connection to the target, with its handshake where the target is https, and closes it. It sends no request.
// It fails with a *NotStartedError where that does not succeed.
func (s *Storm) Reach(ctx context.Context) error {
	reaching, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	err := s.reach(reaching)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("reach the target: %w", ctx.Err())
	}
	hint := "see from this machine: curl -v " + s.Target.Redacted()
	switch transport.Classify(err) {
	case transport.ClassTLS:
		hint = "trust its authority with --cacert FILE, or any certificate with --insecure"
	case transport.ClassRefused:
		hint = "start the target, or mend --target; " + hint
	case transport.ClassDNS:
		hint = "mend the name in --target or this machine's name servers, or go round them with --connect-to; " + hint
	}
	return &NotStartedError{fmt.Errorf("target %s: found no connection, wanted one before T0: %w", s.Target.Redacted(), err), hint}
}

func (s *Storm) reach(ctx context.Context) error {
	conn, err := s.Route.Dialer(s.Dial)(ctx, "tcp", transport.AddressOf(s.Target))
	if err != nil {
		return err
	}
	defer conn.Close() // nothing was sent on it
	if s.Target.Scheme != "https" {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = s.Target.Hostname()
	}
	if err := tls.Client(conn, config).HandshakeContext(ctx); err != nil {
		return fmt.Errorf("handshake with %s: %w", conn.RemoteAddr(), err)
	}
	return nil
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
