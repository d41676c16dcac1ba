package histogram

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func checkPacked(t rapid.TB, p Packed, want *Histogram) {
	t.Helper()
	got := New()
	p.AddTo(got)
	if !libraryOf(t, got).Equals(libraryOf(t, want)) || got.figures != want.figures || p.Count() != want.Count() {
		t.Fatalf("packed histogram has %d values and says %d, wanted the same %d", got.Count(), p.Count(), want.Count())
	}
}

func TestPackedIsTheHistogram(t *testing.T) {
	packer := NewPacker()
	rapid.Check(t, func(t *rapid.T) {
		drawn := values().Draw(t, "values")
		h, highest := histogramOf(t, drawn), int64(0)
		if every := rapid.Int64Range(1, 40).Draw(t, "every"); len(drawn) > 0 { // counts on both sides of a byte's
			highest = slices.Max(drawn)
			if err := h.RecordValues(highest, every); err != nil {
				t.Fatal(err)
			}
		}
		p := packer.Pack(h)
		checkPacked(t, p, h)
		few := NewSparse()
		for slot, count := range p.all() {
			if err := few.RecordValues(valueOf(slot), count); err != nil {
				t.Fatal(err)
			}
		}
		if sparse := packer.PackSparse(few); !bytes.Equal(sparse.buckets, p.buckets) {
			t.Fatalf("packed again from a sparse one: %+v, wanted %+v", sparse, p)
		}
		data := p.AppendTo(nil)
		if len(data) != p.SizeBytes() {
			t.Fatalf("encoding has %d bytes, wanted the %d it says", len(data), p.SizeBytes())
		}
		back, err := Parse(data)
		if err != nil || !back.Equal(p) || back.last != p.last {
			t.Fatalf("came back as %+v (%v), wanted %+v", back, err, p)
		}
		checkPacked(t, back, h)
		lower, upper := back.Halves()
		if lower.Count() > 0 && upper.Count() > 0 && lower.last >= slotOf(highest) {
			t.Fatal("the lower half reaches to the highest bucket")
		}
		if p.SizeBytes() > 40 && (upper.SizeBytes() == 0 || lower.SizeBytes() >= p.SizeBytes()) {
			t.Fatalf("%d bytes were split into %d and %d", p.SizeBytes(), lower.SizeBytes(), upper.SizeBytes())
		}
		var sum Sum
		sum.Add(upper)
		sum.Add(lower)
		if whole := sum.Take(); !whole.Equal(p) {
			t.Fatal("the halves do not add up to the whole")
		}
	})
}

// Of a log without exact figures, all figures are those of the library.
func TestEstimatedFiguresAreTheLibrarys(t *testing.T) {
	packer := NewPacker()
	for _, drawn := range [][]int64{{0}, {1}, {LowestValue, LowestValue, 3_000_000}, {HighestValue}, {5, 1 << 20, 1 << 21, 1<<21 - 1, HighestValue}} {
		checkEstimates(t, packer, drawn)
	}
	rapid.Check(t, func(t *rapid.T) {
		checkEstimates(t, packer, rapid.SliceOfN(rapid.Int64Range(0, 50_000_000), 1, 40).Draw(t, "values"))
	})
	if empty := (Packed{}); empty.Mean() != 0 || empty.StdDev() != 0 || empty.Quantile(0.5) != 0 || empty.Figures() != (Figures{}) {
		t.Errorf("an empty histogram says %+v", empty.Figures())
	}
}

func checkEstimates(t rapid.TB, packer *Packer, values []int64) {
	t.Helper()
	h := histogramOf(t, values)
	var encoder Encoder
	text, err := encoder.Append(nil, packer.Pack(h))
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewDecoder().Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	library := libraryOf(t, h)
	got, want := []float64{float64(p.Count()), float64(p.Min()), float64(p.Max())},
		[]float64{float64(library.TotalCount()), float64(library.Min()), float64(library.Max())}
	if !slices.Equal(got, want) || math.Abs(p.Mean()-library.Mean()) > 1e-12*library.Mean() || math.Abs(p.StdDev()-library.StdDev()) > 1e-9*library.StdDev() {
		t.Fatalf("of %d values %v, mean %v and deviation %v, wanted %v, %v and %v", len(values), got, p.Mean(), p.StdDev(), want, library.Mean(), library.StdDev())
	}
}

