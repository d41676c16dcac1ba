package arrivals

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"fsctl/scenarios/random"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

func schedule(seed uint64, end time.Duration, phases ...Phase) *Schedule {
	return NewSchedule(phases, seed, end)
}

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Fatalf(format string, args ...any)
}

// walked returns every arrival of a schedule, after checking what holds of all schedules:
// instants in order, no index twice, as many as Len says, and nothing after the last.
func walked(t failer, s *Schedule) []Arrival {
	var all []Arrival
	seen := make([]bool, s.Size())
	c := s.Walk()
	for a, ok := c.Next(); ok; a, ok = c.Next() {
		if len(all) > 0 && a.Due < all[len(all)-1].Due {
			t.Fatalf("arrival %d is due at %v, the one before it at %v", len(all), a.Due, all[len(all)-1].Due)
		}
		if a.Index >= s.Size() || seen[a.Index] {
			t.Fatalf("index %d comes twice, or is not below %d", a.Index, s.Size())
		}
		seen[a.Index] = true
		if len(all)%101 == 0 {
			if found, ok := s.Arrival(a.Index); !ok || found != a {
				t.Fatalf("arrival %d by its index: found %+v, %v, wanted %+v", a.Index, found, ok, a)
			}
		}
		all = append(all, a)
	}
	for i := 0; i < len(seen); i += 1 + len(seen)/31 {
		if a, ok := s.Arrival(uint64(i)); ok != seen[i] {
			t.Fatalf("arrival %d by its index: found %+v, %v, walked over: %v", i, a, ok, seen[i])
		}
	}
	if a, ok := s.Arrival(s.Size()); ok {
		t.Fatalf("found %+v beyond the last index", a)
	}
	if uint64(len(all)) != s.Len() {
		t.Fatalf("walked %d arrivals, Len says %d", len(all), s.Len())
	}
	if a, ok := c.Next(); ok {
		t.Fatalf("found %+v after the last arrival", a)
	}
	return all
}

func duesOf(all []Arrival) []time.Duration {
	dues := make([]time.Duration, len(all))
	for i, a := range all {
		dues[i] = a.Due
	}
	return dues
}

// kolmogorovSmirnov fails where numbers in 0..1 are not uniform, with a chance of 1 in 1000 for those that are.
func kolmogorovSmirnov(t *testing.T, what string, u []float64) {
	t.Helper()
	slices.Sort(u)
	var worst float64
	n := float64(len(u))
	for i, x := range u {
		worst = max(worst, x-float64(i)/n, float64(i+1)/n-x)
	}
	if statistic := worst * math.Sqrt(n); statistic > 1.95 {
		t.Errorf("%s: %d numbers are not as wanted: Kolmogorov-Smirnov statistic %v, wanted below 1.95", what, len(u), statistic)
	}
}

// chiSquared fails where a statistic is as large, or as small, as one in 10000 is.
func chiSquared(t *testing.T, what string, statistic, degrees float64) {
	t.Helper()
	if p := (distuv.ChiSquared{K: degrees}).CDF(statistic); p < 1e-4 || p > 1-1e-4 {
		t.Errorf("%s: chi-square %v with %v degrees of freedom, p = %v", what, statistic, degrees, 1-p)
	}
}

// stream and crowd are phases of independent users.
func stream(from, to time.Duration, fromRate, toRate float64) Phase {
	return Phase{Curve: Line{from, to, fromRate, toRate}}
}

func crowd(at time.Duration, users float64, reaction *random.Distribution) Phase {
	return Phase{Curve: Crowd{at, users, reaction}}
}

func isCrowd(p Phase) bool {
	_, is := p.Curve.(Crowd)
	return is
}

func drawPhase(rt *rapid.T) Phase {
	var p Phase
	from := drawDuration(rt, "from", -5e9, -1e9, 0, 2e9)
	if rapid.Bool().Draw(rt, "crowd") {
		p = crowd(from, rapid.SampledFrom([]float64{1, 7, 1000, 1024, 1025, 5000}).Draw(rt, "users"), drawDistribution(rt))
	} else {
		rate := rapid.SampledFrom([]float64{0.1, 0.7, 13, 500, 2500})
		p = stream(from, from+drawDuration(rt, "length", 1e6, 100e6, 1e9, 4e9), rate.Draw(rt, "rate"), rate.Draw(rt, "to rate"))
	}
	p.Even = rapid.SampledFrom([]bool{false, false, true}).Draw(rt, "even")
	return p
}

