package histogram

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// values draws latencies as a run has them, with the extremes of the range.
func values() *rapid.Generator[[]int64] {
	value := rapid.OneOf(
		rapid.Int64Range(0, 3*LowestValue),
		rapid.Int64Range(1_000_000, 2_000_000),
		rapid.Int64Range(0, HighestValue),
		rapid.SampledFrom([]int64{0, 1, 511, 512, LowestValue, 1<<20 - 1, 1 << 20, 1<<21 - 1, 1 << 21, HighestValue}),
	)
	return rapid.SliceOfN(value, 0, 40)
}

func histogramOf(t rapid.TB, values []int64) *Histogram {
	t.Helper()
	h := New()
	for _, value := range values {
		if err := h.RecordValue(value); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// libraryOf returns the library's histogram with the same buckets.
func libraryOf(t rapid.TB, h *Histogram) *hdrhistogram.Histogram {
	t.Helper()
	library := hdrhistogram.New(LowestValue, HighestValue, SignificantDigits)
	for slot, count := range h.all() {
		if err := library.RecordValues(valueOf(slot), count); err != nil {
			t.Fatal(err)
		}
	}
	return library
}

// TestHistogramCountsAsTheLibrary records the same values in both.
func TestHistogramCountsAsTheLibrary(t *testing.T) {
	used := New()
	rapid.Check(t, func(t *rapid.T) {
		library := hdrhistogram.New(LowestValue, HighestValue, SignificantDigits)
		for _, value := range values().Draw(t, "values") {
			n := rapid.Int64Range(1, 3).Draw(t, "times")
			if err := used.RecordValues(value, n); err != nil {
				t.Fatal(err)
			}
			if err := library.RecordValues(value, n); err != nil {
				t.Fatal(err)
			}
		}
		if !libraryOf(t, used).Equals(library) || used.Count() != library.TotalCount() {
			t.Fatalf("%d values, wanted the library's %d", used.Count(), library.TotalCount())
		}
		used.Reset()
		if used.Count() != 0 || NewPacker().Pack(used).Count() != 0 {
			t.Fatal("values are left after a reset")
		}
	})
	for _, value := range []int64{-1, valueOf(slots), math.MinInt64, math.MaxInt64} {
		if used.RecordValue(value) == nil || used.RecordValues(value, 2) == nil || used.Count() != 0 {
			t.Errorf("%d ns was counted", value)
		}
	}
}

func TestCellHoldsEveryBucket(t *testing.T) {
	if counts := (libraryOf(t, New()).ByteSize() - 6*8 - 5*4) / 8; counts != slots {
		t.Fatalf("the library has %d buckets, this package assumes %d", counts, slots)
	}
	h := New()
	for slot := range slots {
		if err := h.RecordValues(valueOf(slot), int64(slot%300+1)); err != nil {
			t.Fatalf("slot %d, value %d: %v", slot, valueOf(slot), err)
		}
		if got := slotOf(valueOf(slot)); got != slot {
			t.Fatalf("value %d of slot %d is in slot %d", valueOf(slot), slot, got)
		}
		if got := slotOf(valueOf(slot+1) - 1); got != slot {
			t.Fatalf("highest value %d of slot %d is in slot %d", valueOf(slot+1)-1, slot, got)
		}
	}
	back := New()
	NewPacker().Pack(h).AddTo(back)
	if !libraryOf(t, back).Equals(libraryOf(t, h)) || back.figures != h.figures {
		t.Fatal("a histogram with every bucket in use came back different")
	}
}

func TestCellAndPayloadAreTheHistogram(t *testing.T) {
	p, d := NewPacker(), NewDecoder()
	var encoder Encoder
	rapid.Check(t, func(t *rapid.T) {
		h := histogramOf(t, values().Draw(t, "values"))
		c := p.Pack(h)
		back := New()
		c.AddTo(back)
		if !libraryOf(t, back).Equals(libraryOf(t, h)) || back.figures != h.figures {
			t.Fatal("a histogram came back from its cell different")
		}
		if h.Count() == 0 {
			return
		}
		library := libraryOf(t, h)
		if c.count != h.Count() || c.estimated().Max != library.ValueAtPercentile(100) {
			t.Fatalf("cell says %d values up to %d, histogram %d up to %d", c.count, c.estimated().Max, h.Count(), library.ValueAtPercentile(100))
		}
		text, err := encoder.Append(nil, c)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := hdrhistogram.Decode(text)
		if err != nil {
			t.Fatalf("the library cannot read the payload: %v", err)
		}
		if !theirs.Equals(library) {
			t.Fatal("the library reads another histogram")
		}
		decoded, err := d.Decode(text)
		if err != nil || !bytes.Equal(decoded.buckets, c.buckets) || decoded.count != c.count || decoded.last != c.last {
			t.Fatalf("decoded %+v (%v), wanted %+v", decoded, err, c)
		}
		if _, own := d.own(text); !own {
			t.Fatal("its own payload was left to the library")
		}
		libraryText, err := library.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(inflate(t, text), inflate(t, libraryText)) {
			t.Fatal("the payload before compression is not the library's, byte for byte")
		}
	})
}

func inflate(t rapid.TB, text []byte) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	in, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestCellSumIsTheHistogramSum(t *testing.T) {
	p := NewPacker()
	rapid.Check(t, func(t *rapid.T) {
		drawnA, drawnB := values().Draw(t, "a"), values().Draw(t, "b")
		a, b := p.Pack(histogramOf(t, drawnA)), p.Pack(histogramOf(t, drawnB))
		sum, other := a.Plus(b), b.Plus(a)
		want := p.Pack(histogramOf(t, slices.Concat(drawnA, drawnB)))
		if !bytes.Equal(sum.buckets, want.buckets) || sum.count != want.count || sum.last != want.last || !sum.Equal(want) {
			t.Fatalf("sum of cells is %+v, cell of the sum %+v", sum, want)
		}
		if !sum.Equal(other) {
			t.Fatal("a+b is not b+a")
		}
	})
}

func TestForeignRangesAreReadAsExactlyAsTheirBuckets(t *testing.T) {
	d := NewDecoder()
	wide := hdrhistogram.New(1, 24*HighestValue, 4) // five digits take 34 MB
	for _, value := range []int64{1, 1_000_000, 5 * HighestValue} {
		if err := wide.RecordValues(value, 7); err != nil {
			t.Fatal(err)
		}
	}
	text, err := wide.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Decode(text)
	if err != nil || c.count != 21 {
		t.Errorf("payload of another range decodes to %d values (%v), wanted 21", c.count, err)
	}
	back := New()
	c.AddTo(back)
	got := libraryOf(t, back)
	if got.TotalCount() != 21 {
		t.Errorf("%d values of 21 arrived", got.TotalCount())
	}
	if median := c.Quantile(0.5); !got.ValuesAreEquivalent(median, 1_000_000) {
		t.Errorf("median is %d, wanted 1000000", median)
	}
	if !got.ValuesAreEquivalent(got.Max(), HighestValue) || !got.ValuesAreEquivalent(c.Max(), HighestValue) {
		t.Errorf("what is above the highest value counts as %d, wanted as the highest %d", got.Max(), HighestValue)
	}
}

func TestPayloadWithImpossibleCountIsRefused(t *testing.T) {
	h := New()
	if err := h.RecordValues(1_000_000, MaxCount+1); err != nil {
		t.Fatal(err)
	}
	text, err := libraryOf(t, h).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewDecoder().Decode(text); err == nil {
		t.Error("more than a trillion requests in a second were believed")
	}
}

func BenchmarkPayload(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, bench := range []struct {
		name     string
		requests int
	}{{"5", 5}, {"1000", 1000}, {"20000", 20000}} {
		h := New()
		for range bench.requests {
			if err := h.RecordValue(int64(2e6 * math.Exp(0.7*random.NormFloat64()))); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(bench.name, func(b *testing.B) {
			p := NewPacker()
			var encoder Encoder
			var text []byte
			for b.Loop() {
				var err error
				if text, err = encoder.Append(text[:0], p.Pack(h)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(text)), "payload-bytes")
			b.ReportMetric(float64(len(p.Pack(h).buckets)), "cell-bytes")
		})
	}
}
