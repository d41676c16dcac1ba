package stream

import (
	"encoding/binary"
	"maps"
	"slices"

	"fsctl/loadgen/record"
)

// countsOf returns the plain numbers of counters in their order in a message.
func countsOf(c *record.Counters) []*uint64 {
	return []*uint64{&c.Due, &c.Sent, &c.Done, &c.Failed, &c.Unsent, &c.Late, &c.Waited, &c.ChecksPassed, &c.ChecksFailed,
		&c.BytesOut, &c.BytesIn, &c.Quiet.Requests, &c.Full.Requests}
}

// loadSecondsOf returns the seconds of counters in their order in a message.
func loadSecondsOf(c *record.Counters) []*float64 {
	return []*float64{&c.Quiet.Seconds, &c.Full.Seconds}
}

func appendCounters(dst []byte, c record.Counters) []byte {
	for _, count := range countsOf(&c) {
		dst = binary.AppendUvarint(dst, *count)
	}
	for _, seconds := range loadSecondsOf(&c) {
		dst = appendFloat(dst, *seconds)
	}
	for _, counts := range []map[string]uint64{c.Errors, c.Failures, c.Statuses} {
		dst = appendCounts(dst, counts)
	}
	return dst
}

// appendCounts appends what is counted by name, in the order of the names.
func appendCounts(dst []byte, counts map[string]uint64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(counts)))
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		dst = appendString(dst, name)
		dst = binary.AppendUvarint(dst, counts[name])
	}
	return dst
}

const fewestCountersBytes = 18

func (r *reader) counters() (c record.Counters) {
	for _, count := range countsOf(&c) {
		*count = r.uvarint()
	}
	for _, seconds := range loadSecondsOf(&c) {
		*seconds = r.float()
	}
	c.Errors, c.Failures, c.Statuses = r.counts("error class"), r.counts("failure"), r.counts("status")
	return c
}

// counts reads what appendCounts appends; what says what the names are of. None is nil.
func (r *reader) counts(what string) (counts map[string]uint64) {
	last := ""
	for i := range r.count(2) {
		name := r.string()
		if i > 0 && name <= last {
			r.fail("found %s %q after %q, wanted them in order", what, shorten(name), shorten(last))
		}
		if i == 0 {
			counts = map[string]uint64{}
		}
		counts[name] = r.uvarint()
		last = name
	}
	return counts
}

// gaugesOf returns the numbers of a generator's health in their order in a message.
func gaugesOf(g *record.Generator) (seconds []*float64, counts []*uint64, gauges []*int) {
	seconds = []*float64{&g.CPUSeconds, &g.BacklogSeconds, &g.MaxLatenessSeconds, &g.OtherCPUSeconds, &g.StolenCPUSeconds, &g.IdleCPUSeconds,
		&g.ThrottledSeconds, &g.MaxGCPauseSeconds, &g.MaxSchedulerWaitSeconds}
	counts = []*uint64{&g.Arrivals, &g.Iterations, &g.GCCycles, &g.MemoryBytes}
	gauges = []*int{&g.Connections, &g.Busy, &g.Waiting, &g.OpenFiles, &g.FileLimit}
	return seconds, counts, gauges
}

func appendGenerator(dst []byte, g record.Generator) []byte {
	seconds, counts, gauges := gaugesOf(&g)
	for _, value := range seconds {
		dst = appendFloat(dst, *value)
	}
	for _, value := range counts {
		dst = binary.AppendUvarint(dst, *value)
	}
	for _, value := range gauges {
		dst = binary.AppendVarint(dst, int64(*value))
	}
	dst = binary.AppendUvarint(dst, uint64(len(g.Journeys)))
	for _, name := range slices.Sorted(maps.Keys(g.Journeys)) {
		j := g.Journeys[name]
		dst = appendString(dst, name)
		dst = binary.AppendUvarint(dst, j.Users)
		dst = binary.AppendUvarint(dst, j.Finished)
		dst = appendCounts(dst, j.Ended)
		dst = appendCounts(dst, textOf(j.Left))
	}
	return dst
}

// textOf returns counts by the text of what was lacking.
func textOf(left map[record.Left]uint64) map[string]uint64 {
	counts := make(map[string]uint64, len(left))
	for l, n := range left {
		text, _ := l.MarshalText() // never fails
		counts[string(text)] = n
	}
	return counts
}

// journeys reads the users by journey, nil for none.
func (r *reader) journeys() (journeys map[string]record.Journey) {
	const fewestJourneyBytes = 5
	last := ""
	for i := range r.count(fewestJourneyBytes) {
		name := r.string()
		if i > 0 && name <= last {
			r.fail("found journey %q after %q, wanted them in order", shorten(name), shorten(last))
		}
		if i == 0 {
			journeys = map[string]record.Journey{}
		}
		j := record.Journey{Users: r.uvarint(), Finished: r.uvarint(), Ended: r.counts("outcome")}
		for text, n := range r.counts("step left") {
			var l record.Left
			if err := l.UnmarshalText([]byte(text)); err != nil {
				r.fail("%w", err)
			}
			if j.Left == nil {
				j.Left = map[record.Left]uint64{}
			}
			j.Left[l] = n
		}
		journeys[name], last = j, name
	}
	return journeys
}

func (r *reader) generator() *record.Generator {
	g := &record.Generator{}
	seconds, counts, gauges := gaugesOf(g)
	for _, value := range seconds {
		*value = r.float()
	}
	for _, value := range counts {
		*value = r.uvarint()
	}
	for _, value := range gauges {
		*value = int(r.varint())
	}
	g.Journeys = r.journeys()
	return g
}
