package arrivals

import (
	"math"
	"testing"
	"time"

	"gonum.org/v1/gonum/integrate/quad"

	"fsctl/scenarios/random"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"pgregory.net/rapid"
)

var _ vegeta.Pacer = Pacer{}

func pointer[T any](v T) *T { return &v }

// drawDuration draws near one of the anchors: rapid's integers alone are mostly small.
func drawDuration(rt *rapid.T, name string, anchors ...time.Duration) time.Duration {
	return rapid.SampledFrom(anchors).Draw(rt, name) + time.Duration(rapid.IntRange(0, 999_999).Draw(rt, name+" and"))
}

func drawDistribution(rt *rapid.T) *random.Distribution {
	span := func(name string) time.Duration { return drawDuration(rt, name, 1e6, 20e6, 400e6, 1e9, 4700e6) }
	switch rapid.IntRange(0, 5).Draw(rt, "law") {
	case 1:
		return &random.Distribution{Constant: pointer(span("constant"))}
	case 2:
		low := span("low")
		return &random.Distribution{Uniform: &random.Uniform{Low: low, High: low + span("width")}}
	case 3:
		return &random.Distribution{Exponential: pointer(span("mean"))}
	case 4:
		return &random.Distribution{Lognormal: &random.Lognormal{Median: span("median"), Sigma: rapid.Float64Range(0.05, 2).Draw(rt, "sigma")}}
	case 5:
		return &random.Distribution{Normal: &random.Normal{Mean: span("mean"), Deviation: span("deviation")}}
	}
	return nil
}

func drawLine(rt *rapid.T) Line {
	from := drawDuration(rt, "from", -20e9, -1e9, 0, 3e9)
	length := drawDuration(rt, "length", 1, 100e6, 1e9, 60e9) + 1e5
	rate := rapid.SampledFrom([]float64{0, 0.7, 13, 400, 5e3, 1e5})
	l := Line{from, from + length, rate.Draw(rt, "from rate"), rate.Draw(rt, "to rate")}
	if l.FromRate == 0 && l.ToRate == 0 {
		l.ToRate = 5
	}
	return l
}

func drawCrowd(rt *rapid.T) Crowd {
	users := rapid.SampledFrom([]float64{1, 2, 77, 1024, 50_000, 1e6, 1e9}).Draw(rt, "users")
	return Crowd{drawDuration(rt, "start", -20e9, -1e9, 0, 3e9), users, drawDistribution(rt)}
}

func drawCurve(rt *rapid.T) Curve {
	part := func() Curve {
		if rapid.Bool().Draw(rt, "crowd") {
			return drawCrowd(rt)
		}
		return drawLine(rt)
	}
	n := rapid.IntRange(1, 4).Draw(rt, "parts")
	if n == 1 {
		return part()
	}
	var sum Sum
	for range n {
		sum = append(sum, part())
	}
	return sum
}

// Every curve: the area grows from 0 to its whole, and At is its inverse to a nanosecond.
func TestCurves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCurve(rt)
		from, to := c.Span()
		total := c.Area(to)
		if from >= to || total <= 0 || c.Area(from-1) != 0 || c.Area(to+time.Hour) != total || c.Rate(to+time.Second) != 0 || c.Rate(from-time.Second) != 0 {
			rt.Fatalf("%#v from %v to %v has the area %v, before it %v, after it %v", c, from, to, total, c.Area(from-1), c.Area(to+time.Hour))
		}
		var n, area float64
		at := from
		for range 20 {
			n += (total - n) * rapid.Float64Range(0, 0.5).Draw(rt, "n")
			next := c.At(n)
			if next < at-1 || next > to {
				rt.Fatalf("At(%v) = %v, wanted %v to %v", n, next, at, to)
			}
			at = next
			if a := c.Area(at); a < area-1e-9*total {
				rt.Fatalf("Area(%v) = %v, below %v before", at, a, area)
			} else {
				area = a
			}
			// At is rounded to a nanosecond, either way: n lies between the areas on both sides.
			if low, high := c.Area(at-2), c.Area(at+2); n < low-1e-11*total || n > high+1e-11*total {
				rt.Fatalf("At(%v) = %v, where the area goes from %v to %v", n, at, low, high)
			}
		}
	})
}

