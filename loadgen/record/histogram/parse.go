package histogram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// AppendTo appends p's encoding to dst, for Parse: minimum, what the maximum is above it, sum, and the buckets. Of an
// empty histogram it is empty. Equal histograms are equal bytes.
func (p Packed) AppendTo(dst []byte) []byte {
	if p.count == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(p.figures.Min))
	dst = binary.AppendUvarint(dst, uint64(p.figures.Max-p.figures.Min))
	dst = binary.AppendUvarint(dst, uint64(p.figures.Sum))
	return append(dst, p.buckets...)
}

// SizeBytes returns the length of p's encoding.
func (p Packed) SizeBytes() int {
	if p.count == 0 {
		return 0
	}
	size := func(value int64) int { return max(1, (bits.Len64(uint64(value))+6)/7) }
	return size(p.figures.Min) + size(p.figures.Max-p.figures.Min) + size(p.figures.Sum) + len(p.buckets)
}

// Parse returns the histogram that data encodes, of which it keeps data. It accepts just what AppendTo
// writes: a bucket that New does not have, an order that is not ascending, more than a trillion
// values or figures that cannot be theirs are errors, and so is anything cut off.
func Parse(data []byte) (Packed, error) {
	if len(data) == 0 {
		return Packed{}, nil
	}
	var numbers [3]int64
	for i := range numbers {
		value, n, err := shortest(data)
		if err != nil {
			return Packed{}, err
		}
		if value > math.MaxInt64 {
			return Packed{}, fmt.Errorf("packed histogram: found the figure %d, wanted at most 2^63-1 ns", value)
		}
		numbers[i], data = int64(value), data[n:]
	}
	p, err := parseBuckets(data)
	if err != nil {
		return Packed{}, err
	}
	f := Figures{Min: numbers[0], Max: numbers[0] + numbers[1], Sum: numbers[2]}
	p, ok := p.WithFigures(f)
	if !ok {
		return Packed{}, fmt.Errorf("packed histogram: found %d values with %d to %d ns and a sum of %d, wanted figures that their buckets can have", p.count, f.Min, f.Max, f.Sum)
	}
	return p, nil
}

// parseBuckets returns the histogram of buckets, without its figures.
func parseBuckets(data []byte) (Packed, error) {
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
		if slot >= slots || count > MaxCount {
			return Packed{}, refusePacked(slot, count)
		}
	}
	return Packed{buckets: data, count: int64(count), last: int(slot)}, nil
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
	return fmt.Errorf("packed histogram: found %d values up to bucket %d, wanted at most %d and ascending buckets below %d", count, slot, int64(MaxCount), slots)
}

// parseBucket reads a bucket of any length. No part of it is so large that sums of it leave 64 bits.
func parseBucket(data []byte) (step, count uint64, n int, err error) {
	head, n, err := shortest(data)
	step, count = min(head>>countBits, slots), head%topCount+1
	if err != nil || count < topCount {
		return step, count, n, err
	}
	more, m, err := shortest(data[n:])
	return step, count + min(more, MaxCount), n + m, err
}

// shortest reads a variable-length integer that takes no more bytes than it needs.
func shortest(data []byte) (value uint64, n int, err error) {
	value, n = binary.Uvarint(data)
	if n <= 0 || n > 1 && data[n-1] == 0 {
		return 0, 0, errors.New("packed histogram: a bucket is cut off or malformed")
	}
	return value, n, nil
}