func TestSchedules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var storm []Phase
		for range rapid.IntRange(0, 3).Draw(rt, "phases") {
			storm = append(storm, drawPhase(rt))
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		s := NewSchedule(storm, seed, 0)
		all := walked(rt, s)
		if s.Size() != s.Len() { // with no index twice, they are dense
			rt.Fatalf("Size %d of %d arrivals", s.Size(), s.Len())
		}
		if again := walked(rt, NewSchedule(storm, seed, 0)); !slices.Equal(all, again) {
			rt.Fatalf("the same seed makes another storm")
		}
		counts := make([]float64, len(storm))
		for _, a := range all {
			counts[a.Phase]++
			if from, to := storm[a.Phase].Curve.Span(); a.Due < from || a.Due > to {
				rt.Fatalf("%+v is outside its phase, %v to %v", a, from, to)
			}
		}
		for i, p := range storm {
			c := p.Curve
			_, to := c.Span()
			if area := c.Area(to); (isCrowd(p) || p.Even) && counts[i] != math.Round(area) {
				rt.Fatalf("phase %d has %v arrivals, wanted %v", i, counts[i], area)
			} else if math.Abs(counts[i]-area) > 8*math.Sqrt(area)+20 {
				rt.Fatalf("phase %d has %v arrivals, wanted about %v", i, counts[i], area)
			}
		}
		checkClipped(rt, storm, seed, s, all)
		checkNumbered(rt, storm, seed, all)
	})
}

// Numbers that begin elsewhere change nothing else.
func checkNumbered(rt *rapid.T, storm []Phase, seed uint64, all []Arrival) {
	first := rapid.Uint64Range(0, 1e12).Draw(rt, "first")
	numbered := NewSchedule(storm, seed, 0)
	numbered.NumberFrom(first)
	if size := first + uint64(len(all)); len(storm) > 0 && numbered.Size() != size {
		rt.Fatalf("Size %d, wanted %d", numbered.Size(), size)
	}
	c := numbered.Walk()
	for i := range all {
		a, _ := c.Next()
		if a.Index -= first; a != all[i] {
			rt.Fatalf("found %+v, wanted %+v after %d", a, all[i], first)
		}
	}
}

// A storm cut short is the beginning of the whole one.
func checkClipped(rt *rapid.T, storm []Phase, seed uint64, whole *Schedule, all []Arrival) {
	end := drawDuration(rt, "end", -6e9, -2e9, 1, 1e9, 4e9, 12e9)
	if len(all) > 0 && rapid.Bool().Draw(rt, "end at an arrival") {
		end = all[rapid.IntRange(0, len(all)-1).Draw(rt, "arrival")].Due
	}
	if end == 0 {
		return // means no end
	}
	clipped := NewSchedule(storm, seed, end)
	got := walked(rt, clipped)
	if !slices.Equal(got, all[:len(got)]) || clipped.Size() != whole.Size() {
		rt.Fatalf("the storm until %v is not the beginning of the whole", end)
	}
	if len(got) > 0 && got[len(got)-1].Due > end || len(got) < len(all) && all[len(got)].Due <= end {
		rt.Fatalf("the storm until %v has %d of %d arrivals", end, len(got), len(all))
	}
}

func TestSeedsAndPhasesDiffer(t *testing.T) {
	p := stream(0, 10*time.Second, 100, 100)
	one, two := walked(t, schedule(1, 0, p)), walked(t, schedule(2, 0, p))
	if slices.Equal(duesOf(one), duesOf(two)) {
		t.Error("two seeds make the same storm")
	}
	byPhase := map[int][]time.Duration{}
	for _, a := range walked(t, schedule(1, 0, p, p)) {
		byPhase[a.Phase] = append(byPhase[a.Phase], a.Due)
	}
	if slices.Equal(byPhase[0], byPhase[1]) || !slices.Equal(byPhase[0], duesOf(one)) {
		t.Error("two phases are the same, or the first depends on the second")
	}
}

