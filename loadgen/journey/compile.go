// Package journey compiles the journeys of a scenario into programs that virtual users run.
//
// A program says what a user does next, and judges the answers to its requests, which package compose writes.
package journey

import (
	"fsctl/loadgen/compose"
	"fsctl/loadgen/record"
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

	compose.Feeders
}

// Compile compiles a scenario; the seed is that of feeders, items, pauses and random functions. What is wrong with the input is a
// *transport.InputError.
func Compile(sc *scenarios.Scenario, seed uint64) (*Compiled, error) {
	requests, err := compose.New(sc, seed)
	if err != nil {
		return nil, err
	}
	c := &compiler{scenario: sc, requests: requests, draws: draws{random.NewStream(seed, "think"), random.NewStream(seed, "choose"), random.NewStream(seed, "jitter")},
		steps: map[string]*Step{}, outcomes: outcomesOf(sc)}
	v := &Compiled{Programs: map[string]*Program{}, Feeders: requests.Feeders, Secrets: requests.Secrets}
	if v.Ledger, err = requests.Ledger(); err != nil {
		return nil, err
	}
	for i := range sc.Steps {
		st, err := c.step(i, &sc.Steps[i])
		if err != nil {
			return nil, err
		}
		v.Steps = append(v.Steps, st)
		c.steps[st.Name] = st
	}
	c.listed = v.Steps
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

// outcomesOf numbers the outcomes of all steps by name, from 1: those that every step has come first.
func outcomesOf(sc *scenarios.Scenario) map[string]int32 {
	numbers := map[string]int32{record.OutcomeOK: 1, record.OutcomeFailed: 2, record.OutcomeError: 3}
	for i := range sc.Steps {
		for _, o := range sc.Steps[i].Outcome {
			if numbers[o.Name] == 0 {
				numbers[o.Name] = int32(len(numbers) + 1)
			}
		}
	}
	return numbers
}

// compiler turns a scenario's words into programs and steps.
type compiler struct {
	scenario *scenarios.Scenario
	requests *compose.Compiler
	draws    draws
	steps    map[string]*Step
	listed   []*Step          // the same as in the scenario
	outcomes map[string]int32 // number of each outcome over all steps, from 1
}
