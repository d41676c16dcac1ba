package cmd

import (
	"fmt"
	"time"

	"fsctl/loadgen"
	"fsctl/plan"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/visits"
)

// shareOf says how much of the scenario's storm, and of what its plan is sized for, a storm sends in its busiest second. sc is the scenario
// at full scale. It is empty where the storm sends nothing.
func shareOf(storm *loadgen.Storm, sc *scenarios.Scenario) string {
	busiest, from := storm.PeakRequests()
	whole := visits.Of(sc)
	_, full := whole.Busiest(time.Second, nil)
	if busiest == 0 || full == 0 {
		return ""
	}
	text := fmt.Sprintf("the busiest second, from %s on, brings about %s: %s of the storm's %s", amount.Instant(from), quantity.Rate(busiest), quantity.Percent(busiest/full), quantity.Rate(full))
	switch load, perSec := plan.SizedFor(sc); load {
	case "event", "day":
		name := map[string]string{"event": "event", "day": "day's peak"}[load]
		text += fmt.Sprintf(", and %s of the %s that the plan is sized for, the %s", quantity.Percent(busiest/perSec), quantity.Rate(perSec), name)
	case "storm":
		text += ", which the plan is sized for"
	}
	return text
}
