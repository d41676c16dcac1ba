package loadgen

import (
	"fmt"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/random"
)

// next is the journey that users of a stream begin when they have done another one before, each at an instant of its own.
type next struct {
	program *journey.Program
	curve   arrivals.Curve
	users   float64 // the curve's whole area
	draws   random.Stream
}

// at returns when a user's journey is due to begin: At(u*N), a draw of the phase's own curve, for N users and a u drawn of seed and
// arrival.
func (n *next) at(arrival uint64) time.Duration {
	return n.curve.At(n.draws.Float64(arrival) * n.users)
}

// newNext returns what users of a stream do after what they do before it.
func newNext(seed uint64, place int, stream scenarios.Stream) *next {
	n := &next{curve: stream.Curve(), draws: random.NewStream(seed, fmt.Sprintf("begin/%d", place))}
	_, end := n.curve.Span()
	n.users = n.curve.Area(end)
	return n
}

// BeginsAt returns when the user of an arrival is due to begin the journey of its stream, from T0, once it has done what it does before:
// a pure function of the seed. place is that of the stream in Storm.Streams, from 0; it has a Before.
func BeginsAt(seed uint64, storm *scenarios.Storm, place int, arrival uint64) time.Duration {
	return newNext(seed, place, storm.Streams()[place]).at(arrival)
}

// setPrograms finds what the users of each stream do, by their places in Storm.Streams.
func (s *Storm) setPrograms() {
	s.programs, s.next = nil, nil
	for i, stream := range s.Scenario.Storm.Streams() {
		p, n := s.journeys.Programs[stream.Journey], (*next)(nil)
		if stream.Before != nil {
			n = newNext(s.Seed, i, stream)
			n.program, p = p, s.journeys.Programs[stream.Before.Journey]
		}
		s.programs, s.next = append(s.programs, p), append(s.next, n)
	}
}

// over counts a user whose journey is over, and has it begin the next one where it has done all of it. It reports whether
// there is something to do; where there is not, the user's memory is free for another one.
func (s *shard) over(u *journey.User) (goesOn bool) {
	t := s.seconds.tally
	t.End(u)
	n := s.storm.next[u.Stream]
	if n == nil || u.Program() == n.program || !u.HasDoneAll() {
		s.leave(u)
		return false
	}
	at, end := n.at(u.Arrival), u.Due // which a pause may have put off
	if max(at, end) > s.storm.end || s.closing {
		s.leave(u)
		return false
	}
	step := u.Continue(at, end, n.program)
	s.seconds.expected.begins(int(u.Stream), u.Came, 1)
	if at < end {
		t.NotReady[n.program.Index]++
	}
	t.AddGroups(u)
	if step == nil {
		t.End(u)
		s.leave(u)
	}
	return step != nil
}

// waitsToBegin reports whether a user waits for the instant of its phase's journey, which it has not come to.
func (s *shard) waitsToBegin(u *journey.User, now time.Duration) bool {
	n := s.storm.next[u.Stream]
	return n != nil && u.Program() == n.program && u.Came > now
}
