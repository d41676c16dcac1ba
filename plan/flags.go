package plan

import _ "embed"

//go:embed flags.yaml
var flagScenario string

// FlagScenario returns the text of the scenario that stands behind plan's flags when no scenario is
// named: one service behind a read and a transaction step. Its workload is left out, so that
// scenarios.Parse accepts it once users, active and actions (or requests) are set.
func FlagScenario() []byte { return []byte(flagScenario) }
