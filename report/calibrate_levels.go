package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"fsctl/loadgen/record"
	"fsctl/plan/queueing"
	"fsctl/report/history"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// What distinguishes a level of a search in which hardly any request waits from one in which all do.
const (
	calmRatio   = 0.5 // of the highest rate that passed, up to which hardly anyone waits
	queuedRatio = 2   // of the calm service time: who takes that has waited
	fasterShare = 0.1 // of a second's answers, which may have been faster
	aboutMost   = 0.95
)

// held is what the levels of a search show of how the target fills up.
type held struct {
	levels []Level
	calm   []record.Window // holds in which hardly anyone waited
	queued map[int]bool    // seconds in which all of them did
}

func readLevels(rec *record.Record, run *history.History, r *Report) held {
	v := held{levels: r.Levels, queued: map[int]bool{}}
	var all moments
	for i := range r.Levels {
		if l := &r.Levels[i]; l.Verdict == Pass && l.RatePerSec <= calmRatio*r.Capacity.AskedPerSec {
			v.calm = append(v.calm, l.hold())
			h := rec.Packed(l.hold(), answered)
			all.n, all.sum = all.n+float64(h.Count()), all.sum+h.Mean()*float64(h.Count())
		}
	}
	if all.n == 0 {
		return v
	}
	v.findQueue(rec, run, all.sum/all.n)
	return v
}

// findQueue notes the seconds in which every request waited, in the levels that answered about the most of all such
// levels: more waiting may also have made a target slower than it can be.
func (v *held) findQueue(rec *record.Record, run *history.History, calmNanos float64) {
	seconds := map[*Level][]int{}
	most := 0.0
	for i := range v.levels {
		l := &v.levels[i]
		for _, second := range run.Only(l.hold().Contains).Seconds {
			if queued(rec, second, calmNanos) {
				seconds[l] = append(seconds[l], second)
				most = max(most, l.AchievedQPS)
			}
		}
	}
	for l, list := range seconds {
		for _, second := range list {
			v.queued[second] = l.AchievedQPS >= aboutMost*most
		}
	}
}

// isCalm says whether hardly anyone waited in a second.
func (v *held) isCalm(second int) bool {
	return slices.ContainsFunc(v.calm, func(w record.Window) bool { return w.Contains(second) })
}

// everQueued says whether there is a second in which every request waited.
func (v *held) everQueued() bool {
	return slices.Contains(slices.Collect(maps.Values(v.queued)), true)
}

func answered(t record.Tag) bool { return t.Metric == record.ServiceTime && !isFailure(t.Outcome) }

// queued says whether nearly every request due in a second took so long that it must have waited at the target,
// where there was work waiting throughout then, also with connections to spare.
func queued(rec *record.Record, second int, calmNanos float64) bool {
	h := rec.Packed(record.Window{From: second, To: second + 1}, answered)
	return h.Count() > 0 && float64(h.Quantile(fasterShare)) >= queuedRatio*calmNanos
}

// What the levels of a search must show before the law fitted to them is believed.
const (
	mostGainRatio     = 0.1 // that twice the largest concurrency may still bring
	mostResidualRatio = 0.1 // distance of the levels from the curve, over its most
)

// levelLaw is how the calls a target answers grow with the requests that it has in flight, by the levels of a
// search: the Universal Scalability Law, of concurrency on what runs behind the target. It is not the law of a
// service's instances, of which a run has only one number.
type levelLaw struct {
	queueing.USL
	levels     int
	mostPerSec float64 // that it allows at any concurrency [1/s]
	spread     float64 // distance of the 10 and 90 % points of that [1/s]
}

// demandByLevels measures the core time of a call where the target was never busy throughout: the most that the
// law of the levels allows is what all its cores do.
func (c *calibration) demandByLevels(s *scenarios.Service) {
	law, why := c.levelLaw(s)
	if why != "" {
		c.leave("services."+s.Name+".demand", "the target was never busy throughout, and its levels do not show the limit either: %s", why)
		return
	}
	c.keepDemand(s, "all busy at the most that "+law.String()+" allows", law.levels, law.mostPerSec, law.spread)
}

