package report

import (
	"fsctl/loadgen/record"
	"fsctl/report/history"
)

// Agent is one of the generator processes of a run from many.
type Agent struct {
	Name       string  `json:"name"`
	ShareRatio float64 `json:"share_ratio"` // of the arrivals, 0 to 1
	Finished   bool    `json:"finished"`    // all that it measured is in the record
	Lost       bool    `json:"lost"`

	OffsetSeconds float64 `json:"offset_seconds"`  // its clock minus the coordinator's
	BoundSeconds  float64 `json:"bound_seconds"`   // largest error of the offset
	T0SkewSeconds float64 `json:"t0_skew_seconds"` // lateness of its first request due at or after T0

	// Users of its share: reported, in doubt and unsent add up to planned, and what was sent beyond that is extra.
	PlannedArrivals  uint64 `json:"planned_arrivals"`
	ReportedArrivals uint64 `json:"reported_arrivals"` // users in the record
	InDoubtArrivals  uint64 `json:"in_doubt_arrivals"` // sent, perhaps, and not in the record
	UnsentArrivals   uint64 `json:"unsent_arrivals"`   // users who were never sent
	ExtraArrivals    uint64 `json:"extra_arrivals"`    // sent though they were another agent's by then, who sent them too
	InDoubtSeconds   int    `json:"in_doubt_seconds"`
	ExtraSeconds     int    `json:"extra_seconds"`
}

// agentsOf returns the agents of a run, none where it was from one process.
func agentsOf(m record.Manifest) []Agent {
	if len(m.Agents) < 2 {
		return nil
	}
	var agents []Agent
	for _, a := range m.Agents {
		agents = append(agents, Agent{Name: a.Name, ShareRatio: history.Finite(a.ShareRatio), Finished: a.Finished, Lost: a.Lost, OffsetSeconds: history.Finite(a.OffsetSeconds),
			BoundSeconds: history.Finite(a.BoundSeconds), T0SkewSeconds: history.Finite(a.T0SkewSeconds), PlannedArrivals: a.PlannedArrivals, ReportedArrivals: a.ReportedArrivals,
			InDoubtArrivals: a.InDoubtArrivals, UnsentArrivals: a.UnsentArrivals, ExtraArrivals: a.ExtraArrivals,
			InDoubtSeconds: a.InDoubtSeconds, ExtraSeconds: a.ExtraSeconds})
	}
	return agents
}
