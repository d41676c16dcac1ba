package plan

import (
	"go.yaml.in/yaml/v3"

	"fsctl/scenarios"
)

// peakGiven tells whether the scenario's text gives the peak. The validated scenario cannot tell:
// defaults are filled in there. One without a text was made by a program, which gave it.
func peakGiven(sc *scenarios.Scenario) bool {
	var text struct {
		Workload struct {
			Peak *yaml.Node `yaml:"peak"`
		} `yaml:"workload"`
	}
	if len(sc.Document) == 0 {
		return true
	}
	return yaml.Unmarshal(sc.Document, &text) != nil || text.Workload.Peak != nil
}
