package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

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

// PackSparse returns h packed and keeps nothing of it. For a histogram of few values it is less work than Pack.
func (p *Packer) PackSparse(h *hdrhistogram.PackedHistogram) Packed {
	return Packed{p.packer.packed(h)}
}

// NewSparse returns an empty histogram of NewHistogram's range for few values: recording one takes longer, and a kilobyte holds
// what takes 200 KB there.
func NewSparse() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(LowestValue, HighestValue, SignificantDigits)
}

// PackAll returns every histogram of an interval that is not empty, and keeps nothing of those not packed yet.
func (p *Packer) PackAll(in Interval) map[Tag]Packed { return p.packer.packAll(in) }

func (p *packer) packAll(in Interval) map[Tag]Packed {
	all := make(map[Tag]Packed, len(in.Histograms)+len(in.Packed))
	for tag, histogram := range in.Histograms {
		if histogram != nil && histogram.TotalCount() > 0 {
			all[tag] = Packed{p.pack(histogram)}
		}
	}
	for tag, packed := range in.Packed {
		if packed.Count() > 0 {
			all[tag] = Packed{all[tag].cell.plus(packed.cell)}
		}
	}
	return all
}

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

// Histogram returns p as HdrHistogram's own packed histogram, which answers quantiles, mean and maximum from the buckets in
// use alone, with the same figures as a whole one.
func (p Packed) Histogram() *hdrhistogram.PackedHistogram {
	h := NewSparse()
	for slot, count := range p.cell.all() {
		_ = h.RecordValues(valueOf(slot), count) // as in addTo
	}
	return h
}

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
	const notInPairs = 8 // bytes to read one bucket after the other once there is a longer one: others follow
	var slot, count uint64
	for at := 0; at < len(data); {
		n, steps, values := sumPairs(data[at:])
		at, slot, count = at+n, slot+steps, count+values
		for end := min(at+notInPairs, len(data)); at < end; {
			if head := data[at]; fitsByte(head) && head >= topCount {
				slot += uint64(head >> countBits)
				count += uint64(head%topCount) + 1
				at++
				continue
			}
			step, values, n, err := parseBucket(data[at:])
			if err != nil {
				return Packed{}, err
			}
			if step == 0 && at > 0 {
				return Packed{}, refusePacked(slot, count)
			}
			at, slot, count = at+n, slot+step, count+values
		}
		if slot >= slots || count > maxCount {
			return Packed{}, refusePacked(slot, count)
		}
	}
	return Packed{cell{buckets: data, count: int64(count), last: int(slot)}}, nil
}

// sumPairs adds up the steps and the counts of the buckets at the front of data for as long as they are of one
// or two bytes, steps above 0 and all as AppendTo writes it. It stops before the eight bytes in which it finds
// another, and before what is left at the end: n bytes are summed up.
//
// Almost all that a fleet sends are such buckets, some of one byte and some of two in no order that a processor
// could foresee. So eight bytes are looked at at once, without a branch for any of them.
func sumPairs(data []byte) (n int, steps, values uint64) {
	const (
		ones   = 0x0101010101010101
		tops   = 0x80 * ones // the highest bit of each byte: masks below have a flag there
		counts = (topCount - 1) * ones
		near   = 0x7f >> countBits * ones // a step's bits in the first byte, shifted down
		shorts = 0x00ff00ff00ff00ff
	)
	var cut uint64 // tops of the lowest byte where the word before ends within a bucket
	for ; n+8 <= len(data); n += 8 {
		word := binary.LittleEndian.Uint64(data[n:])
		longer := word & tops
		second := longer<<8 | cut
		first := tops &^ second
		full := (word&counts + ones) << (7 - countBits) & first // the count goes on elsewhere
		third := longer & second
		// Adding carries into the highest bit unless what is added to is 0.
		stays := first &^ (word&(near<<countBits) + 0x7f*ones | longer)
		padded := second &^ (word&^tops + 0x7f*ones)
		if full|third|stays|padded != 0 {
			break
		}
		cut = longer >> 56
		inSecond := second >> 7 * 0xff
		heads, tails := word&^inSecond, word&inSecond
		// Multiplied by ones, bytes add up in the highest. Sums of tails may leave a byte, so these add up as shorts.
		steps += heads >> countBits & near * ones >> 56
		steps += (tails&shorts + tails>>8&shorts) * 0x0001000100010001 >> 48 << (7 - countBits)
		values += (heads&counts + first>>7) * ones >> 56
	}
	if cut != 0 {
		n--
		steps -= uint64(data[n] & 0x7f >> countBits)
		values -= uint64(data[n]%topCount) + 1
	}
	return n, steps, values
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
	buckets []byte // room for those of the sum
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
// cursor.next would for buckets of one byte, and of two with a count that fits.
func (s *Sum) addRest(at cursor) {
	data, slot, counts := at.rest, at.slot, s.counts
	for i := 0; i < len(data); i++ {
		head := data[i]
		if fitsByte(head) {
			slot += int(head >> countBits)
			counts[slot] += int64(head%topCount) + 1
			continue
		}
		if i+1 < len(data) && head%topCount < topCount-1 && data[i+1] < 0x80 {
			i++
			slot += int(head&0x7f>>countBits) + int(data[i])<<(7-countBits)
			counts[slot] += int64(head%topCount) + 1
			continue
		}
		step, count, n := longBucket(data[i:])
		i, slot = i+n-1, slot+step
		counts[slot] += count
	}
}

// Take returns what was added, and starts anew.
func (s *Sum) Take() Packed {
	if s.counts == nil {
		return Packed{}
	}
	var sum cell
	buckets := s.buckets[:0]
	for slot := s.lowest; slot <= s.highest; slot++ {
		if count := s.counts[slot]; count != 0 {
			buckets = appendBucket(buckets, slot-sum.last, count)
			sum.count, sum.last = sum.count+count, slot
			s.counts[slot] = 0
		}
	}
	s.reset()
	s.buckets, sum.buckets = buckets, slices.Clone(buckets)
	return Packed{sum}
}

func (s *Sum) reset() { s.lowest, s.highest = slots, -1 }