// lawBeside says what the law of the levels allows, beside a limit that was met.
func (c *calibration) lawBeside(s *scenarios.Service) string {
	law, why := c.levelLaw(s)
	if why != "" {
		return ""
	}
	return fmt.Sprintf("; %s allows %s", law, quantity.Rate(law.mostPerSec))
}

func (l levelLaw) String() string {
	return fmt.Sprintf("the Universal Scalability Law of %s (gamma %s, alpha %s, beta %s)",
		quantity.Of(l.levels, "level"), quantity.Rate(l.GammaPerSec.Value), quantity.Number(l.Alpha.Value), quantity.Number(l.Beta.Value))
}

// levelLaw fits the law to the levels, or says why it cannot: of each the calls answered a second over the
// requests in flight.
//
// The most it allows is at its peak, else at twice the largest concurrency measured, where that brings hardly
// more than half of it. Its points are Student's for one observation about the curve, with three parameters
// taken off: never narrower than those of the curve itself.
func (c *calibration) levelLaw(s *scenarios.Service) (law levelLaw, why string) {
	points := c.levelPoints(s)
	fitted, err := queueing.FitUSL(points, queueing.Bootstrap{Seed: c.rec.Manifest.Seed, ConfidenceRatio: 0.8})
	if err != nil {
		return law, fmt.Sprintf("%s can be used, %v; a smaller --precision or --from holds more", quantity.Of(len(points), "level"), err)
	}
	law = levelLaw{USL: fitted, levels: len(points)}
	if peak, err := fitted.Peak(); err == nil {
		law.mostPerSec = peak.ThroughputPerSec
	} else {
		at, _ := fitted.ThroughputPerSec(fitted.LargestConcurrency) // both are within its reach
		law.mostPerSec, _ = fitted.ThroughputPerSec(2 * fitted.LargestConcurrency)
		if law.mostPerSec > (1+mostGainRatio)*at {
			return law, fmt.Sprintf("twice the %s in flight would still bring %s more; a higher --to shows it",
				quantity.EstimateOf(fitted.LargestConcurrency, "request"), quantity.Percent(law.mostPerSec/at-1))
		}
	}
	if fitted.ResidualPerSec > mostResidualRatio*law.mostPerSec {
		return law, fmt.Sprintf("they are %s off the law", quantity.Percent(fitted.ResidualPerSec/law.mostPerSec))
	}
	seen := slices.MaxFunc(points, func(a, b queueing.USLPoint) int { return cmp.Compare(a.ThroughputPerSec, b.ThroughputPerSec) }).ThroughputPerSec
	off := max(seen-law.mostPerSec, 0)
	law.mostPerSec += off // no law is above what was seen
	n := float64(len(points))
	deviation := fitted.ResidualPerSec * math.Sqrt(n/(n-3))
	law.spread = off + distuv.StudentsT{Sigma: 1, Nu: n - 3}.Quantile(0.9)*deviation
	return law, ""
}

// levelPoints returns the levels that can be fitted: not those that say nothing of the target, were cut short,
// failed too often, or had less than one request in flight.
func (c *calibration) levelPoints(s *scenarios.Service) []queueing.USLPoint {
	var points []queueing.USLPoint
	for i := range c.levels {
		l := &c.levels[i]
		if l.Verdict == Invalid || l.CutShort || l.ErrorRatio > mostFailedRatio || l.Concurrency < 1 {
			continue
		}
		if perSec, _ := c.run.Hold(l.hold()).Best(func(events map[string]record.Counters) float64 { return c.callsOf(s, events) }); perSec > 0 {
			points = append(points, queueing.USLPoint{Concurrency: l.Concurrency, ThroughputPerSec: perSec})
		}
	}
	return points
}