func TestSumIsTheHistogramSum(t *testing.T) {
	packer := NewPacker()
	var sum Sum
	if empty := sum.Take(); empty.Count() != 0 || empty.SizeBytes() != 0 {
		t.Fatalf("a sum of nothing is %+v", empty)
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []int64
		for range rapid.IntRange(0, 6).Draw(t, "parts") {
			part := values().Draw(t, "values")
			all = append(all, part...)
			sum.Add(packer.Pack(histogramOf(t, part)))
		}
		p := sum.Take()
		checkPacked(t, p, histogramOf(t, all))
		sum.Add(p)
		if again := sum.Take(); !again.Equal(p) || sum.Take().Count() != 0 {
			t.Fatalf("taken again %d values, wanted %d and then none", again.Count(), p.Count())
		}
	})
}

func TestPackedRefusesWhatItDoesNotWrite(t *testing.T) {
	bucket := func(step, count uint64) []byte {
		head := binary.AppendUvarint(nil, step<<countBits|min(count, topCount)-1)
		if count >= topCount {
			head = binary.AppendUvarint(head, count-topCount)
		}
		return head
	}
	var good []byte // of which any number of bytes can stand before: one byte and two by turns
	for range 8 {
		good = append(append(good, bucket(3, 2)...), bucket(200, 5)...)
	}
	for name, data := range map[string][]byte{
		"a bucket twice":              append(bucket(5, 1), bucket(0, 1)...),
		"a bucket beyond the last":    bucket(slots, 1),
		"steps beyond the last":       append(bucket(slots-1, 1), bucket(1, 1)...),
		"a step of 64 bits":           binary.AppendUvarint(nil, 1<<64-1),
		"a count of 64 bits":          binary.AppendUvarint([]byte{5<<countBits | topCount - 1}, 1<<64-1),
		"a trillion and one":          bucket(5, MaxCount+1),
		"a trillion in two buckets":   append(bucket(5, MaxCount), bucket(1, 1)...),
		"cut off in a bucket":         {0x80},
		"cut off in a count":          {5<<countBits | topCount - 1},
		"more bytes than it needs":    {0x81, 0x00},
		"eleven bytes of one integer": bytes.Repeat([]byte{0x81}, 11),
	} {
		for before := range len(good) {
			if before > 0 && good[before-1] >= 0x80 {
				continue // would cut a bucket
			}
			for _, after := range [][]byte{nil, good} {
				if after != nil && strings.HasPrefix(name, "cut off") {
					continue // would be what was cut off
				}
				if p, err := parseBuckets(slices.Concat(good[:before], data, after)); err == nil {
					t.Errorf("%s, %d bytes before and %d after: read as %d values, wanted an error", name, before, len(after), p.Count())
				}
			}
		}
	}
}

// Buckets of one byte are read with those of two, eight bytes at a time, and all others by themselves.
func TestPackedOfManyBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.SampledFrom([]int{15, 40, 2100}).Draw(t, "longest step")
		most := rapid.SampledFrom([]int64{1, 7, 20, 1000}).Draw(t, "most values")
		want, slot := Packed{}, 0
		for i := range rapid.IntRange(0, 200).Draw(t, "buckets") {
			step, count := rapid.IntRange(min(i, 1), longest).Draw(t, "step"), rapid.Int64Range(1, most).Draw(t, "values")
			if slot+step >= slots {
				break
			}
			slot += step
			want = Packed{buckets: appendBucket(want.buckets, step, count), count: want.count + count, last: slot}
		}
		got, err := parseBuckets(want.buckets)
		if err != nil || got.count != want.count || got.last != want.last {
			t.Fatalf("%d values up to bucket %d (%v), wanted %d up to %d", got.count, got.last, err, want.count, want.last)
		}
		got.figures = got.estimated()
		h := New()
		got.AddTo(h)
		checkPacked(t, got, h)
		var sum Sum
		sum.Add(got)
		sum.Add(got)
		got.AddTo(h)
		checkPacked(t, sum.Take(), h)
	})
}

func FuzzParse(f *testing.F) {
	for _, histogram := range seeds(f) {
		f.Add(NewPacker().Pack(histogram).AppendTo(nil))
	}
	f.Add(binary.AppendUvarint([]byte{5, 0, 5}, 0))
	f.Add(binary.AppendUvarint(nil, (slots-1)<<countBits))
	packer := NewPacker()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			return
		}
		h := New()
		p.AddTo(h)
		if again := packer.Pack(h); !bytes.Equal(again.AppendTo(nil), data) || again.last != p.last || again.Count() != p.Count() {
			t.Fatalf("% x was read, but its histogram packs as % x", data, again.AppendTo(nil))
		}
	})
}
