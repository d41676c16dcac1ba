package record

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The bucket layout of NewHistogram. HdrHistogram's sub-buckets are 2^11 wide (the power of two above
// 2*10^SignificantDigits); its unit is 2^9 ns (the power of two below LowestValue). A test holds these
// against the library.
const (
	unitBits = 9
	halfBits = 10
	slots    = 24 << halfBits // buckets of NewHistogram; the last starts above HighestValue
)

// cell is one histogram of one second and tag, as small as it can be held without making it slow to add: one
// or two bytes for each bucket in use where a histogram takes 196 KB. A bucket is a variable-length integer
// with the distance from the one before in its upper bits and its count less 1 in the lower countBits; where
// these are all set, what its count is above theirs follows as another. Equal histograms are equal bytes. A cell
// is never changed once it is made, so records may share it.
type cell struct {
	buckets []byte
	count   int64
	last    int // slot of the highest bucket in use
}

// countBits is the part of a bucket's first byte that holds its count. With three of them 10,000 requests
// take 2.5 KB where they spread over 30 % of their median, least of all widths.
const (
	countBits = 3
	topCount  = 1 << countBits // the first count that does not fit
)

// slotOf returns the place of value [ns] in NewHistogram's counts.
func slotOf(value int64) int {
	const mask = 1<<(unitBits+halfBits+1) - 1
	bucket := bits.Len64(uint64(value|mask)) - (unitBits + halfBits + 1)
	return min(bucket<<halfBits+int(value>>(bucket+unitBits)), slots-1)
}

// valueOf returns the lowest value [ns] counted at slot.
func valueOf(slot int) int64 {
	bucket, sub := slot>>halfBits-1, slot&(1<<halfBits-1)
	if bucket < 0 {
		return int64(sub) << unitBits
	}
	return int64(sub+1<<halfBits) << (bucket + unitBits)
}

// all yields slot and count of every bucket in use, in ascending order.
func (c cell) all() iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		for at := (cursor{rest: c.buckets}); at.next(); {
			if !yield(at.slot, at.count) {
				return
			}
		}
	}
}

// addTo adds the cell to a histogram made by NewHistogram. It cannot fail there: no slot is beyond the
// last, and counts are far from 2^63 (see maxCount).
func (c cell) addTo(h *hdrhistogram.Histogram) {
	for slot, count := range c.all() {
		_ = h.RecordValues(valueOf(slot), count)
	}
}

// maxValue returns what the histogram's Max would: the highest value counted in its highest bucket.
func (c cell) maxValue() int64 { return valueOf(c.last+1) - 1 }

// plus returns the sum of two cells.
func (c cell) plus(other cell) cell {
	if c.count == 0 {
		return other
	}
	if other.count == 0 {
		return c
	}
	a, b := cursor{rest: c.buckets}, cursor{rest: other.buckets}
	var sum cellBuilder
	moreA, moreB := a.next(), b.next()
	for moreA || moreB {
		if moreA && (!moreB || a.slot <= b.slot) {
			sum.add(a.slot, a.count)
			moreA = a.next()
			continue
		}
		sum.add(b.slot, b.count)
		moreB = b.next()
	}
	return sum.cell()
}

// cursor walks a cell's buckets.
type cursor struct {
	rest  []byte
	slot  int
	count int64
}

// next goes on to the next bucket; false at the end.
func (c *cursor) next() bool {
	if len(c.rest) == 0 {
		return false
	}
	step, count, n := bucket(c.rest)
	c.rest, c.slot, c.count = c.rest[n:], c.slot+step, count
	return true
}

// bucket returns the first bucket of a cell's rest, of n bytes: how far its slot is from the one before, and its count.
func bucket(rest []byte) (step int, count int64, n int) {
	head := rest[0]
	if fitsByte(head) {
		return int(head >> countBits), int64(head%topCount) + 1, 1
	}
	if len(rest) > 1 && head|rest[1] < 0x80 { // most of a sum: a byte each for distance and count
		return int(head >> countBits), topCount + int64(rest[1]), 2
	}
	return longBucket(rest)
}

// fitsByte reports that a bucket's first byte is all of it: neither does its distance go on nor its count.
func fitsByte(head byte) bool { return head&(0x80|(topCount-1)) < topCount-1 }

// longBucket is bucket for any length.
func longBucket(rest []byte) (step int, count int64, n int) {
	head, n := binary.Uvarint(rest)
	step, count = int(head>>countBits), int64(head%topCount)+1
	if count == topCount {
		more, m := binary.Uvarint(rest[n:])
		count, n = count+int64(more), n+m
	}
	return step, count, n
}

// cellBuilder makes a cell from buckets in ascending order. A bucket may come in several parts.
type cellBuilder struct {
	bytes []byte
	slot  int   // of the bucket that is still open
	open  int64 // its count so far
	last  int   // slot written last
	total int64
}

func (b *cellBuilder) add(slot int, count int64) {
	if slot != b.slot {
		b.shut()
		b.slot = slot
	}
	b.open += count
	b.total += count
}

func (b *cellBuilder) shut() {
	if b.open == 0 {
		return
	}
	b.bytes = appendBucket(b.bytes, b.slot-b.last, b.open)
	b.last, b.open = b.slot, 0
}

// appendBucket appends a bucket, step slots behind the one before; its count is above 0.
func appendBucket(dst []byte, step int, count int64) []byte {
	dst = appendUvarint(dst, uint64(step)<<countBits|uint64(min(count, topCount)-1))
	if count >= topCount {
		dst = appendUvarint(dst, uint64(count-topCount))
	}
	return dst
}

// appendUvarint is binary.AppendUvarint, for less work where a byte is enough, as it mostly is.
func appendUvarint(dst []byte, value uint64) []byte {
	if value < 0x80 {
		return append(dst, byte(value))
	}
	return binary.AppendUvarint(dst, value)
}

// cell returns what was added and starts anew, keeping its buffer.
func (b *cellBuilder) cell() cell {
	b.shut()
	made := cell{buckets: slices.Clone(b.bytes), count: b.total, last: b.last}
	*b = cellBuilder{bytes: b.bytes[:0]}
	return made
}

// packer makes cells from histograms without allocating more than the cell.
type packer struct {
	scratch *hdrhistogram.PackedHistogram
	builder cellBuilder
}

func newPacker() *packer {
	return &packer{scratch: NewSparse()}
}

// pack returns the cell of h. Values that NewHistogram cannot hold count as the highest, as everywhere.
func (p *packer) pack(h *hdrhistogram.Histogram) cell {
	p.scratch.Reset()
	if above := p.scratch.MergeFrom(h); above > 0 {
		_ = p.scratch.RecordValues(HighestValue, above)
	}
	return p.packed(p.scratch)
}

// packed returns the cell of h, whose range and precision may differ from NewHistogram's: a log that
// another version wrote can be read, as exactly as its own buckets allow.
func (p *packer) packed(h *hdrhistogram.PackedHistogram) cell {
	for value, count := range h.ForEachBucket {
		p.builder.add(slotOf(value), count)
	}
	return p.builder.cell()
}
