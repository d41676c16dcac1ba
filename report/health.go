package report

import (
	"fmt"
	"math"

	"fsctl/loadgen/record"
	"fsctl/report/metric"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// Health says whether the generator sent what it should have, when it should have.
type Health struct {
	Saturated          bool    `json:"saturated"` // nothing may be concluded from the run
	Cause              string  `json:"cause,omitempty"`
	PlannedRequests    uint64  `json:"planned_requests"` // due, and at least one for each planned user who never came
	SentRequests       uint64  `json:"sent_requests"`
	UnsentRequests     uint64  `json:"unsent_requests"`
	LateShareRatio     float64 `json:"late_share_ratio"`   // of those sent: later than the lateness limit, for any reason
	WaitedShareRatio   float64 `json:"waited_share_ratio"` // of those sent, late because all connections were busy
	MaxLatenessSeconds float64 `json:"max_lateness_seconds"`
	T0Skew             Skew    `json:"t0_skew_seconds"`
	SkewOverBudget     bool    `json:"t0_skew_over_budget"`
	Agents             Agents  `json:"agents"`

	CPUSeconds        float64 `json:"cpu_seconds"`                  // of all generator processes over the run
	Cores             int     `json:"cores"`                        // that they might use
	Connections       int     `json:"connections"`                  // open at most
	ConnectionsNeeded int     `json:"connections_needed,omitempty"` // that would have been enough, where they were not
	TargetSlowdown    float64 `json:"target_slowdown_ratio"`        // service time with all connections busy over that of quiet moments; 0 where unknown
	Machine           Machine `json:"machine"`

	Findings []Finding `json:"findings"`
}

// Skew is how far apart the generators began, in seconds.
type Skew struct {
	Max         float64 `json:"max"`         // [s]
	Uncertainty float64 `json:"uncertainty"` // [s], of the clocks by which it was measured
}

// Agents counts the generator processes of a run: Finished are those of which all measurements are in the
// record, Lost those that fell silent.
type Agents struct {
	Expected int `json:"expected"` // at least 1
	Finished int `json:"finished"` // from 0
	Lost     int `json:"lost"`     // from 0
}

// Finding is something about the run that its figures alone do not say.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Codes of findings. Those of a saturated generator are also its Cause.
const (
	FindingCPU           = "cpu"            // the generator sent late, its cores were busy
	FindingPacing        = "pacing"         // the generator sent late, though its cores were not
	FindingThrottled     = "throttled"      // the generator sent late, its CPU quota was used up
	FindingNeighbour     = "neighbour"      // the generator sent late, other work had its cores
	FindingGC            = "gc"             // the generator sent late, its garbage collector had stopped it
	FindingPorts         = "ports"          // requests found no free port or file descriptor
	FindingConnections   = "connections"    // all connections were busy while the target was not
	FindingUnsent        = "unsent"         // planned requests were never sent
	FindingTargetLimited = "target-limited" // the target queued: late requests are its own doing
	FindingAgentLost     = "agent-lost"
	FindingSkew          = "t0-skew"
)

// Bounds of the judgement.
const (
	// queueingRatio is how much slower than in quiet moments a target with all connections busy must
	// answer to be the one that queues. Half again is beyond what noise between seconds does, and far
	// below the several times of a target near its limit.
	queueingRatio = 1.5
	// busyCoresRatio is the share of its cores from which a generator counts as out of CPU. The rest goes
	// to the kernel's side of its connections.
	busyCoresRatio = record.UsableCoresRatio
)

// lateness is when a generator's run is invalid.
type lateness struct {
	limitSeconds float64
	share        float64
}

// latenessOf returns the scenario's bounds; without a storm those of scenarios.
func latenessOf(sc *scenarios.Scenario) lateness {
	l := lateness{limitSeconds: scenarios.DefaultLateness.Seconds(), share: float64(scenarios.DefaultLateShare)}
	if sc.Storm != nil {
		if s := sc.Storm.Lateness.Limit; s > 0 {
			l.limitSeconds = s.Seconds()
		}
		if s := sc.Storm.Lateness.Share; s > 0 {
			l.share = float64(s)
		}
	}
	return l
}

// judgement gathers what health is judged by.
type judgement struct {
	rec      *record.Record
	run      *history
	bounds   lateness
	pressure pressure
	total    record.Counters
	health   Health
}

func judgeHealth(rec *record.Record, run *history, sc *scenarios.Scenario, p pressure) Health {
	j := judgement{rec: rec, run: run, bounds: latenessOf(sc), pressure: p, total: run.all()}
	j.count()
	j.judgePorts()
	j.judgePacing()
	j.judgeConnections()
	j.judgeUnsent()
	j.judgeAgents()
	j.judgeSkew()
	return j.health
}

// count fills the figures.
func (j *judgement) count() {
	h, c := &j.health, j.total
	h.Findings = []Finding{}
	h.PlannedRequests, h.SentRequests = c.Due, c.Sent
	if j.rec.DueUnknown {
		h.PlannedRequests = c.Sent
	} else {
		h.PlannedRequests += metric.MissingArrivals(j.rec)
	}
	h.PlannedRequests = max(h.PlannedRequests, h.SentRequests)
	h.UnsentRequests = h.PlannedRequests - h.SentRequests
	h.LateShareRatio = min(ratio(c.Late+c.Waited, c.Sent), 1)
	h.WaitedShareRatio = min(ratio(c.Waited, c.Sent), 1)
	h.MaxLatenessSeconds = finite(maxLateness(j.rec))
	h.CPUSeconds = finite(generatorOf(j.rec, record.Everything).CPUSeconds)
	h.Cores, h.Connections = j.rec.Manifest.Cores, j.rec.Manifest.Connections
	h.TargetSlowdown = finite(j.pressure.ratio)
	h.Machine = machineOf(j.rec)
}

func maxLateness(rec *record.Record) float64 {
	worst := generatorOf(rec, record.Everything).MaxLatenessSeconds
	isLateness := func(t record.Tag) bool { return t.Metric == record.Lateness }
	if worst == 0 && rec.Count(record.Everything, isLateness) > 0 {
		worst = float64(rec.Packed(record.Everything, isLateness).Histogram().Max()) / nanosPerSecond
	}
	return worst
}

func (j *judgement) find(code, format string, args ...any) {
	j.health.Findings = append(j.health.Findings, Finding{code, fmt.Sprintf(format, args...)})
}

// saturate makes the run invalid; the first cause found is the one it is named by.
func (j *judgement) saturate(code, format string, args ...any) {
	if !j.health.Saturated {
		j.health.Saturated, j.health.Cause = true, code
	}
	j.find(code, format, args...)
}

// finding returns the message of the first finding of a code.
func (h *Health) finding(code string) string {
	for _, f := range h.Findings {
		if f.Code == code {
			return f.Message
		}
	}
	return code
}

// judgePacing looks for requests sent late though a connection was idle: nothing but the generator was in
// their way.
func (j *judgement) judgePacing() {
	late := ratio(j.total.Late, j.total.Sent)
	if late <= j.bounds.share {
		return
	}
	code, why := j.whyLate(j.cpuWhile(func(c record.Counters) bool { return c.Late > 0 }))
	j.saturate(code, "%s of the requests left more than %s late though a connection was idle (%s is allowed): %s",
		quantity.Percent(late), quantity.Seconds(j.bounds.limitSeconds), quantity.Percent(j.bounds.share), why)
}

// cpuWhile sums the generator's health over the seconds chosen.
func (j *judgement) cpuWhile(chosen func(record.Counters) bool) generators {
	wanted := map[int]bool{}
	for i, second := range j.run.seconds {
		wanted[second] = chosen(allOf(j.run.events[i]))
	}
	var sum generators
	for second, g := range j.rec.Generators() {
		if wanted[second] {
			sum.Generator.Add(g)
			sum.seconds++
		}
	}
	return sum
}

// judgeConnections looks for requests that waited for a connection, and asks whose fault that was. A
// target that answers slower the more it is asked queues, and would queue over any number of
// connections; one that answers as fast as ever was asked too little at once.
func (j *judgement) judgeConnections() {
	waited := ratio(j.total.Waited, j.total.Sent)
	p := j.pressure
	used := j.cpuWhile(func(c record.Counters) bool { return c.Waited > 0 })
	switch {
	case waited <= j.bounds.share:
	case p.queues() && j.health.Saturated: // a generator that cannot keep up measures slow answers itself
	case p.queues() && throttled(used, j.rec.Manifest.Cores):
		j.saturate(FindingThrottled, "%s of the requests waited for a connection while %s, so that it may have been slow to read the answers itself: raise the quota, or use more agents",
			quantity.Percent(waited), throttledFor(used))
	case p.queues() && outOfCPU(used, j.rec.Manifest.Cores):
		j.saturate(FindingCPU, "%s of the requests waited for a connection while the generator used %s of its %s, so that it may have been slow to read the answers itself: it needs more cores or more agents",
			quantity.Percent(waited), coresOf(used), quantity.Of(j.rec.Manifest.Cores, "core"))
	case p.queues():
		j.find(FindingTargetLimited, "the target queued: with all %sconnections busy a request took %s, against %s in quiet moments (%s times as long, averaged over the steps); %s of the requests waited for the target, not for the generator",
			countIf(j.rec.Manifest.Connections), quantity.Seconds(p.full), quantity.Seconds(p.quiet), quantity.Number(p.ratio), quantity.Percent(waited))
	case !p.known && j.unanswered():
		j.find(FindingTargetLimited, "the target gave no whole answer while all %sconnections were busy: %s of the requests waited for one, for the target and not for the generator",
			countIf(j.rec.Manifest.Connections), quantity.Percent(waited))
	default:
		needed := j.connectionsNeeded()
		j.health.ConnectionsNeeded = needed
		why := fmt.Sprintf("while the target answered as fast as in quiet moments (%s)", quantity.Seconds(p.full))
		if !p.known {
			why = "and there was no quiet moment to show whether the target had more to give"
		}
		j.saturate(FindingConnections, "all %sconnections were busy, %s: %s of the requests waited for one (%s is allowed); --connections %d would have carried the load",
			countIf(j.rec.Manifest.Connections), why, quantity.Percent(waited), quantity.Percent(j.bounds.share), needed)
	}
}

// unanswered says whether requests were sent and every one ended without an answer, for no lack of the generator's own.
func (j *judgement) unanswered() bool {
	return j.total.Done > 0 && len(j.total.Statuses) == 0 && !j.health.Saturated && countErrors(j.total.Errors) >= j.total.Done
}

func countErrors(errors map[string]uint64) (sum uint64) {
	for _, n := range errors {
		sum += n
	}
	return sum
}

func countIf(n int) string {
	if n <= 0 {
		return ""
	}
	return quantity.Count(n) + " "
}

// connectionsNeeded returns how many connections would have been enough: by Little's law the busiest
// second has a = sum over steps of due rate x service time requests in flight, and 2 sqrt(a) more leave
// room for chance, which keeps them from all being busy.
func (j *judgement) connectionsNeeded() int {
	mean := map[string]float64{}
	for _, name := range j.run.names {
		c := j.run.total(name)
		mean[name] = ratio(c.Full.Seconds+c.Quiet.Seconds, float64(c.Full.Requests+c.Quiet.Requests))
	}
	var most float64
	for _, events := range j.run.events {
		var inFlight float64
		for name, c := range events {
			inFlight += float64(c.Due) * mean[name]
		}
		most = max(most, inFlight)
	}
	needed := min(math.Ceil(most+2*math.Sqrt(most)), 1e6)
	return max(int(finite(needed)), j.rec.Manifest.Connections+1)
}

// judgeUnsent looks for planned requests that were never sent although the run went to its end. Users who
// never came are the generator's fault; requests given up are not where the target queued. What a lost
// agent left unsent is reported elsewhere.
func (j *judgement) judgeUnsent() {
	end, h := j.rec.Manifest.End, &j.health
	if end == nil || end.Reason != record.Completed || h.UnsentRequests == 0 || j.lostAgents() > 0 {
		return
	}
	planned := quantity.Of(h.PlannedRequests, "planned request")
	absent, share := metric.MissingArrivals(j.rec), ratio(h.UnsentRequests, h.PlannedRequests)
	switch {
	case j.rec.DueUnknown:
	case ratio(absent, j.rec.Manifest.PlannedArrivals) > j.bounds.share:
		j.saturate(FindingUnsent, "%s of %s never started: the generator did not get to them",
			quantity.Count(absent), quantity.Of(j.rec.Manifest.PlannedArrivals, "planned user"))
	case j.pressure.queues():
		j.find(FindingUnsent, "%s of %s (%s) %s given up when the run ended, since the target queued",
			quantity.Count(h.UnsentRequests), planned, quantity.Percent(share), were(h.UnsentRequests))
	case share > j.bounds.share:
		j.saturate(FindingUnsent, "%s of %s (%s) %s never sent, and the target was not what held them up",
			quantity.Count(h.UnsentRequests), planned, quantity.Percent(share), were(h.UnsentRequests))
	}
}

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
		h.T0Skew.Uncertainty = max(h.T0Skew.Uncertainty, math.Abs(finite(a.BoundSeconds)))
		if skew := math.Abs(finite(a.T0SkewSeconds)); skew > h.T0Skew.Max {
			h.T0Skew.Max, worst = skew, a
		}
	}
	budget := j.bounds.limitSeconds
	switch {
	case len(agents) < 2:
	case h.T0Skew.Uncertainty > budget:
		h.SkewOverBudget = true
		j.find(FindingSkew, "the agents' clocks are known only to within %s, wanted %s: they may not have started together", quantity.Seconds(h.T0Skew.Uncertainty), quantity.Seconds(budget))
	case h.T0Skew.Max > budget && !j.pressure.queues():
		h.SkewOverBudget = true
		j.find(FindingSkew, "agent %s began %s (+- %s) after T0, wanted at most %s", worst.Name, quantity.Seconds(h.T0Skew.Max), quantity.Seconds(h.T0Skew.Uncertainty), quantity.Seconds(budget))
	}
}
