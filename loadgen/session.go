package loadgen

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/host"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/quantity"
)

// Session is an engine and its connections, through which a storm is sent, or several after one another.
type Session struct {
	Storm *Storm // that it was opened for

	engine  transport.Engine
	bases   []string       // of the URLs in raw results, by target: without user and password
	dialing sync.Mutex     // guards conns
	conns   []*link        // in the order in which they were first needed
	readied tally.Openings // by Connect, not in a record yet
	t0      time.Time
	out     Recorder
	meter   *host.MeterShare
	event   int             // second that the next flush belongs to
	flushed time.Duration   // when the last one was
	hard    context.Context // of the requests: those in flight are given up when it ends; nil before the first
	giveUp  context.CancelFunc
	sends   sendOrder     // of raw results
	skew    time.Duration // lateness of the first request due at or after T0
	skewed  bool          // that request was sent

	// The storm that is sent, or was sent last.
	current  *Storm
	observe  Observer
	drained  bool       // it went to its end, and every user with it
	starting sync.Mutex // held while shards are made, and while they are revised
	shards   []*shard
	workers  sync.WaitGroup
	opening  context.Context    // of connections that are opened ahead
	openLess context.CancelFunc // ends it
}

// Open looks the target up. Connections are opened when they are first needed. It fails where the name has no address;
// the vegeta engine leaves that to the first request.
func (s *Storm) Open(ctx context.Context) (*Session, error) {
	engine, err := s.NewEngine(ctx)
	if err != nil {
		return nil, err
	}
	x := &Session{Storm: s, engine: engine}
	for _, t := range s.targets {
		x.bases = append(x.bases, transport.URLOf(t.URL, transport.PathOf(t.URL)).String())
	}
	if !s.timings.Own {
		for range max(s.Connections, 1) {
			x.dial()
		}
	}
	return x, nil
}

// link is a connection.
type link struct {
	transport.Conn
	tried bool // it was opened, or was to be; a request opens it where it is not open
}

// dial makes a connection, which is opened when it is first needed.
func (x *Session) dial() *link {
	c := &link{Conn: x.engine.Conn()}
	x.dialing.Lock()
	defer x.dialing.Unlock()
	x.conns = append(x.conns, c)
	return c
}

// connectAtOnce is how many connections Connect opens side by side.
const connectAtOnce = 256

// Connect opens connections ahead, as far as the target takes them: all where their number is fixed, else one. Those that
// fail are tried again when they are needed, and their requests show the error then. It fails where ctx is done.
func (x *Session) Connect(ctx context.Context) error {
	if x.Storm.timings.OpensInRequests() { // else the requests themselves must show what it takes
		return nil
	}
	next := make(chan *link)
	var opening sync.WaitGroup
	for range min(connectAtOnce, len(x.conns)) {
		opening.Go(func() {
			for c := range next {
				took := c.open(ctx)
				x.dialing.Lock()
				x.readied.Add(took)
				x.dialing.Unlock()
			}
		})
	}
	for _, c := range x.conns {
		next <- c
	}
	close(next)
	opening.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("open connections: %w", err)
	}
	return nil
}

// open opens the connection ahead of its first request, and returns how long that took, 0 where it could not be or was
// tried before.
func (c *link) open(ctx context.Context) (took time.Duration) {
	if c.tried {
		return 0
	}
	c.tried = true
	began := time.Now()
	if c.Connect(ctx) != nil { // the first request tries again
		return 0
	}
	return time.Since(began)
}

// Close closes the connections; requests under way fail.
func (x *Session) Close() {
	x.EndMeasuring()
	if x.giveUp != nil {
		x.giveUp()
	}
	x.engine.Close()
}

// Begin says when T0 is, and where measurements go from now on. Storms are sent after it.
func (x *Session) Begin(t0 time.Time, out Recorder) {
	meter := x.Storm.Meter
	if meter == nil {
		meter = &host.SharedMeter{}
	}
	x.t0, x.out, x.meter, x.event = t0, out, meter.Join(), arrivals.Second(time.Since(t0))
}

// Send sends a storm, compiled with the same options as the one that the session was opened for, and hands what it
// measures over, second by second. It returns when the storm is over and drained, or soon after ctx is done.
func (x *Session) Send(ctx context.Context, s *Storm, observe Observer) record.End {
	if x.hard == nil || x.hard.Err() != nil { // the storm before was given up
		x.hard, x.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	}
	x.current, x.observe, x.drained, x.flushed = s, observe, false, time.Since(x.t0)
	x.start()
	stop := x.beat()
	end := x.watch(ctx)
	x.drain()
	stop() // not before: a wait for answers in which nothing beats would look as if the generator did not run
	if err := x.flush(); err != nil && end.Reason == record.Completed {
		end = endOf(err)
	}
	if !x.skewed {
		x.skew, x.skewed = x.t0Skew(), true
	}
	end.At = time.Now()
	return end
}

// EndMeasuring says that no further storm is sent: what this process uses from now on goes to another session, where
// several share a meter.
func (x *Session) EndMeasuring() {
	if x.meter != nil {
		x.meter.Leave()
	}
}

// Skew returns how late the first request due at or after T0 was sent, 0 without one.
func (x *Session) Skew() time.Duration { return x.skew }

// Drained reports whether the last storm went to its end, and every user with it.
func (x *Session) Drained() bool { return x.drained }

// Second returns the first second that is not recorded yet, counted from T0; below 0 before it.
func (x *Session) Second() int { return x.event }

// NextSecond returns the second, counted from T0, in which the next storm may begin, so much time from now at the
// least.
func (x *Session) NextSecond(ahead time.Duration) int {
	return max(arrivals.Second(time.Since(x.t0)+ahead)+1, x.event)
}

