package pulse

import (
	"time"

	"fsctl/loadgen/record"
)

// Sleep notices that the machine slept: the clock by which a storm is sent stands still meanwhile, so that no gap between two
// beats shows it.
type Sleep struct {
	asleep func() time.Duration // for how long the machine has slept since some instant
	known  time.Duration
}

// NewSleep returns what notices that this machine sleeps from now on.
func NewSleep() *Sleep { return newSleep(asleep) }

func newSleep(asleep func() time.Duration) *Sleep { return &Sleep{asleep: asleep, known: asleep()} }

// Since returns for how long the machine slept since it was last asked, 0 for less than can be told from a clock that is set.
func (s *Sleep) Since() time.Duration {
	total := s.asleep()
	slept := total - s.known
	s.known = total
	if slept < shortestSleep {
		return 0
	}
	return slept
}

// Asleep returns the gap of a sleep that ended now: by the clock of the target and of other generators, as long afterwards is when
// the generator goes on. requests are those that were in flight, or would have been due.
func Asleep(now, slept time.Duration, requests uint64) record.Gap {
	return record.Gap{From: now.Seconds(), To: (now + slept).Seconds(), Requests: requests}
}
