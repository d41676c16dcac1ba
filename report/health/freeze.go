package health

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// gapsOf returns the times in which a generator did not run, agent by agent, joined where they overlap: each of its shards notices them.
func gapsOf(rec *record.Record) []record.Gap {
	var all []record.Gap
	for _, g := range rec.Generators() {
		all = append(all, g.Gaps...)
	}
	slices.SortFunc(all, func(a, b record.Gap) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	var joined []record.Gap
	for _, g := range all {
		if last := len(joined) - 1; last >= 0 && g.Slot == joined[last].Slot && g.From <= joined[last].To {
			joined[last].To = max(joined[last].To, g.To)
			joined[last].Requests += g.Requests
			continue
		}
		joined = append(joined, g)
	}
	return joined
}

// A gap of so many times the lateness limit is a freeze, or one of so long where the limit is shorter than that; and a
// finding names so many of them.
const (
	freezeTimes   = 5
	surelyAFreeze = 0.25 // s
	mostFreezes   = 3
)

// shortestFreeze returns the shortest gap that is a freeze [s].
func (l *lateness) shortestFreeze() float64 {
	return max(l.limitSeconds, min(freezeTimes*l.limitSeconds, surelyAFreeze))
}

// judgeFreeze looks for requests that were due, or whose answers came, while the generator did not run. Of a freeze they make
// the run invalid however few they are: they were not sent, or not timed, as the storm asks for. Shorter gaps, as a busy
// machine makes them, count as lateness of the generator's own. A gap in which nothing was to be done changes nothing.
func (j *judgement) judgeFreeze() {
	j.health.FrozenRequests = j.total.Frozen
	j.health.Gaps = slices.DeleteFunc(gapsOf(j.rec), func(g record.Gap) bool {
		return g.To <= float64(j.span.From) || g.From >= float64(j.span.To)
	})
	freezes := slices.DeleteFunc(slices.Clone(j.health.Gaps), func(g record.Gap) bool { return g.Length() < j.bounds.shortestFreeze() })
	if len(freezes) == 0 {
		return
	}
	slices.SortStableFunc(freezes, func(a, b record.Gap) int { return cmp.Compare(b.Length(), a.Length()) })
	who := j.generatorOf(freezes[0].Slot)
	var parts []string
	var requests uint64
	for _, g := range freezes {
		part := quantity.Seconds(g.Length()) + " from " + instantAt(g.From) + " on"
		if other := j.generatorOf(g.Slot); other != who {
			part += " (" + other + ")"
		}
		parts = append(parts, part)
		requests += g.Requests
	}
	j.saturate(FindingFrozen, "%s did not run for %s: %s %s due, or answered, meanwhile. It was stopped, its machine paused or slept, or other work had its cores",
		who, strings.Join(quantity.FirstOf(parts, mostFreezes, "time"), ", "), quantity.Of(requests, "request"), were(requests))
}

// instantAt writes an instant, seconds from T0, to the hundredth.
func instantAt(seconds float64) string {
	return amount.Instant(time.Duration(history.Finite(seconds) * float64(time.Second)).Round(10 * time.Millisecond)).String()
}

// generatorOf names the generator in an agent's slot.
func (j *judgement) generatorOf(slot int) string {
	switch agents := j.rec.Manifest.Agents; {
	case slot > 0 && slot <= len(agents):
		return "agent " + agents[slot-1].Name
	case len(agents) > 1: // a record of before agents were named
		return "an agent"
	}
	return "the generator"
}

// proven says whether so many of all show that their share is above a limit, and not chance alone: the lower end of the 95 %
// interval of the share is. k is 0 to n. Source: Clopper and Pearson, Biometrika 26(4), 1934, 404-413.
func proven(k, n uint64, limit float64) bool {
	if k == 0 || k > n {
		return k > n
	}
	lower := distuv.Beta{Alpha: float64(k), Beta: float64(n-k) + 1}.Quantile(0.025)
	return lower > limit
}
