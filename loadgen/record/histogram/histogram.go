// Package histogram holds distributions of times as HdrHistogram has them: packed in a byte or two for each bucket in use,
// added up, and read and written in the payload of its logs. Minimum, maximum and sum travel with each, exact.
package histogram

import (
	"fmt"
	"iter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Lowest and highest value that a histogram distinguishes, and its significant decimal digits.
// Above the highest, a value is counted as the highest.
const (
	LowestValue       = int64(time.Microsecond)
	HighestValue      = int64(time.Hour)
	SignificantDigits = 3
)

// Histogram counts values in the buckets of HdrHistogram, and knows the lowest, the highest and the sum of them exactly. Figures are
// those of Packed, which a Packer makes of it. It is not safe for use by several goroutines.
//
// Its buckets come into being in pages of 8 KB, one for each doubling of the value: the times of a step's requests in a second take a
// few of 24, and a storm has thousands of histograms, where the target falls behind one for each step, outcome and second.
type Histogram struct {
	pages   [slots >> halfBits]*page
	count   int64
	figures Figures
}

// page is the counts of 1024 buckets.
type page [1 << halfBits]int64

// New returns an empty histogram of the range and precision that every record uses: 1 us to 1 h in
// nanoseconds, 3 significant digits. Source: Tene, HdrHistogram, hdrhistogram.org.
func New() *Histogram { return &Histogram{} }

// RecordValue counts a value [ns]. It fails for one below 0 or beyond the range.
func (h *Histogram) RecordValue(value int64) error {
	if uint64(value) >= beyond {
		return outOfRange(value)
	}
	h.add(slotOf(value), 1)
	h.figures.one(h.count, value)
	return nil
}

// add counts in a slot.
func (h *Histogram) add(slot int, n int64) {
	p := h.pages[slot>>halfBits]
	if p == nil {
		p = new(page)
		h.pages[slot>>halfBits] = p
	}
	p[slot&(1<<halfBits-1)] += n
	h.count += n
}

// beyond is the first value [ns] above the last bucket, which the highest value is in.
const beyond = 1 << (unitBits + halfBits + slots>>halfBits - 1)

func outOfRange(value int64) error {
	return fmt.Errorf("found %d ns, wanted 0 to %d ns", value, beyond-1)
}

// RecordValues counts a value [ns] n times. It fails for one below 0 or beyond the range.
func (h *Histogram) RecordValues(value, n int64) error {
	if n <= 0 {
		return nil
	}
	if uint64(value) >= beyond {
		return outOfRange(value)
	}
	h.figures.Merge(h.count, Figures{Min: value, Max: value, Sum: times(value, n)})
	h.add(slotOf(value), n)
	return nil
}

// Count returns how many values h holds.
func (h *Histogram) Count() int64 { return h.count }

// Reset empties h. It keeps the pages that were in use, for values that are much the same again.
func (h *Histogram) Reset() {
	for i, p := range h.pages {
		switch {
		case p == nil:
		case *p == page{}:
			h.pages[i] = nil
		default:
			*p = page{}
		}
	}
	h.count, h.figures = 0, Figures{}
}

// all yields slot and count of every bucket in use, in ascending order.
func (h *Histogram) all() iter.Seq2[int, int64] {
	return func(yield func(int, int64) bool) {
		for i, p := range h.pages {
			if p == nil {
				continue
			}
			for k, n := range p {
				if n > 0 && !yield(i<<halfBits+k, n) {
					return
				}
			}
		}
	}
}

// Sparse is a Histogram for few values: recording one takes longer, and a kilobyte holds what takes some pages there.
type Sparse struct {
	buckets *hdrhistogram.PackedHistogram
	figures Figures
}

// NewSparse returns an empty histogram of New's range.
func NewSparse() *Sparse {
	return &Sparse{buckets: hdrhistogram.NewPacked(LowestValue, HighestValue, SignificantDigits)}
}

// RecordValue counts a value [ns]. It fails for one below 0 or beyond the range.
func (s *Sparse) RecordValue(value int64) error { return s.RecordValues(value, 1) }

// RecordValues counts a value [ns] n times. It fails for one below 0 or beyond the range.
func (s *Sparse) RecordValues(value, n int64) error {
	if n <= 0 {
		return nil
	}
	if err := s.buckets.RecordValues(value, n); err != nil {
		return err
	}
	s.figures.Merge(s.buckets.TotalCount()-n, Figures{Min: value, Max: value, Sum: times(value, n)})
	return nil
}

// Count returns how many values s holds.
func (s *Sparse) Count() int64 { return s.buckets.TotalCount() }
