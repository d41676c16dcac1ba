package fleet

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// Timings of the end of a run.
const (
	watchEvery   = 250 * time.Millisecond
	returnWithin = 5 * time.Second  // for an agent that was lost, once all others have handed over
	handOver     = 30 * time.Second // without anything of what is missing, after the last answer may have come
	mostHandOver = 30 * time.Minute
	sealWithin   = 2 * time.Second // for agents to hear that their tapes are safe
)

// Lead collects what the agents send and writes the record, which it closes. It returns when every agent has handed
// over what it measured or is lost for good.
//
//	storm    the whole storm, as one machine would send it: for what was planned, and for the shop's ledger
//	observe  sees every merged second; an *loadgen.Abort ends the run
func (c *Coordinator) Lead(ctx context.Context, w *record.Writer, storm *loadgen.Storm, observe loadgen.Observer) (record.End, error) {
	l := &leading{Coordinator: c, wish: make(chan error, 1), census: newCensus(storm.Walk(), len(c.slots))}
	collector, err := stream.NewCollector(stream.CollectorOptions{Run: string(c.Run), Slots: len(c.slots), Told: w.Told,
		Write: func(i record.Interval) error {
			if err := w.Write(i); err != nil {
				return err
			}
			l.show(observe, i)
			return nil
		}})
	if err != nil {
		return record.End{}, err
	}
	receiver, err := stream.NewReceiver(stream.ReceiverOptions{Conn: c.Conn, Collector: collector, Stream: c.Run.Stream(), Subjects: c.Run.StoredSubjects(),
		SlotOf: bus.SlotOf, Replicas: c.Replicas, Control: c.Run.DownSlotSubject, Problem: func(err error) { c.Log("%v", err) }})
	if err != nil {
		return record.End{}, err
	}
	c.mu.Lock()
	c.lose = func(slot int) { l.noted(collector.SetLost(slot, true)) }
	c.revive = func(slot int) { l.noted(collector.SetLost(slot, false)) }
	c.mu.Unlock()
	receiving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	received, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		received <- receiver.Run(receiving)
	}()

	end := l.await(ctx, collector, storm, received)
	err = collector.Flush()
	storm.ReadLedger(ctx, w)
	err = errors.Join(err, w.Update(func(m *record.Manifest) { m.Agents = l.accounts(collector.Progress()) }))
	end.At = time.Now()
	if err := errors.Join(err, w.Close(end)); err != nil {
		return end, err // the tapes stay with the agents
	}
	c.mu.Lock()
	c.sealed = true
	c.mu.Unlock()
	receiver.Seal()
	_ = c.until(context.WithoutCancel(ctx), wish{within: sealWithin, met: func(s *slot) bool { return s.lost || s.State == done }})
	stop()
	<-over // else it would make anew what is cleared
	c.clear(context.WithoutCancel(ctx))
	return end, nil
}

// clear takes what the bus keeps of the run off it: all of it is on record. Where that fails, it goes with time.
func (c *Coordinator) clear(ctx context.Context) {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return
	}
	clearing, cancel := context.WithTimeout(ctx, sealWithin)
	defer cancel()
	_ = js.DeleteStream(clearing, c.Run.Stream())
	_ = js.DeleteKeyValue(clearing, c.Run.Bucket())
}

// leading is a run that is being led.
type leading struct {
	*Coordinator
	wish   chan error // of the observer
	census *census
}

func (l *leading) show(observe loadgen.Observer, i record.Interval) {
	if observe == nil {
		return
	}
	if err := observe(i); err != nil {
		l.noted(err)
	}
}

func (l *leading) noted(err error) {
	if err == nil {
		return
	}
	select {
	case l.wish <- err:
	default: // the first one holds
	}
}

