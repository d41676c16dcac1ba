package scenarios

import (
	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// ReadThresholds returns the thresholds of a scenario's text, or of one that has nothing but thresholds:. The error is an
// *[strict.Error] with every problem, by line and field; what else is wrong with a scenario is a problem too.
func ReadThresholds(file string, text []byte) ([]threshold.Limit, error) {
	var kind struct {
		Kind string `yaml:"kind"`
	}
	if err := yaml.Unmarshal(text, &kind); err == nil && kind.Kind == "Scenario" {
		s, err := ParseRun(file, text)
		if err != nil {
			return nil, err
		}
		return s.Thresholds, nil
	}
	var only struct {
		Kind       string                        `yaml:"kind" jsonschema_description:"None, or Scenario."`
		Thresholds strict.Keyed[threshold.Limit] `yaml:"thresholds" jsonschema_description:"What must hold: k6 threshold strings by metric."`
	}
	fields, err := ReadStrictly(file, "file of thresholds", text, &only)
	if err != nil {
		return nil, err
	}
	if kind.Kind != "" {
		fields.Problem("kind", "found %q, wanted a scenario, or a file with nothing but thresholds:", kind.Kind)
	}
	for _, l := range only.Thresholds {
		if unresolved(l.Thresholds) {
			continue // an own counter, perhaps: the run's scenario says
		}
		if err := threshold.CheckMetric(l.Name); err != nil {
			fields.Problem("thresholds."+l.Name, "%v", err)
		}
		for i := range l.Thresholds {
			if why := l.Thresholds[i].Unknown(); why != "" {
				fields.Problem("thresholds."+l.Name, "found %s %s, which has no data: %s", l.Thresholds[i].Key(), l.Thresholds[i].Text, why)
			}
		}
	}
	if len(only.Thresholds) == 0 {
		fields.Problem("thresholds", "missing, wanted at least one metric with its thresholds")
	}
	return only.Thresholds, fields.Err()
}

// unresolved reports whether thresholds are about a metric that may be an own counter of a scenario.
func unresolved(list []threshold.Threshold) bool {
	return len(list) > 0 && list[0].Kind == ""
}

// CounterNames returns the names of the scenario's own counters, sorted.
func (s *Scenario) CounterNames() []string {
	v := validator{s: s}
	return v.counterNames("")
}
