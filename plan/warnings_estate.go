package plan

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// tooSmall warns where the instances do not fit into the pools: at all, with the zones that may be lost, or at home.
func (r *review) tooSmall() {
	e, p := r.Estate, r.placed
	if len(e.Pools) == 0 {
		return
	}
	most := func(v Estimate) float64 { return max(v.Mid, v.High) }
	switch {
	case most(p.NeedCores) > p.PoolCores:
		needed, limit := quantity.Against(most(p.NeedCores), p.PoolCores)
		r.warn("estate-too-small", "the instances need %s, up to %s in the high case; the pools have %s", quantity.EstimateOf(p.NeedCores.Mid, "core"), needed, limit)
	case most(p.ProvisionCores) > p.PoolCores:
		needed, limit := quantity.Against(most(p.ProvisionCores), p.PoolCores)
		r.warn("estate-too-small", "to carry on with %d of %d zones lost, the instances need %s, up to %s in the high case; the pools have %s, enough only while no zone is lost",
			e.SurviveZones, e.Zones, quantity.EstimateOf(p.ProvisionCores.Mid, "core"), needed, limit)
	case most(p.ShortCores) > 0:
		r.warn("estate-too-small", "%s of caches and databases, up to %s in the high case, find no room in the pools without provision; they do not leave home, and what other pools have does not help",
			quantity.EstimateOf(p.ShortCores.Mid, "core"), quantity.Estimate(most(p.ShortCores)))
	}
}

// starts warns of services that grow and do not say how long an instance takes to start: the lead is without them.
func (r *review) starts() {
	if r.Estate == nil || len(r.Estate.Pools) == 0 {
		return
	}
	var names []string
	for i := range r.Services {
		s := &r.Services[i]
		if (s.Kind == "service" || s.Kind == "queue") && s.StartSeconds == 0 && r.high.Rates[i] >= model.LeastRate {
			names = append(names, s.Name)
		}
	}
	given := r.givenStarts()
	names = slices.DeleteFunc(names, func(name string) bool { return given == nil || slices.Contains(given, name) })
	if len(names) > 0 {
		r.warn("start-assumed", "%s: no start is given, and the lead is counted as if instances were ready at once; give services.NAME.start, from scale to ready", strings.Join(names, ", "))
	}
}

// givenStarts returns the services whose start the scenario's text gives; nil without a text. The validated scenario does not show it: a
// start of 0 looks the same as none.
func (r *review) givenStarts() []string {
	var text struct {
		Services []struct {
			Name  string     `yaml:"name"`
			Start *yaml.Node `yaml:"start"`
		} `yaml:"services"`
	}
	if len(r.scenario.Document) == 0 || yaml.Unmarshal(r.scenario.Document, &text) != nil {
		return nil
	}
	names := []string{}
	for _, s := range text.Services {
		if s.Start != nil {
			names = append(names, s.Name)
		}
	}
	return names
}