// await waits for the end of the run.
func (l *leading) await(ctx context.Context, collector *stream.Collector, storm *loadgen.Storm, received <-chan error) record.End {
	end := record.End{Reason: record.Completed}
	ends := l.t0.Add(-l.Plan.Lead + storm.Length() + storm.Scenario.Storm.Drain + loadgen.Grace)
	if now := l.now(); now.After(ends) {
		ends = now // it is taken over after its end, and what the bus has kept is still to be read
	}
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	stopped := ctx.Done()
	var allIn time.Time // since when only lost agents are missing
	var news activity
	for {
		select {
		case <-stopped:
			end = record.End{Reason: record.Interrupted, Message: "stopped by the user"}
			stopped = nil
		case err := <-l.wish:
			end = record.End{Reason: record.Failed, Message: err.Error()}
			if abort, ok := errors.AsType[*loadgen.Abort](err); ok {
				end = record.End{Reason: record.Aborted, Message: abort.Message}
			}
		case err := <-received:
			return record.End{Reason: record.Failed, Message: err.Error()}
		case <-ticker.C:
		}
		now := time.Now()
		l.watch(now)
		l.count()
		tapes := collector.Progress()
		missing, lost := l.missing(tapes)
		if l.anyGone() && l.OnLoss == OnLossAbort && end.Reason == record.Completed {
			end = record.End{Reason: record.Aborted, Message: "an agent was lost"}
		}
		if end.Reason != record.Completed && l.halted() {
			l.Stop(end.Message)
			ends = l.now().Add(loadgen.Grace)
		}
		if allIn.IsZero() && len(missing) == 0 {
			allIn = now
		} else if len(missing) > 0 {
			allIn = time.Time{}
		}
		over := l.now().After(ends)
		silent := news.silent(tapes, now)
		late := silent > handOver && l.now().After(ends.Add(handOver)) || l.now().After(ends.Add(mostHandOver))
		switch {
		case len(missing) == 0 && lost == 0:
			return end
		case len(missing) == 0 && min(silent, now.Sub(allIn)) > returnWithin && (over || l.anySentAll()):
			return end
		case late:
			if end.Message == "" {
				end.Message = "not everything was handed over: " + strings.Join(missing, ", ")
			}
			return end
		}
	}
}

// atOnce is how many users are counted in a row while the run goes on.
const atOnce = 1 << 20

// count counts the users who are due by now, as they are assigned: whoever is not due may become another's.
func (l *leading) count() {
	l.mu.Lock()
	owners, now := l.owners, l.now().Sub(l.t0)
	l.mu.Unlock()
	l.census.count(now, owners, atOnce)
}

// activity tells for how long nothing has come.
type activity struct {
	snapshots uint64
	since     time.Time
}

func (a *activity) silent(tapes []stream.Progress, now time.Time) time.Duration {
	var snapshots uint64
	for _, p := range tapes {
		snapshots += p.Snapshots
	}
	if a.since.IsZero() || snapshots != a.snapshots {
		a.snapshots, a.since = snapshots, now
	}
	return now.Sub(a.since)
}

// halted tells that nobody has been told to stop yet.
func (l *leading) halted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stop == ""
}

// missing names the slots whose tapes have not come whole though their agents live, and counts those whose agents
// are lost with something left to tell.
func (l *leading) missing(tapes []stream.Progress) (names []string, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.slots {
		switch {
		case s.complete(i+1, tapes) && (s.lost || s.hasTold(i+1, tapes)):
			if s.quit && l.stop == "" {
				lost++ // another agent may still come for the rest of its share
			}
		case s.isExcused():
		case s.lost || s.Instance == "":
			lost++
		default:
			names = append(names, s.name(i+1))
		}
	}
	return names, lost
}

// complete tells whether the tape of the slot's present process is all there.
func (s *slot) complete(number int, tapes []stream.Progress) bool {
	for _, p := range tapes {
		if p.Slot == number && p.Complete && len(s.lives) > 0 && p.Epoch == s.lives[len(s.lives)-1].epoch {
			return true
		}
	}
	return false
}

// anyGone tells that an agent is lost or was stopped.
func (l *leading) anyGone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.slots, func(s *slot) bool { return s.lost || s.quit || s.Instance == "" })
}

// anySentAll tells that an agent has sent its share to the end: then the storm is over for all.
func (l *leading) anySentAll() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.slots, func(s *slot) bool { return (s.State == sent || s.State == done) && s.End == record.Completed })
}

// hasTold tells whether a living agent has sent all, and handed over what processes before it left in its spool too.
func (s *slot) hasTold(number int, tapes []stream.Progress) bool {
	if s.State != sent && s.State != done {
		return false
	}
	left := len(s.Left)
	for _, p := range tapes {
		if p.Slot == number && p.Complete && slices.Contains(s.Left, p.Epoch) {
			left--
		}
	}
	return left == 0
}

// accounts returns what the record says of the agents in the end.
func (l *leading) accounts(tapes []stream.Progress) []record.Agent {
	agents := l.Agents()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.census.count(-always, l.owners, math.MaxInt)
	for i := range agents {
		a, s := &agents[i], l.slots[i]
		a.Finished = s.complete(i+1, tapes)
		t := l.census.tally(i+1, tapes, s.doubts(i+1, tapes, l.resumed))
		a.PlannedArrivals, a.ReportedArrivals, a.InDoubtArrivals, a.UnsentArrivals = t.planned, t.reported, t.inDoubt, t.unsent
		a.ExtraArrivals, a.InDoubtSeconds, a.ExtraSeconds = t.extra, t.doubtSeconds, t.extraSeconds
		// Nobody wanted that something is missing, whoever had the slot in the end; and of an agent that was lost before it
		// had anything to send, nothing is.
		a.Lost = !a.Finished && t.planned > 0 && !s.isExcused() || t.inDoubt+t.unsent > 0 && (l.stop == "" || s.quit)
	}
	return agents
}
