package health

import (
	"fmt"
	"math"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/scenarios/quantity"
)

func (j *judgement) lostAgents() int {
	lost := 0
	for _, a := range j.rec.Manifest.Agents {
		if a.Lost {
			lost++
		}
	}
	return lost
}

func (j *judgement) judgeAgents() {
	agents := j.rec.Manifest.Agents
	a := Agents{Expected: max(len(agents), 1), Lost: j.lostAgents()}
	names := ""
	var of rest
	for _, agent := range agents {
		if agent.Finished && !agent.Lost {
			a.Finished++
		}
		if agent.Lost {
			of.add(agent)
			if names != "" {
				names += ", "
			}
			names += agent.Name
		}
	}
	if end := j.rec.Manifest.End; len(agents) == 0 && end != nil && end.Reason == record.Completed {
		a.Finished = 1
	}
	j.health.Agents = a
	if a.Lost == 0 {
		return
	}
	j.find(FindingAgentLost, "%s of %s lost (%s): %s", quantity.Count(a.Lost), quantity.Of(a.Expected, "agent"), names, of)
}

// rest is what lost agents left.
type rest struct{ planned, unsent, inDoubt uint64 }

func (r *rest) add(a record.Agent) {
	r.planned += a.PlannedArrivals
	r.unsent += a.UnsentArrivals
	r.inDoubt += a.InDoubtArrivals
}

// String says what became of it.
func (r rest) String() string {
	if r.planned == 0 {
		return "what they left was not sent"
	}
	return fmt.Sprintf("of %s, %s %s not sent and %s %s in doubt", quantity.Of(r.planned, "user"), quantity.Count(r.unsent), were(r.unsent), quantity.Count(r.inDoubt), are(r.inDoubt))
}

// judgeSkew holds the agents' T0 against each other. The budget is the lateness limit: an agent whose
// clock may be further off than that sends everything too late or too early. A late first request counts
// too, unless the target queued, which makes first requests late on any clock.
func (j *judgement) judgeSkew() {
	agents := j.rec.Manifest.Agents
	h := &j.health
	var worst record.Agent
	for _, a := range agents {
		h.T0Skew.Uncertainty = max(h.T0Skew.Uncertainty, math.Abs(history.Finite(a.BoundSeconds)))
		if skew := math.Abs(history.Finite(a.T0SkewSeconds)); skew > h.T0Skew.Max {
			h.T0Skew.Max, worst = skew, a
		}
	}
	budget := j.bounds.limitSeconds
	switch {
	case len(agents) < 2:
	case h.T0Skew.Uncertainty > budget:
		h.SkewOverBudget = true
		j.find(FindingSkew, "the agents' clocks are known only to within %s, wanted %s: they may not have started together", quantity.Seconds(h.T0Skew.Uncertainty), quantity.Seconds(budget))
	case h.T0Skew.Max > budget && !j.pressure.Queues():
		h.SkewOverBudget = true
		j.find(FindingSkew, "agent %s began %s (+- %s) after T0, wanted at most %s", worst.Name, quantity.Seconds(h.T0Skew.Max), quantity.Seconds(h.T0Skew.Uncertainty), quantity.Seconds(budget))
	}
}

// were returns the verb that goes with a number of things.
func were(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// are returns the verb that goes with a number of things.
func are(n uint64) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
