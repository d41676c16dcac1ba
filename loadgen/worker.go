package loadgen

import (
	"context"
	"time"

	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
)

// worker is one connection and the goroutine that serves it.
type worker struct {
	shard               *shard
	conn                transport.Conn
	wake                chan *user
	waited, quiet, full bool
	request             transport.Request
	answer              transport.Answer
	values              valueReader
	sample              sample
}

// run performs requests until there are none left.
func (w *worker) run(ctx context.Context) {
	if !w.shard.storm.timings.connecting { // else the requests themselves must show what it takes
		_ = w.conn.Connect(ctx)
	}
	var done *sample
	var u *user
	for {
		if u = w.shard.next(w, done, u); u == nil {
			return
		}
		done = w.perform(ctx, u)
	}
}

// perform sends the request of a user's step and reads its answer.
func (w *worker) perform(ctx context.Context, u *user) *sample {
	s, st := w.shard, u.step()
	st.render(&w.request, s.storm.items, u)
	sent := s.now()
	w.request.Sent = s.t0.Add(sent)
	w.conn.Do(ctx, &w.request, &w.answer)
	done := &w.sample
	*done = sample{step: st, due: u.due, sent: sent, done: sent + w.answer.Took, waited: w.waited, quiet: w.quiet, full: w.full,
		waiting: w.answer.Waiting, connecting: w.answer.Connect, class: w.answer.Class,
		bytesOut: w.answer.BytesOut, bytesIn: w.answer.BytesIn}
	done.judgement = st.judge(u, &w.answer, &w.values)
	if done.outcome == st.placed {
		w.tell(u, st, done.nameless)
	}
	if s.raw != nil {
		s.raw(w, done)
	}
	return done
}

// tell notes what the buyer was told; an order without a number is told too.
func (w *worker) tell(u *user, st *step, nameless bool) {
	var id []byte
	if !nameless {
		id, _ = st.orderID.append(nil, w.shard.storm.items, u)
	}
	user, _ := st.userID.append(nil, w.shard.storm.items, u)
	sku := w.shard.storm.items.appendSKU(nil, u.arrival)
	w.shard.told(record.Order{ID: string(id), User: string(user), SKU: string(sku), Quantity: 1, At: time.Now()})
}
