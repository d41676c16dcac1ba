package visits

import (
	"cmp"
	"math"
	"slices"
	"time"

	"fsctl/scenarios/arrivals"
)

// mostAdded bounds the work of looking for the busiest window, in requests that are added up: beyond it bins get wider than the window.
const mostAdded = 20_000_000

// leastRefined is how many of the fullest bins are looked at closely at least, and mostIntegrals the work that may be spent on more of them.
const (
	leastRefined  = 12
	mostIntegrals = 50_000
)

// finer is how many windows begin within a bin that is looked at closely.
const finer = 10

// alike is the share by which windows may differ and still count as equally busy.
const alike = 1e-6

// Busiest returns when the busiest window of the storm begins, from T0, and the mean rate of its requests [1/s], each times the weight
// of its step; 0 and 0 where there are none.
//
//	rate = max over t of sum over visits of weight x requests x (Area(t + window - at) - Area(t - at)) / window
//
// Area is the users who have begun the journey, and at is when they are at the visit, so that each window is integrated
// exactly. Windows begin on a grid of a tenth of their length; of those that are alike it is one that begins at a multiple of its length,
// and the first of these. Requests are those of the mid points.
//
// Source: the mean of a Poisson process over a window, by definition its integral.
//
//	window  above 0
//	weight  of a request, 0 or more, by its step; nil for 1 of each
func (s *Storm) Busiest(window time.Duration, weight func(step string) float64) (at time.Duration, perSec float64) {
	streams := s.weighted(weight)
	if len(streams) == 0 {
		return 0, 0
	}
	bins, first, width := binned(streams, window)
	b := busiest{window: window}
	asks := 0
	for _, part := range streams {
		asks += len(part.asks)
	}
	for _, k := range fullest(bins, max(leastRefined, mostIntegrals/(2*finer*asks))) {
		if b.count > 0 && around(bins, k) <= b.count*(1+alike) {
			break // no window that begins there has more
		}
		b.refine(streams, time.Duration(first+k)*width, width)
	}
	return b.at, steady(b.count / window.Seconds())
}

// steady leaves out digits that come of windows which end a nanosecond before their last instant: 400 for 399.9999998.
func steady(v float64) float64 {
	if v <= 0 {
		return v
	}
	const digits = 8
	scale := math.Pow(10, digits-1-math.Floor(math.Log10(v)))
	return math.Round(v*scale) / scale
}

// Rates returns the mean rate of the requests of each step [1/s] in the window that begins at an instant from T0.
func (s *Storm) Rates(at, window time.Duration) map[string]Number {
	rates := map[string]Number{}
	for i := range s.Loads {
		for _, v := range s.Loads[i].Visits {
			begun := within(s.Loads[i].Begins, at-v.At, window)
			rates[v.Step] = rates[v.Step].Plus(v.Requests.Times(Exactly(steady(begun / window.Seconds()))))
		}
	}
	return rates
}

// Until leaves out the users who would begin after an instant, from T0.
func (s *Storm) Until(end time.Duration) {
	for i := range s.Loads {
		l := &s.Loads[i]
		l.Begins = arrivals.Until{Curve: l.Begins, End: end}
		l.Users = l.Begins.Area(end)
	}
}

// within returns how many begin from an instant on, in a window.
func within(c arrivals.Curve, from, window time.Duration) float64 {
	if begin, end := c.Span(); from+window <= begin || from >= end {
		return 0
	}
	return c.Area(from+window-1) - c.Area(from-1) // a crowd may act at that very instant
}

// stream is what the users of one load ask for.
type stream struct {
	begins arrivals.Curve
	asks   []ask
}

// ask is a visit with its weight.
type ask struct {
	at       time.Duration
	requests float64 // of one user, weighted
}

// weighted returns what counts of the storm, visits of the same time together.
func (s *Storm) weighted(weight func(step string) float64) (streams []stream) {
	for i := range s.Loads {
		part := stream{begins: s.Loads[i].Begins}
		for _, v := range s.Loads[i].Visits {
			n := v.Requests[mid]
			if weight != nil {
				n *= weight(v.Step)
			}
			if last := len(part.asks) - 1; n > 0 && last >= 0 && part.asks[last].at == v.At {
				part.asks[last].requests += n
			} else if n > 0 {
				part.asks = append(part.asks, ask{v.At, n})
			}
		}
		if len(part.asks) > 0 && s.Loads[i].Users > 0 {
			streams = append(streams, part)
		}
	}
	return streams
}

