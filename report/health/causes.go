package health

import (
	"fmt"
	"math"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/scenarios/quantity"
)

// Machine is what the generators and their machines showed over the run; 0 where the system does not report it.
type Machine struct {
	OtherCPUSeconds         float64 `json:"other_cpu_seconds"`          // work of other processes on the generators' cores
	StolenCPUSeconds        float64 `json:"stolen_cpu_seconds"`         // taken from them by a hypervisor
	IdleCPUSeconds          float64 `json:"idle_cpu_seconds"`           // left over
	ThrottledSeconds        float64 `json:"throttled_seconds"`          // in which a CPU quota stopped the generators, summed over cores
	GCCycles                uint64  `json:"gc_cycles"`                  // garbage collections
	MaxGCPauseSeconds       float64 `json:"max_gc_pause_seconds"`       // the longest of their pauses
	MaxSchedulerWaitSeconds float64 `json:"max_scheduler_wait_seconds"` // the longest wait of ready work for a core
	MaxOpenFiles            int     `json:"max_open_files"`             // file descriptors
	FileLimit               int     `json:"file_limit"`                 // file descriptors allowed
	MaxMemoryBytes          uint64  `json:"max_memory_bytes"`           // resident
	LastMemoryBytes         uint64  `json:"last_memory_bytes"`          // resident in the last second
}

func machineOf(rec *record.Record) Machine {
	sum := generatorOf(rec, record.Everything)
	m := Machine{
		OtherCPUSeconds: history.Finite(sum.OtherCPUSeconds), StolenCPUSeconds: history.Finite(sum.StolenCPUSeconds), IdleCPUSeconds: history.Finite(sum.IdleCPUSeconds),
		ThrottledSeconds: history.Finite(sum.ThrottledSeconds), GCCycles: sum.GCCycles,
		MaxGCPauseSeconds: history.Finite(sum.MaxGCPauseSeconds), MaxSchedulerWaitSeconds: history.Finite(sum.MaxSchedulerWaitSeconds),
	}
	for _, g := range rec.Generators() {
		m.MaxOpenFiles, m.FileLimit = max(m.MaxOpenFiles, g.OpenFiles), max(m.FileLimit, g.FileLimit)
		m.MaxMemoryBytes, m.LastMemoryBytes = max(m.MaxMemoryBytes, g.MemoryBytes), g.MemoryBytes
	}
	return m
}

// busyCoresRatio is the share of its cores from which a generator counts as out of CPU. The rest goes to the kernel's side of
// its connections.
const busyCoresRatio = record.UsableCoresRatio

// throttledRatio is the share of its cores' time from which a generator counts as stopped by its quota. Of a
// second it is the 50 ms that a request may be late.
const throttledRatio = 0.05

// whyLate says what kept the generator from sending in time in the seconds that used sums. Causes that make
// others come first: a quota keeps CPU from being used, and without CPU the collector pauses long.
func (j *judgement) whyLate(used generators) (code, why string) {
	cores, limit := j.rec.Manifest.Cores, j.bounds.limitSeconds
	switch {
	case used.seconds == 0 || cores == 0:
		return FindingPacing, "the generator did not get to send them"
	case throttled(used, cores):
		return FindingThrottled, throttledFor(used) + ": raise the quota, or use more agents"
	case outOfCPU(used, cores), machineFull(used) && !crowdedOut(used):
		return FindingCPU, fmt.Sprintf("the generator used %s of its %s, so it needs more cores or more agents", coresOf(used, cores), quantity.Of(cores, "core"))
	case machineFull(used):
		return FindingNeighbour, crowd(used) + ": give it a machine of its own, apart from the target's too"
	case used.MaxGCPauseSeconds >= limit:
		return FindingGC, fmt.Sprintf("garbage collection stopped the generator for up to %s: use more agents, each with fewer users", quantity.Seconds(used.MaxGCPauseSeconds))
	}
	why = fmt.Sprintf("the generator used only %s of its %s, so something else kept it from running: give it cores of its own", coresOf(used, cores), quantity.Of(cores, "core"))
	if used.MaxSchedulerWaitSeconds >= limit {
		why += fmt.Sprintf(" (what was ready to run waited up to %s for one)", quantity.Seconds(used.MaxSchedulerWaitSeconds))
	}
	return FindingPacing, why
}

// generators sums the generator's health over a window.
type generators struct {
	record.Generator
	seconds int     // of the record
	elapsed float64 // that they stand for [s]
}

// add adds the health of a second.
func (g *generators) add(other record.Generator) {
	g.Generator.Add(other)
	g.seconds++
	g.elapsed += elapsedOf(other)
}

// elapsedOf returns how much time the figures of a second cover [s]: after a freeze it is more than one.
func elapsedOf(g record.Generator) float64 {
	if g.ElapsedSeconds > 0 {
		return history.Finite(g.ElapsedSeconds)
	}
	return 1
}

func generatorOf(rec *record.Record, w record.Window) generators {
	var sum generators
	for second, g := range rec.Generators() {
		if w.Contains(second) {
			sum.add(g)
		}
	}
	return sum
}

