package shop

import (
	"context"
	"sync"
	"time"
)

// line is the queue before the workers: first in, first out, without a bound.
//
// It keeps a timetable beside the clock. A request that waited starts when the worker that
// it gets was due to be free, not when a late timer let go of it; else every service would
// last as long as the operating system's timers are coarse, and the capacity would be unknown.
type line struct {
	workers int // 0 is no limit

	mu          sync.Mutex
	busy        int
	waiting     int
	first, last *place
	worked      time.Duration // sum of all services so far
}

// place is one request's place in the line.
type place struct {
	joined        time.Time
	start         chan time.Time // receives the start of the service, once
	before, after *place
}

// enter waits for a worker and returns when the service starts, which may lie a little in the
// past. The error is the context's, when it ends first; the place in the line is then given up.
func (l *line) enter(ctx context.Context) (start time.Time, err error) {
	now := time.Now()
	l.mu.Lock()
	if l.workers == 0 || l.busy < l.workers {
		l.busy++
		l.mu.Unlock()
		return now, nil
	}
	p := &place{joined: now, start: make(chan time.Time, 1)}
	l.join(p)
	l.mu.Unlock()

	select {
	case start = <-p.start:
		return start, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case start = <-p.start: // both at once: the worker is ours, so it has to be passed on
		l.pass(start)
	default:
		l.remove(p)
	}
	return time.Time{}, ctx.Err()
}

// leave ends a service that started at start and was due to end at end.
func (l *line) leave(start, end time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.worked += end.Sub(start)
	l.pass(end)
}

// pass gives a worker that was due to be free at the instant to the first in the line.
func (l *line) pass(free time.Time) {
	p := l.first
	if p == nil {
		l.busy--
		return
	}
	l.remove(p)
	if p.joined.After(free) {
		free = p.joined
	}
	p.start <- free
}

func (l *line) join(p *place) {
	l.waiting++
	p.before = l.last
	if l.last == nil {
		l.first = p
	} else {
		l.last.after = p
	}
	l.last = p
}

func (l *line) remove(p *place) {
	l.waiting--
	if p.before == nil {
		l.first = p.after
	} else {
		p.before.after = p.after
	}
	if p.after == nil {
		l.last = p.before
	} else {
		p.after.before = p.before
	}
}

// load returns the workers that serve, the requests that wait, and the time worked so far.
func (l *line) load() (busy, waiting int, worked time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.busy, l.waiting, l.worked
}
