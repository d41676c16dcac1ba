package visits

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestBusiest holds the busiest windows to what can be said by hand.
func TestBusiest(t *testing.T) {
	const second, burst = time.Second, 100 * time.Millisecond
	for _, c := range []struct {
		journey, phases string
		window          time.Duration
		at              time.Duration
		perSec          float64
	}{
		{"[a, b]", "{journey: j, from: T0, to: T0+30s, rate: 100/s}", second, 0, 200},
		{"[a]", "{journey: j, from: T0, to: T0+10s, rate: [0/s, 100/s]}", second, 9 * time.Second, 95},
		{"[a, {think: 3s}, b]", "{journey: j, from: T0, to: T0+10s, rate: 100/s}", second, 3 * time.Second, 200},
		{"[a]", "{journey: j, at: T0, users: 5k, reaction: {uniform: [0s, 1s]}}", second, 0, 5000},
		{"[a]", "{journey: j, at: T0, users: 5k, reaction: {uniform: [500ms, 1500ms]}}", second, 500 * time.Millisecond, 5000},
		{"[a]", "{journey: j, at: T0, users: 5k, reaction: {uniform: [0s, 1s]}}", burst, 0, 5000},
		{"[a]", "{journey: j, at: T0+2s, users: 50}", burst, 2 * time.Second, 500},
		{"[a, {think: 250ms}, b]", "{journey: j, at: T0, users: 100}", second, 0, 200},
		{"[a, {think: 950ms}, b]", "{journey: j, at: T0+500ms, users: 100}", second, 500 * time.Millisecond, 200},
		{"[{repeat: {times: 5, every: 400ms, do: [a]}}]", "{journey: j, at: T0, users: 100}", second, 0, 300},
		{"[a]", "{journey: j, from: T0-5s, to: T0+5s, rate: 100/s}, {journey: j, at: T0+1s, users: 1k}", second, time.Second, 1100},
	} {
		s := Of(parse(t, "j: "+c.journey, c.phases, ""))
		at, perSec := s.Busiest(c.window, nil)
		if at != c.at || math.Abs(perSec-c.perSec) > 1e-6*c.perSec {
			t.Errorf("%s of %s in %v: %g/s at %v, wanted %g/s at %v", c.journey, c.phases, c.window, perSec, at, c.perSec, c.at)
		}
	}
}

func TestBusiestIsWeighted(t *testing.T) {
	s := Of(parse(t, "j: [a, {think: 3s}, b]", "{journey: j, at: T0, users: 100}", ""))
	at, perSec := s.Busiest(time.Second, func(step string) float64 { return map[string]float64{"b": 2}[step] })
	if at != 3*time.Second || perSec != 200 {
		t.Errorf("%g/s at %v, wanted 200/s at 3s", perSec, at)
	}
	if at, perSec := s.Busiest(time.Second, func(string) float64 { return 0 }); at != 0 || perSec != 0 {
		t.Errorf("%g/s at %v, wanted none of steps without weight", perSec, at)
	}
	s.Until(-time.Second)
	if _, perSec := s.Busiest(time.Second, nil); perSec != 0 || s.Loads[0].Users != 0 {
		t.Errorf("%g/s of %g users, wanted none of a storm that is cut before it begins", perSec, s.Loads[0].Users)
	}
}

// TestRatesKeepThePoints holds what is uncertain in a journey to its three points.
func TestRatesKeepThePoints(t *testing.T) {
	s := Of(parse(t, "j: [a, {if: state == go, do: [b], expect: [20%, 50%, 80%]}]", "{journey: j, from: T0, to: T0+5s, rate: 100/s}", ""))
	got := s.Rates(time.Second, time.Second)["b"]
	if math.Abs(got.Low()-20) > 1e-6 || math.Abs(got.Mid()-50) > 1e-6 || math.Abs(got.High()-80) > 1e-6 || !got.Varies() {
		t.Errorf("%v, wanted 20, 50 and 80", got)
	}
	for position, want := range map[float64]float64{-1: 20, -.5: 35, 0: 50, .5: 65, 1: 80} {
		if v := got.At(position); math.Abs(v-want) > 1e-6 {
			t.Errorf("at %g: %g, wanted %g", position, v, want)
		}
	}
}

// No window of a fine grid has more than the one that is found, and that one has what its rates say.
func TestNoWindowIsBusier(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		millis := func(name string, most int) string { return fmt.Sprintf("%dms", rapid.IntRange(0, most).Draw(rt, name)) }
		phases := fmt.Sprintf("{journey: j, from: T0-2s, to: T0+4s, rate: [%d/s, %d/s]}", rapid.IntRange(1, 500).Draw(rt, "from"), rapid.IntRange(1, 500).Draw(rt, "to"))
		phases += fmt.Sprintf(", {journey: j, at: T0+%s, users: %d, reaction: {lognormal: {median: %dms, sigma: 0.5}}}", millis("at", 2000), rapid.IntRange(1, 2000).Draw(rt, "users"), rapid.IntRange(1, 3000).Draw(rt, "median"))
		s := Of(parse(t, "j: [a, {think: "+millis("first", 3000)+"}, b, {think: "+millis("second", 900)+"}, order]", phases, ""))
		for _, window := range []time.Duration{time.Second, 100 * time.Millisecond} {
			sum := func(at time.Duration) (sum float64) {
				for _, n := range s.Rates(at, window) {
					sum += n.Mid()
				}
				return sum
			}
			at, most := s.Busiest(window, nil)
			if got := sum(at); math.Abs(got-most) > 1e-6*most {
				rt.Fatalf("%g/s at %v, but its rates are %g/s", most, at, got)
			}
			for from := -3 * time.Second; from < 12*time.Second; from += window / 10 {
				if got := sum(from); got > most*(1+1e-6) {
					rt.Fatalf("%g/s in the %v from %v on, more than %g/s from %v", got, window, from, most, at)
				}
			}
		}
	})
}

func BenchmarkBusiest(b *testing.B) {
	s := Of(parse(b, "j: [a, {think: 1s}, b, {repeat: {times: 20, every: 300ms, do: [order]}}]", "{journey: j, from: T0-60s, to: T0+600s, rate: 1k/s}, {journey: j, at: T0, users: 40k, reaction: {lognormal: {median: 900ms, sigma: 0.7}}}", ""))
	for _, window := range []time.Duration{time.Second, 100 * time.Millisecond} {
		b.Run(window.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Busiest(window, nil)
			}
		})
	}
}
