package queueing

import (
	"fmt"
	"math"
	"testing"
)

func TestZipfCheckValues(t *testing.T) {
	z := must[Zipf](t)(NewZipf(1_000_000, .99))
	wantNear(t, "p1", must[float64](t)(z.Share(1)), .0650, 5e-5)
	wantNear(t, "top 20 %", must[float64](t)(z.TopShare(200_000)), .8809, 5e-5)
	cache := must[Zipf](t)(NewZipf(100_000, .99))
	wantNear(t, "hit ratio", must[float64](t)(cache.CacheHitRatio(10_000)), .7250, 5e-5)
}

func TestZipfSumsAgainstAdding(t *testing.T) {
	for _, exponent := range []float64{0, .3, .99, 1, 1.2, 3, 10} {
		for _, items := range []int{1, 7, 4096, 4097, 50_000, 300_000} {
			z := must[Zipf](t)(NewZipf(items, exponent))
			norm, half, upTo := 0.0, 0.0, items/2
			for i := items; i >= 1; i-- {
				p := math.Pow(float64(i), -exponent)
				norm += p
				if i <= upTo {
					half += p
				}
			}
			what := fmt.Sprintf("s %g N %d", exponent, items)
			wantRelative(t, what+" last share", must[float64](t)(z.Share(items)), math.Pow(float64(items), -exponent)/norm, 1e-8)
			wantRelative(t, what+" half", must[float64](t)(z.TopShare(upTo)), half/norm, 1e-8)
			wantRelative(t, what+" all", must[float64](t)(z.TopShare(items)), 1, 1e-15)
		}
	}
}

// Che's two sums, item by item.
func TestCacheHitRatioAgainstAdding(t *testing.T) {
	const items = 60_000
	for _, exponent := range []float64{0, .7, 1, 1.5, 5, 10} {
		z := must[Zipf](t)(NewZipf(items, exponent))
		shares := make([]float64, items)
		for i := range shares {
			shares[i] = math.Pow(float64(i+1), -exponent) / z.norm
		}
		for _, capacity := range []int{1, 100, 30_000, 59_999} {
			low, high := 0.0, 800.0 // logarithm of the characteristic time
			for range 45 {          // to within 1e-10
				mid, present := (low+high)/2, 0.0
				characteristic := math.Exp(mid)
				for _, p := range shares {
					present -= math.Expm1(-p * characteristic)
				}
				if present < float64(capacity) {
					low = mid
				} else {
					high = mid
				}
			}
			hit := 0.0
			for _, p := range shares {
				hit += p * -math.Expm1(-p*math.Exp(low))
			}
			wantNear(t, fmt.Sprintf("hit ratio s %g C %d", exponent, capacity), must[float64](t)(z.CacheHitRatio(capacity)), hit, 1e-6)
		}
	}
}

func TestCacheHitRatioEdges(t *testing.T) {
	z := must[Zipf](t)(NewZipf(1000, .8))
	wantNear(t, "no cache", must[float64](t)(z.CacheHitRatio(0)), 0, 0)
	wantNear(t, "all cached", must[float64](t)(z.CacheHitRatio(1000)), 1, 0)
	wantNear(t, "more than all cached", must[float64](t)(z.CacheHitRatio(5000)), 1, 0)
	alike := must[Zipf](t)(NewZipf(10_000_000, 0))
	wantNear(t, "a tenth of what is all alike", must[float64](t)(alike.CacheHitRatio(1_000_000)), .1, 1e-9)
	for _, call := range []func() (float64, error){
		func() (float64, error) { return z.Share(0) }, func() (float64, error) { return z.Share(1001) },
		func() (float64, error) { return z.TopShare(-1) }, func() (float64, error) { return z.TopShare(1001) },
		func() (float64, error) { return z.CacheHitRatio(-1) }, func() (float64, error) { return Zipf{}.CacheHitRatio(1) },
		func() (float64, error) { return Zipf{}.TopShare(0) }, func() (float64, error) { return Zipf{}.Share(1) },
	} {
		v, err := call()
		wantRangeError(t, fmt.Sprintf("answer %g", v), err)
	}
}

func TestHotKeyLoads(t *testing.T) {
	wantNear(t, "busiest of 10 shards", must[float64](t)(ShardLoadPerSec(1000, .2, 10)), 280, 1e-9)
	at99, at98 := must[float64](t)(DatabaseReadsPerSec(1e6, .99)), must[float64](t)(DatabaseReadsPerSec(1e6, .98))
	wantRelative(t, "reads from .99 to .98", at98/at99, 2, 1e-9)
}

func BenchmarkCacheHitRatio(b *testing.B) {
	for b.Loop() {
		z, err := NewZipf(10_000_000, .99)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := z.CacheHitRatio(100_000); err != nil {
			b.Fatal(err)
		}
	}
}
