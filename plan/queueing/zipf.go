package queueing

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
)

// Zipf is a popularity in which item i of N, counted from the most popular, draws a share
//
//	p_i = i^-s / H, H = sum_{i=1..N} i^-s
//
// [NewZipf] makes it; the zero value has no items and refuses to answer. Source: Breslau et al.,
// Web Caching and Zipf-like Distributions, INFOCOM 1999.
type Zipf struct {
	items    int
	exponent float64
	norm     float64 // H
}

// Ranks up to this one are summed one by one; beyond, sums are integrals with a midpoint rule,
// whose relative error s/(24 zipfHead^2) is below 2e-8.
const zipfHead = 4096

// NewZipf returns the popularity of N items with exponent s.
//
//	items    N  1 to 1e9
//	exponent s  0 (all alike) to 10; shops and caches see 0.6 to 1.2
//
// Good to 1e-8 relative, in constant time. Errors: [RangeError]. Source: as [Zipf].
func NewZipf(items int, exponent float64) (Zipf, error) {
	if items < 1 || items > 1e9 {
		return Zipf{}, &RangeError{Parameter: "items", Value: float64(items), Want: "in [1, 1e9]"}
	}
	if !(exponent >= 0 && exponent <= 10) {
		return Zipf{}, &RangeError{Parameter: "Zipf exponent", Value: exponent, Want: "in [0, 10]"}
	}
	z := Zipf{items: items, exponent: exponent}
	z.norm = z.harmonic(items)
	return z, nil
}

// Share returns p_i, the share of requests, 0 to 1, for the item of the given rank, 1 to N. Errors:
// [RangeError]. Source: as [Zipf].
func (z Zipf) Share(rank int) (float64, error) {
	if rank < 1 || rank > z.items {
		return 0, &RangeError{Parameter: "rank", Value: float64(rank), Want: "in [1, items], items from NewZipf"}
	}
	return math.Pow(float64(rank), -z.exponent) / z.norm, nil
}

// TopShare returns the share of requests, 0 to 1, for the count k of the most popular items, k from 0 to N:
// by definition the sum of [Zipf.Share] up to k. Errors: [RangeError].
func (z Zipf) TopShare(count int) (float64, error) {
	if count < 0 || count > z.items || z.items == 0 {
		return 0, &RangeError{Parameter: "top items", Value: float64(count), Want: "in [0, items], items from NewZipf"}
	}
	return z.harmonic(count) / z.norm, nil
}

// harmonic is sum_{i=1..n} i^-s.
func (z Zipf) harmonic(n int) float64 {
	sum := 0.0
	for i := min(n, zipfHead); i >= 1; i-- { // small terms first, for their digits
		sum += math.Pow(float64(i), -z.exponent)
	}
	if n <= zipfHead {
		return sum
	}
	from, to := zipfHead+0.5, float64(n)+0.5
	width, rest := math.Log(to/from), 1-z.exponent
	if rest == 0 {
		return sum + width
	}
	return sum + math.Pow(from, rest)*math.Expm1(rest*width)/rest
}

// CacheHitRatio returns the share of requests that an LRU cache of C items answers, by Che's
// approximation: with t the root of
//
//	sum_i (1 - e^(-p_i t)) = C
//
// the hit ratio is sum_i p_i (1 - e^(-p_i t)).
//
//	cachedItems C  0 to 1e9; N and more give 1
//
// Within a percent of LRU for caches of a hundred items or more; requests must be independent of
// each other. Milliseconds at any N. Errors: [RangeError].
// Source: Che, Tung and Wang, IEEE JSAC 20(7), 2002; Fricker, Robert and Roberts, ITC 24, 2012.
func (z Zipf) CacheHitRatio(cachedItems int) (float64, error) {
	if cachedItems < 0 || cachedItems > 1e9 || z.items == 0 {
		return 0, &RangeError{Parameter: "cached items", Value: float64(cachedItems), Want: "in [0, 1e9], of a NewZipf"}
	}
	switch {
	case cachedItems == 0:
		return 0, nil
	case cachedItems >= z.items:
		return 1, nil
	}
	groups := z.groups()
	present := func(logTime float64) float64 {
		t, sum := math.Exp(logTime), 0.0
		for _, g := range groups {
			sum -= g.items * math.Expm1(-g.share*t)
		}
		return sum
	}
	capacity := float64(cachedItems)
	// Every item is present with at most p_i t, so t >= C; doubling finds the other end.
	low, high := math.Log(capacity), math.Log(capacity)+1
	for present(high) < capacity && high < 700 {
		high++
	}
	t := math.Exp(findRoot(func(x float64) float64 { return present(x) - capacity }, low, high))
	hit := 0.0
	for _, g := range groups {
		hit -= g.items * g.share * math.Expm1(-g.share*t)
	}
	return math.Min(1, hit), nil
}

// zipfGroup stands for a number of items with the same share; the number is a weight of the
// integration rule, not whole.
type zipfGroup struct{ share, items float64 }

// groups lists the head one by one and the tail as Gauss-Legendre nodes over the logarithm of the
// rank, so that any smooth function of the shares is summed over millions of items in thousands
// of steps.
func (z Zipf) groups() []zipfGroup {
	head := min(z.items, zipfHead)
	groups := make([]zipfGroup, 0, 2*zipfHead)
	for i := 1; i <= head; i++ {
		groups = append(groups, zipfGroup{math.Pow(float64(i), -z.exponent) / z.norm, 1})
	}
	if z.items == head {
		return groups
	}
	const nodes, panel = 8, 0.125
	from, to := math.Log(zipfHead+0.5), math.Log(float64(z.items)+0.5)
	panels := int(math.Ceil((to - from) / panel))
	width := (to - from) / float64(panels)
	var x, weight [nodes]float64
	for p := range panels {
		start := from + float64(p)*width
		quad.Legendre{}.FixedLocations(x[:], weight[:], start, start+width)
		for i, logRank := range x {
			rank := math.Exp(logRank)
			groups = append(groups, zipfGroup{math.Pow(rank, -z.exponent) / z.norm, weight[i] * rank})
		}
	}
	return groups
}

// ShardLoadPerSec returns the rate at the busiest of K shards, the one that holds the hottest key,
// while the other keys spread evenly: p1 lambda + (1-p1) lambda / K.
//
//	requestsPerSec lambda  [1/s], 0 or 1e-15 to 1e15
//	hottestShare   p1      share of the hottest key, 0 to 1
//	shards         K       at least 1
//
// More shards never bring it below p1 lambda. Errors: [RangeError].
// Derived: one shard takes all calls of the hottest key and a K-th of the others.
func ShardLoadPerSec(requestsPerSec, hottestShare float64, shards int) (float64, error) {
	if err := errors.Join(checkRateOrZero("request rate", requestsPerSec),
		checkProbability("share of the hottest key", hottestShare), checkAtLeast("shards", shards, 1)); err != nil {
		return 0, err
	}
	return requestsPerSec * (hottestShare + (1-hottestShare)/float64(shards)), nil
}

// DatabaseReadsPerSec returns the reads that a cache lets through: (1-h) lambda. From h = .99 to
// .98 they double.
//
//	readsPerSec lambda  [1/s], 0 or 1e-15 to 1e15
//	hitRatio    h       0 to 1
//
// Errors: [RangeError]. By definition of the hit ratio.
func DatabaseReadsPerSec(readsPerSec, hitRatio float64) (float64, error) {
	if err := errors.Join(checkRateOrZero("read rate", readsPerSec), checkProbability("hit ratio", hitRatio)); err != nil {
		return 0, err
	}
	return readsPerSec * (1 - hitRatio), nil
}
