package loadgen

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/budget"
	"fsctl/loadgen/host"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/pulse"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/targetlist"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/quantity"
)

// TargetOptions say how to fire a plain list of vegeta targets.
type TargetOptions struct {
	File        string        // vegeta's http or JSON format
	Rate        amount.Rate   // requests per second, above 0
	Duration    time.Duration // above 0
	Allow       []string
	Connections int // open at once, a fixed number; 0 for as many as are needed

	MaxConnections int // open at once at most, where their number is not fixed; 0 for 10,000
	TLS            *tls.Config
	Raw            bool
	NoKeepAlive    bool
	Route          transport.Route // how connections reach the targets
	// Proxy is asked for the route's proxy with each target, and has one for all; nil where Route says it.
	Proxy func(target *url.URL) (*transport.Proxy, error)
}

// TargetList is a plain list of vegeta targets, ready to be fired in turn at a steady rate by
// vegeta's Attacker.
type TargetList struct {
	TargetOptions
	fit       bool // MaxConnections is to be what this machine has room for
	targets   []vegeta.Target
	addresses []string // host:port of them, each once
	pacer     arrivals.Pacer
	step      *journey.Step
}

// NewTargetList reads and checks a list of targets. It fails with a
// *transport.InputError where the file cannot be read, and for what is wrong with it: no target, a URL that is none, a host that is not allowed, no
// rate or duration above 0.
func NewTargetList(o TargetOptions) (*TargetList, error) {
	if o.Rate <= 0 || o.Duration <= 0 {
		return nil, transport.InputErrorf("say for example --rate 100/s --duration 30s", "a target list needs a rate and a duration: found %s for %s", quantity.Rate(float64(o.Rate)), quantity.Exact(o.Duration))
	}
	targets, err := targetlist.Read(o.File)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for i, t := range targets {
		address, err := transport.ParseURL(t.URL)
		if err == nil {
			address.RawQuery, address.Fragment = "", ""
			if o.Proxy != nil {
				if o.Route.Proxy, err = o.Proxy(address); err != nil {
					return nil, err
				}
			}
			err = transport.CheckTarget(address, o.Allow, o.Route)
		}
		if err != nil {
			return nil, fmt.Errorf("read targets %s: target %d: %w", o.File, i+1, err)
		}
		addresses = append(addresses, transport.AddressOf(address))
	}
	if err := o.Route.Check(addresses); err != nil {
		return nil, err
	}
	fit := cmp.Or(o.Connections, o.MaxConnections) == 0
	o.MaxConnections = cmp.Or(o.Connections, o.MaxConnections, DefaultMaxConnections)
	curve := arrivals.Line{To: o.Duration, FromRate: float64(o.Rate), ToRate: float64(o.Rate)}
	slices.Sort(addresses)
	l := &TargetList{o, fit, targets, slices.Compact(addresses), arrivals.Pacer{Curve: curve},
		&journey.Step{Name: record.VegetaStep, Outcomes: []string{record.OutcomeOK, record.OutcomeFailed, record.OutcomeError}}}
	if l.Hits() == 0 {
		return nil, transport.InputErrorf("use a larger --rate or --duration", "%s for %s is not a single request", quantity.Rate(float64(o.Rate)), quantity.Exact(o.Duration))
	}
	if fit { // a request each
		l.MaxConnections = int(min(uint64(l.MaxConnections), l.Hits()))
	}
	return l, nil
}

// Hits returns how many requests will be sent, at least 1: rate x duration.
func (l *TargetList) Hits() uint64 { return uint64(l.pacer.Curve.Area(l.Duration) + 0.5) }

// Manifest returns what run.json says of the attack before it is sent.
func (l *TargetList) Manifest(now time.Time) record.Manifest {
	first, _ := url.Parse(l.targets[0].URL) // parsed before
	return record.Manifest{
		Target: first.Scheme + "://" + first.Host, Engine: "vegeta", Connections: l.Connections, MaxConnections: l.MaxConnections, Cores: runtime.GOMAXPROCS(0), ScaleRatio: 1,
		PlannedArrivals: l.Hits(), Start: now, T0: now, Agents: []record.Agent{{Name: "local", ShareRatio: 1}},
	}
}

