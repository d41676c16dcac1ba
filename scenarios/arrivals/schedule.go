package arrivals

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"fsctl/scenarios/random"

	"gonum.org/v1/gonum/stat/distuv"
)

// Arrival is one user who comes.
type Arrival struct {
	Index uint64        // its number in the whole storm, from 0, which decides everything drawn for it
	Phase int           // its place in the storm, from 0
	Due   time.Duration // from T0
}

// Phase is one stream of users in a storm.
type Phase struct {
	Curve Curve
	Even  bool // at equal steps of the curve's area; else users are independent of each other
}

// Schedule is every arrival of a storm: a pure function of the storm's phases and a seed.
type Schedule struct {
	phases []phaseArrivals
	end    time.Duration
	total  uint64
}

// NewSchedule draws a storm's arrivals. It keeps only their numbers per block, so that a storm
// of a billion users takes megabytes. Arrivals due after end are left out; 0 means
// no end, so a caller who wants the end at T0 gives 1 ns.
func NewSchedule(phases []Phase, seed uint64, end time.Duration) *Schedule {
	s := &Schedule{end: end}
	var base uint64
	for i := range phases {
		p := newPhaseArrivals(phases[i], random.NewStream(seed, fmt.Sprintf("arrivals/%d", i)))
		p.base = base
		base += p.total()
		s.phases = append(s.phases, p)
	}
	if end == 0 {
		s.end = math.MaxInt64
	}
	for i := range s.phases {
		s.total += s.phases[i].until(s.end)
	}
	return s
}

// Len returns the number of arrivals.
func (s *Schedule) Len() uint64 { return s.total }

// LenOf returns the number of a phase's arrivals.
func (s *Schedule) LenOf(phase int) uint64 { return s.phases[phase].until(s.end) }

// Size returns one more than the largest index an arrival can have.
func (s *Schedule) Size() uint64 {
	if len(s.phases) == 0 {
		return 0
	}
	last := &s.phases[len(s.phases)-1]
	return last.base + last.total()
}

// NumberFrom lets indices begin at first in place of 0, so that several schedules after one another bring no
// user twice: the next begins at the Size of this one.
func (s *Schedule) NumberFrom(first uint64) {
	for i := range s.phases {
		s.phases[i].base += first
	}
}

// Walk returns a cursor at the first arrival.
func (s *Schedule) Walk() *Cursor { return s.WalkFrom(math.MinInt64 / 2) }

// WalkFrom returns a cursor at the first arrival that is due at from or later. It draws only the blocks that from
// is in.
func (s *Schedule) WalkFrom(from time.Duration) *Cursor {
	c := &Cursor{end: s.end, heads: make([]head, len(s.phases))}
	for i := range s.phases {
		c.heads[i].arrivals = &s.phases[i]
		c.heads[i].seek(from)
	}
	return c
}

// Arrival returns the arrival of an index, or false where the schedule has none: the index is its Size or more, below what
// NumberFrom gave, or one that is due after the end. It draws only the block that the arrival is in.
func (s *Schedule) Arrival(index uint64) (Arrival, bool) {
	for i := range s.phases {
		p := &s.phases[i]
		if index < p.base || index >= p.base+p.total() {
			continue
		}
		h := head{arrivals: p, index: p.base}
		for h.index+uint64(p.counts[h.block]) <= index {
			h.index += uint64(p.counts[h.block])
			h.block++
		}
		p.load(h.block, &h)
		a := Arrival{Index: index, Phase: i, Due: h.dues[index-h.index]}
		return a, a.Due <= s.end
	}
	return Arrival{}, false
}

// Cursor walks a schedule in order of due instants.
type Cursor struct {
	heads []head
	end   time.Duration
}

// Clone returns a cursor at the same arrival, which goes on by itself. It draws nothing again.
func (c *Cursor) Clone() *Cursor {
	clone := &Cursor{end: c.end, heads: slices.Clone(c.heads)}
	for i := range clone.heads {
		h := &clone.heads[i]
		h.dues, h.sums = slices.Clone(h.dues), nil // both are written into
	}
	return clone
}

// Next returns the next arrival, or false after the last. Arrivals come by their due instants, those of one instant by
// their indices.
func (c *Cursor) Next() (Arrival, bool) {
	best := -1
	for i := range c.heads {
		if h := &c.heads[i]; !h.done && (best < 0 || h.due() < c.heads[best].due()) {
			best = i
		}
	}
	if best < 0 {
		return Arrival{}, false
	}
	h := &c.heads[best]
	a := Arrival{Index: h.arrivals.base + h.index, Phase: best, Due: h.due()}
	if a.Due > c.end {
		return Arrival{}, false
	}
	h.step()
	h.advance()
	return a, true
}

// head is the next arrival of one phase.
type head struct {
	arrivals *phaseArrivals
	index    uint64 // in the phase
	block    int    // the next to load
	dues     []time.Duration
	place    int       // in dues
	sums     []float64 // room for load
	done     bool
}