// cpuWhile sums the generator's health over the seconds chosen.
func (j *judgement) cpuWhile(chosen func(record.Counters) bool) generators {
	wanted := map[int]bool{}
	for i, second := range j.run.Seconds {
		wanted[second] = chosen(history.Sum(j.run.Events[i]))
	}
	var sum generators
	for second, g := range j.rec.Generators() {
		if wanted[second] {
			sum.add(g)
		}
	}
	return sum
}

// perSecond writes CPU time in the seconds summed as a number of cores.
func (g generators) perSecond(cpuSeconds float64) string {
	return quantity.Number(history.Ratio(cpuSeconds, g.elapsed))
}

// coresOf writes the CPU time of generators as a number of cores, never more than there are: the clocks of what was used and of
// the time that it took are not one.
func coresOf(g generators, cores int) string {
	return g.perSecond(min(g.CPUSeconds, float64(cores)*g.elapsed))
}

// outOfCPU says whether a generator had no CPU to spare.
func outOfCPU(used generators, cores int) bool {
	return used.seconds > 0 && cores > 0 && used.CPUSeconds >= busyCoresRatio*float64(cores)*used.elapsed
}

// throttled says whether a generator was stopped for having used up its quota of CPU.
func throttled(used generators, cores int) bool {
	return used.seconds > 0 && cores > 0 && used.ThrottledSeconds >= throttledRatio*float64(cores)*used.elapsed
}

func throttledFor(used generators) string {
	return fmt.Sprintf("the CPU quota of its control group stopped the generator for %s within %s, summed over cores",
		quantity.Seconds(used.ThrottledSeconds), quantity.Seconds(used.elapsed))
}

// allCPU is what the cores that the generators may run on can do in the seconds summed, 0 where unknown.
func (g generators) allCPU() float64 {
	return g.CPUSeconds + g.OtherCPUSeconds + g.StolenCPUSeconds + g.IdleCPUSeconds
}

// machineFull says whether the generator's cores were busy, with whatever.
func machineFull(used generators) bool {
	all := used.allCPU()
	return used.IdleCPUSeconds+used.OtherCPUSeconds+used.StolenCPUSeconds > 0 && used.IdleCPUSeconds <= (1-busyCoresRatio)*all
}

// crowdedOut says whether the generator would have had CPU to spare without the others.
func crowdedOut(used generators) bool {
	return used.OtherCPUSeconds+used.StolenCPUSeconds >= (1-busyCoresRatio)*used.allCPU()
}

// crowd says who used the cores.
func crowd(used generators) string {
	all := quantity.Number(math.Round(history.Ratio(used.allCPU(), used.elapsed)))
	if used.StolenCPUSeconds > used.OtherCPUSeconds {
		return fmt.Sprintf("the hypervisor gave %s of its %s cores to other guests, and the generator got %s", used.perSecond(used.StolenCPUSeconds), all, used.perSecond(used.CPUSeconds))
	}
	return fmt.Sprintf("the machine was busy with other work, which used %s of its %s cores, and the generator got %s", used.perSecond(used.OtherCPUSeconds), all, used.perSecond(used.CPUSeconds))
}

// portsClass is the class of errors for lack of a port or a file descriptor, as loadgen names it.
const portsClass = "ports"

// filesUsedUpRatio is the share of its file descriptors from which a generator counts as out of them: they
// are counted once a second, when some may just have been closed.
const filesUsedUpRatio = 0.95

// judgePorts looks for requests that never left for lack of a port or a file descriptor. They count as
// failed, and the target had no part in it.
func (j *judgement) judgePorts() {
	failed := j.total.Errors[portsClass]
	if failed == 0 {
		return
	}
	m := j.health.Machine
	who := quantity.Of(failed, "request") + " could not be sent"
	if m.FileLimit > 0 && float64(m.MaxOpenFiles) >= filesUsedUpRatio*float64(m.FileLimit) {
		j.saturate(FindingPorts, "%s: up to %s of %s file descriptors were open; allow more (ulimit -n), or use fewer --connections or more agents",
			who, quantity.Count(m.MaxOpenFiles), quantity.Count(m.FileLimit))
		return
	}
	j.saturate(FindingPorts, "%s: this machine had no free port or file descriptor; keep connections open, widen net.ipv4.ip_local_port_range, or use more --source addresses or more agents", who)
}

// memoryClass is the class of answers that the generator had no memory left for, as loadgen names it.
const memoryClass = "memory"

// judgeMemory looks for answers that the generator could not keep to judge them, though they were within the limits. They count as
// failed, and the target had no part in it.
func (j *judgement) judgeMemory() {
	if failed := j.total.Errors[memoryClass]; failed > 0 {
		j.saturate(FindingMemory, "%s could not be judged: the generator had no memory left for large answers; raise GOMEMLIMIT, of which they may take a quarter, or use fewer --connections or more agents",
			quantity.Of(failed, "answer"))
	}
}
