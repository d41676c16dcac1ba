package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record"
)

// Abort is a reason to stop a run early that an observer gives.
type Abort struct{ Message string }

func (a *Abort) Error() string { return a.Message }

// Observer sees every second of a run as it is written. An *Abort stops the run.
type Observer func(record.Interval) error

// Recorder keeps what is measured while a storm goes on: a run's record, or the stream of one of many agents.
type Recorder interface {
	// WriteAll takes the seconds that were flushed together, in order, and keeps nothing of them.
	WriteAll([]record.Interval) error
	// Told takes an order that a buyer was told of.
	Told(record.Order) error
	// Raw takes a request in vegeta's form, where these are wanted.
	Raw(*vegeta.Result) error
}

// Grace is how long requests in flight may still be answered once a run is stopped.
const Grace = 5 * time.Second

// Manifest returns what run.json says of the storm before it is sent, with T0 set from now.
func (s *Storm) Manifest(now time.Time) (record.Manifest, error) {
	t0 := now.Add(s.Lead())
	if at := s.Scenario.Storm.T0.At; !at.IsZero() {
		t0 = now.Add(at.Sub(now)) // by the monotonic clock from here on
		if begin := t0.Add(s.earliest()); begin.Before(now) {
			return record.Manifest{}, inputError("set storm.t0 to a later time, or to a duration after the run's start",
				"T0 is %s, so that the storm should have begun %v ago", at.Format(time.RFC3339), now.Sub(begin).Round(time.Second))
		}
	}
	m := s.ManifestAt(now, t0)
	m.PlannedArrivals = s.schedule.Len()
	return m, nil
}

// ManifestAt returns what run.json says of the storm before it is sent, with a T0 that is known.
func (s *Storm) ManifestAt(now, t0 time.Time) record.Manifest {
	return record.Manifest{
		Scenario: s.Scenario.Name, Target: s.Target.Redacted(), Engine: s.engineName(), Seed: s.Seed, Connections: s.Connections,
		Cores: runtime.GOMAXPROCS(0), Start: now, T0: t0, Agents: []record.Agent{{Name: "local", ShareRatio: 1}},
	}
}

// Run sends the storm and writes its record, which it closes. It returns when the storm is over
// and drained, or soon after ctx is done: what was measured is kept, and the record says how the
// run ended. The error is the record's: a full disk, say.
func (s *Storm) Run(ctx context.Context, w *record.Writer, t0 time.Time, observe Observer) (record.End, error) {
	return s.session(ctx, w, t0, observe, func(r *run) record.End { return r.send(ctx, s) })
}

// session opens what every run needs, lets send send, reads the ledger and closes the record.
func (s *Storm) session(ctx context.Context, w *record.Writer, t0 time.Time, observe Observer, send func(*run) record.End) (record.End, error) {
	engine, err := s.newEngine(ctx)
	if err != nil {
		return record.End{Reason: record.Failed}, errors.Join(err, w.Close(record.End{At: time.Now(), Reason: record.Failed, Message: err.Error()}))
	}
	defer engine.Close()
	r := &run{out: w, writer: w, t0: t0, observe: observe, event: second(time.Since(t0)), meter: newMeter()}
	r.hard, r.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	for range s.Connections {
		r.conns = append(r.conns, engine.Conn())
	}
	end := send(r)
	r.giveUp()
	s.ReadLedger(ctx, w)
	err = w.Update(func(m *record.Manifest) {
		m.Agents[0].T0SkewSeconds = r.skew.Seconds()
		m.Agents[0].Finished = true
	})
	end.At = time.Now()
	return end, errors.Join(err, w.Close(end))
}

// run is a run under way: one storm, or several after one another over the same connections.
type run struct {
	storm    *Storm // that is sent now
	conns    []Conn
	hard     context.Context // of the requests: those in flight are given up when it ends
	giveUp   context.CancelFunc
	out      Recorder
	writer   *record.Writer // nil where the record is not of this process
	t0       time.Time
	observe  Observer
	starting sync.Mutex // held while shards are made, and while they are revised
	shards   []*shard
	workers  sync.WaitGroup
	event    int // second that the next flush belongs to
	meter    *meter
	sequence atomic.Uint64 // of raw results
	drained  bool          // the last storm went to its end, and every user with it
	skew     time.Duration // lateness of the first request due at or after T0
	sent     bool          // the storm that has that request
}

// send sends a storm and waits for its end.
func (r *run) send(ctx context.Context, s *Storm) record.End {
	if r.hard.Err() != nil { // the storm before was given up
		r.hard, r.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	}
	r.storm, r.drained = s, false
	r.start()
	end := r.watch(ctx)
	r.drain()
	if err := r.flush(); err != nil && end.Reason == record.Completed {
		end = endOf(err)
	}
	if !r.sent {
		r.skew, r.sent = r.t0Skew(), true
	}
	return end
}

// begin returns the second in which the next storm may begin, a notice from now at the least.
func (r *run) begin(notice time.Duration) int {
	return max(second(time.Since(r.t0)+notice)+1, r.event)
}

