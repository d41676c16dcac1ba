package histogram

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// seeds returns histograms of a few values each, and an empty one.
func seeds(t rapid.TB) []*Histogram {
	all := []*Histogram{New()}
	for step := range int64(6) {
		var values []int64
		for i := range int64(10) {
			values = append(values, (i+1)*(step+1)*1_000_000)
		}
		all = append(all, histogramOf(t, values))
	}
	return all
}

// FuzzPayload holds this package's decoder against the library's: both refuse a payload, or read it alike.
func FuzzPayload(f *testing.F) {
	var encoder Encoder
	for _, histogram := range seeds(f) {
		if c := NewPacker().Pack(histogram); c.count > 0 {
			f.Add(appendPlain(nil, c)[headerBytes:])
		}
	}
	f.Add([]byte{})
	f.Add(binary.AppendVarint(nil, -slots))
	f.Add(binary.AppendVarint(binary.AppendVarint(nil, -slots), 1))
	f.Add(binary.AppendVarint(nil, MaxCount+1))
	f.Add(append(bytes.Repeat([]byte{0x80}, 9), 0)) // encoding/binary reads 0, HdrHistogram 2^62 and then 0
	f.Add(append(bytes.Repeat([]byte{0x82}, 8), 1)) // the ninth byte is the last
	f.Add([]byte{0x82, 0x80, 0x00, 0x02})           // more bytes than it needs
	decoder := NewDecoder()
	f.Fuzz(func(t *testing.T, counts []byte) {
		text, err := encoder.appendCompressed(nil, append(appendHeader(nil, len(counts)), counts...))
		if err != nil {
			t.Fatal(err)
		}
		theirs, refused := hdrhistogram.DecodePacked(text)
		if c, ok := decoder.own(text); ok && refused != nil {
			t.Fatalf("%d values were read of what the library refuses: %v", c.count, refused)
		}
		_, own := decoder.own(text)
		c, err := decoder.Decode(text)
		if (err == nil) != (refused == nil && theirs.TotalCount() <= MaxCount) {
			t.Fatalf("read %d values with error %v, the library says %v", c.count, err, refused)
		}
		if err != nil {
			return
		}
		ours := cursor{rest: c.buckets}
		for value, count := range theirs.ForEachBucket {
			if !own && theirs.Max() > HighestValue {
				break // what is above it counts as the highest
			}
			if !ours.next() || ours.slot != slotOf(value) || ours.count != count {
				t.Fatalf("read %d of bucket %d, the library %d of bucket %d", ours.count, ours.slot, count, slotOf(value))
			}
		}
		if c.count != theirs.TotalCount() {
			t.Fatalf("read %d values, the library %d", c.count, theirs.TotalCount())
		}
	})
}
