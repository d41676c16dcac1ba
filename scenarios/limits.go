package scenarios

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/strict"
)

// ParseLimit reads a metric and an expression as one text, METRIC: EXPRESSION, such as response_time{step:order}: p(99)<300ms. The
// error says what was found and wanted.
func ParseLimit(text string) (Limit, error) {
	from := 0 // tags have colons of their own
	if tags, end := strings.Index(text, "{"), strings.LastIndex(text, "}"); tags >= 0 && end > tags && tags < strings.Index(text, ":") {
		from = end
	}
	colon := strings.Index(text[from:], ":")
	if colon < 0 {
		return Limit{}, fmt.Errorf("found no colon after the metric, wanted METRIC: EXPRESSION such as response_time{step:order}: p(99)<300ms")
	}
	name := strings.TrimSpace(text[:from+colon])
	t, err := ParseThreshold(name, strings.TrimSpace(text[from+colon+1:]))
	if err != nil {
		return Limit{}, err
	}
	if why := t.Unknown(); why != "" {
		return Limit{}, fmt.Errorf("found %s %s, which has no data: %s", t.Key(), t.Text, why)
	}
	return Limit{Name: name, Thresholds: []Threshold{t}}, nil
}

// ReadThresholds returns the thresholds of a scenario's text, or of one that has nothing but thresholds:. The error is an
// *[strict.Error] with every problem, by line and field; what else is wrong with a scenario is a problem too.
func ReadThresholds(file string, text []byte) ([]Limit, error) {
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
		Kind       string              `yaml:"kind" jsonschema_description:"None, or Scenario."`
		Thresholds strict.Keyed[Limit] `yaml:"thresholds" jsonschema_description:"What must hold: k6 threshold strings by metric."`
	}
	fields, err := ReadStrictly(file, "file of thresholds", text, &only)
	if err != nil {
		return nil, err
	}
	if kind.Kind != "" {
		fields.Problem("kind", "found %q, wanted a scenario, or a file with nothing but thresholds:", kind.Kind)
	}
	for _, l := range only.Thresholds {
		if err := new(Threshold).parseMetric(l.Name); err != nil {
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
