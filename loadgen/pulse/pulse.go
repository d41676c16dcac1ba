// Package pulse notices that a load generator did not run, and which requests that spoiled.
package pulse

import (
	"time"

	"fsctl/loadgen/record"
)

// Pulse notices that a part of the generator did not run: the process was stopped, its machine paused or asleep, or its
// goroutines got no core. Everything that happens beats it, and something does at least every Heartbeat.
type Pulse struct {
	limit    time.Duration // a longer silence is a gap
	last     time.Duration // beat, ever for none yet
	from, to time.Duration // the last gap, ever for none
	requests uint64        // that it spoiled and that are not in a record yet
}

// Heartbeat is the longest time without a beat while the generator runs.
const Heartbeat = 10 * time.Millisecond

// shortestGap is the shortest silence that can be told from what the timers of a busy machine do.
const shortestGap = 20 * time.Millisecond

// ever is before every beat.
const ever = -time.Duration(1<<63-1) / 2

// Request is when a request was due, sent and done, from T0.
type Request struct{ Due, Sent, Done time.Duration }

// New returns a pulse without a beat yet. A silence longer than the lateness above which a request counts as late is a gap.
func New(lateness time.Duration) Pulse {
	return Pulse{limit: max(lateness, shortestGap), last: ever, from: ever, to: ever}
}

// Beat notes that the generator runs. The time up to now is a gap where that was long ago; what the gap before it spoiled must
// have been taken.
func (p *Pulse) Beat(now time.Duration) {
	if p.GapUpTo(now) {
		p.from, p.to = p.last, now
	}
	p.last = max(p.last, now)
}

// GapUpTo reports whether a beat now ends a gap.
func (p *Pulse) GapUpTo(now time.Duration) bool { return p.last != ever && now-p.last > p.limit }

// Take adds the last gap to a list, as the record has it, with the requests that it spoiled since this was last asked.
func (p *Pulse) Take(gaps []record.Gap) []record.Gap {
	if p.requests > 0 {
		gaps = append(gaps, record.Gap{From: p.from.Seconds(), To: p.to.Seconds(), Requests: p.requests})
		p.requests = 0
	}
	return gaps
}

// Spoil reports whether a request, which was answered, was spoiled, and counts it. lateness is the one above which it is late.
func (p *Pulse) Spoil(r Request, lateness time.Duration) bool {
	if !p.spoiled(r, lateness) {
		return false
	}
	p.requests++
	return true
}

// SpoilUnsent reports whether a request that was never sent was due before the last gap's end, and counts it.
func (p *Pulse) SpoilUnsent(due time.Duration) bool {
	if due >= p.to {
		return false
	}
	p.requests++
	return true
}

// spoiled reports whether a request is not what it would have been without the last gap: it became due before the gap's end
// and left late after it, or it was in flight and its answer was read late.
func (p *Pulse) spoiled(r Request, lateness time.Duration) bool {
	switch {
	case r.Due >= p.to || r.Done < p.to:
		return false
	case r.Sent >= p.to:
		return r.Sent-r.Due > lateness
	}
	return r.Sent < p.from && r.Done-p.to <= p.limit
}
