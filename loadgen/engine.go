package loadgen

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/loadgen/wire"
)

// The engines that a storm can be sent by.
const (
	EngineAuto   = "auto"   // wire
	EngineWire   = "wire"   // HTTP/1.1, plain or TLS, at the least cost a request
	EngineVegeta = "vegeta" // net/http, which vegeta sends by: HTTP/2 too; the rest of the storm is not vegeta's
)

// engineName returns the engine that the record names. Through a proxy only net/http sends.
func (s *Options) engineName() string {
	if s.Engine == EngineVegeta || s.Route.Proxy != nil {
		return EngineVegeta
	}
	return EngineWire
}

// NewEngine returns the engine that the options name, and looks the target up. It fails where the name has no address; the
// vegeta engine leaves that to the first request.
func (s *Options) NewEngine(ctx context.Context) (transport.Engine, error) {
	targets, err := s.AllTargets()
	if err != nil {
		return nil, err
	}
	var engines []transport.Engine
	for _, t := range targets {
		engine, err := s.engineFor(ctx, t.URL)
		if err != nil {
			for _, open := range engines {
				open.Close()
			}
			return nil, err
		}
		engines = append(engines, engine)
	}
	return transport.Several(engines, s.usedTargets()), nil
}

func (s *Options) engineFor(ctx context.Context, target *url.URL) (transport.Engine, error) {
	if s.engineName() == EngineVegeta {
		return s.netHTTP(target), nil
	}
	config := wire.ConfigFor(target, s.Route)
	config.TLS, config.Seed, config.Dial = s.TLS, s.Seed, s.Dial
	config.MaxBody, config.EndConnections = transport.MaxBody, s.NoKeepAlive
	config.FullHandshakes = s.connectsEachUser() // as browsers that come to a shop for the first time
	engine, err := wire.New(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("look up the target: %w", err)
	}
	return engine, nil
}

// AllTargets returns what requests go to, in the order of the scenario's TargetNames. It fails with a *transport.InputError for a target
// that is not allowed, and as transport.Targets does.
func (s *Options) AllTargets() ([]transport.Target, error) {
	all, err := transport.Targets(s.Target, s.Scenario.Targets, s.Others)
	if err != nil {
		return nil, err
	}
	return all, transport.CheckTargets(all, s.Allow, s.Route)
}

// usedTargets returns the numbers of the targets that steps go to.
func (s *Options) usedTargets() (used []int) {
	names := s.Scenario.TargetNames()
	for i := range s.Scenario.Steps {
		if at := max(slices.Index(names, s.Scenario.Steps[i].Request.Host), 0); !slices.Contains(used, at) {
			used = append(used, at)
		}
	}
	slices.Sort(used)
	return used
}

// targetSecrets returns the users and passwords of targets, as redact.URLSecrets does.
func targetSecrets(all []transport.Target) (list []string) {
	for _, t := range all {
		list = append(list, redact.URLSecrets(t.URL)...)
	}
	return list
}

// netHTTP returns the net/http engine on a target, on the storm's route.
func (s *Options) netHTTP(target *url.URL) *transport.NetHTTP {
	engine := transport.NewNetHTTP(target, 1, s.TLS, s.Route.Dialer(s.Dial)).Through(s.Route.Proxy)
	if s.NoKeepAlive {
		engine.EndConnections()
	}
	return engine
}

// Reached returns what the storm's connections go to, for each target. It looks the targets up; nothing is sent to them.
func (s *Storm) Reached(ctx context.Context) (all []transport.Reached) {
	for _, t := range s.targets {
		all = append(all, s.Route.Reach(ctx, t.URL, s.TLS != nil && s.TLS.InsecureSkipVerify))
	}
	return all
}

// TargetsText names the targets in a line, without users and passwords.
func (s *Storm) TargetsText() string { return transport.TargetsText(s.targets) }

// proxySecrets returns the password of the route's proxy, as redact.URLSecrets does.
func proxySecrets(r transport.Route) []string {
	if r.Proxy == nil {
		return nil
	}
	return redact.URLSecrets(r.Proxy.URL())
}
