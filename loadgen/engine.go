package loadgen

import (
	"context"
	"fmt"

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
	if s.engineName() == EngineVegeta {
		return s.netHTTP(), nil
	}
	config := wire.ConfigFor(s.Target, s.Route)
	config.TLS, config.Seed, config.Dial = s.TLS, s.Seed, s.Dial
	config.MaxBody, config.EndConnections = transport.MaxBody, s.NoKeepAlive
	engine, err := wire.New(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("look up the target: %w", err)
	}
	return engine, nil
}

// netHTTP returns the net/http engine, on the storm's route.
func (s *Options) netHTTP() *transport.NetHTTP {
	engine := transport.NewNetHTTP(s.Target, 1, s.TLS, s.Route.Dialer(s.Dial)).Through(s.Route.Proxy)
	if s.NoKeepAlive {
		engine.EndConnections()
	}
	return engine
}

// Reached returns what the storm's connections go to. It looks the target up; nothing is sent to it.
func (s *Storm) Reached(ctx context.Context) transport.Reached {
	return s.Route.Reach(ctx, s.Target, s.TLS != nil && s.TLS.InsecureSkipVerify)
}

// proxySecrets returns the password of the route's proxy, as redact.URLSecrets does.
func proxySecrets(r transport.Route) []string {
	if r.Proxy == nil {
		return nil
	}
	return redact.URLSecrets(r.Proxy.URL())
}