// Run fires the list and writes its record, which it closes. It returns when all was answered, or soon after ctx
// is done. It fails where the record cannot be written.
//
// vegeta stamps a request when a worker takes it; when it was due follows from its number.
func (l *TargetList) Run(ctx context.Context, w *record.Writer, t0 time.Time, observe Observer) (record.End, error) {
	hard, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	client := transport.NewClient(hard, transport.ClientOptions{Route: l.Route, TLS: l.TLS, Targets: l.addresses, Allow: l.Allow, MostIdle: l.MaxConnections, NoKeepAlive: l.NoKeepAlive, Timeout: vegeta.DefaultTimeout, Redirects: vegeta.DefaultRedirects})
	defer client.CloseIdleConnections()
	counted := &transport.ResendCounter{RoundTripper: client.Transport}
	bodies := &transport.BodyMeter{RoundTripper: counted}
	client.Transport = bodies
	attacker := vegeta.NewAttacker(vegeta.Client(client),
		vegeta.Workers(uint64(min(l.MaxConnections, 10))), vegeta.MaxWorkers(uint64(l.MaxConnections)), vegeta.MaxBody(l.keptBody()))
	v := &listRun{list: l, writer: w, t0: t0, observe: observe, counted: counted, bodies: bodies, tally: tally.New(&journey.Compiled{Steps: []*journey.Step{l.step}}, tally.Timings{}), meter: host.NewMeter(), pulse: pulse.New(scenarios.DefaultLateness), sleep: pulse.NewSleep()}
	v.samples.out = func(s record.Sample) { _ = w.Sample(s) } // the writer keeps its first error
	results := attacker.Attack(vegeta.NewStaticTargeter(l.targets...), l.pacer, 0, "")
	end, whole := v.collect(ctx, results)
	if !whole {
		v.stopped = max(1, time.Since(t0))
		attacker.Stop()
		timer := time.AfterFunc(Grace, giveUp)
		defer timer.Stop()
		for r := range results {
			v.add(r)
		}
		v.countDue()
		v.tally.Counters[0].Unsent += v.due - v.sent
	}
	if err := v.flush(); err != nil && end.Reason == record.Completed {
		end = endOf(err)
	}
	err := w.Update(func(m *record.Manifest) { m.Agents[0].Finished = true })
	end.At = time.Now()
	return end, errors.Join(err, w.Close(end))
}

// keptBody returns how much vegeta keeps of each body, in bytes: with raw results an equal share of the memory for answers, up to 1 MiB; else
// what a sample shows.
func (l *TargetList) keptBody() int64 {
	if !l.Raw {
		return transport.MostStart
	}
	return max(transport.MostStart, min(1<<20, budget.Answers.Limit()/int64(l.MaxConnections)))
}

// listRun is a target list under way.
type listRun struct {
	list      *TargetList
	writer    *record.Writer
	t0        time.Time
	observe   Observer
	tally     *tally.Tally
	event     int
	due       uint64
	sent      uint64
	came      uint64          // due and not yet written
	answered  uint64          // the same
	stopped   time.Duration   // when the run was stopped early, 0 for not
	ends      []time.Duration // of the answers, in order
	meter     *host.Meter
	samples   sampler
	pulse     pulse.Pulse
	sleep     *pulse.Sleep
	most      int           // in flight so far
	heldUntil time.Duration // when the last request was sent that waited for a connection
	flushed   time.Duration // when the last second was handed over
	counted   *transport.ResendCounter
	bodies    *transport.BodyMeter
}

// beat notes that the process runs.
func (v *listRun) beat() {
	now := time.Since(v.t0)
	if v.pulse.GapUpTo(now) {
		v.tally.Gaps = v.pulse.Take(v.tally.Gaps)
	}
	v.pulse.Beat(now)
	if slept := v.sleep.Since(); slept > 0 {
		if missed := max(v.list.pacer.Curve.Area(now+slept)-float64(v.sent), 0); missed >= 1 { // of them, some are in flight
			v.tally.Gaps = append(v.tally.Gaps, pulse.Asleep(now, slept, uint64(missed)))
		}
	}
}

// answeredBy returns how many answers had come by an instant.
func (v *listRun) answeredBy(at time.Duration) int {
	n, _ := slices.BinarySearch(v.ends, at)
	return n
}

// last returns when the last answer so far came.
func (v *listRun) last() time.Duration {
	if len(v.ends) == 0 {
		return 0
	}
	return v.ends[len(v.ends)-1]
}

