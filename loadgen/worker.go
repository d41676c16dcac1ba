package loadgen

import (
	"context"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/transport"
)

// worker is one connection and the goroutine that serves it.
type worker struct {
	shard               *shard
	conn                transport.Conn
	wake                chan *journey.User
	waited, quiet, full bool
	request             transport.Request
	answer              transport.Answer
	values              journey.ValueReader
	sample              sample
}

// run performs requests until there are none left.
func (w *worker) run(ctx context.Context) {
	if !w.shard.storm.timings.connecting { // else the requests themselves must show what it takes
		_ = w.conn.Connect(ctx)
	}
	var done *sample
	var u *journey.User
	for {
		if u = w.shard.next(w, done, u); u == nil {
			return
		}
		done = w.perform(ctx, u)
	}
}

// perform sends the request of a user's step and reads its answer.
func (w *worker) perform(ctx context.Context, u *journey.User) *sample {
	s, st := w.shard, u.Step()
	st.Render(&w.request, u)
	sent := s.now()
	w.request.Sent = s.t0.Add(sent)
	w.conn.Do(ctx, &w.request, &w.answer)
	done := &w.sample
	*done = sample{step: st, due: u.Due, sent: sent, done: sent + w.answer.Took, waited: w.waited, quiet: w.quiet, full: w.full,
		waiting: w.answer.Waiting, connecting: w.answer.Connect, status: w.answer.Status, class: w.answer.Class,
		bytesOut: w.answer.BytesOut, bytesIn: w.answer.BytesIn}
	done.Judgement = st.Judge(u, &w.answer, &w.values)
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
	return done
}
