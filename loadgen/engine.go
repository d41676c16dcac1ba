package loadgen

import (
	"context"
	"fmt"

	"fsctl/loadgen/transport"
	"fsctl/loadgen/wire"
)

// The engines that a storm can be sent by.
const (
	EngineAuto   = "auto"   // wire
	EngineWire   = "wire"   // HTTP/1.1, plain or TLS, at the least cost a request
	EngineVegeta = "vegeta" // net/http, which vegeta sends by: HTTP/2 too; the rest of the storm is not vegeta's
)

// engineName returns the engine that the record names.
func (s *Storm) engineName() string {
	if s.Engine == EngineVegeta {
		return EngineVegeta
	}
	return EngineWire
}

// newEngine returns the engine that the options name, and looks the target up.
func (s *Storm) newEngine(ctx context.Context) (transport.Engine, error) {
	if s.engineName() == EngineVegeta {
		return transport.NewNetHTTP(s.Target, 1, s.TLS, s.Route.Dialer(s.Dial)), nil
	}
	config := wire.ConfigFor(s.Target, s.Route)
	config.TLS, config.Seed, config.Dial = s.TLS, s.Seed, s.Dial
	config.MaxBody = transport.MaxBody
	engine, err := wire.New(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("look up the target: %w", err)
	}
	return engine, nil
}
