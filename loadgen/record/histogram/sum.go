package histogram

import "slices"

// Sum adds up packed histograms: many of them for less work than one histogram after another. The zero value
// is an empty sum. It is not safe for use by several goroutines.
type Sum struct {
	counts  []int64 // by slot
	lowest  int     // slots from lowest to highest may be in use
	highest int
	buckets []byte // room for those of the sum
	count   int64
	figures Figures
}

// Add adds p.
func (s *Sum) Add(p Packed) {
	if p.count == 0 {
		return
	}
	if s.counts == nil {
		s.counts = make([]int64, slots)
		s.reset()
	}
	s.figures.Merge(s.count, p.figures)
	s.count += p.count
	at := cursor{rest: p.buckets}
	at.next()
	s.lowest = min(s.lowest, at.slot)
	s.counts[at.slot] += at.count
	s.addRest(at)
	s.highest = max(s.highest, p.last)
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
	var sum Packed
	buckets := s.buckets[:0]
	for slot := s.lowest; slot <= s.highest; slot++ {
		if count := s.counts[slot]; count != 0 {
			buckets = appendBucket(buckets, slot-sum.last, count)
			sum.count, sum.last = sum.count+count, slot
			s.counts[slot] = 0
		}
	}
	sum.figures = s.figures
	s.reset()
	s.buckets, sum.buckets = buckets, slices.Clone(buckets)
	return sum
}

func (s *Sum) reset() { s.lowest, s.highest, s.count, s.figures = slots, -1, 0, Figures{} }
