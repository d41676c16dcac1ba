package stream

import (
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// Origin says where a generator ran, so that what a machine did is counted once for all of the processes on it. The names
// mean nothing by themselves.
type Origin struct {
	Place   string // equal for processes that may run on the same cores; empty where unknown: then its figures just add
	Group   string // equal for processes of one place that share a quota of CPU; empty where unknown
	Process string // of all slots of one process
}

func (o Origin) append(dst []byte) []byte {
	dst = appendString(dst, o.Place)
	dst = appendString(dst, o.Group)
	return appendString(dst, o.Process)
}

func (r *reader) origin() Origin {
	return Origin{Place: r.string(), Group: r.string(), Process: r.string()}
}

// place is what the processes on one set of cores report of a second.
//
// Each process j reports its own CPU time p(j), the machine's idle time and the time o(j) of all other processes, which
// includes that of the others here. From any of them b = p(j) + o(j) is how long the cores were busy, and
//
//	other = b - sum of p(j)
//
// is the time of processes that are none of these. Readings differ by some ticks, so that the largest b counts.
type place struct {
	processes map[string]*record.Generator // only the times of CPU are used
	groups    map[string]string            // by process
}

// places are those of a second, by their names.
type places map[string]*place

// add takes a generator's report and returns it without the figures that are its machine's.
func (p places) add(from Origin, g record.Generator) record.Generator {
	at := p[from.Place]
	if at == nil {
		at = &place{processes: map[string]*record.Generator{}, groups: map[string]string{}}
		p[from.Place] = at
	}
	of := at.processes[from.Process]
	if of == nil {
		of = &record.Generator{}
		at.processes[from.Process], at.groups[from.Process] = of, from.Group
	}
	of.Add(record.Generator{CPUSeconds: g.CPUSeconds, OtherCPUSeconds: g.OtherCPUSeconds, StolenCPUSeconds: g.StolenCPUSeconds,
		IdleCPUSeconds: g.IdleCPUSeconds, SpareCPUSeconds: g.SpareCPUSeconds, ThrottledSeconds: g.ThrottledSeconds})
	g.CPUSeconds, g.OtherCPUSeconds, g.StolenCPUSeconds, g.IdleCPUSeconds, g.SpareCPUSeconds, g.ThrottledSeconds = 0, 0, 0, 0, 0, 0
	return g
}

// sum returns the times of CPU of every place, each counted once. Those of a place that isCounted names are in the record
// for this second already: only what its processes used themselves is added.
func (p places) sum(isCounted func(place string) bool) (sum record.Generator) {
	for _, name := range slices.Sorted(maps.Keys(p)) {
		once := p[name].sum()
		if isCounted(name) {
			once = record.Generator{CPUSeconds: once.CPUSeconds}
		}
		sum.Add(once)
	}
	return sum
}

func (p *place) sum() (once record.Generator) {
	var busy, idle float64
	for _, name := range slices.Sorted(maps.Keys(p.processes)) {
		g := p.processes[name]
		once.Add(record.Generator{CPUSeconds: g.CPUSeconds, SpareCPUSeconds: g.SpareCPUSeconds})
		busy = max(busy, g.CPUSeconds+g.SpareCPUSeconds+g.OtherCPUSeconds)
		idle = max(idle, g.IdleCPUSeconds-g.SpareCPUSeconds)
		once.StolenCPUSeconds = max(once.StolenCPUSeconds, g.StolenCPUSeconds)
	}
	once.OtherCPUSeconds = max(busy-once.CPUSeconds-once.SpareCPUSeconds, 0)
	once.IdleCPUSeconds = idle + once.SpareCPUSeconds
	once.ThrottledSeconds = p.throttled()
	return once
}

// throttled returns for how long quotas stopped the processes [s]: all of a group report the same.
func (p *place) throttled() (sum float64) {
	groups := map[string]float64{}
	for process, g := range p.processes {
		group := p.groups[process]
		if group == "" {
			group = process
		}
		groups[group] = max(groups[group], g.ThrottledSeconds)
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		sum += groups[name]
	}
	return sum
}
