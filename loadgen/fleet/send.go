package fleet

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// stoppedLinger is how long an agent that was ordered to end still offers its measurements.
const stoppedLinger = 5 * time.Second

// send sends the share, the first of which is due at begin, and delivers what was measured. Where the storm is called off before
// that, it fails with a *calledOffError: there may be no stream to deliver to then.
func (a *agent) send(ctx context.Context, session *loadgen.Session, t0, begin time.Time) error {
	sender, err := stream.NewSender(stream.SenderOptions{Conn: a.Conn, Key: stream.Key{Run: string(a.run), Slot: a.slot, Epoch: a.epoch}, Dir: a.Local.Dir,
		Snapshots: a.run.RecordSubject(a.slot), Fins: a.run.FinalSubject(a.slot), Control: a.run.DownSlotSubject(a.slot), Origin: a.Process.origin(), Reserve: a.room,
		Problem: func(err error) { a.Log("%v", err) }})
	if err != nil {
		return err
	}
	delivering, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	delivered := make(chan error, 1)
	go func() { delivered <- sender.Run(delivering) }()
	a.change(func(h *roster.Heartbeat) { h.State, h.Leftovers = roster.Sending, sender.Leftovers() })
	sending, stop := context.WithCancel(ctx)
	defer stop()
	var beats sync.WaitGroup
	var off atomic.Pointer[calledOffError]
	beats.Go(func() {
		a.sendHeartbeats(delivering, func(reply heartbeatReply) {
			if reply.Stop != "" {
				if time.Now().Before(begin) {
					off.CompareAndSwap(nil, &calledOffError{reply.Stop})
				}
				stop()
			}
			a.revise(reply.Revisions, time.Since(t0), session)
		}, stop)
	})
	out := &recorder{sender: sender}
	session.Begin(t0, out)
	end := session.Send(sending, session.Storm, nil)
	session.EndMeasuring() // this slot's part of the process is idle from here on
	err = errors.Join(out.finish(), sender.Finish())
	a.change(func(h *roster.Heartbeat) {
		if h.State, h.Skew, h.End = roster.Sent, session.Skew(), end.Reason; end.Reason == record.Failed {
			h.Problem = end.Message
		}
	})
	linger := a.Linger
	if off.Load() != nil {
		linger = min(linger, stoppedLinger)
	} else {
		a.sayEnd(end)
	}
	timer := time.AfterFunc(linger, giveUp)
	stopLinger := context.AfterFunc(ctx, func() { timer.Reset(min(linger, stoppedLinger)) })
	failure := <-delivered
	timer.Stop()
	stopLinger()
	giveUp()
	beats.Wait()
	if failure == nil {
		a.change(func(h *roster.Heartbeat) { h.State = roster.Done })
		_, _ = a.heartbeat(ctx) // the coordinator ends too when it has heard that of all
	}
	if called := off.Load(); called != nil {
		return errors.Join(called, sender.Discard(), sender.Close())
	}
	err = errors.Join(err, sender.Close())
	if failure != nil && delivering.Err() != nil {
		return errors.Join(err, &UnsealedError{Dir: a.Local.Dir, Cut: end.Reason != record.Completed, Stopped: ctx.Err() != nil})
	}
	return errors.Join(err, failure)
}

// sayEnd logs how the sending ended.
func (a *agent) sayEnd(end record.End) {
	switch end.Reason {
	case record.Completed:
		a.Log("sent all; handing over what was measured")
	case record.Failed:
		a.Log("stopped, since what is measured cannot be kept: %s; handing over what was measured before", end.Message)
	default:
		a.Log("stopped; handing over what was measured")
	}
}

// lookAhead is more than the storm may have looked beyond now: what is due sooner may have been sent already.
const lookAhead = 250 * time.Millisecond

// revise follows new revisions of the assignment. now counts from T0.
func (a *agent) revise(revisions []roster.Revision, now time.Duration, session *loadgen.Session) {
	next := a.share.Load().Start
	from, isNew := next.Assignment.Merge(revisions, now+lookAhead)
	if !isNew {
		return
	}
	a.share.Store(shareOf(next))
	session.Revise(from)
	a.change(func(h *roster.Heartbeat) { h.Revision = len(next.Assignment.Revisions) })
}