// collect takes the results until all have come, which is whole, the user stops the run, or it is not drained in time.
func (v *listRun) collect(ctx context.Context, results <-chan *vegeta.Result) (end record.End, whole bool) {
	patience := time.NewTimer(time.Until(v.t0.Add(v.list.Duration + scenarios.DefaultDrain)))
	defer patience.Stop()
	ticker, beats := time.NewTicker(time.Second), time.NewTicker(pulse.Heartbeat)
	defer ticker.Stop()
	defer beats.Stop()
	for {
		v.beat()
		select {
		case <-beats.C:
		case r, ok := <-results:
			if !ok {
				return record.End{Reason: record.Completed}, true
			}
			v.add(r)
		case <-ctx.Done():
			return record.End{Reason: record.Interrupted, Message: "stopped by the user"}, false
		case <-patience.C:
			return notDrained(scenarios.DefaultDrain), false
		case <-ticker.C:
			if err := v.flush(); err != nil {
				return endOf(err), false
			}
		}
	}
}

func (v *listRun) add(r *vegeta.Result) {
	if r.BytesIn = v.bodies.Take(strconv.FormatUint(r.Seq, 10)); r.Code == 0 {
		r.BytesIn = 0 // half an answer counts for none
	}
	s := &tally.Request{Step: v.list.step, Due: v.list.pacer.Due(r.Seq), Status: int(r.Code), BytesOut: r.BytesOut, BytesIn: r.BytesIn}
	s.Sent = max(r.Timestamp.Sub(v.t0), s.Due)
	s.Done = s.Sent + r.Latency
	// vegeta numbers requests as they are sent, so those before this one and not yet answered were in flight.
	busy := int(r.Seq) + 1 - v.answeredBy(s.Sent)
	s.Leaving.InFlight = busy
	v.most = max(v.most, busy)
	if full := int(r.Seq) - v.answeredBy(s.Due); full >= v.list.MaxConnections || s.Due < v.heldUntil {
		s.Held, v.heldUntil = tally.HeldByBusy, max(v.heldUntil, s.Sent)
	}
	s.Frozen = v.pulse.Spoil(s.Times(), scenarios.DefaultLateness)
	v.ends = append(v.ends, max(s.Done, v.last()))
	switch {
	case r.Code == 0:
		s.Outcome, s.Class = journey.OutcomeError, transport.ClassifyText(r.Error)
		s.Reason = s.Class
	case r.Code >= http.StatusBadRequest:
		s.Outcome, s.Reason = journey.OutcomeFailed, journey.ReasonStatus
	}
	if kind := (sampleKind{reason: s.Reason}); s.Outcome != journey.OutcomeOK && v.samples.wants(kind) {
		v.samples.out(v.list.sampleOf(r, s))
	}
	v.sent++
	v.answered++
	v.tally.Counters[0].Sent++
	v.tally.Add(s, scenarios.DefaultLateness)
	if v.list.Raw {
		_ = v.writer.Raw(targetlist.Public(r)) // the writer keeps its first error
	}
}

// countDue counts what has become due, sent or not. Each request is a user of its own.
func (v *listRun) countDue() {
	now := time.Since(v.t0)
	if v.stopped > 0 {
		now = v.stopped
	}
	due := max(v.due, v.sent, min(v.list.Hits(), uint64(v.list.pacer.Curve.Area(now)+0.5)))
	v.tally.Counters[0].Due += due - v.due
	v.came += due - v.due
	v.due = due
}

func (v *listRun) flush() error {
	intervals := map[int]*record.Interval{}
	v.tally.Second = v.event
	v.countDue()
	v.tally.Gaps = v.pulse.Take(v.tally.Gaps)
	v.tally.Counters[0].Resent += v.counted.Take()
	v.tally.Merge(intervals)
	g := tally.EventsOf(v.event, intervals).Generator
	g.Arrivals, g.Iterations, v.came, v.answered = v.came, v.answered, 0, 0
	v.meter.Read(g)
	g.Connections = v.most
	now := time.Since(v.t0)
	g.ElapsedSeconds, v.flushed = (now - v.flushed).Seconds(), now
	v.event = max(v.event+1, arrivals.Second(time.Since(v.t0)))
	err := save(v.writer, intervals, v.observe)
	v.tally.Clear()
	return err
}
