package record

import (
	"fsctl/loadgen/record/histogram"
)

// The forms of a record's histograms, each with its exact minimum, maximum and sum.
type (
	// Histogram counts values one by one.
	Histogram = histogram.Histogram
	// Sparse is one for few values.
	Sparse = histogram.Sparse
	// Packed is a histogram that takes a byte or two for each bucket in use.
	Packed = histogram.Packed
	// Packer makes them.
	Packer = histogram.Packer
	// Sum adds them up.
	Sum = histogram.Sum
)

// What a histogram of a record distinguishes: values from the lowest to the highest [ns], to so many significant digits.
const (
	LowestValue       = histogram.LowestValue
	HighestValue      = histogram.HighestValue
	SignificantDigits = histogram.SignificantDigits
)

// PackAll returns every histogram of an interval that is not empty, and keeps nothing of those not packed yet.
func PackAll(p *Packer, in Interval) map[Tag]Packed {
	all := make(map[Tag]Packed, len(in.Histograms)+len(in.Packed))
	for tag, histogram := range in.Histograms {
		if histogram != nil && histogram.Count() > 0 {
			all[tag] = p.Pack(histogram)
		}
	}
	for tag, packed := range in.Packed {
		if packed.Count() > 0 {
			all[tag] = all[tag].Plus(packed)
		}
	}
	return all
}

// NewHistogram returns histogram.New.
func NewHistogram() *Histogram { return histogram.New() }

// NewSparse returns histogram.NewSparse.
func NewSparse() *Sparse { return histogram.NewSparse() }

// NewPacker returns histogram.NewPacker.
func NewPacker() *Packer { return histogram.NewPacker() }

// ParsePacked is histogram.Parse, and fails as that does.
func ParsePacked(data []byte) (Packed, error) { return histogram.Parse(data) }
