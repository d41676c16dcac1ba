package stream

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"fsctl/loadgen/record"
)

// countsOf returns the plain numbers of counters in their order in a message.
func countsOf(c *record.Counters) []*uint64 {
	return []*uint64{&c.Due, &c.Sent, &c.Done, &c.Failed, &c.Unsent, &c.Late, &c.Waited, &c.Opening, &c.Frozen, &c.ChecksPassed, &c.ChecksFailed,
		&c.BytesOut, &c.BytesIn, &c.Resent, &c.Quiet.Requests, &c.Full.Requests, &c.GivenUp}
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
	dst = appendCounted(dst, c.Counted)
	return appendSpan(appendSpan(appendLevels(dst, &c.InFlight), c.Sends), c.Ends)
}

// appendLevels appends the levels up to the highest in use.
func appendLevels(dst []byte, l *record.Levels) []byte {
	n := len(l)
	for n > 0 && l[n-1] == (record.Load{}) {
		n--
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	for _, load := range l[:n] {
		dst = appendFloat(binary.AppendUvarint(dst, load.Requests), load.Seconds)
	}
	return dst
}

func (r *reader) levels() (l record.Levels) {
	const fewestLoadBytes = 2
	n := r.count(fewestLoadBytes)
	if n > len(l) {
		r.fail("found %d levels of requests in flight, wanted at most %d", n, len(l))
		return l
	}
	for i := range n {
		l[i] = record.Load{Requests: r.uvarint(), Seconds: r.float()}
	}
	return l
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

// appendCounted appends own counters in the order of their names.
func appendCounted(dst []byte, counted map[string]float64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(counted)))
	for _, name := range slices.Sorted(maps.Keys(counted)) {
		dst = appendFloat(appendString(dst, name), counted[name])
	}
	return dst
}

// counted reads what appendCounted appends. None is nil.
func (r *reader) counted() (counted map[string]float64) {
	last := ""
	for i := range r.count(2) {
		name := r.string()
		if i > 0 && name <= last {
			r.fail("found counter %q after %q, wanted them in order", shorten(name), shorten(last))
		}
		if i == 0 {
			counted = map[string]float64{}
		}
		counted[name], last = r.float(), name
	}
	return counted
}

// appendSpan appends instants in nanoseconds from T0.
func appendSpan(dst []byte, s record.Span) []byte {
	if dst = appendBool(dst, s.Known); !s.Known {
		return dst
	}
	return binary.AppendVarint(binary.AppendVarint(dst, int64(s.First)), int64(s.Last))
}

// span reads what appendSpan appends.
func (r *reader) span() (s record.Span) {
	if !r.bool() {
		return s
	}
	s = record.Span{First: time.Duration(r.varint()), Last: time.Duration(r.varint()), Known: true}
	if s.First > s.Last {
		r.fail("found instants from %d ns to %d ns, wanted them in order", int64(s.First), int64(s.Last))
	}
	return s
}

const fewestCountersBytes = 26

func (r *reader) counters() (c record.Counters) {
	for _, count := range countsOf(&c) {
		*count = r.uvarint()
	}
	for _, seconds := range loadSecondsOf(&c) {
		*seconds = r.float()
	}
	c.Errors, c.Failures, c.Statuses = r.counts("error class"), r.counts("failure"), r.counts("status")
	c.Counted = r.counted()
	c.InFlight = r.levels()
	c.Sends, c.Ends = r.span(), r.span()
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
		&g.ThrottledSeconds, &g.MaxGCPauseSeconds, &g.MaxSchedulerWaitSeconds, &g.ElapsedSeconds,
		&g.OpeningSeconds, &g.MaxOpeningSeconds, &g.AllBusySeconds, &g.InFlightSeconds, &g.SpareCPUSeconds}
	counts = []*uint64{&g.Arrivals, &g.Iterations, &g.GCCycles, &g.MemoryBytes, &g.Opened, &g.EvictedCookies}
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
	dst = binary.AppendUvarint(dst, uint64(len(g.Gaps)))
	for _, gap := range g.Gaps {
		dst = binary.AppendUvarint(appendFloat(appendFloat(dst, gap.From), gap.To), gap.Requests)
	}
	dst = appendSpan(dst, g.Answers)
	dst = binary.AppendUvarint(dst, uint64(len(g.Journeys)))
	for _, name := range slices.Sorted(maps.Keys(g.Journeys)) {
		j := g.Journeys[name]
		dst = appendString(dst, name)
		dst = binary.AppendUvarint(dst, j.Users)
		dst = binary.AppendUvarint(dst, j.Ready)
		dst = binary.AppendUvarint(dst, j.NotReady)
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
	const fewestJourneyBytes = 7
	last := ""
	for i := range r.count(fewestJourneyBytes) {
		name := r.string()
		if i > 0 && name <= last {
			r.fail("found journey %q after %q, wanted them in order", shorten(name), shorten(last))
		}
		if i == 0 {
			journeys = map[string]record.Journey{}
		}
		j := record.Journey{Users: r.uvarint(), Ready: r.uvarint(), NotReady: r.uvarint(), Finished: r.uvarint(), Ended: r.counts("outcome")}
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
	const fewestGapBytes = 3
	for range r.count(fewestGapBytes) {
		g.Gaps = append(g.Gaps, record.Gap{From: r.float(), To: r.float(), Requests: r.uvarint()})
	}
	g.Answers = r.span()
	g.Journeys = r.journeys()
	return g
}