// Through its area, independent users at any rate are a Poisson process of rate 1: gaps are exponential.
func TestPoissonGaps(t *testing.T) {
	for name, p := range map[string]Phase{
		"hold": stream(-50*time.Second, 50*time.Second, 500, 500), "ramp up": stream(0, 100*time.Second, 0, 2000),
		"ramp down": stream(0, 100*time.Second, 1000, 10), "slow": stream(0, 50_000*time.Second, 1, 1),
	} {
		c := p.Curve
		var u, gaps []float64
		var before float64
		for _, a := range walked(t, schedule(7, 0, p)) {
			n := c.Area(a.Due)
			gaps = append(gaps, n-before)
			u = append(u, -math.Expm1(-(n - before)))
			before = n
		}
		var correlation float64
		for i := 1; i < len(gaps); i++ {
			correlation += (gaps[i] - 1) * (gaps[i-1] - 1)
		}
		if r := correlation / float64(len(gaps)); math.Abs(r) > 4/math.Sqrt(float64(len(gaps))) {
			t.Errorf("%s: gaps follow each other with correlation %v", name, r)
		}
		kolmogorovSmirnov(t, name, u)
	}
}

// Numbers per second are Poisson too, also over more than a block: their variance is their mean.
func TestPoissonCounts(t *testing.T) {
	const rate, seconds = 200, 1000
	all := walked(t, schedule(3, 0, stream(0, seconds*time.Second, rate, rate)))
	for _, window := range []time.Duration{time.Second, 5 * time.Second, 20 * time.Second} {
		counts := make([]float64, seconds*time.Second/window)
		for _, a := range all {
			counts[min(int(a.Due/window), len(counts)-1)]++
		}
		var statistic float64
		mean := rate * window.Seconds()
		for _, n := range counts {
			statistic += (n - mean) * (n - mean) / mean
		}
		chiSquared(t, fmt.Sprintf("counts per %v", window), statistic, float64(len(counts)))
	}
}

func TestCrowdIsExactAndReactsByItsLaw(t *testing.T) {
	for name, d := range map[string]*random.Distribution{
		"lognormal":   {Lognormal: &random.Lognormal{Median: 400 * time.Millisecond, Sigma: 0.6}},
		"uniform":     {Uniform: &random.Uniform{Low: 0, High: 20 * time.Millisecond}},
		"exponential": {Exponential: pointer(time.Second)},
		"normal":      {Normal: &random.Normal{Mean: 5 * time.Second, Deviation: time.Second}},
	} {
		for _, n := range []float64{1, 2, 1023, 1024, 1025, 2048, 50_000} {
			all := walked(t, schedule(11, 0, crowd(time.Second, n, d)))
			if len(all) != int(n) {
				t.Fatalf("%s: %d users of %v came", name, len(all), n)
			}
			if n < 1000 {
				continue
			}
			var u []float64
			for _, a := range all {
				u = append(u, d.CDF(a.Due-time.Second))
			}
			kolmogorovSmirnov(t, fmt.Sprintf("%s of %v", name, n), u)
		}
	}
	if all := walked(t, schedule(1, 0, crowd(time.Second, 5000, nil))); all[0].Due != time.Second || all[4999].Due != time.Second {
		t.Error("a crowd without a reaction does not come at once")
	}
}

// The crowd's numbers per block vary as those of independent users do.
func TestCrowdBlocksAreMultinomial(t *testing.T) {
	const users, cells = 200_000, 195
	counts := make([]float64, cells)
	for _, a := range walked(t, schedule(5, 0, crowd(0, users, &random.Distribution{Uniform: &random.Uniform{Low: 0, High: cells * time.Millisecond}}))) {
		counts[min(a.Due/time.Millisecond, cells-1)]++
	}
	var statistic float64
	for _, n := range counts {
		statistic += (n - users/cells) * (n - users/cells) / (users / cells)
	}
	chiSquared(t, "cells of a crowd", statistic, cells-1)
}

func TestEvenSpacingIsExact(t *testing.T) {
	p := stream(-2*time.Second, 8*time.Second, 300, 300)
	p.Even = true
	all := walked(t, schedule(1, 0, p))
	if len(all) != 3000 {
		t.Fatalf("%d arrivals, wanted 3000", len(all))
	}
	for i, a := range all {
		want := -2*time.Second + time.Duration(float64(i)*1e9/300+0.5e9/300)
		if d := a.Due - want; d < -1 || d > 1 || a.Index != uint64(i) {
			t.Fatalf("arrival %d is %+v, wanted at %v", i, a, want)
		}
	}
	c := crowd(0, 2500, &random.Distribution{Exponential: pointer(time.Second)})
	c.Even = true
	for i, a := range walked(t, schedule(9, 0, c)) {
		if want := c.Curve.At(float64(i) + 0.5); a.Due != want {
			t.Fatalf("arrival %d of the crowd is due at %v, wanted %v", i, a.Due, want)
		}
	}
}

