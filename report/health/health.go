// Package health judges the generator of a run: whether it sent what it should have, when it should have, and whose fault it is where
// it did not.
package health

import (
	"fmt"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/report/metric"
	"fsctl/scenarios"
)

// Health says whether the generator sent what it should have, when it should have.
type Health struct {
	Saturated          bool    `json:"saturated"` // nothing may be concluded from the run
	Cause              string  `json:"cause,omitempty"`
	PlannedRequests    uint64  `json:"planned_requests"` // due, and at least one for each planned user who never came
	SentRequests       uint64  `json:"sent_requests"`
	UnsentRequests     uint64  `json:"unsent_requests"`     // planned and not sent, without those whose user gave up waiting before
	LateShareRatio     float64 `json:"late_share_ratio"`    // of those sent: later than the lateness limit, for any reason
	WaitedShareRatio   float64 `json:"waited_share_ratio"`  // of those sent, late because all connections that may be open were busy
	OpeningShareRatio  float64 `json:"opening_share_ratio"` // of those sent, held up by connections that were still being opened
	FrozenRequests     uint64  `json:"frozen_requests"`     // sent late, never sent, or read late because the generator did not run
	MaxLatenessSeconds float64 `json:"max_lateness_seconds"`
	T0Skew             Skew    `json:"t0_skew_seconds"`
	SkewOverBudget     bool    `json:"t0_skew_over_budget"`
	Agents             Agents  `json:"agents"`

	CPUSeconds        float64      `json:"cpu_seconds"`                  // of all generator processes over the run
	Cores             int          `json:"cores"`                        // that they might use
	Connections       int          `json:"connections"`                  // open at once, at most
	MaxConnections    int          `json:"max_connections"`              // that might have been, 0 where unknown
	Opened            uint64       `json:"opened"`                       // connections, in all
	OpeningSeconds    OpeningTime  `json:"opening_seconds"`              // that each took: TCP and TLS
	ConnectionsNeeded int          `json:"connections_needed,omitempty"` // that would have been enough, where they were not
	TargetSlowdown    float64      `json:"target_slowdown_ratio"`        // service time with all connections busy over that of quiet moments; 0 where unknown
	Machine           Machine      `json:"machine"`
	Gaps              []record.Gap `json:"gaps,omitempty"` // in which a generator did not run, though it had something to do

	Findings []Finding `json:"findings"`

	limited     bool // the target was at its limit
	limitedFrom int  // the first second in which it was
}

// OpeningTime is what opening a connection took, in seconds.
type OpeningTime struct {
	Mean float64 `json:"mean"` // [s]
	Max  float64 `json:"max"`  // [s]
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
	FindingCPU           = "cpu"                 // the generator sent late, its cores were busy
	FindingPacing        = "pacing"              // the generator sent late, though its cores were not
	FindingThrottled     = "throttled"           // the generator sent late, its CPU quota was used up
	FindingNeighbour     = "neighbour"           // the generator sent late, other work had its cores
	FindingGC            = "gc"                  // the generator sent late, its garbage collector had stopped it
	FindingFrozen        = "frozen"              // the generator did not run while it had something to do
	FindingFewLate       = "few-late"            // requests were late, and too few to say that the generator was at fault
	FindingOpening       = "connections-opening" // connections were not open when the storm needed them
	FindingPorts         = "ports"               // requests found no free port or file descriptor
	FindingMemory        = "memory"              // answers that no memory was left for in the generator
	FindingConnections   = "connections"         // all connections were busy while the target was not
	FindingUnsent        = "unsent"              // planned requests were never sent
	FindingTargetLimited = "target-limited"      // the target queued: late requests are its own doing
	FindingAgentLost     = "agent-lost"
	FindingSkew          = "t0-skew"
	FindingTargetStalled = "target-stalled" // nothing in flight moved for a while, though the generator ran
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

// LateShare returns the share of a scenario's requests that may be late, 0 to 1.
func LateShare(sc *scenarios.Scenario) float64 { return latenessOf(sc).share }

// judgement gathers what health is judged by.
type judgement struct {
	rec      *record.Record
	span     record.Window
	run      *history.History
	bounds   lateness
	pressure history.Pressure
	total    record.Counters
	stalls   []Stall
	t0       float64 // that would have had connections open [s], 0 where they were
	health   Health
}

// Judge judges the generator's part in a run, or in a part of one.
//
//	rec    the record of the run
//	run    what happened in the part that is judged
//	sc     the scenario as it ran
//	p      how the target's service times compare with those of quiet moments
//	found  the stalls of the whole run, see [Stalls]
//	span   when requests of the part were due or answered: a generator that did not run at another time spoiled none of them
func Judge(rec *record.Record, run *history.History, sc *scenarios.Scenario, p history.Pressure, found []Stall, span record.Window) Health {
	j := judgement{rec: rec, span: span, run: run, bounds: latenessOf(sc), pressure: p, total: run.All()}
	j.stalls = stallsIn(found, run)
	j.count()
	j.judgeFreeze()
	j.judgePorts()
	j.judgeMemory()
	j.judgePacing()
	j.judgeOpening()
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
	if h.UnsentRequests = h.PlannedRequests - h.SentRequests; c.Sent > 0 { // a user who has gone wants nothing sent
		h.UnsentRequests -= min(c.GivenUp, h.UnsentRequests)
	}
	h.LateShareRatio = min(history.Ratio(c.Late+c.Waited+c.Opening+c.Frozen, c.Sent), 1)
	h.WaitedShareRatio, h.OpeningShareRatio = min(history.Ratio(c.Waited, c.Sent), 1), min(history.Ratio(c.Opening, c.Sent), 1)
	h.MaxLatenessSeconds = history.Finite(maxLateness(j.rec))
	h.CPUSeconds = history.Finite(generatorOf(j.rec, record.Everything).CPUSeconds)
	h.Cores, h.Connections, h.MaxConnections = j.rec.Manifest.Cores, j.rec.Manifest.Connections, j.rec.Manifest.MaxConnections
	for _, g := range j.rec.Generators() {
		h.Connections = max(h.Connections, g.Connections)
	}
	h.countOpened(generatorOf(j.rec, record.Everything))
	h.limitedFrom, h.limited = j.pressure.LimitFrom(j.bounds.share)
	h.TargetSlowdown = history.Finite(j.pressure.Ratio)
	h.Machine = machineOf(j.rec)
}

const nanosPerSecond = 1e9

func maxLateness(rec *record.Record) float64 {
	worst := generatorOf(rec, record.Everything).MaxLatenessSeconds
	isLateness := func(t record.Tag) bool { return t.Metric == record.Lateness }
	if worst == 0 && rec.Count(record.Everything, isLateness) > 0 {
		worst = float64(rec.Packed(record.Everything, isLateness).Max()) / nanosPerSecond
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

// LimitedFrom returns the first second in which the target was at its limit, 0 where it never was.
func (h *Health) LimitedFrom() int { return h.limitedFrom }

// Message returns the message of the first finding of a code.
func (h *Health) Message(code string) string {
	for _, f := range h.Findings {
		if f.Code == code {
			return f.Message
		}
	}
	return code
}

// countOpened fills in what opening connections took.
func (h *Health) countOpened(all generators) {
	h.Opened = all.Opened
	h.OpeningSeconds = OpeningTime{Mean: history.Ratio(all.OpeningSeconds, float64(all.Opened)), Max: history.Finite(all.MaxOpeningSeconds)}
}
