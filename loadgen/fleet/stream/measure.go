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
	dst = binary.AppendUvarint(dst, uint64(len(c.Errors)))
	for _, class := range slices.Sorted(maps.Keys(c.Errors)) {
		dst = appendString(dst, class)
		dst = binary.AppendUvarint(dst, c.Errors[class])
	}
	return dst
}

const fewestCountersBytes = 16

func (r *reader) counters() (c record.Counters) {
	for _, count := range countsOf(&c) {
		*count = r.uvarint()
	}
	for _, seconds := range loadSecondsOf(&c) {
		*seconds = r.float()
	}
	last := ""
	for i := range r.count(2) {
		class := r.string()
		if i > 0 && class <= last {
			r.fail("found error class %q after %q, wanted them in order", shorten(class), shorten(last))
		}
		if i == 0 {
			c.Errors = map[string]uint64{}
		}
		c.Errors[class] = r.uvarint()
		last = class
	}
	return c
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
	return dst
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
	return g
}
