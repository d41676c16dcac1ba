package loadgen

import (
	"context"
	"sync"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/transport"
)

// worker is one connection and the goroutine that serves it.
type worker struct {
	shard    *shard
	conn     *link
	wake     chan *journey.User
	place    int           // among the shard's connections that are being opened and have no request yet, -1 elsewhere
	first    *journey.User // handed to it while its connection was being opened
	handed   time.Duration // when that was
	early    bool          // the next request is the one that was handed to it then
	leaving  tally.Leaving
	atOnce   chan struct{} // holds one for each connection that is being opened ahead
	request  transport.Request
	shownURL []byte // of the request, for raw results
	answer   transport.Answer
	values   journey.ValueReader
	scratch  compose.Scratch
	sample   tally.Request
	sequence uint64 // of its request among those sent, for raw results
}

// run performs requests until there are none left. u is the first one; without one the connection is opened ahead.
func (w *worker) run(opening, ctx context.Context, u *journey.User) {
	if u == nil {
		u = w.open(opening)
	}
	for u != nil {
		u = w.shard.next(w, w.perform(ctx, u), u)
	}
}

// open opens the connection, and returns the first request.
func (w *worker) open(ctx context.Context) *journey.User {
	var took time.Duration
	if !w.shard.storm.timings.OpensInRequests() { // else the requests themselves must show what it takes
		w.atOnce <- struct{}{}
		took = w.conn.open(ctx)
		<-w.atOnce
	}
	return w.shard.opened(w, took)
}

// sendOrder numbers requests as they are sent, so that a later number never has an earlier instant: vegeta plot refuses
// results of which that is not true.
type sendOrder struct {
	mu   sync.Mutex
	next uint64
}

// stamp returns the instant at which a request is sent: now.
func (w *worker) stamp() time.Duration {
	order := w.shard.sends
	if order == nil {
		return w.shard.now()
	}
	order.mu.Lock()
	defer order.mu.Unlock()
	w.sequence = order.next
	order.next++
	return w.shard.now()
}

// perform sends the request of a user's step and reads its answer.
func (w *worker) perform(ctx context.Context, u *journey.User) *tally.Request {
	s, st := w.shard, u.Step()
	st.Render(&w.request, u, &w.scratch)
	if s.raw != nil {
		w.shownURL = st.AppendShownURL(w.shownURL[:0], u, &w.scratch)
	}
	sent := w.handed
	var opening time.Duration
	if w.early {
		opening = s.now() - w.handed
	} else {
		sent = w.stamp()
	}
	w.early = false
	w.request.Sent = s.t0.Add(sent)
	patient := st.Limit(&w.request, u.Due, sent)
	w.conn.Do(ctx, &w.request, &w.answer)
	if patient && w.answer.Class == transport.ClassTimeout {
		w.answer.Abandon()
	}
	done := &w.sample
	*done = tally.Request{Step: st, Due: u.Due, Sent: sent, Done: sent + w.answer.Took, Leaving: w.leaving,
		Waiting: w.answer.Waiting, Connecting: w.answer.Connect, Handshaking: w.answer.TLS, Program: u.Program(), Status: w.answer.Status, Class: w.answer.Class,
		BytesOut: w.answer.BytesOut, BytesIn: w.answer.BytesIn, Resent: uint64(w.answer.Resent), Opening: opening}
	done.Judgement = st.Judge(u, &w.answer, &w.values)
	done.Counts = w.values.Counts()
	if done.Placed {
		order := st.Order(u, done.Judgement)
		order.At = time.Now()
		s.placed(order)
	}
	if done.Reason != "" && s.samples.wants(sampleKind{st.Index, done.Reason}) {
		s.samples.out(w.sampleOf(u, done))
	}
	if s.raw != nil {
		s.raw(w, done)
	}
	w.answer.Release()
	return done
}
