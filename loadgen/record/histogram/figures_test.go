package histogram

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// samples draws 1 to 2,000 values: spread evenly or by powers of ten, or few distinct ones.
func samples() *rapid.Generator[[]int64] {
	return rapid.Custom(func(t *rapid.T) []int64 {
		n := rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(1, 2000)).Draw(t, "values")
		most := rapid.SampledFrom([]int64{1, 1000, 1_000_000, 50_000_000, HighestValue}).Draw(t, "most")
		draw := rapid.Int64Range(0, most)
		switch rapid.IntRange(0, 2).Draw(t, "shape") {
		case 0:
			draw = rapid.SampledFrom(rapid.SliceOfN(draw, 1, 3).Draw(t, "distinct"))
		case 1:
			power := rapid.Float64Range(0, math.Log(float64(HighestValue)))
			draw = rapid.Map(power, func(x float64) int64 { return int64(math.Exp(x)) })
		}
		return rapid.SliceOfN(draw, n, n).Draw(t, "sample")
	})
}

// packedBy packs values by one of the forms that they can be recorded in.
func packedBy(t rapid.TB, sparse bool, values []int64) Packed {
	t.Helper()
	if !sparse {
		return NewPacker().Pack(histogramOf(t, values))
	}
	s := NewSparse()
	for _, value := range values {
		if err := s.RecordValue(value); err != nil {
			t.Fatal(err)
		}
	}
	return NewPacker().PackSparse(s)
}

// checkFigures holds a histogram's figures against the values themselves.
func checkFigures(t rapid.TB, p Packed, values []int64) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(values))
	var sum int64
	for _, value := range sorted {
		sum += value
	}
	n := int64(len(sorted))
	if want := (Figures{sorted[0], sorted[n-1], sum}); p.Count() != n || p.Figures() != want || p.Mean() != float64(sum)/float64(n) {
		t.Fatalf("%d values with %+v and mean %v, wanted %d with %+v", p.Count(), p.Figures(), p.Mean(), n, want)
	}
	if p.Quantile(1) != sorted[n-1] || p.Quantile(0) != sorted[0] {
		t.Fatalf("quantiles 0 and 1 are %d and %d, wanted %d and %d", p.Quantile(0), p.Quantile(1), sorted[0], sorted[n-1])
	}
	for thousandths := int64(1); thousandths <= 1000; thousandths++ {
		if thousandths > 20 && thousandths < 980 && thousandths%10 != 0 {
			continue
		}
		want := sorted[(thousandths*n+999)/1000-1] // ceil(q n), in integers
		got := p.Quantile(float64(thousandths) / 1000)
		if got < want || got > sorted[n-1] || float64(got-want) > max(512, float64(want)/1000) {
			t.Fatalf("quantile %d/1000 of %d values is %d, wanted %d to three digits and at most %d", thousandths, n, got, want, sorted[n-1])
		}
	}
}

func TestQuantilesAreNearestRank(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := samples().Draw(t, "sample")
		checkFigures(t, packedBy(t, rapid.Bool().Draw(t, "sparse"), values), values)
	})
}

func TestFiguresOfPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := samples().Draw(t, "sample")
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		a, b := packedBy(t, true, values[:cut]), packedBy(t, false, values[cut:])
		var sum Sum
		sum.Add(a)
		sum.Add(b)
		both := histogramOf(t, nil)
		a.AddTo(both)
		b.AddTo(both)
		for _, whole := range []Packed{a.Plus(b), b.Plus(a), sum.Take(), NewPacker().Pack(both)} {
			checkFigures(t, whole, values)
			lower, upper := whole.Halves()
			for _, half := range []Packed{lower, upper} { // halves travel in messages of their own
				if again, err := Parse(half.AppendTo(nil)); err != nil || !again.Equal(half) {
					t.Fatalf("half %+v came back as %+v, %v", half.Figures(), again.Figures(), err)
				}
			}
			checkFigures(t, lower.Plus(upper), values)
		}
	})
}

// 69 results of 10 ms and one of a second: the 99th percentile is the 70th.
func TestQuantileOfSeventy(t *testing.T) {
	var values []int64
	for range 69 {
		values = append(values, int64(10*time.Millisecond))
	}
	p := packedBy(t, false, append(values, int64(time.Second)))
	if p.Quantile(0.99) != int64(time.Second) || p.Max() != int64(time.Second) || p.Quantile(0.985) > int64(10*time.Millisecond)*1001/1000 {
		t.Errorf("p98.5 %d, p99 %d, max %d", p.Quantile(0.985), p.Quantile(0.99), p.Max())
	}
}

func TestRank(t *testing.T) {
	for _, c := range []struct {
		q    float64
		n    int64
		want int64
	}{
		{0.5, 1, 1}, {0.5, 2, 1}, {0.5, 3, 2}, {0.99, 70, 70}, {0.99, 100, 99}, {0.99, 101, 100}, {0.07, 100, 7}, {0.999, 1000, 999},
		{99.9 / 100, 1000, 999}, {0.29, 100, 29}, {1, 5, 5}, {2, 5, 5}, {0, 5, 1}, {-1, 5, 1}, {math.NaN(), 5, 1}, {1e-12, 5, 1}, {0.9999, 1 << 40, 1099401676614},
	} {
		if got := Rank(c.q, c.n); got != c.want {
			t.Errorf("rank of the %v-quantile of %d is %d, wanted %d", c.q, c.n, got, c.want)
		}
	}
	for n := int64(1); n <= 3000; n++ {
		for percent := int64(1); percent <= 100; percent++ {
			if got, want := Rank(float64(percent)/100, n), (percent*n+99)/100; got != want {
				t.Fatalf("rank of p%d of %d is %d, wanted %d", percent, n, got, want)
			}
		}
	}
}

func TestFiguresThatCannotBe(t *testing.T) {
	p := packedBy(t, false, []int64{1_000_000, 3_000_000})
	for _, f := range []Figures{{}, {1_000_000, 2_000_000, 4_000_000}, {999_000, 3_000_000, 4_000_000}, {1_000_000, 3_000_000, 6_000_001}, {1_000_000, 3_000_000, 1_999_999}, {3_000_000, 1_000_000, 4_000_000}, {-1, 3_000_000, 4_000_000}} {
		if _, ok := p.WithFigures(f); ok {
			t.Errorf("%+v were taken", f)
		}
	}
	if _, ok := (Packed{}).WithFigures(Figures{}); ok {
		t.Error("an empty histogram took figures")
	}
	if q, ok := p.WithMax(3_000_100); !ok || q.Max() != 3_000_100 || q.Min() != 1_000_000 {
		t.Errorf("maximum is %d, %v", q.Max(), ok)
	}
}

func TestSumStaysAtTheHighest(t *testing.T) {
	h := New()
	if err := h.RecordValues(HighestValue, MaxCount/2); err != nil {
		t.Fatal(err)
	}
	if err := h.RecordValues(1_000_000, MaxCount/2); err != nil {
		t.Fatal(err)
	}
	p := NewPacker().Pack(h)
	lower, upper := p.Halves()
	if again, err := Parse(p.AppendTo(nil)); err != nil || !again.Equal(p) || p.Figures().Sum != math.MaxInt64 || !lower.Plus(upper).Equal(p) {
		t.Errorf("sum is %d and comes back as %d, %v; of halves %d", p.Figures().Sum, again.Figures().Sum, err, lower.Plus(upper).Figures().Sum)
	}
}

func BenchmarkRecordValue(b *testing.B) {
	h := New()
	value := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		value = (value*1103515245 + 12345) & 0x3ffffff
		_ = h.RecordValue(value)
	}
}