func (h *head) due() time.Duration { return h.dues[h.place] }

// seek goes to the first arrival due at from or later.
func (h *head) seek(from time.Duration) {
	a := h.arrivals
	h.block = sort.Search(len(a.counts), func(block int) bool {
		begin, mass := a.span(block)
		return a.curve.At(begin+mass) >= from-time.Microsecond // which is more than the inverse may round
	})
	for _, n := range a.counts[:h.block] {
		h.index += uint64(n)
	}
	for h.advance(); !h.done && h.due() < from; h.advance() {
		h.step()
	}
}

// step leaves an arrival behind.
func (h *head) step() {
	h.index++
	h.place++
}

// advance loads blocks until there is an arrival.
func (h *head) advance() {
	for h.place >= len(h.dues) {
		if h.block >= len(h.arrivals.counts) {
			h.done = true
			return
		}
		h.arrivals.load(h.block, h)
		h.block++
	}
}

// blockMass is the expected number of arrivals that are drawn together.
const blockMass = 1024

// phaseArrivals cuts a phase's area into blocks. How many arrivals a block holds is drawn once;
// where they lie in it is drawn when it is loaded, from the block's own stream.
type phaseArrivals struct {
	curve  Curve
	mass   float64 // the curve's whole area
	stream random.Stream
	even   bool
	counts []uint32
	base   uint64 // index of the first arrival in the storm
}

// newPhaseArrivals draws the blocks' numbers. Independent users at a rate are a Poisson process:
// each block's number is Poisson. A crowd has a fixed number of users, each in a block at random:
// the numbers are multinomial, drawn as binomials one after another. Even spacing draws nothing.
func newPhaseArrivals(p Phase, stream random.Stream) phaseArrivals {
	_, crowd := p.Curve.(Crowd)
	a := phaseArrivals{curve: p.Curve, stream: stream, even: p.Even}
	_, to := a.curve.Span()
	a.mass = a.curve.Area(to)
	left := a.mass
	for b := range int(math.Ceil(a.mass / blockMass)) {
		begin, mass := a.span(b)
		source := &random.Source{Stream: stream.Sub(uint64(2 * b))}
		var n float64
		switch {
		case a.even:
			n = math.Round(begin+mass) - begin
		case !crowd:
			n = distuv.Poisson{Lambda: mass, Src: source}.Rand()
		default:
			rest := a.mass - begin
			n = left
			if mass < rest && left > 0 {
				n = distuv.Binomial{N: left, P: mass / rest, Src: source}.Rand()
			}
			left -= n
		}
		a.counts = append(a.counts, uint32(n))
	}
	return a
}

func (a *phaseArrivals) total() uint64 {
	var n uint64
	for _, c := range a.counts {
		n += uint64(c)
	}
	return n
}

// span returns where a block begins in the phase's area, and how much of it is the block's.
func (a *phaseArrivals) span(block int) (begin, mass float64) {
	begin = float64(block) * blockMass
	return begin, min(blockMass, a.mass-begin)
}

// load draws the due instants of a block, in order, into h. Given their number, arrivals lie
// uniformly in the block's area; sorted uniforms are partial sums of exponentials over their total.
func (a *phaseArrivals) load(block int, h *head) {
	h.dues, h.place = h.dues[:0], 0
	n := int(a.counts[block])
	begin, mass := a.span(block)
	if a.even {
		for i := range n {
			h.dues = append(h.dues, a.curve.At(begin+float64(i)+0.5))
		}
		return
	}
	stream := a.stream.Sub(uint64(2*block + 1))
	h.sums = h.sums[:0]
	var sum float64
	for i := range n + 1 {
		sum -= math.Log(1 - stream.Float64(uint64(i)))
		h.sums = append(h.sums, sum)
	}
	scale := mass / sum
	last := a.curve.At(begin + mass)
	var due time.Duration
	for i, s := range h.sums[:n] {
		next := min(a.curve.At(begin+s*scale), last)
		if i > 0 {
			next = max(next, due) // the inverse may go back by a nanosecond where it rounds
		}
		due = next
		h.dues = append(h.dues, due)
	}
}

// until returns how many arrivals are due at end or before. It draws only the block that end is in.
func (a *phaseArrivals) until(end time.Duration) uint64 {
	var total uint64
	var h head
	for b, n := range a.counts {
		begin, mass := a.span(b)
		if a.curve.At(begin+mass) <= end {
			total += uint64(n)
			continue
		}
		a.load(b, &h)
		for _, due := range h.dues {
			if due > end {
				return total
			}
			total++
		}
	}
	return total
}

// Second returns the second, counted from T0, that holds an instant; those before T0 are below 0.
func Second(at time.Duration) int {
	s := int(at / time.Second)
	if at < 0 && at%time.Second != 0 {
		s--
	}
	return s
}
