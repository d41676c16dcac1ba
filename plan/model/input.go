package model

import (
	"math"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
)

// Input is one input of a plan, ready to be drawn from. Low, Mid and High are its 10, 50 and 90 % points,
// in seconds, 1/s, a share from 0 to 1, or as counted; all three are equal where it is certain.
type Input struct {
	Field          string // path in the scenario
	Low, Mid, High float64

	bounds
	stream       random.Stream // of its own name: a new input moves no other's draws
	lower, upper half
}

// newInput reads an interval's low, mid and high as the 10, 50 and 90 % points of a two-piece
// lognormal:
//
//	x(z) = mid e^(sigma z), sigma = ln(mid/low)/n for z < 0, ln(high/mid)/n for z >= 0
//
//	z  standard normal
//	n  its 90 % point, amount.Normal90
//
// A lognormal cannot reach 0, so a side that ends there is a straight line
// through its two points instead. Draws are held inside the bounds: a share is at most 1.
// Scale turns the interval's unit into the input's.
// Source: lognormal from its quantiles; the two pieces keep all three points where they are not
// geometrically symmetric.
// Errors: *[InputError] for a point outside the bounds.
func newInput[T number](field string, seed uint64, iv amount.Interval[T], scale float64, d dimension) (Input, error) {
	b := d.bounds()
	in := Input{
		bounds: b, Field: field, Low: float64(iv.Low) * scale, Mid: float64(iv.Mid) * scale, High: float64(iv.High) * scale,
		stream: random.NewStream(seed, "plan/"+field),
	}
	for _, v := range []float64{in.Low, in.Mid, in.High} {
		if err := b.check(field, v); err != nil {
			return in, err
		}
	}
	in.lower, in.upper = half{end: in.Low}, half{end: in.High}
	if in.Low > 0 {
		in.lower.sigma = math.Log(in.Mid/in.Low) / amount.Normal90
	}
	if in.Mid > 0 {
		in.upper.sigma = math.Log(in.High/in.Mid) / amount.Normal90
	}
	return in, nil
}

// Certain reports whether the input is a single value.
func (in *Input) Certain() bool { return in.Low == in.High }

// corner returns the value in the low (-1), mid (0) or high (+1) case.
func (in *Input) corner(side int) float64 {
	if in.falling {
		side = -side
	}
	switch {
	case side < 0:
		return in.Low
	case side > 0:
		return in.High
	}
	return in.Mid
}

// Uniform returns the number from 0 to 1 that a trial draws the input by. The input grows with it. trial
// is its number, from 0.
func (in *Input) Uniform(trial uint64) float64 { return in.stream.Float64(trial) }

// draw returns the value in one trial.
func (in *Input) draw(trial uint64) float64 {
	if in.Certain() {
		return in.Mid
	}
	u := in.Uniform(trial)
	side, distance := in.lower, u-0.5
	if u >= 0.5 {
		side = in.upper
	}
	if side.sigma == 0 {
		return in.hold(in.Mid + math.Abs(distance)/0.4*(side.end-in.Mid))
	}
	// Only u = 0 would give an infinite z; the exponential of it is 0, and is held at the minimum.
	return in.hold(in.Mid * math.Exp(side.sigma*math.Sqrt2*math.Erfinv(2*distance)))
}

// half is one side of a two-piece lognormal.
type half struct {
	sigma float64 // of the logarithm; 0 where the side is not lognormal
	end   float64 // value at the 10 or 90 % point, for a straight side
}

// number is what an interval of a scenario can hold.
type number interface {
	amount.Count | amount.Ratio | amount.Rate | float64 | time.Duration
}

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
	position
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
	case position:
		return bounds{min: -1, max: 1, unit: "a position"}
	case callsPerSec:
		return bounds{min: 1e-9, max: 1e18, unit: "calls per second", falling: true}
	}
	return bounds{max: 1e9, unit: "a number"}
}

// stormPositions are those of an input that lies between the low and the high points of what it stands for: a straight line in
// probability on each side.
func stormPositions() amount.Interval[float64] {
	return amount.Interval[float64]{Low: -1, Mid: 0, High: 1}
}

// check returns the error of a value outside the bounds, or nil.
func (b bounds) check(field string, value float64) error {
	if value >= b.min && value <= b.max {
		return nil
	}
	return &InputError{Field: field, Found: quantity.Given(value),
		Wanted: b.unit + " from " + quantity.Number(b.min) + " to " + quantity.Number(b.max)}
}

func (b bounds) hold(value float64) float64 { return math.Max(b.min, math.Min(b.max, value)) }