// Revise says that Options.Owns has changed its mind about users due from an instant on, which must be ahead by more than
// it takes to hear of it. Those who were to come here and are another's from now on are not sent, and those who became this
// process's are; a storm that has sent its last user stays over. Before a storm is sent there is nothing to follow: it
// begins with what Owns says then.
func (x *Session) Revise(from time.Duration) {
	x.starting.Lock()
	defer x.starting.Unlock()
	for _, s := range x.shards {
		s.revise(from)
	}
}

func (x *Session) start() {
	x.starting.Lock()
	defer x.starting.Unlock()
	x.shards = nil
	x.opening, x.openLess = context.WithCancel(x.hard)
	atOnce := make(chan struct{}, connectAtOnce)
	known := slices.Clone(x.conns)
	for i := range x.current.shards {
		s := newShard(x.current, i, x.t0)
		s.placed = func(o record.Order) { _ = x.out.Told(o) }         // the writer keeps its first error
		s.samples.out = func(v record.Sample) { _ = x.out.Sample(v) } // the same
		if x.current.Raw {
			s.raw = func(w *worker, done *tally.Request) { _ = x.out.Raw(x.result(w, done)) }
			s.sends = &x.sends
		}
		mine := every(known, x.current.shards, i)
		s.pool.dial = func() *link {
			if len(mine) == 0 {
				return x.dial()
			}
			c := mine[0]
			mine = mine[1:]
			return c
		}
		s.pool.spawn = func(w *worker, u *journey.User) {
			w.shard, w.atOnce = s, atOnce
			x.workers.Go(func() { w.run(x.opening, x.hard, u) })
		}
		x.shards = append(x.shards, s)
		s.seconds.tally.Opening, s.pool.openings, x.readied = x.readied, x.readied, tally.Openings{}
		if s.pool.own == nil {
			s.prepare(len(mine))
		}
		x.workers.Go(s.pace)
	}
}

// every returns the elements of a list that fall to one of several in turn.
func every[T any](list []T, of, number int) (part []T) {
	for i := number; i < len(list); i += of {
		part = append(part, list[i])
	}
	return part
}

// watch flushes every second until the storm is over, too long in draining, or stopped.
func (x *Session) watch(ctx context.Context) record.End {
	over := make(chan struct{})
	shards := x.shards // those of the next storm may take their place before the last of these has finished
	go func() {
		for _, s := range shards {
			<-s.finished
		}
		close(over)
	}()
	from, _ := x.current.Scenario.Storm.Curve().Span()
	last := from + x.current.Length()
	patience := time.NewTimer(time.Until(x.t0.Add(last + x.current.Scenario.Storm.Drain)))
	defer patience.Stop()
	for {
		tick := time.NewTimer(time.Until(x.t0.Add(time.Duration(x.event+1) * time.Second)))
		select {
		case <-over:
			tick.Stop()
			x.drained = true
			return record.End{Reason: record.Completed}
		case <-ctx.Done():
			tick.Stop()
			return record.End{Reason: record.Interrupted, Message: "stopped by the user"}
		case <-patience.C:
			tick.Stop()
			return notDrained(x.current.Scenario.Storm.Drain)
		case <-tick.C:
		}
		if err := x.flush(); err != nil {
			return endOf(err)
		}
	}
}

// notDrained is the end of a storm that had not been answered so long after its last arrival: what was not sent stays unsent.
func notDrained(after time.Duration) record.End {
	return record.End{Reason: record.Completed, Message: fmt.Sprintf("still not drained %s after the last arrival", quantity.Exact(after))}
}

// drain stops sending and waits for the answers in flight, then gives up those that do not come.
func (x *Session) drain() {
	for _, s := range x.shards {
		s.stop()
	}
	x.openLess()
	timer := time.AfterFunc(Grace, x.giveUp)
	x.workers.Wait()
	if !timer.Stop() {
		<-x.hard.Done() // so that the next storm does not begin with what is about to end
	}
}

// flush writes one second of the record and shows it to the observer.
func (x *Session) flush() error {
	intervals := map[int]*record.Interval{}
	var awake time.Duration
	for _, s := range x.shards {
		awake += s.flush(x.event, intervals)
	}
	g := intervals[x.event].Generator
	x.meter.Read(g, x.t0.Add(time.Duration(x.event+1)*time.Second), awake)
	now := time.Since(x.t0)
	g.ElapsedSeconds = (now - x.flushed).Seconds()
	x.flushed = now
	x.event = max(x.event+1, arrivals.Second(time.Since(x.t0)))
	err := save(x.out, intervals, x.observe)
	for _, s := range x.shards {
		s.release()
	}
	return err
}

// t0Skew returns how late the first request due at or after T0 was sent.
func (x *Session) t0Skew() time.Duration {
	first := never
	var skew time.Duration
	for _, s := range x.shards {
		if s.t0Due < first {
			first, skew = s.t0Due, s.t0Skew
		}
	}
	return skew
}

// result is a request in the form of vegeta: its latency is the service time, as vegeta's is.
func (x *Session) result(w *worker, done *tally.Request) *vegeta.Result {
	v := &vegeta.Result{
		Attack: x.current.Scenario.Name, Seq: w.sequence, Code: uint16(w.answer.Status), Timestamp: x.t0.Add(done.Sent), Latency: done.Done - done.Sent,
		BytesOut: done.BytesOut, BytesIn: done.BytesIn, Method: w.request.Method, URL: x.bases[w.request.Target] + string(w.shownURL),
	}
	switch {
	case w.answer.Err != nil:
		v.Error = errorWithout(w.answer.Err, v.URL, w.shard.storm.secrets)
	case done.Outcome == journey.OutcomeFailed:
		v.Error = http.StatusText(w.answer.Status)
	}
	return v
}
