package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// sealHeardWithin is how long agents may take to hear that their measurements are on record.
const sealHeardWithin = 2 * time.Second

// Lead collects what the agents send and writes the record, which it closes. It returns when every agent has delivered
// what it measured or is lost for good.
//
//	storm    the whole storm, as one machine would send it: for what was planned, and for the shop's ledger
//	observe  is called with every merged second; may be nil. An *loadgen.Abort ends the run
//
// It fails where the record cannot be written; what else went wrong is in the end that it returns.
func (c *Coordinator) Lead(ctx context.Context, w *record.Writer, storm *loadgen.Storm, observe loadgen.Observer) (record.End, error) {
	l := &leader{Coordinator: c, failures: make(chan error, 1), planned: roster.NewPlanned(storm.Walk(), c.Plan.Slots)}
	receiver, err := l.open(w, observe)
	if err != nil {
		return record.End{}, err
	}
	receiving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	received, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		received <- receiver.Run(receiving)
	}()

	end := l.await(ctx, storm, received)
	err = l.collector.Flush()
	storm.ReadLedger(ctx, w)
	err = errors.Join(err, w.Update(func(m *record.Manifest) { m.Agents = l.accounts() }))
	end.At = time.Now()
	if err := errors.Join(err, w.Close(end)); err != nil {
		return end, err // the measurements stay with the agents
	}
	c.update(func(r *roster.Roster) { r.Seal() })
	receiver.Seal()
	_ = c.wait(context.WithoutCancel(ctx), barrierWait{barrier: roster.Released, within: sealHeardWithin})
	stop()
	<-over // the receiver would create again what is deleted now
	c.deleteStored(context.WithoutCancel(ctx))
	return end, nil
}

// deleteStored deletes what the bus keeps of the run: all of it is on record. Where that fails, it expires.
func (c *Coordinator) deleteStored(ctx context.Context) {
	js, err := jetstream.New(c.Conn)
	if err != nil {
		return
	}
	deleting, cancel := context.WithTimeout(ctx, sealHeardWithin)
	defer cancel()
	_ = js.DeleteStream(deleting, c.Run.Stream())
	_ = js.DeleteKeyValue(deleting, c.Run.Bucket())
}

// leader is a coordinator while the storm is on.
type leader struct {
	*Coordinator
	collector *stream.Collector
	failures  chan error // of the observer and the record
	planned   *roster.Planned
}

// open makes the collector and the receiver that fills it.
func (l *leader) open(w *record.Writer, observe loadgen.Observer) (receiver *stream.Receiver, err error) {
	l.collector, err = stream.NewCollector(stream.CollectorOptions{Run: string(l.Run), Slots: l.Plan.Slots, Told: w.Told, Sample: w.Sample,
		Write: func(i record.Interval) error {
			if err := w.Write(i); err != nil {
				return err
			}
			if observe != nil {
				l.fail(observe(i))
			}
			return nil
		}})
	if err != nil {
		return nil, err
	}
	receiver, err = stream.NewReceiver(stream.ReceiverOptions{Conn: l.Conn, Collector: l.collector, Stream: l.Run.Stream(), Subjects: l.Run.StoredSubjects(),
		SlotOf: bus.SlotOf, Replicas: l.Replicas, Control: l.Run.DownSlotSubject, Problem: func(err error) { l.Log("%v", err) }})
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.setLost = func(slot int, is bool) { l.fail(l.collector.SetLost(slot, is)) }
	return receiver, nil
}

// fail passes an error to await. The first one that is not handled yet holds.
func (l *leader) fail(err error) {
	if err == nil {
		return
	}
	select {
	case l.failures <- err:
	default:
	}
}

// await waits for the end of the run.
func (l *leader) await(ctx context.Context, storm *loadgen.Storm, received <-chan error) record.End {
	ending := roster.NewEnding(l.now(), l.t0.Add(-l.Plan.Lead+storm.Length()+storm.Scenario.Storm.Drain+loadgen.Grace), loadgen.Grace)
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	stopped := ctx.Done()
	for {
		var events roster.Events
		select {
		case <-stopped:
			events.Interrupted = true
			stopped = nil
		case err := <-l.failures:
			events.ObserveError = err.Error()
			if abort, ok := errors.AsType[*loadgen.Abort](err); ok {
				events.Crossed = abort.Message
			}
		case err := <-received:
			events.ReceiveError = err.Error()
		case <-ticker.C:
		}
		if d := l.step(ending, events); d.IsOver {
			return d.End
		}
	}
}

// countAtOnce is how many arrivals are counted in a row while the run goes on.
const countAtOnce = 1 << 20

// step looks at the agents and decides what to do.
func (l *leader) step(ending *roster.Ending, events roster.Events) (d roster.Decision) {
	l.update(func(r *roster.Roster) { r.Watch(l.now()) })
	l.mu.Lock()
	owners := l.roster.Owners()
	l.mu.Unlock()
	l.planned.Count(l.now().Sub(l.t0), owners, countAtOnce)
	progress := l.collector.Progress()
	var snapshots uint64
	for _, p := range progress {
		snapshots += p.Snapshots
	}
	l.update(func(r *roster.Roster) { d = ending.Step(l.now(), r, events, logsOf(progress), snapshots) })
	return d
}

// accounts returns what the record says of the agents in the end.
func (l *leader) accounts() []record.Agent {
	progress := l.collector.Progress()
	logs := logsOf(progress)
	for i, p := range progress {
		for _, a := range p.Arrivals {
			logs[i].Arrivals = append(logs[i].Arrivals, roster.Arrivals{Second: int(a.Second), Users: uint64(a.Users)})
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.roster.Accounts(l.planned, logs)
}

// logsOf returns what the roster needs to know of what has been received, without the arrivals.
func logsOf(progress []stream.Progress) []roster.Log {
	logs := make([]roster.Log, len(progress))
	for i, p := range progress {
		logs[i] = roster.Log{Slot: p.Slot, Epoch: p.Epoch, Complete: p.Complete, Recovered: p.Fin != nil && p.Fin.Recovered, Second: p.Second, HasSecond: p.HasSecond}
	}
	return logs
}
