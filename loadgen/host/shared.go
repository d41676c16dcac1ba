package host

import (
	"slices"
	"sync"
	"time"

	"fsctl/loadgen/record"
)

// SharedMeter measures a process that sends several storms at once, such as an agent with several slots. What the process
// and its machine did in a second goes to one of the storms alone, so that their sum counts it once. All have the same T0, nearly. The zero value is
// ready. All methods may be called from many goroutines.
type SharedMeter struct {
	mu      sync.Mutex
	meter   *Meter        // nil while it has no share
	shares  []*MeterShare // in the order in which they joined; the first one reads
	awake   time.Duration // reported since the last reading
	counted time.Time     // end of the last second whose open files and memory are counted
}

// MeterShare is a storm's share of its process's meter.
type MeterShare struct{ of *SharedMeter }

// Join returns a share for one more storm. Where it is the only one, its first reading counts from now.
func (s *SharedMeter) Join() *MeterShare {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &MeterShare{s}
	if s.meter == nil {
		s.meter, s.awake = NewMeter(), 0
	}
	s.shares = append(s.shares, v)
	return v
}

// Leave ends a share: another storm of the process gets what it would have got. Leaving twice does nothing more.
func (v *MeterShare) Leave() {
	s := v.of
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shares = slices.DeleteFunc(s.shares, func(other *MeterShare) bool { return other == v })
	if len(s.shares) == 0 {
		s.meter = nil
	}
}

// Read notes in g what was used since the last reading, and what is in use now, where this storm is the one that gets it;
// else g stays as it is.
//
//	end    of the second that g is for. Of two readings for one second, after a change of storms, only the first has what is
//	       in use
//	awake  for how long the storm has stayed awake without work since its last reading. That is no work, since it ends when
//	       there is some: it counts as idle
func (v *MeterShare) Read(g *record.Generator, end time.Time, awake time.Duration) {
	s := v.of
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awake += awake
	if len(s.shares) == 0 || s.shares[0] != v {
		return
	}
	s.meter.Read(g)
	spare := min(s.awake.Seconds(), g.CPUSeconds)
	g.CPUSeconds -= spare
	g.IdleCPUSeconds += spare
	g.SpareCPUSeconds = spare
	s.awake = 0
	const within = time.Second / 2 // the agents of one process do not agree on T0 to the nanosecond
	if !s.counted.IsZero() && end.Before(s.counted.Add(within)) {
		g.OpenFiles, g.FileLimit, g.MemoryBytes = 0, 0, 0
		return
	}
	s.counted = end
}
