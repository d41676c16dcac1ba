package record

import (
	"encoding/json"
	"time"
)

// Span is the first and the last of some instants, counted from T0. It is not Known without any, and of records of older
// versions.
type Span struct {
	First time.Duration `json:"first_ns"`
	Last  time.Duration `json:"last_ns"`
	Known bool          `json:"-"`
}

// Include adds an instant from T0.
func (s *Span) Include(at time.Duration) {
	if !s.Known {
		*s = Span{at, at, true}
		return
	}
	s.First, s.Last = min(s.First, at), max(s.Last, at)
}

// UnmarshalJSON reads what encoding/json writes of a known span. It fails where that does.
func (s *Span) UnmarshalJSON(data []byte) error {
	type plain Span
	err := json.Unmarshal(data, (*plain)(s))
	s.Known = err == nil
	return err
}

// join returns the span of n and m requests together: unknown if that of some is.
func (s Span) join(n uint64, other Span, m uint64) Span {
	switch {
	case m == 0:
		return s
	case n == 0:
		return other
	case !s.Known || !other.Known:
		return Span{}
	}
	return Span{min(s.First, other.First), max(s.Last, other.Last), true}
}

// Join returns the span of both, of which either may be unknown.
func (s Span) Join(other Span) Span {
	n, m := uint64(0), uint64(0)
	if s.Known {
		n = 1
	}
	if other.Known {
		m = 1
	}
	return s.join(n, other, m)
}

// Rate returns the rate of n events [1/s] of which s has the first and the last: (n-1)/(last-first), the reciprocal of
// the mean gap between them. ok is false under two events, where all were at one instant, and where s is not known.
func (s Span) Rate(n uint64) (perSec float64, ok bool) {
	if !s.Known || n < 2 || s.Last <= s.First {
		return 0, false
	}
	return float64(n-1) / (s.Last - s.First).Seconds(), true
}