// Sums are left to TestCurves: between their parts they may be flat, where any instant is right.
func TestAtInvertsArea(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var c Curve = drawLine(rt)
		if rapid.Bool().Draw(rt, "crowd") {
			c = drawCrowd(rt)
		}
		from, to := c.Span()
		at := from + time.Duration(rapid.Float64Range(0, 1).Draw(rt, "at")*float64(to-from))
		rate := min(c.Area(at+50)-c.Area(at), c.Area(at)-c.Area(at-50)) / 50 // per ns
		if rate*1e9 < 1e-6*c.Area(to) {
			return // flat on one side: no instant is meant more than another
		}
		got := c.At(c.Area(at))
		if slack := 3 + 1e-12*c.Area(to)/rate; math.Abs(float64(got-at)) > slack {
			rt.Errorf("At(Area(%v)) = %v, %v off, wanted within %v ns; %#v", at, got, got-at, slack, c)
		}
	})
}

func TestAreaOfLineIsTheIntegralOfItsRate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sum := Sum{drawLine(rt), drawLine(rt)}
		at := drawDuration(rt, "at", -30e9, -10e9, 0, 500e6, 3e9, 30e9, 90e9)
		want, slack := 0.0, 1e-6
		for _, c := range sum {
			from, to := c.Span()
			slack += 1e-9 * (c.Rate(from) + c.Rate(to-1)) // instants are whole nanoseconds
			if end := min(to, at); end > from {
				want += quad.Fixed(func(x float64) float64 { return c.Rate(min(from+time.Duration(x*1e9), to-1)) }, 0, (end - from).Seconds(), 20, nil, 0)
			}
		}
		if got := sum.Area(at); math.Abs(got-want) > slack+1e-6*want {
			rt.Errorf("Area(%v) = %v, the integral is %v", at, got, want)
		}
		if got, want := sum.Rate(at), sum[0].Rate(at)+sum[1].Rate(at); got != want {
			rt.Errorf("Rate(%v) = %v, wanted %v", at, got, want)
		}
	})
}

// The rate of a crowd, millisecond by millisecond, adds up to the crowd.
func TestRateOfCrowdAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCrowd(rt)
		if c.Reaction.Quantile(1) > 30*time.Second {
			return
		}
		from, to := c.Span()
		var sum float64
		for at := from; at < to; at += grain {
			sum += c.Rate(at) * grain.Seconds()
		}
		if math.Abs(sum-c.Users) > 1e-6*c.Users {
			rt.Errorf("rates of %+v add up to %v", c, sum)
		}
	})
}

func TestCurvesWithoutLength(t *testing.T) {
	for _, c := range []Curve{Line{From: 5, To: 5, ToRate: 3}, Crowd{Start: 5}, Sum{}} {
		from, to := c.Span()
		if a := c.Area(to); a != 0 {
			t.Errorf("%#v has the area %v", c, a)
		}
		if at := c.At(3); at < from || at > to {
			t.Errorf("%#v has an arrival at %v", c, at)
		}
		if r := c.Rate(5); r != 0 {
			t.Errorf("%#v has the rate %v", c, r)
		}
	}
}

