package compose

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"fsctl/loadgen/loadtest"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

func TestFeederSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Uint64Range(1, 3000).Draw(t, "size")
		f := loadtest.Must(newFeeder(&scenarios.Scenario{}, &scenarios.Feeder{Name: "user", From: "sequence", Size: amount.Count(size),
			Fields: map[string]string{"token": "t-${n}-${n}", "fixed": "x"}}, rapid.Uint64().Draw(t, "seed")))
		token, id := loadtest.Must(f.field("token")), loadtest.Must(f.field("id"))
		seen := map[string]bool{}
		for k := range size {
			row, number := string(f.append(nil, k, token)), string(f.append(nil, k, id))
			if want := fmt.Sprintf("t-%s-%s", number, number); row != want || seen[number] {
				t.Fatalf("arrival %d gets %s, id %s, seen before: %v", k, row, number, seen[number])
			}
			seen[number] = true
		}
		if !seen["1"] || !seen[fmt.Sprint(size)] || seen["0"] {
			t.Fatalf("rows are not 1 to %d", size)
		}
		if f.enough(size) != nil || f.enough(size+1) == nil {
			t.Fatal("a row would be given twice")
		}
	})
}

func TestRowsDependOnTheSeed(t *testing.T) {
	rows := func(seed uint64) (text string) {
		f := loadtest.Must(newFeeder(&scenarios.Scenario{}, &scenarios.Feeder{Name: "user", From: "sequence", Size: 1000}, seed))
		for k := range uint64(20) {
			text += string(f.append(nil, k, -1)) + " "
		}
		return text
	}
	one, again, two := rows(1), rows(1), rows(2)
	if one != again || one == two {
		t.Errorf("seed 1 %s, again %s, seed 2 %s", one, again, two)
	}
}

// TestItemShares compares how often items are wanted with their law, by Pearson's chi-square test.
// The seed is fixed, so that the test does not fail once in a thousand runs.
func TestItemShares(t *testing.T) {
	const draws, count = 200_000, 50
	for _, s := range []float64{0, 0.5, 0.99, 1, 2} {
		it := loadtest.Must(newItems(&scenarios.Sale{Items: count, SKU: "sku-${n}", Popularity: scenarios.Popularity{Zipf: s}}, 11))
		var found, law [count]float64
		var sum float64
		for i := range law {
			law[i] = math.Pow(float64(i+1), -s)
			sum += law[i]
		}
		for k := range uint64(draws) {
			found[it.of(k)-1]++
		}
		var chi float64
		for i := range law {
			expected := draws * law[i] / sum
			chi += (found[i] - expected) * (found[i] - expected) / expected
		}
		if p := 1 - (distuv.ChiSquared{K: count - 1}).CDF(chi); p < 0.001 {
			t.Errorf("s = %v: chi-square %.1f, p = %.2g: the shares are not those of the law", s, chi, p)
		}
	}
}

func TestItemNames(t *testing.T) {
	for _, c := range []struct {
		sale *scenarios.Sale
		want string
	}{
		{&scenarios.Sale{Items: 1, SKU: "the-one"}, "the-one"},
		{&scenarios.Sale{Items: 1, SKU: "sku-${n}"}, "sku-1"},
		{&scenarios.Sale{Items: 1, SKU: "${n}/x"}, "1/x"},
	} {
		it := loadtest.Must(newItems(c.sale, 1))
		if got := string(it.appendSKU(nil, 5)); got != c.want {
			t.Errorf("%q names %q, wanted %q", c.sale.SKU, got, c.want)
		}
	}
}
