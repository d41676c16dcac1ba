package loadgen

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/links"
	"fsctl/loadgen/tally"
)

// pool is a shard's connections. It is used under the shard's lock.
//
// An arrival that finds none idle takes one that is being opened, else it opens one, as each of a crowd of browsers would,
// up to the most that may be open. Where the number is fixed, all are opened ahead.
type pool struct {
	most    int  // that may be open
	fixed   bool // all of them are opened ahead
	reopens bool // a connection ends with its request, so that the next opens one whichever takes it
	workers int  // open, or being opened
	idle    []*worker
	opening []*worker // opened ahead, without a request yet
	ahead   int       // of all that are opened ahead, how many are not open yet

	busy    int
	busiest int // in this second
	warm    int // connections in use lately

	full      time.Duration // since when none could be had, never where one can
	counted   time.Duration // up to when that is in allBusy
	allBusy   time.Duration // sum of the times in which none could be had
	firstOpen time.Duration // when the first connection was open, never before
	openedAt  time.Duration // when the last of those opened ahead was open

	answers  uint64        // whole ones
	served   time.Duration // sum of their service times
	recent   time.Duration // mean service time of the latest answers
	made     time.Duration // when the last connection was made for a request
	quiet    time.Duration // since when nothing was answered, or the first request is in flight
	openings tally.Openings

	own *links.Links // of users who each have a connection of their own; nil where they share

	dial  func() *link
	spawn func(*worker, *journey.User)
}

func newPool(most int, fixed, reopens bool) pool {
	return pool{most: most, fixed: fixed, reopens: reopens, warm: fewWarm, full: never, firstOpen: never, openedAt: ever}
}

// fewWarm is how many connections count as warm where fewer were in use.
const fewWarm = 64

// When a connection is opened: those that are open would take so long, and twice as long as opening one does, to serve the
// requests that wait; or the first of these has waited for so long, and none was opened for a while.
const (
	worthOpening = 2 * time.Millisecond
	mustOpen     = 10 * time.Millisecond
	oneBy        = time.Millisecond
)

// recently is of how many answers the mean service time is about.
const recently = 16

// isShort reports whether so many requests that wait need another connection: where answers come soon, those that are open
// take less time than opening one does, and a rush that opened ever more would be the later for it. By Little's law n
// connections serve n / (service time) requests a second.
func (p *pool) isShort(waiting float64, now time.Duration) bool {
	service, worth := p.recent, worthOpening
	if silence := now - p.quiet; silence >= mustOpen { // shorter ones are this machine's own as often
		service = max(service, silence)
	}
	if p.openings.Number > 0 && !p.reopens {
		worth = max(worth, 2*p.openings.Sum/time.Duration(p.openings.Number))
	}
	return waiting*float64(service) >= float64(worth)*float64(p.workers)
}

// mayOpenOne reports whether no connection was opened for a while.
func (p *pool) mayOpenOne(now time.Duration) bool { return now-p.made >= oneBy }

// canSend reports whether a request could leave: a connection is idle, is being opened and has no request yet, or may be opened; or users
// have connections of their own.
func (p *pool) canSend() bool {
	return p.own != nil || len(p.idle) > 0 || len(p.opening) > 0 || p.workers < p.most
}

// send hands a request to a connection that is idle, the last one used first, to one that is being opened, or to a new one.
// canSend is true.
func (p *pool) send(u *journey.User, now time.Duration, take func(*worker)) {
	switch last := len(p.idle) - 1; {
	case last >= 0: // its connection is the warmest
		w := p.idle[last]
		p.idle = p.idle[:last]
		take(w)
		w.wake <- u
	case len(p.opening) > 0:
		w := p.opening[len(p.opening)-1]
		p.forget(w)
		w.first, w.handed, w.early = u, w.stamp(), true
		take(w)
	default:
		w := p.worker()
		take(w)
		p.made = now
		p.spawn(w, u)
	}
}

// isFull reports whether no request could leave that has no connection yet.
func (p *pool) isFull() bool {
	if p.own != nil {
		return !p.own.HasRoom()
	}
	return !p.canSend()
}

// open returns how many connections are open, or being opened.
func (p *pool) open() int {
	if p.own != nil {
		return p.own.Open()
	}
	return p.workers
}