func (r *run) start() {
	r.starting.Lock()
	defer r.starting.Unlock()
	r.shards = nil
	conns := r.conns
	for i := range r.storm.shards {
		s := newShard(r.storm, i, r.t0)
		s.told = func(o record.Order) { _ = r.out.Told(o) } // the writer keeps its first error
		if r.storm.Raw {
			s.raw = func(w *worker, done *sample) { _ = r.out.Raw(r.result(w, done)) }
		}
		s.workers = r.storm.Connections / r.storm.shards
		if i < r.storm.Connections%r.storm.shards {
			s.workers++
		}
		r.shards = append(r.shards, s)
		for range s.workers {
			w := &worker{shard: s, conn: conns[0], wake: make(chan *user, 1)}
			conns = conns[1:]
			r.workers.Go(func() { w.run(r.hard) })
		}
		r.workers.Go(s.pace)
	}
}

// watch flushes every second until the storm is over, too long in draining, or stopped.
func (r *run) watch(ctx context.Context) record.End {
	over := make(chan struct{})
	shards := r.shards // those of the next storm may take their place before the last of these has finished
	go func() {
		for _, s := range shards {
			<-s.finished
		}
		close(over)
	}()
	from, _ := r.storm.Scenario.Storm.Curve().Span()
	last := from + r.storm.Length()
	patience := time.NewTimer(time.Until(r.t0.Add(last + r.storm.Scenario.Storm.Drain)))
	defer patience.Stop()
	for {
		tick := time.NewTimer(time.Until(r.t0.Add(time.Duration(r.event+1) * time.Second)))
		select {
		case <-over:
			tick.Stop()
			r.drained = true
			return record.End{Reason: record.Completed}
		case <-ctx.Done():
			tick.Stop()
			return record.End{Reason: record.Interrupted, Message: "stopped by the user"}
		case <-patience.C:
			tick.Stop()
			return record.End{Reason: record.Completed, Message: fmt.Sprintf("still not drained %v after the last arrival", r.storm.Scenario.Storm.Drain)}
		case <-tick.C:
		}
		if err := r.flush(); err != nil {
			return endOf(err)
		}
	}
}

// drain stops sending and waits for the answers in flight, then gives up those that do not come.
func (r *run) drain() {
	for _, s := range r.shards {
		s.stop()
	}
	timer := time.AfterFunc(Grace, r.giveUp)
	r.workers.Wait()
	if !timer.Stop() {
		<-r.hard.Done() // so that the next storm does not begin with what is about to end
	}
}

// flush writes one second of the record and shows it to the observer.
func (r *run) flush() error {
	intervals := map[int]*record.Interval{}
	var awake time.Duration
	for _, s := range r.shards {
		s.flush(r.event, intervals)
		awake += s.awaited
	}
	g := intervals[r.event].Generator
	r.meter.read(g)
	spare := min(awake.Seconds(), g.CPUSeconds) // staying awake is no work: it ends when there is some
	g.CPUSeconds -= spare
	g.IdleCPUSeconds += spare
	r.event = max(r.event+1, second(time.Since(r.t0)))
	err := save(r.out, intervals, r.observe)
	for _, s := range r.shards {
		s.release()
	}
	return err
}

// save writes what was measured in a second and shows it to the observer.
func save(out Recorder, intervals map[int]*record.Interval, observe Observer) error {
	var all []record.Interval
	for _, second := range sorted(intervals) {
		all = append(all, *intervals[second])
	}
	if err := out.WriteAll(all); err != nil {
		return err
	}
	var wish error // of the observer, who sees all of them
	for _, i := range all {
		if observe != nil {
			wish = errors.Join(wish, observe(i))
		}
	}
	return wish
}

// endOf says how a run ends whose second could not be saved, or was the last that its observer wanted.
func endOf(err error) record.End {
	if abort, ok := errors.AsType[*Abort](err); ok {
		return record.End{Reason: record.Aborted, Message: abort.Message}
	}
	return record.End{Reason: record.Failed, Message: err.Error()}
}

// t0Skew returns how late the first request due at or after T0 was sent.
func (r *run) t0Skew() time.Duration {
	first := never
	var skew time.Duration
	for _, s := range r.shards {
		if s.t0Due < first {
			first, skew = s.t0Due, s.t0Skew
		}
	}
	return skew
}

// result is a request in the form of vegeta: its latency is the service time, as vegeta's is.
func (r *run) result(w *worker, done *sample) *vegeta.Result {
	v := &vegeta.Result{
		Attack: r.storm.Scenario.Name, Seq: r.sequence.Add(1) - 1, Code: uint16(w.answer.Status), Timestamp: r.t0.Add(done.sent), Latency: done.done - done.sent,
		BytesOut: done.bytesOut, BytesIn: done.bytesIn, Method: w.request.Method, URL: strings.TrimSuffix(r.storm.Target.String(), "/") + string(w.request.URL),
	}
	switch {
	case w.answer.Err != nil:
		v.Error = w.answer.Err.Error()
	case done.outcome == outcomeFailed:
		v.Error = http.StatusText(w.answer.Status)
	}
	return v
}
