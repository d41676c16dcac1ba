// Package host says whether this machine can send a storm.
//
// It compares what a run needs with the limits of the machine, and measures what the generator uses of it while it sends.
package host

import (
	"math"
	"runtime/metrics"
	"time"

	"fsctl/loadgen/record"
)

// Meter measures what the generator uses, and what its machine leaves it, from one reading to the next.
type Meter struct {
	machine *machine
	used    usage // up to the last reading
	samples []metrics.Sample
	pauses  counts // of garbage collections
	waits   counts // of goroutines for a core
	cycles  uint64
}

// usage is what has been used so far. What the system does not report stays 0.
type usage struct {
	process   time.Duration // CPU time of this process
	cores     coreTimes
	throttled time.Duration // by the CPU quota of its control group, summed over cores
}

// coreTimes is what the cores that this process may run on have done so far.
type coreTimes struct{ busy, stolen, idle time.Duration }

// What the meter reads of the Go runtime.
const (
	gcPauses = iota
	coreWaits
	gcCycles
)

// NewMeter returns a meter whose first reading counts from now.
func NewMeter() *Meter {
	m := &Meter{machine: newMachine(), samples: []metrics.Sample{
		gcPauses:  {Name: "/sched/pauses/total/gc:seconds"},
		coreWaits: {Name: "/sched/latencies:seconds"},
		gcCycles:  {Name: "/gc/cycles/total:gc-cycles"},
	}}
	m.Read(&record.Generator{})
	return m
}

// Read notes in g what was used since the last reading, and what is in use now.
func (m *Meter) Read(g *record.Generator) {
	m.readSystem(g)
	m.readRuntime(g)
}

func (m *Meter) readSystem(g *record.Generator) {
	before := m.used
	now := usage{process: processCPU(), cores: m.machine.coreTimes(), throttled: m.machine.throttled()}
	m.used = now
	process := now.process - before.process
	g.CPUSeconds = process.Seconds()
	g.OtherCPUSeconds = max(now.cores.busy-before.cores.busy-process, 0).Seconds() // the clocks differ by a tick or two
	g.StolenCPUSeconds = max(now.cores.stolen-before.cores.stolen, 0).Seconds()
	g.IdleCPUSeconds = max(now.cores.idle-before.cores.idle, 0).Seconds() // Linux may take some of it back
	g.ThrottledSeconds = max(now.throttled-before.throttled, 0).Seconds()
	g.OpenFiles, g.FileLimit = openFiles(), fileLimit()
	g.MemoryBytes = residentBytes()
}

func (m *Meter) readRuntime(g *record.Generator) {
	metrics.Read(m.samples)
	g.MaxGCPauseSeconds = m.pauses.most(m.samples[gcPauses].Value)
	g.MaxSchedulerWaitSeconds = m.waits.most(m.samples[coreWaits].Value)
	if v := m.samples[gcCycles].Value; v.Kind() == metrics.KindUint64 {
		g.GCCycles, m.cycles = v.Uint64()-m.cycles, v.Uint64()
	}
}

// counts are those of a runtime histogram when it was last read.
type counts []uint64

// most returns the largest value that the histogram has got since it was last read, as the lower edge of
// its bucket: at most a quarter too low. It is 0 for none.
func (c *counts) most(v metrics.Value) (seconds float64) {
	if v.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := v.Float64Histogram()
	if len(*c) != len(h.Counts) {
		*c = make(counts, len(h.Counts))
	}
	for i, count := range h.Counts {
		if count > (*c)[i] {
			seconds = h.Buckets[i]
		}
	}
	copy(*c, h.Counts)
	return max(seconds, 0) // the first bucket has no lower edge
}

// ticks returns so many ticks as a time; 292 years is the longest.
func ticks(n uint64, each time.Duration) time.Duration {
	return time.Duration(min(n, uint64(math.MaxInt64/each))) * each
}