// worker makes one more connection, which is not open yet, or one that sends by those of users.
func (p *pool) worker() *worker {
	p.workers++
	conn := &link{}
	if p.own == nil {
		conn = p.dial()
	}
	return &worker{conn: conn, wake: make(chan *journey.User, 1), place: -1}
}

// prepare opens connections ahead, up to a number of them.
func (p *pool) prepare(number int) {
	for p.workers < min(number, p.most) {
		w := p.worker()
		w.place = len(p.opening)
		p.opening = append(p.opening, w)
		p.ahead++
		p.spawn(w, nil)
	}
}

// forget takes a connection from those that are being opened without a request.
func (p *pool) forget(w *worker) {
	last := len(p.opening) - 1
	p.opening[w.place] = p.opening[last]
	p.opening[w.place].place = w.place
	p.opening, w.place = p.opening[:last], -1
}

// opened notes that a connection which was opened ahead is open, or cannot be, and returns the request that was handed to it.
func (p *pool) opened(w *worker, now time.Duration) (first *journey.User) {
	if p.ahead--; p.ahead == 0 {
		p.openedAt = now
	}
	p.firstOpen = min(p.firstOpen, now)
	if first, w.first = w.first, nil; first == nil {
		p.forget(w)
	}
	return first
}

// take notes a request that leaves, and what kept it.
func (p *pool) take(due, now, lateness time.Duration, t *tally.Tally) tally.Leaving {
	if p.busy++; p.busy == 1 {
		p.quiet = now
	}
	p.busiest = max(p.busiest, p.busy)
	p.warm = max(p.warm, p.busy)
	p.count(now, t)
	v := tally.Leaving{InFlight: p.busy, AllBusy: p.allBusy}
	switch {
	case p.full > due+lateness: // never, or since later
	case p.ahead > 0 || due < p.openedAt:
		v.Held = tally.HeldByOpening
	default:
		v.Held = tally.HeldByBusy
	}
	if p.full == never && p.isFull() {
		p.full, p.counted = now, now
	}
	return v
}

// give notes an answer.
func (p *pool) give(done *tally.Request, t *tally.Tally) {
	p.busy--
	p.quiet = done.Done
	took := done.Answering()
	if p.reopens {
		took = done.Done - done.Sent // the next request on it opens it again
	}
	p.recent += (took - p.recent) / recently
	if done.Class == "" {
		p.answers++
		p.served += done.Answering()
	}
	p.firstOpen = min(p.firstOpen, done.Done)
	if done.Connecting > done.Opening && done.Due < p.firstOpen { // as with a connection that was opened ahead, and is not open yet
		done.Opening = done.Connecting
	}
	p.openings.Add(done.Connecting)
	if p.full < never {
		p.count(done.Done, t)
		t.InFlight += p.allBusy - done.AllBusy
	}
}

// rest puts a connection among the idle ones.
func (p *pool) rest(w *worker, now time.Duration, t *tally.Tally) {
	p.count(now, t)
	if p.own == nil {
		p.full = never
	}
	p.idle = append(p.idle, w)
}

// count accounts for the time up to now in which no connection could be had. Those of users may be open without a request.
func (p *pool) count(now time.Duration, t *tally.Tally) {
	if p.own != nil || p.full == never || now <= p.counted {
		return
	}
	p.allBusy += now - p.counted
	t.AllBusy += (now - p.counted) * time.Duration(p.workers)
	p.counted = now
}

// roll begins a second.
func (p *pool) roll() { p.warm, p.busiest = max(p.busiest, fewWarm), p.busy }

// dismiss sends the idle workers home.
func (p *pool) dismiss() {
	for _, w := range p.idle {
		w.wake <- nil
	}
	p.idle = nil
}

// opened takes a connection that was opened ahead, in a time that is 0 where it could not be, and returns what it has to do.
func (s *shard) opened(w *worker, took time.Duration) *journey.User {
	s.mu.Lock()
	now := s.now()
	s.roll(now)
	s.seconds.tally.Opening.Add(took)
	s.pool.openings.Add(took)
	if first := s.pool.opened(w, now); first != nil {
		s.mu.Unlock()
		return first
	}
	s.mu.Unlock()
	return s.next(w, nil, nil)
}

// prepare opens connections ahead, up to a number of them, unless nothing is sent any more.
func (s *shard) prepare(number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.pool.prepare(number)
	}
}
