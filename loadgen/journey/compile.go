// Package journey compiles the journeys of a scenario into programs that virtual users run.
//
// A program renders the requests of its steps and judges the answers.
package journey

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"fsctl/scenarios"
	"fsctl/scenarios/random"
)

// Compiled is what a scenario's users do. It needs no clock and no network: instants are arguments, requests and
// answers are values. Nothing in it changes any more, so that any number of goroutines may use it.
type Compiled struct {
	Steps    []*Step             // as in the scenario
	Programs map[string]*Program // by the journey's name
	Listed   []*Program          // the same as in the scenario
	Secrets  []string            // values of the environment in requests, as they may be sent, and literal ones that may be secrets
	Ledger   string              // URL of the shop's ledger, appended to the target; empty for none

	feeders []*feeder
}

// Compile compiles a scenario; the seed is that of feeders, items and pauses. What is wrong with the input is a
// *transport.InputError.
func Compile(sc *scenarios.Scenario, seed uint64) (*Compiled, error) {
	c := &compiler{scenario: sc, thinks: random.NewStream(seed, "think"), registers: map[string]int{}, steps: map[string]*Step{}}
	for i := range sc.Feeders {
		f, err := newFeeder(sc, &sc.Feeders[i], seed)
		if err != nil {
			return nil, err
		}
		c.feeders = append(c.feeders, f)
	}
	var err error
	if c.items, err = newItems(sc.Sale, seed); err != nil {
		return nil, err
	}
	for _, st := range sc.Steps {
		for _, name := range sorted(st.Extract) {
			if _, ok := c.registers[name]; !ok {
				c.registers[name] = len(c.registers)
				c.variables = append(c.variables, name)
			}
		}
	}
	c.secretTexts = append(secretTexts(sc.Environment()), literalSecrets(sc)...)
	v := &Compiled{Programs: map[string]*Program{}, feeders: c.feeders, Secrets: c.secretTexts}
	if sc.Ledger.IsRead() {
		url, err := c.text(sc.Ledger.URL, escapeURL)
		if err != nil {
			return nil, fmt.Errorf("ledger: url: %w", err)
		}
		text, _ := url.append(nil, &User{}) // no variable of it is a user's
		v.Ledger = string(text)
	}
	for i := range sc.Steps {
		st, err := c.step(i, &sc.Steps[i])
		if err != nil {
			return nil, err
		}
		v.Steps = append(v.Steps, st)
		c.steps[st.Name] = st
	}
	for i := range sc.Journeys {
		p, err := c.program(&sc.Journeys[i])
		if err != nil {
			return nil, err
		}
		p.Index = len(v.Listed)
		v.Programs[p.Name], v.Listed = p, append(v.Listed, p)
	}
	return v, nil
}

// CheckRows fails with a *transport.InputError where feeders have no row of their own for each of so many users.
func (v *Compiled) CheckRows(users uint64) error {
	for _, f := range v.feeders {
		if err := f.enough(users); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns for how many users, from 0, feeders have a row of their own, and the feeder that has the fewest; empty where all give
// rows again.
func (v *Compiled) Rows() (users uint64, feeder string) {
	for _, f := range v.feeders {
		if !f.recycle && (feeder == "" || f.size < users) {
			users, feeder = f.size, f.name
		}
	}
	return users, feeder
}

// compiler turns a scenario's words into programs, steps and registers.
type compiler struct {
	scenario  *scenarios.Scenario
	thinks    random.Stream
	feeders   []*feeder
	items     *items
	registers map[string]int // of extracted variables
	variables []string       // their names by register
	steps     map[string]*Step

	secretTexts []string // values of the environment, and literal ones that may be secrets
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
