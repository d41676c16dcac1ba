package transport

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Target is a host that requests go to.
type Target struct {
	Name string // as steps have it; main for that of --target
	URL  *url.URL
}

// Targets returns main and then the others by name, sorted. given are URLs that take the place of theirs. It fails with an *InputError
// for a URL that is none, and where given has a name that others does not.
func Targets(main *url.URL, others map[string]string, given map[string]*url.URL) ([]Target, error) {
	names := slices.Sorted(maps.Keys(others))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if len(names) == 0 {
			return nil, InputErrorf("leave it out, or name the target in the scenario: targets", "found --target %s=URL, but the scenario has no other target than --target", name)
		}
		if !slices.Contains(names, name) {
			return nil, InputErrorf("", "found --target %s=URL, wanted the name of a target of the scenario: %s", name, strings.Join(names, " or "))
		}
	}
	all := []Target{{MainTarget, main}}
	for _, name := range names {
		u := given[name]
		if u == nil {
			var err error
			if u, err = ParseTarget(others[name]); err != nil {
				return nil, fmt.Errorf("targets.%s: %w", name, err)
			}
		}
		all = append(all, Target{name, u})
	}
	return all, nil
}

// MainTarget is the name of the target that --target gives.
const MainTarget = "main"

// CheckTargets refuses targets as CheckTarget does, each by its own host, and a route that does not fit them, as Route.Check does.
func CheckTargets(all []Target, allow []string, route Route) error {
	var addresses []string
	for _, t := range all {
		err := CheckTarget(t.URL, allow, route)
		if err != nil && t.Name != MainTarget {
			err = fmt.Errorf("target %s: %w", t.Name, err)
		}
		if err != nil {
			return err
		}
		addresses = append(addresses, AddressOf(t.URL))
	}
	return route.Check(addresses)
}

// TargetsText names targets in a line, without users and passwords: https://shop.example, api https://api.example.
func TargetsText(all []Target) string {
	var list []string
	for _, t := range all {
		text := WithoutUser(t.URL).String()
		if t.Name != MainTarget {
			text = t.Name + " " + text
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// Several returns an engine on several targets, made of an engine on each: a request goes to that which its Target counts. A connection of
// it has one to each target that a request was for, opened when it is first needed. ahead are
// the numbers, from 0, of the targets to which Connect opens one.
func Several(engines []Engine, ahead []int) Engine {
	if len(engines) == 1 {
		return engines[0]
	}
	return &several{engines, ahead}
}

type several struct {
	engines []Engine
	ahead   []int
}

// Conn returns connections to the targets, none of which is open.
func (e *several) Conn() Conn { return &severalConn{engine: e, conns: make([]Conn, len(e.engines))} }

// Close closes the connections to every target.
func (e *several) Close() {
	for _, one := range e.engines {
		one.Close()
	}
}

type severalConn struct {
	engine *several
	conns  []Conn // by target; nil where there was no request for it
	last   Conn   // that carried the last request; nil before the first
}

func (c *severalConn) conn(target int) Conn {
	if c.conns[target] == nil {
		c.conns[target] = c.engine.engines[target].Conn()
	}
	return c.conns[target]
}

// Connect opens a connection to each target that requests are expected for. It fails with the first error, once it has tried all.
func (c *severalConn) Connect(ctx context.Context) (first error) {
	for _, target := range c.engine.ahead {
		if err := c.conn(target).Connect(ctx); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Disconnect closes the connections to all targets.
func (c *severalConn) Disconnect() {
	for _, one := range c.conns {
		if one != nil {
			one.Disconnect()
		}
	}
	c.last = nil
}

// Do sends a request to its target.
func (c *severalConn) Do(ctx context.Context, r *Request, a *Answer) {
	c.last = c.conn(r.Target)
	c.last.Do(ctx, r, a)
}

// Last returns what there is of the last answer, of whatever target it is.
func (c *severalConn) Last() Exchange {
	if c.last == nil {
		return Exchange{}
	}
	return c.last.Last()
}