// binned adds the requests up by bins of a width: the window's length, or more where that would be too many. A visit that is not a
// whole number of bins later is split between two of them. first is the number of the first bin, from T0.
func binned(streams []stream, window time.Duration) (bins []float64, first int, width time.Duration) {
	width = window
	added := func() (sum float64) {
		for _, s := range streams {
			from, to := s.begins.Span()
			sum += float64(len(s.asks)+10) * (float64(to-from)/float64(width) + 1) // the curve's own integral is worth ten
		}
		return sum
	}
	for added() > mostAdded {
		width *= 2
	}
	first = math.MaxInt
	for _, s := range streams {
		from, _ := s.begins.Span()
		first = min(first, int(math.Floor(float64(from)/float64(width))))
	}
	for _, s := range streams {
		from, to := s.begins.Span()
		k := int(math.Floor(float64(from) / float64(width)))
		var came []float64
		for before := 0.0; time.Duration(k+len(came))*width < to; {
			area := s.begins.Area(time.Duration(k+len(came)+1)*width - 1)
			came, before = append(came, area-before), area
		}
		for _, a := range s.asks {
			whole := a.at / width
			part := float64(a.at%width) / float64(width)
			bins = addAt(bins, came, k-first+int(whole), a.requests*(1-part))
			if part > 0 {
				bins = addAt(bins, came, k-first+int(whole)+1, a.requests*part)
			}
		}
	}
	return bins, first, width
}

// mostBins bounds how far apart requests may be: what comes later than a storm may last, and users may stay, is in the last bin.
const mostBins = 1 << 24

// addAt adds what came so many bins later, times a factor.
func addAt(sum, came []float64, later int, factor float64) []float64 {
	if need := min(len(came)+later, mostBins); len(sum) < need {
		sum = append(sum, make([]float64, need-len(sum))...)
	}
	for i, n := range came {
		if i+later < len(sum) {
			sum[i+later] += n * factor
		}
	}
	return sum
}

// around returns the requests of a bin, the one before and the two after: no window that begins in the bin has more, since a visit
// that is split may lie in either of its two bins.
func around(bins []float64, k int) (sum float64) {
	for i := max(0, k-1); i <= min(k+2, len(bins)-1); i++ {
		sum += bins[i]
	}
	return sum
}

// fullest returns the bins to look at: the first of the largest, then so many of those with the most around them.
func fullest(bins []float64, most int) (order []int) {
	largest := 0
	for k, n := range bins {
		if n > bins[largest]*(1+alike) {
			largest = k
		}
	}
	for k, n := range bins {
		if n > 0 || k > 0 && bins[k-1] > 0 {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(around(bins, b), around(bins, a)) })
	return append([]int{largest}, order[:min(len(order), most)]...)
}

// busiest is the busiest window of those that were looked at.
type busiest struct {
	window time.Duration
	at     time.Duration
	count  float64
}

// refine looks at the windows that begin within a bin.
func (b *busiest) refine(streams []stream, from, width time.Duration) {
	step := b.window / finer
	n := int((width + step - 1) / step)
	upTo := make([]float64, n+finer)
	for i := range upTo {
		t := from + time.Duration(i)*step - 1
		for _, s := range streams {
			for _, a := range s.asks {
				upTo[i] += a.requests * s.begins.Area(t-a.at)
			}
		}
	}
	for i := range n {
		b.try(from+time.Duration(i)*step, upTo[i+finer]-upTo[i])
	}
}

func (b *busiest) try(at time.Duration, count float64) {
	switch better := count / b.count; {
	case count <= 0 || b.count > 0 && better < 1-alike:
	case b.count == 0 || better > 1+alike || b.isWhole(at) && !b.isWhole(b.at) || b.isWhole(at) == b.isWhole(b.at) && at < b.at:
		b.at, b.count = at, max(count, b.count)
	}
}

func (b *busiest) isWhole(at time.Duration) bool { return at%b.window == 0 }
