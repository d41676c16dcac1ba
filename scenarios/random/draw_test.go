package random

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

var _ rand.Source = (*Source)(nil)

// The first outputs of SplitMix64 for the seed 1234567, as its authors' C code prints them.
func TestMixIsSplitMix64(t *testing.T) {
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821} {
		if got := mix(1234567 + golden*uint64(i+1)); got != want {
			t.Errorf("output %d is %d, wanted %d", i, got, want)
		}
	}
}

// uniform tests that numbers below cells fall into each alike.
func uniform(t *testing.T, what string, cells, n int, draw func(k int) uint64) {
	t.Helper()
	counts := make([]float64, cells)
	for k := range n {
		counts[draw(k)]++
	}
	var statistic float64
	mean := float64(n) / float64(cells)
	for _, c := range counts {
		statistic += (c - mean) * (c - mean) / mean
	}
	chiSquared(t, what, statistic, float64(cells-1))
}

// chiSquared fails where a statistic is as large, or as small, as one in 10000 is.
func chiSquared(t *testing.T, what string, statistic, degrees float64) {
	t.Helper()
	if p := (distuv.ChiSquared{K: degrees}).CDF(statistic); p < 1e-4 || p > 1-1e-4 {
		t.Errorf("%s: chi-square %v with %v degrees of freedom, p = %v", what, statistic, degrees, 1-p)
	}
}

func TestStreamIsUniform(t *testing.T) {
	const n = 100_000
	s := NewStream(1, "think")
	uniform(t, "high bits", 256, n, func(k int) uint64 { return s.Uint64(uint64(k)) >> 56 })
	uniform(t, "low bits", 256, n, func(k int) uint64 { return s.Uint64(uint64(k)) & 255 })
	uniform(t, "floats", 100, n, func(k int) uint64 { return uint64(100 * s.Float64(uint64(k))) })
	uniform(t, "pairs", 256, n, func(k int) uint64 { return s.Uint64(uint64(2*k))>>60<<4 | s.Uint64(uint64(2*k+1))>>60 })
	uniform(t, "first draws of sub-streams", 256, n, func(k int) uint64 { return s.Sub(uint64(k)).Uint64(0) >> 56 })
	uniform(t, "neighbours among sub-streams", 256, n, func(k int) uint64 { return s.Sub(uint64(k)).Uint64(3)>>60<<4 | s.Sub(uint64(k+1)).Uint64(3)>>60 })
	uniform(t, "first draws of seeds", 256, n, func(k int) uint64 { return NewStream(uint64(k), "think").Uint64(0) >> 56 })
	uniform(t, "first draws of names", 256, n, func(k int) uint64 { return NewStream(1, fmt.Sprintf("arrivals/%d", k)).Uint64(0) >> 56 })
	for k := range uint64(n) {
		if f := s.Float64(k); f < 0 || f >= 1 {
			t.Fatalf("Float64(%d) = %v", k, f)
		}
	}
}

func TestNamesAndSeedsAreIndependent(t *testing.T) {
	const n = 100_000
	streams := map[string]Stream{
		"a": NewStream(1, "a"), "b": NewStream(1, "b"), "empty": NewStream(1, ""), "ab": NewStream(1, "ab"), "ba": NewStream(1, "ba"),
		"seed 2": NewStream(2, "a"), "seed 0": NewStream(0, "a"), "seed max": NewStream(math.MaxUint64, "a"), "sub": NewStream(1, "a").Sub(0),
	}
	names := slices.Sorted(maps.Keys(streams))
	for i, x := range names {
		for _, y := range names[i+1:] {
			a, b := streams[x], streams[y]
			if a == b {
				t.Fatalf("%s and %s are the same stream", x, y)
			}
			uniform(t, x+" beside "+y, 256, n/4, func(k int) uint64 { return a.Uint64(uint64(k))>>60<<4 | b.Uint64(uint64(k))>>60 })
		}
	}
}

// Draws are pinned: a scenario and a seed must make the same storm in every version.
func TestDrawsStayTheSame(t *testing.T) {
	s := NewStream(42, "arrivals/0")
	source := &Source{Stream: s}
	for k := range uint64(10) {
		if got := source.Uint64(); got != s.Uint64(k) {
			t.Errorf("the source's draw %d is %d, wanted %d", k, got, s.Uint64(k))
		}
	}
	if got := s.Uint64(0); got != 3079250407532599206 {
		t.Errorf("the first draw is %d", got)
	}
	if got := s.Sub(1).Uint64(2); got != 8276695276172870265 {
		t.Errorf("draw 2 of sub-stream 1 is %d", got)
	}
	if got := NewPermutation(s, 1000).At(1); got != 761 {
		t.Errorf("the permutation puts 1 at %d", got)
	}
}

func TestPermutationIsABijection(t *testing.T) {
	check := func(fail interface{ Fatalf(string, ...any) }, s Stream, size uint64) {
		p := NewPermutation(s, size)
		seen := make([]bool, size)
		for k := range size {
			image := p.At(k)
			if image >= size || seen[image] {
				fail.Fatalf("of %d, %d goes to %d, which is outside or taken", size, k, image)
			}
			seen[image] = true
		}
	}
	for size := uint64(1); size <= 70; size++ {
		check(t, NewStream(1, "small"), size)
	}
	rapid.Check(t, func(rt *rapid.T) {
		check(rt, Stream(rapid.Uint64().Draw(rt, "stream")), rapid.Uint64Range(1, 5000).Draw(rt, "size"))
	})
}

func TestGreatPermutations(t *testing.T) {
	for _, size := range []uint64{1e6 + 3, 1 << 32, 1<<32 + 1, 1e12, 1<<62 + 1, 1<<63 + 5, math.MaxUint64} {
		p := NewPermutation(NewStream(1, "user"), size)
		seen := map[uint64]bool{}
		var low float64
		for i := range uint64(20_000) {
			k := i
			if i%2 == 1 {
				k = size - 1 - i
			}
			image := p.At(k)
			if image >= size || seen[image] {
				t.Fatalf("of %d, %d goes to %d, which is outside or taken", size, k, image)
			}
			seen[image] = true
			if image < size/2 {
				low++
			}
		}
		if math.Abs(low-10_000) > 4*math.Sqrt(5000) {
			t.Errorf("of %d, %v of 20000 images lie in the lower half", size, low)
		}
	}
}

func TestPermutationsDiffer(t *testing.T) {
	uniform(t, "where 3 of 10 goes", 10, 20_000, func(k int) uint64 { return NewPermutation(NewStream(uint64(k), "user"), 10).At(3) })
	for _, size := range []uint64{5, 17, 40} {
		pairs := int(size * (size - 1))
		uniform(t, fmt.Sprintf("where 0 and 1 of %d go", size), pairs, 40*pairs, func(k int) uint64 {
			p := NewPermutation(NewStream(uint64(k), "user"), size)
			a, b := p.At(0), p.At(1)
			if b > a {
				b-- // a itself is taken
			}
			return a*(size-1) + b
		})
	}
}
