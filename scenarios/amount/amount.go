// Package amount has the numbers of a scenario, each of a type that says what it counts.
package amount

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// Count is a number of people, requests or cores, 0 or more. Text forms: 10000, 10,000, 10k, 10M, 1.2G.
type Count float64

// Ratio is a share, 0 to 1. Text forms: 20%, 20 %, 0.2.
type Ratio float64

// Rate is a number per second [1/s], 0 or more. Text forms: 120/s, 3k/s, 600/m, 5/h.
type Rate float64

// scalar is what one word of a scenario can stand for.
type scalar interface {
	Count | Ratio | Rate | float64 | time.Duration
}

// Interval is a quantity that is not certain: Low, Mid and High are its 10, 50 and 90 % points.
// All three are equal where it is. Text forms: one value, [low, mid, high], low..high.
type Interval[T scalar] struct{ Low, Mid, High T }

// Normal90 is the 90 % point of the standard normal distribution: the Low and High of an [Interval] lie so
// many deviations below and above its Mid. It has no unit.
const Normal90 = 1.2815515655446004

// Exactly returns the interval of a quantity that is certain: all three points are v.
func Exactly[T scalar](v T) Interval[T] { return Interval[T]{v, v, v} }

// Between returns the interval from low to high, low <= high, with its mid half-way.
func Between[T scalar](low, high T) Interval[T] {
	return Interval[T]{low, low + (high-low)/2, high}
}

// Certain reports whether the interval is a single value.
func (i Interval[T]) Certain() bool { return i.Low == i.High }

// IsZero reports whether the field was absent, or is exactly zero.
func (i Interval[T]) IsZero() bool { return i == Interval[T]{} }

// Element returns the type of its points.
func (i Interval[T]) Element() reflect.Type { return reflect.TypeFor[T]() }

// ParseInterval reads one value, low..high, or low..mid..high, each in the text form of its type. It fails
// for a value of another form, below 0, for a ratio above 1 or a time above 366 days, and for points that
// do not rise.
func ParseInterval[T scalar](text string) (Interval[T], error) {
	var iv Interval[T]
	words := strings.Split(text, "..")
	if len(words) > 3 {
		return iv, fmt.Errorf("found %q, wanted one value or low..high", text)
	}
	values := make([]T, len(words))
	for i, w := range words {
		v, err := parse[T](strings.TrimSpace(w))
		if err != nil {
			return iv, err
		}
		values[i] = v
	}
	return newInterval(values)
}

func newInterval[T scalar](v []T) (Interval[T], error) {
	var iv Interval[T]
	switch len(v) {
	case 1:
		iv = Exactly(v[0])
	case 2:
		iv = Between(v[0], v[1])
	case 3:
		iv = Interval[T]{v[0], v[1], v[2]}
	default:
		return iv, fmt.Errorf("found a list of %d values, wanted [low, mid, high]", len(v))
	}
	return iv, iv.Check()
}

// normal99 is the 99 % point of the standard normal distribution.
const normal99 = 2.3263478740408408

// Reach returns how far the interval goes beyond its points where it is drawn from: Low over its 1 % point and its 99 % point over
// High, each 1 or more, and 1 where a side is certain or ends at 0.
//
//	1 % point = mid (low/mid)^(n99/n90), 99 % point = mid (high/mid)^(n99/n90)
//
//	n90, n99  90 and 99 % points of the standard normal distribution
//
// Source: the two-piece lognormal through the 10, 50 and 90 % points, docs/model.md.
func (i Interval[T]) Reach() (below, above float64) {
	below, above = 1, 1
	const beyond = normal99/Normal90 - 1
	if low, mid, high := float64(i.Low), float64(i.Mid), float64(i.High); low > 0 {
		below, above = math.Pow(mid/low, beyond), math.Pow(high/mid, beyond)
	} else if mid > 0 {
		above = math.Pow(high/mid, beyond)
	}
	if _, isShare := any(i.High).(Ratio); isShare && i.High > 0 {
		above = min(above, 1/float64(i.High)) // a share is at most 1
	}
	return below, above
}

// Check fails for an interval whose points do not rise.
func (i Interval[T]) Check() error {
	if i.Low > i.Mid || i.Mid > i.High {
		return fmt.Errorf("found %s, %s, %s, wanted low <= mid <= high", write(i.Low), write(i.Mid), write(i.High))
	}
	return nil
}

// parse reads one value in the text form of its type. Negative, infinite and NaN values are errors.
func parse[T scalar](text string) (T, error) {
	var v T
	var f float64
	var err error
	switch any(v).(type) {
	case Count:
		f, err = quantity.ParsePositive(text, quantity.ParseCount, quantity.CountForm)
	case Ratio:
		f, err = quantity.ParseShare(text)
	case Rate:
		f, err = quantity.ParsePositive(text, quantity.ParseRate, quantity.RateForm)
	case time.Duration:
		var d time.Duration
		d, err = quantity.ParseSpan(text)
		f = float64(d)
	default:
		f, err = quantity.ParsePositive(text, quantity.ParseNumber, quantity.NumberForm)
	}
	return T(f), err
}

// write returns a value in the text form of its type, not rounded.
func write[T scalar](v T) string {
	switch v := any(v).(type) {
	case Ratio:
		return quantity.Precise(float64(v)*100) + " %"
	case Rate:
		return quantity.Precise(float64(v)) + "/s"
	case time.Duration:
		return quantity.Exact(v)
	}
	return quantity.Precise(float64(v))
}

// ParseRate reads a rate such as 120/s, 3k/s or 600/m; a bare number counts per second. It fails for
// another form and for a rate below 0.
func ParseRate(text string) (Rate, error) {
	if !strings.Contains(text, "/") {
		text += "/s"
	}
	return parse[Rate](text)
}

// ParseRatio reads a share such as 20% or 0.2. It fails for another form and for a share outside 0 to 1.
func ParseRatio(text string) (Ratio, error) { return parse[Ratio](text) }

// Instant is a time relative to T0. Text forms: T0, T0+30s, T0-1m.
type Instant time.Duration

// ParseInstant reads T0, T0+30s or T0-1m. It fails for another form and for an instant more than 366 days
// from T0.
func ParseInstant(text string) (Instant, error) {
	d, err := quantity.ParseInstant(text)
	return Instant(d), err
}

// String returns the text form, which ParseInstant reads.
func (i Instant) String() string { return quantity.Instant(time.Duration(i)) }

// Start is when T0 is: After the run's start, or At a wall-clock time where that is set.
type Start struct {
	After time.Duration // 0 to 366 days
	At    time.Time
}

func parseStart(text string) (Start, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return Start{At: at}, nil
	}
	d, err := quantity.ParseSpan(text)
	if err != nil {
		return Start{}, fmt.Errorf("found %q, wanted a duration such as 30s, or a time such as 2026-11-11T20:00:00+08:00", text)
	}
	return Start{After: d}, nil
}

// Ramp is a rate that changes in a straight line, From and To in users per second.
type Ramp struct{ From, To Rate }

// ParseScale reads a factor such as 1%, 0.5 or 250%, which is 2.5. It fails for another form and for what
// is not above 0.
func ParseScale(text string) (float64, error) {
	f, err := quantity.ParsePositive(text, quantity.ParseFactor, scaleForm)
	if err == nil && f == 0 {
		return 0, fmt.Errorf("found %q, wanted %s", text, scaleForm)
	}
	return f, err
}

const scaleForm = quantity.FactorForm + ", above 0"
