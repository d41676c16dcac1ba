package record

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// Add adds other's events. The order in which counters are added does not matter, not even to the last
// digit: seconds add as whole nanoseconds.
func (c *Counters) Add(other Counters) {
	c.Sends, c.Ends = c.Sends.join(c.Done, other.Sends, other.Done), c.Ends.join(c.Done, other.Ends, other.Done)
	c.Due += other.Due
	c.Sent += other.Sent
	c.Done += other.Done
	c.Failed += other.Failed
	c.Unsent += other.Unsent
	c.Late += other.Late
	c.Waited += other.Waited
	c.Opening += other.Opening
	c.Frozen += other.Frozen
	c.ChecksPassed += other.ChecksPassed
	c.ChecksFailed += other.ChecksFailed
	c.BytesOut += other.BytesOut
	c.BytesIn += other.BytesIn
	c.InFlight.Add(&other.InFlight)
	c.Resent += other.Resent
	c.Quiet.Add(other.Quiet)
	c.Full.Add(other.Full)
	c.GivenUp += other.GivenUp
	c.Counted = addCounted(c.Counted, other.Counted)
	c.Errors, c.Failures, c.Statuses = addCounts(c.Errors, other.Errors), addCounts(c.Failures, other.Failures), addCounts(c.Statuses, other.Statuses)
}

// clone returns counters that share no memory with c.
func (c Counters) clone() Counters {
	c.Counted = maps.Clone(c.Counted)
	c.Errors, c.Failures, c.Statuses = maps.Clone(c.Errors), maps.Clone(c.Failures), maps.Clone(c.Statuses)
	return c
}

// isZero reports that nothing happened.
func (c Counters) isZero() bool {
	for _, counts := range []map[string]uint64{c.Errors, c.Failures, c.Statuses} {
		for _, count := range counts {
			if count != 0 {
				return false
			}
		}
	}
	for _, sum := range c.Counted {
		if sum != 0 {
			return false
		}
	}
	return c.GivenUp|c.Due|c.Sent|c.Done|c.Failed|c.Unsent|c.Late|c.Waited|c.Opening|c.Frozen|c.ChecksPassed|c.ChecksFailed|c.BytesOut|c.BytesIn|c.Resent == 0 &&
		c.InFlight == Levels{} && c.Quiet == Load{} && c.Full == Load{}
}

// Add adds other's requests and their seconds.
func (l *Load) Add(other Load) {
	l.Requests += other.Requests
	l.Seconds = addSeconds(l.Seconds, other.Seconds)
}

// Add joins the health of two generators in the same second: what they used and had open adds up, and the
// backlog, the lateness, the pauses and the waits are those of the worse one.
func (g *Generator) Add(other Generator) {
	g.CPUSeconds = addSeconds(g.CPUSeconds, other.CPUSeconds)
	g.ElapsedSeconds = max(g.ElapsedSeconds, other.ElapsedSeconds)
	g.Connections += other.Connections
	g.Busy += other.Busy
	g.Waiting += other.Waiting
	g.BacklogSeconds = max(g.BacklogSeconds, other.BacklogSeconds)
	g.MaxLatenessSeconds = max(g.MaxLatenessSeconds, other.MaxLatenessSeconds)
	g.Arrivals += other.Arrivals
	g.Iterations += other.Iterations
	g.Journeys = addJourneys(g.Journeys, other.Journeys)
	g.Opened += other.Opened
	g.EvictedCookies += other.EvictedCookies
	g.OpeningSeconds = addSeconds(g.OpeningSeconds, other.OpeningSeconds)
	g.MaxOpeningSeconds = max(g.MaxOpeningSeconds, other.MaxOpeningSeconds)
	g.AllBusySeconds = addSeconds(g.AllBusySeconds, other.AllBusySeconds)
	g.InFlightSeconds = addSeconds(g.InFlightSeconds, other.InFlightSeconds)
	g.Gaps = addGaps(g.Gaps, other.Gaps)
	g.Answers = g.Answers.Join(other.Answers)
	g.OtherCPUSeconds = addSeconds(g.OtherCPUSeconds, other.OtherCPUSeconds)
	g.StolenCPUSeconds = addSeconds(g.StolenCPUSeconds, other.StolenCPUSeconds)
	g.IdleCPUSeconds = addSeconds(g.IdleCPUSeconds, other.IdleCPUSeconds)
	g.SpareCPUSeconds = addSeconds(g.SpareCPUSeconds, other.SpareCPUSeconds)
	g.ThrottledSeconds = addSeconds(g.ThrottledSeconds, other.ThrottledSeconds)
	g.GCCycles += other.GCCycles
	g.MaxGCPauseSeconds = max(g.MaxGCPauseSeconds, other.MaxGCPauseSeconds)
	g.MaxSchedulerWaitSeconds = max(g.MaxSchedulerWaitSeconds, other.MaxSchedulerWaitSeconds)
	g.OpenFiles += other.OpenFiles
	g.FileLimit += other.FileLimit
	g.MemoryBytes += other.MemoryBytes
}

// addGaps returns both lists in order of time, so that the order in which generators are added does not matter. It shares no
// memory with them.
func addGaps(a, b []Gap) []Gap {
	if len(a)+len(b) == 0 {
		return nil
	}
	return slices.SortedFunc(slices.Values(slices.Concat(a, b)), func(x, y Gap) int {
		return cmp.Or(cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To), cmp.Compare(x.Requests, y.Requests))
	})
}

// addCounted adds own counters by name, in whole millionths: sums of those are exact in a float64 up to 9e9, so that they come out the
// same in any order. Both maps are the caller's own; sum may be nil, and is then made where needed.
func addCounted(sum, more map[string]float64) map[string]float64 {
	const millionths = 1e6
	if len(more) > 0 && sum == nil {
		sum = make(map[string]float64, len(more))
	}
	for name, n := range more {
		sum[name] = (math.Round(sum[name]*millionths) + math.Round(n*millionths)) / millionths
	}
	return sum
}

// addSeconds adds whole nanoseconds: sums of those are exact in a float64 up to 104 days, so that they come
// out the same in any order, which sums of fractions would not.
func addSeconds(a, b float64) float64 {
	const nanos = 1e9
	return (math.Round(a*nanos) + math.Round(b*nanos)) / nanos
}