func TestGreatAndEmptyStorms(t *testing.T) {
	great := schedule(1, 0, crowd(0, 100e6, &random.Distribution{Exponential: pointer(time.Second)}))
	if great.Len() != 100e6 || great.Size() != 100e6 {
		t.Errorf("Len %d, Size %d", great.Len(), great.Size())
	}
	for _, s := range []*Schedule{schedule(1, 0), schedule(1, 0, stream(0, time.Nanosecond*10, 1, 1)), schedule(1, -1, crowd(0, 50, nil))} {
		if all := walked(t, s); len(all) != 0 {
			t.Errorf("found %v", all)
		}
	}
	if n := schedule(1, 1, crowd(0, 50, nil)).Len(); n != 50 {
		t.Errorf("an end just after T0 leaves %d of 50", n)
	}
}

func BenchmarkWalk(b *testing.B) {
	phases := map[string]Phase{
		"hold": stream(0, 100*time.Second, 1e5, 1e5), "ramp": stream(0, 100*time.Second, 0, 2e5),
		"uniform":   crowd(0, 10e6, &random.Distribution{Uniform: &random.Uniform{Low: 0, High: time.Second}}),
		"lognormal": crowd(0, 10e6, &random.Distribution{Lognormal: &random.Lognormal{Median: time.Second, Sigma: 0.6}}),
	}
	for _, name := range slices.Sorted(maps.Keys(phases)) {
		b.Run(name, func(b *testing.B) {
			s := schedule(1, 0, phases[name])
			for b.Loop() {
				c := s.Walk()
				for _, ok := c.Next(); ok; _, ok = c.Next() {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(s.Len()), "ns/arrival")
		})
	}
}

// TestWalkFrom compares with a walk from the start.
func TestWalkFrom(t *testing.T) {
	even := stream(3*time.Second, 5*time.Second, 1500, 1500)
	even.Even = true
	ramp := stream(-2*time.Second, 8*time.Second, 100, 5000)
	s := schedule(3, 7*time.Second, ramp, even, crowd(0, 5000, nil))
	all := walked(t, s)
	for _, from := range []time.Duration{-time.Hour, -2 * time.Second, 0, 1, 1500 * time.Millisecond, 3 * time.Second, 4999 * time.Millisecond, 8 * time.Second, time.Hour} {
		first := slices.IndexFunc(all, func(a Arrival) bool { return a.Due >= from })
		want := []Arrival{}
		if first >= 0 {
			want = all[first:]
		}
		got := []Arrival{}
		c := s.WalkFrom(from)
		for a, ok := c.Next(); ok; a, ok = c.Next() {
			got = append(got, a)
		}
		if !slices.Equal(got, want) {
			t.Errorf("from %v: %d arrivals, wanted %d", from, len(got), len(want))
		}
	}
}

// TestCloneGoesOnByItself compares a clone and its origin, advanced in turns, with a walk from the start.
func TestCloneGoesOnByItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var storm []Phase
		for range rapid.IntRange(0, 3).Draw(t, "phases") {
			storm = append(storm, drawPhase(t))
		}
		s := NewSchedule(storm, rapid.Uint64().Draw(t, "seed"), 0)
		all := walked(t, s)
		at := rapid.IntRange(0, len(all)).Draw(t, "at")
		c := s.Walk()
		for range at {
			c.Next()
		}
		clone := c.Clone()
		rest := [2][]Arrival{}
		for i := range 2 * (len(all) - at + 1) {
			which := i % 2
			if a, ok := []*Cursor{c, clone}[which].Next(); ok {
				rest[which] = append(rest[which], a)
			}
		}
		if !slices.Equal(rest[0], all[at:]) || !slices.Equal(rest[1], all[at:]) {
			t.Fatalf("after %d of %d arrivals the cursor has %d and its clone %d left", at, len(all), len(rest[0]), len(rest[1]))
		}
	})
}
