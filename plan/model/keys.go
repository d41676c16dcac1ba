package model

import (
	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// Keys says what the keys of a cache are.
type Keys struct {
	By    string // scenarios.KeyedBySale, KeyedByNothing or KeyedByZipf
	Given bool   // the scenario says so; else it follows from the requests of the steps that call it
	Step  string // of those that are not given: the first step that names an item, empty where none does
}

// keys finds what the caches are keyed by, and the share of the hottest key. Where a cache does not say so, it is the sale's items if a step whose calls reach it
// names an item in its request, and else no key is hotter than others.
func (b *builder) keys(sc *scenarios.Scenario) {
	calls := b.model.callsOfSteps()
	for i := range b.model.Services {
		s, given := &b.model.Services[i], sc.Services[i].Key
		if s.Kind != "cache" {
			continue
		}
		s.KeyedBy = Keys{By: given.By, Given: given.By != ""}
		if !s.KeyedBy.Given {
			s.KeyedBy.By = scenarios.KeyedByNothing
			for k := range sc.Steps {
				if calls[i][k] > 0 && sc.Steps[k].NamesItem() && sc.Sale != nil {
					s.KeyedBy.By, s.KeyedBy.Step = scenarios.KeyedBySale, sc.Steps[k].Name
					break
				}
			}
		}
		switch s.KeyedBy.By {
		case scenarios.KeyedBySale:
			s.HotKey = b.model.Event.HotKey
		case scenarios.KeyedByZipf:
			z, err := queueing.NewZipf(given.Keys, given.Zipf)
			if err != nil {
				b.problem("services."+s.Name+".key", err.Error(), "a law of popularity")
				continue
			}
			s.HotKey, _ = z.Share(1) // rank 1 is always there
		}
	}
}
