package record

import (
	"maps"
	"math"
)

// Add adds other's events. The order in which counters are added does not matter, not even to the last
// digit: seconds add as whole nanoseconds.
func (c *Counters) Add(other Counters) {
	c.Due += other.Due
	c.Sent += other.Sent
	c.Done += other.Done
	c.Failed += other.Failed
	c.Unsent += other.Unsent
	c.Late += other.Late
	c.Waited += other.Waited
	c.ChecksPassed += other.ChecksPassed
	c.ChecksFailed += other.ChecksFailed
	c.BytesOut += other.BytesOut
	c.BytesIn += other.BytesIn
	c.Quiet.Add(other.Quiet)
	c.Full.Add(other.Full)
	c.Errors, c.Failures, c.Statuses = addCounts(c.Errors, other.Errors), addCounts(c.Failures, other.Failures), addCounts(c.Statuses, other.Statuses)
}

// clone returns counters that share no memory with c.
func (c Counters) clone() Counters {
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
	return c.Due|c.Sent|c.Done|c.Failed|c.Unsent|c.Late|c.Waited|c.ChecksPassed|c.ChecksFailed|c.BytesOut|c.BytesIn == 0 &&
		c.Quiet == Load{} && c.Full == Load{}
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
	g.Connections += other.Connections
	g.Busy += other.Busy
	g.Waiting += other.Waiting
	g.BacklogSeconds = max(g.BacklogSeconds, other.BacklogSeconds)
	g.MaxLatenessSeconds = max(g.MaxLatenessSeconds, other.MaxLatenessSeconds)
	g.Arrivals += other.Arrivals
	g.Iterations += other.Iterations
	g.Journeys = addJourneys(g.Journeys, other.Journeys)
	g.OtherCPUSeconds = addSeconds(g.OtherCPUSeconds, other.OtherCPUSeconds)
	g.StolenCPUSeconds = addSeconds(g.StolenCPUSeconds, other.StolenCPUSeconds)
	g.IdleCPUSeconds = addSeconds(g.IdleCPUSeconds, other.IdleCPUSeconds)
	g.ThrottledSeconds = addSeconds(g.ThrottledSeconds, other.ThrottledSeconds)
	g.GCCycles += other.GCCycles
	g.MaxGCPauseSeconds = max(g.MaxGCPauseSeconds, other.MaxGCPauseSeconds)
	g.MaxSchedulerWaitSeconds = max(g.MaxSchedulerWaitSeconds, other.MaxSchedulerWaitSeconds)
	g.OpenFiles += other.OpenFiles
	g.FileLimit += other.FileLimit
	g.MemoryBytes += other.MemoryBytes
}

// addSeconds adds whole nanoseconds: sums of those are exact in a float64 up to 104 days, so that they come
// out the same in any order, which sums of fractions would not.
func addSeconds(a, b float64) float64 {
	const nanos = 1e9
	return (math.Round(a*nanos) + math.Round(b*nanos)) / nanos
}
