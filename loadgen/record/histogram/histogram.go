// Package histogram holds distributions of times as HdrHistogram has them: packed in a byte or two for each bucket in use,
// added up, and read and written in the payload of its logs. Minimum, maximum and sum travel with each, exact.
package histogram

import (
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

// Histogram counts values in buckets, and knows the lowest, the highest and the sum of them exactly. Figures are those of
// Packed, which a Packer makes of it. It is not safe for use by several goroutines.
type Histogram struct {
	buckets *hdrhistogram.Histogram
	figures Figures
}

// New returns an empty histogram of the range and precision that every record uses: 1 us to 1 h in
// nanoseconds, 3 significant digits. Source: Tene, HdrHistogram, hdrhistogram.org.
func New() *Histogram {
	return &Histogram{buckets: hdrhistogram.New(LowestValue, HighestValue, SignificantDigits)}
}

// RecordValue counts a value [ns]. It fails for one below 0 or beyond the range.
func (h *Histogram) RecordValue(value int64) error {
	if err := h.buckets.RecordValue(value); err != nil {
		return err
	}
	h.figures.one(h.buckets.TotalCount(), value)
	return nil
}

// RecordValues counts a value [ns] n times. It fails for one below 0 or beyond the range.
func (h *Histogram) RecordValues(value, n int64) error {
	if n <= 0 {
		return nil
	}
	if err := h.buckets.RecordValues(value, n); err != nil {
		return err
	}
	h.figures.Merge(h.buckets.TotalCount()-n, Figures{Min: value, Max: value, Sum: times(value, n)})
	return nil
}

// Count returns how many values h holds.
func (h *Histogram) Count() int64 { return h.buckets.TotalCount() }

// Reset empties h.
func (h *Histogram) Reset() {
	h.buckets.Reset()
	h.figures = Figures{}
}

// Sparse is a Histogram for few values: recording one takes longer, and a kilobyte holds what takes 200 KB there.
type Sparse struct {
	buckets *hdrhistogram.PackedHistogram
	figures Figures
}

// NewSparse returns an empty histogram of New's range.
func NewSparse() *Sparse { return &Sparse{buckets: newSparse()} }

func newSparse() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(LowestValue, HighestValue, SignificantDigits)
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
