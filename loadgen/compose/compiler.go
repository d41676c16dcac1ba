// Package compose writes the requests of users: a step's texts, with the values of each user in them.
package compose

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"fsctl/scenarios"
	"fsctl/scenarios/random"
)

// Compiler turns the words of a scenario's requests into templates and registers.
type Compiler struct {
	Feeders   Feeders  // of the scenario
	Variables []string // that are extracted, by register
	Secrets   []string // values of the environment in requests, as they may be sent, and literal ones that may be secrets

	scenario  *scenarios.Scenario
	items     *items
	registers map[string]int // of extracted variables
	seed      uint64
	values    random.Stream     // of random functions in the step that is being compiled
	drawn     uint64            // how many of them it has so far
	files     map[string][]byte // by name, as they were read
	fileBytes int               // of all files
}

// New prepares for the requests of a scenario; the seed is that of feeders, items and random functions. What is wrong with the
// input is a *transport.InputError.
func New(sc *scenarios.Scenario, seed uint64) (*Compiler, error) {
	c := &Compiler{scenario: sc, seed: seed, registers: map[string]int{}}
	for i := range sc.Feeders {
		f, err := newFeeder(sc, &sc.Feeders[i], seed)
		if err != nil {
			return nil, err
		}
		c.Feeders = append(c.Feeders, f)
	}
	var err error
	if c.items, err = newItems(sc.Sale, seed); err != nil {
		return nil, err
	}
	for _, st := range sc.Steps {
		for _, name := range sorted(st.Extract) {
			if _, ok := c.registers[name]; !ok {
				c.registers[name] = len(c.registers)
				c.Variables = append(c.Variables, name)
			}
		}
	}
	c.Secrets = append(secretTexts(sc.Environment()), literalSecrets(sc)...)
	return c, nil
}

// Register returns that of an extracted variable, from 0.
func (c *Compiler) Register(name string) int { return c.registers[name] }

// SKU returns the variable that is the name of the item that a user wants.
func (c *Compiler) SKU() *Variable { return &Variable{source: fromSKU, items: c.items} }

// Ledger returns the URL of the shop's ledger, appended to the target; empty for none. It fails for a variable that has no value.
func (c *Compiler) Ledger() (string, error) {
	if !c.scenario.Ledger.IsRead() {
		return "", nil
	}
	url, err := c.text(c.scenario.Ledger.URL, escapeURL)
	if err != nil {
		return "", fmt.Errorf("ledger: url: %w", err)
	}
	text, _ := url.append(nil, &User{}, &Scratch{}) // no variable of it is a user's
	return string(text), nil
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
