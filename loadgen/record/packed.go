package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Packed is one histogram of NewHistogram's range, exact to the bucket, in one or two bytes for each bucket in
// use. It is what travels between machines and waits in memory in a histogram's place. It is never changed
// once it is made. The zero value is an empty histogram.
type Packed struct{ cell cell }

// Packer makes Packed histograms. It is not safe for use by several goroutines.
type Packer struct{ packer *packer }

// NewPacker returns a Packer.
func NewPacker() *Packer { return &Packer{newPacker()} }

// Pack returns h packed and keeps nothing of it. Values that NewHistogram could not hold count as the highest.
func (p *Packer) Pack(h *hdrhistogram.Histogram) Packed { return Packed{p.packer.pack(h)} }

// Count returns how many values p holds.
func (p Packed) Count() int64 { return p.cell.count }

// SizeBytes returns the length of p's encoding.
func (p Packed) SizeBytes() int { return len(p.cell.buckets) }

// Equal reports that p and other hold the same count in every bucket.
func (p Packed) Equal(other Packed) bool { return bytes.Equal(p.cell.buckets, other.cell.buckets) }

// AppendTo appends p's encoding to dst, for ParsePacked. Equal histograms are equal bytes.
func (p Packed) AppendTo(dst []byte) []byte { return append(dst, p.cell.buckets...) }

// AddTo adds p to a histogram made by NewHistogram.
func (p Packed) AddTo(h *hdrhistogram.Histogram) { p.cell.addTo(h) }

// Halves splits p in two histograms of half its buckets each, the lower and the upper ones, which add up to
// p. Of a single bucket, the upper half is empty.
func (p Packed) Halves() (lower, upper Packed) {
	buckets := 0
	for range p.cell.all() {
		buckets++
	}
	var low, high cellBuilder
	seen := 0
	for slot, count := range p.cell.all() {
		half := &low
		if seen >= (buckets+1)/2 {
			half = &high
		}
		half.add(slot, count)
		seen++
	}
	return Packed{low.cell()}, Packed{high.cell()}
}

// ParsePacked returns the histogram that data encodes, of which it keeps data. It accepts just what AppendTo
// writes: a bucket that NewHistogram does not have, an order that is not ascending or more than a trillion
// values are errors, and so is anything cut off.
func ParsePacked(data []byte) (Packed, error) {
	var slot, count uint64
	for at := 0; at < len(data); {
		if head := data[at]; fitsByte(head) && head >= topCount {
			slot += uint64(head >> countBits)
			count += uint64(head%topCount) + 1
			at++
			continue
		}
		step, more, n, err := parseBucket(data[at:])
		if err != nil {
			return Packed{}, err
		}
		slot, count = slot+step, count+more
		if step == 0 && at > 0 || slot >= slots || count > maxCount {
			return Packed{}, refusePacked(slot, count)
		}
		at += n
	}
	if slot >= slots || count > maxCount {
		return Packed{}, refusePacked(slot, count)
	}
	return Packed{cell{buckets: data, count: int64(count), last: int(slot)}}, nil
}

func refusePacked(slot, count uint64) error {
	return fmt.Errorf("packed histogram: found %d values up to bucket %d, wanted at most %d and ascending buckets below %d", count, slot, int64(maxCount), slots)
}

// parseBucket reads a bucket of any length. No part of it is so large that sums of it leave 64 bits.
func parseBucket(data []byte) (step, count uint64, n int, err error) {
	head, n, err := shortest(data)
	step, count = min(head>>countBits, slots), head%topCount+1
	if err != nil || count < topCount {
		return step, count, n, err
	}
	more, m, err := shortest(data[n:])
	return step, count + min(more, maxCount), n + m, err
}

// shortest reads a variable-length integer that takes no more bytes than it needs.
func shortest(data []byte) (value uint64, n int, err error) {
	value, n = binary.Uvarint(data)
	if n <= 0 || n > 1 && data[n-1] == 0 {
		return 0, 0, errors.New("packed histogram: a bucket is cut off or malformed")
	}
	return value, n, nil
}

// Sum adds up packed histograms: many of them for less work than one histogram after another. The zero value
// is an empty sum. It is not safe for use by several goroutines.
type Sum struct {
	counts  []int64 // by slot
	lowest  int     // slots from lowest to highest may be in use
	highest int
	builder cellBuilder
}

// Add adds p.
func (s *Sum) Add(p Packed) {
	if p.cell.count == 0 {
		return
	}
	if s.counts == nil {
		s.counts = make([]int64, slots)
		s.reset()
	}
	at := cursor{rest: p.cell.buckets}
	at.next()
	s.lowest = min(s.lowest, at.slot)
	s.counts[at.slot] += at.count
	s.addRest(at)
	s.highest = max(s.highest, p.cell.last)
}

// addRest adds the buckets that are left. It is the inner loop of merging a fleet, and so does by itself what
// cursor.next would.
func (s *Sum) addRest(at cursor) {
	data, slot, counts := at.rest, at.slot, s.counts
	for i := 0; i < len(data); i++ {
		if head := data[i]; fitsByte(head) {
			slot += int(head >> countBits)
			counts[slot] += int64(head%topCount) + 1
			continue
		}
		long := cursor{rest: data[i:], slot: slot}
		long.long()
		i, slot = len(data)-len(long.rest)-1, long.slot
		counts[slot] += long.count
	}
}

// Take returns what was added, and starts anew.
func (s *Sum) Take() Packed {
	s.empty(s.builder.add)
	return Packed{s.builder.cell()}
}

// TakeTo adds what was added to a histogram made by NewHistogram, and starts anew.
func (s *Sum) TakeTo(h *hdrhistogram.Histogram) {
	s.empty(func(slot int, count int64) { _ = h.RecordValues(valueOf(slot), count) }) // cannot fail, see addTo
}

// empty calls take with every bucket in use, in ascending order, and starts anew.
func (s *Sum) empty(take func(slot int, count int64)) {
	if s.counts == nil {
		return
	}
	for slot := s.lowest; slot <= s.highest; slot++ {
		if count := s.counts[slot]; count != 0 {
			take(slot, count)
			s.counts[slot] = 0
		}
	}
	s.reset()
}

func (s *Sum) reset() { s.lowest, s.highest = slots, -1 }