func TestPeakOfKnownCurves(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		name   string
		curve  Curve
		window time.Duration
		rate   float64
		at     time.Duration // -1 for any
	}{
		{"hold", Line{0, 60 * s, 200, 200}, s, 200, -1},
		{"ramp up", Line{0, 10 * s, 0, 1000}, 3 * s, 1000 * (1 - 3.0/20), 7 * s},
		{"ramp down", Line{0, 10 * s, 1000, 0}, 3 * s, 1000 * (1 - 3.0/20), 0},
		{"instant", Crowd{5 * s, 1000, nil}, s / 2, 2000, -1},
		{"uniform", Crowd{0, 1000, &random.Distribution{Uniform: &random.Uniform{Low: s, High: 3 * s}}}, s, 500, -1},
		{"short", Crowd{0, 1000, &random.Distribution{Uniform: &random.Uniform{Low: 0, High: 20 * time.Millisecond}}}, s, 1000, -1},
		{"exponential", Crowd{0, 1000, &random.Distribution{Exponential: pointer(s)}}, s, 1000 * (1 - math.Exp(-1)) / (1 - random.Tail), 0},
		{"ramp and crowd", Sum{Line{-10 * s, 0, 0, 1000}, Crowd{0, 1000, nil}}, s, 950 + 1000, 1 - s},
		{"two crowds", Sum{Crowd{0, 10, nil}, Crowd{s + 1, 10, nil}}, s, 10, -1},
		{"whole", Line{0, s, 100, 100}, 10 * s, 10, -1},
	} {
		rate, at := Peak(c.curve, c.window)
		if math.Abs(rate-c.rate) > 1e-6*c.rate || c.at >= 0 && at != c.at {
			t.Errorf("%s: %v at %v, wanted %v at %v", c.name, rate, at, c.rate, c.at)
		}
	}
	if rate, _ := Peak(Sum{}, s); rate != 0 {
		t.Errorf("nothing peaks at %v", rate)
	}
}

func TestPeakAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCurve(rt)
		window := drawDuration(rt, "window", 100e6, 1e9, 5e9)
		from, to := c.Span()
		if to-from > 200*window {
			return
		}
		got, at := Peak(c, window)
		if again := (c.Area(at+window-1) - c.Area(at-1)) / window.Seconds(); again != got {
			rt.Errorf("Peak says %v at %v, where it is %v", got, at, again)
		}
		var want float64
		for start := from - window; start < to; start += window / 100 {
			want = max(want, (c.Area(start+window-1)-c.Area(start-1))/window.Seconds())
		}
		if got < 0.97*want {
			rt.Errorf("Peak = %v at %v, brute force finds %v; %#v", got, at, want, c)
		}
		if got > c.Area(to)/window.Seconds()*(1+1e-9) {
			rt.Errorf("Peak = %v, more than all of %v in one window", got, c.Area(to))
		}
	})
}

func TestPacerSendsTheRoundedArea(t *testing.T) {
	const s = time.Second
	for _, c := range []Curve{
		Line{0, 10 * s, 100, 100}, Line{-5 * s, 5 * s, 0, 33.3}, Line{0, s, 0.4, 0.4}, Line{0, s, 2.5, 2.5},
		Crowd{2 * s, 777, &random.Distribution{Lognormal: &random.Lognormal{Median: 400 * time.Millisecond, Sigma: 0.6}}}, Crowd{0, 10, nil},
		Sum{Line{-s, s, 50, 80}, Crowd{0, 100, &random.Distribution{Exponential: pointer(s)}}},
	} {
		from, to := c.Span()
		p := Pacer{c}
		if due := p.Due(0); c.Area(from) == 0 && c.Area(to) >= 1 && math.Abs(c.Area(due)-0.5) > 1e-6 {
			t.Errorf("%#v: the first hit is due at %v, wanted half-way to the first arrival", c, due)
		}
		var hits uint64
		var elapsed time.Duration
		for {
			wait, stop := p.Pace(elapsed, hits)
			if stop {
				break
			}
			if want := max(0, p.Due(hits)-from-elapsed); wait != want || wait > to-from {
				t.Fatalf("%#v: hit %d waits %v, wanted %v", c, hits, wait, want)
			}
			elapsed += wait
			hits++
		}
		if want := uint64(math.Round(c.Area(to))); hits != want {
			t.Errorf("%#v: %d hits, wanted %d", c, hits, want)
		}
		if wait, stop := p.Pace(to-from+time.Hour, 0); wait != 0 || stop != (hits == 0) {
			t.Errorf("%#v: a late hit waits %v, stop %t", c, wait, stop)
		}
		if got := p.Rate(s / 2); got != c.Rate(from+s/2) {
			t.Errorf("%#v: rate after half a second %v", c, got)
		}
	}
}
