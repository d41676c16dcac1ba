package plan

import (
	"math"
	"strconv"
	"time"

	"fsctl/scenarios"
)

// dimension says what an input counts.
type dimension int

const (
	count dimension = iota
	multiplier
	share
	demandSeconds
	variability
	hitShare
	callsPerSec
)

// bounds is the range of an input in which every formula stays finite. Draws of the Monte Carlo
// trials are held inside it as well: a lognormal's tail has no end.
type bounds struct {
	min, max float64
	unit     string
	falling  bool // more of it asks for less: its high value belongs to the low case
}

func (d dimension) bounds() bounds {
	switch d {
	case count:
		return bounds{max: 1e18, unit: "a count"}
	case share:
		return bounds{max: 1, unit: "a share"}
	case demandSeconds:
		return bounds{min: 1e-12, max: 1e10, unit: "seconds"}
	case variability:
		return bounds{max: 100, unit: "a squared coefficient of variation"}
	case hitShare:
		return bounds{max: 1, unit: "a share", falling: true}
	case callsPerSec:
		return bounds{min: 1e-9, max: 1e18, unit: "calls per second", falling: true}
	}
	return bounds{max: 1e9, unit: "a number"}
}

// check returns the error of a value outside the bounds, or nil.
func (b bounds) check(field string, value float64) error {
	if value >= b.min && value <= b.max {
		return nil
	}
	return &InputError{field, strconv.FormatFloat(value, 'g', 6, 64),
		b.unit + " from " + strconv.FormatFloat(b.min, 'g', -1, 64) + " to " + strconv.FormatFloat(b.max, 'g', -1, 64)}
}

func (b bounds) hold(value float64) float64 { return math.Max(b.min, math.Min(b.max, value)) }

// normal90 is the 90 % point of the standard normal distribution.
const normal90 = 1.2815515655446004

// quantity is one input of a plan, ready to be drawn from.
type quantity struct {
	bounds
	field          string // path in the scenario
	low, mid, high float64
	stream         scenarios.Stream // of its own name: a new input moves no other's draws
	lower, upper   half
}

// half is one side of a two-piece lognormal.
type half struct {
	sigma float64 // of the logarithm; 0 where the side is not lognormal
	end   float64 // value at the 10 or 90 % point, for a straight side
}

// number is what an interval of a scenario can hold.
type number interface {
	scenarios.Count | scenarios.Ratio | scenarios.Rate | float64 | time.Duration
}

// newQuantity reads an interval's low, mid and high as the 10, 50 and 90 % points of a two-piece
// lognormal:
//
//	x(z) = mid e^(sigma z), sigma = ln(mid/low)/1.28155 for z < 0, ln(high/mid)/1.28155 for z >= 0
//
// z is standard normal. A lognormal cannot reach 0, so a side that ends there is a straight line
// through its two points instead. Draws are held inside the bounds: a share is at most 1.
// Scale turns the interval's unit into the quantity's.
// Source: lognormal from its quantiles; the two pieces keep all three points where they are not
// geometrically symmetric.
func newQuantity[T number](field string, seed uint64, iv scenarios.Interval[T], scale float64, d dimension) (quantity, error) {
	b := d.bounds()
	q := quantity{
		bounds: b, field: field, low: float64(iv.Low) * scale, mid: float64(iv.Mid) * scale, high: float64(iv.High) * scale,
		stream: scenarios.NewStream(seed, "plan/"+field),
	}
	for _, v := range []float64{q.low, q.mid, q.high} {
		if err := b.check(field, v); err != nil {
			return q, err
		}
	}
	if q.low > q.mid || q.mid > q.high {
		return q, &InputError{field, strconv.FormatFloat(q.low, 'g', 6, 64) + ", " + strconv.FormatFloat(q.mid, 'g', 6, 64) +
			", " + strconv.FormatFloat(q.high, 'g', 6, 64), "low <= mid <= high"}
	}
	q.lower, q.upper = half{end: q.low}, half{end: q.high}
	if q.low > 0 {
		q.lower.sigma = math.Log(q.mid/q.low) / normal90
	}
	if q.mid > 0 {
		q.upper.sigma = math.Log(q.high/q.mid) / normal90
	}
	return q, nil
}

func (q *quantity) certain() bool { return q.low == q.high }

// corner returns the value in the low (-1), mid (0) or high (+1) case.
func (q *quantity) corner(side int) float64 {
	if q.falling {
		side = -side
	}
	switch {
	case side < 0:
		return q.low
	case side > 0:
		return q.high
	}
	return q.mid
}

// draw returns the value in one trial.
func (q *quantity) draw(trial uint64) float64 {
	if q.certain() {
		return q.mid
	}
	u := q.stream.Float64(trial)
	side, distance := q.lower, u-0.5
	if u >= 0.5 {
		side = q.upper
	}
	if side.sigma == 0 {
		return q.hold(q.mid + math.Abs(distance)/0.4*(side.end-q.mid))
	}
	// Only u = 0 would give an infinite z; the exponential of it is 0, and is held at the minimum.
	return q.hold(q.mid * math.Exp(side.sigma*math.Sqrt2*math.Erfinv(2*distance)))
}
