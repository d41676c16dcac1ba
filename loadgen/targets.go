package loadgen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/host"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/quantity"
)

// TargetOptions say how to fire a plain list of vegeta targets.
type TargetOptions struct {
	File        string         // vegeta's http or JSON format
	Rate        scenarios.Rate // requests per second, above 0
	Duration    time.Duration  // above 0
	Allow       []string
	Connections int // 0 to choose
	TLS         *tls.Config
	Raw         bool
	Route       transport.Route // how connections reach the targets
}

// TargetList is a plain list of vegeta targets, ready to be fired in turn at a steady rate by
// vegeta's Attacker.
type TargetList struct {
	TargetOptions
	targets   []vegeta.Target
	addresses []string // host:port of them, each once
	pacer     arrivals.Pacer
	step      *journey.Step
}

// NewTargetList reads and checks a list of targets. It fails where the file cannot be read, and with a
// *transport.InputError for what is wrong with it: no target, a URL that is none, a host that is not allowed, no
// rate or duration above 0.
func NewTargetList(o TargetOptions) (*TargetList, error) {
	if o.Rate <= 0 || o.Duration <= 0 {
		return nil, transport.InputErrorf("say for example --rate 100/s --duration 30s", "a target list needs a rate and a duration: found %s for %s", quantity.Rate(float64(o.Rate)), quantity.Exact(o.Duration))
	}
	content, err := os.ReadFile(o.File)
	if err != nil {
		return nil, fmt.Errorf("read targets: %w", err)
	}
	targeter := vegeta.NewHTTPTargeter(bytes.NewReader(content), nil, nil)
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		targeter = vegeta.NewJSONTargeter(bytes.NewReader(content), nil, nil)
	}
	targets, err := vegeta.ReadAllTargets(targeter)
	if err != nil {
		return nil, transport.InputErrorf("write one target a paragraph: METHOD URL, headers, @body-file; or one JSON object a line", "read targets %s: %v", o.File, err)
	}
	var addresses []string
	for i, t := range targets {
		address, err := url.Parse(t.URL)
		if err != nil {
			return nil, transport.InputErrorf("write a whole URL", "read targets %s: target %d: %v", o.File, i+1, err)
		}
		address.RawQuery, address.Fragment = "", ""
		if err := transport.CheckTarget(address, o.Allow, o.Route); err != nil {
			return nil, fmt.Errorf("read targets %s: target %d: %w", o.File, i+1, err)
		}
		addresses = append(addresses, transport.AddressOf(address))
	}
	if err := o.Route.Check(addresses); err != nil {
		return nil, err
	}
	if o.Connections == 0 {
		o.Connections = int(min(max(float64(o.Rate)*assumedAnswer.Seconds(), fewestConnections), mostConnections))
	}
	curve := arrivals.Line{To: o.Duration, FromRate: float64(o.Rate), ToRate: float64(o.Rate)}
	slices.Sort(addresses)
	l := &TargetList{o, targets, slices.Compact(addresses), arrivals.Pacer{Curve: curve},
		&journey.Step{Name: record.VegetaStep, Outcomes: []string{record.OutcomeOK, record.OutcomeFailed, record.OutcomeError}}}
	if l.Hits() == 0 {
		return nil, transport.InputErrorf("use a larger --rate or --duration", "%s for %s is not a single request", quantity.Rate(float64(o.Rate)), quantity.Exact(o.Duration))
	}
	return l, nil
}

// Hits returns how many requests will be sent, at least 1: rate x duration.
func (l *TargetList) Hits() uint64 { return uint64(l.pacer.Curve.Area(l.Duration) + 0.5) }

// Manifest returns what run.json says of the attack before it is sent.
func (l *TargetList) Manifest(now time.Time) record.Manifest {
	first, _ := url.Parse(l.targets[0].URL) // parsed before
	return record.Manifest{
		Target: first.Scheme + "://" + first.Host, Engine: "vegeta", Connections: l.Connections, Cores: runtime.GOMAXPROCS(0), ScaleRatio: 1,
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
	client := l.client(hard)
	defer client.CloseIdleConnections()
	attacker := vegeta.NewAttacker(vegeta.Client(client),
		vegeta.Workers(uint64(min(l.Connections, 10))), vegeta.MaxWorkers(uint64(l.Connections)), vegeta.MaxBody(1<<20))
	v := &listRun{list: l, writer: w, t0: t0, observe: observe, tally: newTally(&journey.Compiled{Steps: []*journey.Step{l.step}}, timings{}), meter: host.NewMeter()}
	v.samples.out = func(s record.Sample) { _ = w.Sample(s) } // the writer keeps its first error
	results := attacker.Attack(vegeta.NewStaticTargeter(l.targets...), l.pacer, 0, "")
	end := v.collect(ctx, results)
	if end.Reason != record.Completed {
		v.stopped = max(1, time.Since(t0))
		attacker.Stop()
		timer := time.AfterFunc(Grace, giveUp)
		defer timer.Stop()
		for r := range results {
			v.add(r)
		}
		v.countDue()
		v.tally.counters[0].Unsent += v.due - v.sent
	}
	if err := v.flush(); err != nil && end.Reason == record.Completed {
		end = endOf(err)
	}
	err := w.Update(func(m *record.Manifest) { m.Agents[0].Finished = true })
	end.At = time.Now()
	return end, errors.Join(err, w.Close(end))
}

// listRun is a target list under way.
type listRun struct {
	list     *TargetList
	writer   *record.Writer
	t0       time.Time
	observe  Observer
	tally    *tally
	event    int
	due      uint64
	sent     uint64
	came     uint64          // due and not yet written
	answered uint64          // the same
	stopped  time.Duration   // when the run was stopped early, 0 for not
	ends     []time.Duration // of the answers, in order
	meter    *host.Meter
	samples  sampler
}

// last returns when the last answer so far came.
func (v *listRun) last() time.Duration {
	if len(v.ends) == 0 {
		return 0
	}
	return v.ends[len(v.ends)-1]
}

func (v *listRun) collect(ctx context.Context, results <-chan *vegeta.Result) record.End {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case r, ok := <-results:
			if !ok {
				return record.End{Reason: record.Completed}
			}
			v.add(r)
		case <-ctx.Done():
			return record.End{Reason: record.Interrupted, Message: "stopped by the user"}
		case <-ticker.C:
			if err := v.flush(); err != nil {
				return endOf(err)
			}
		}
	}
}

func (v *listRun) add(r *vegeta.Result) {
	s := &sample{step: v.list.step, due: v.list.pacer.Due(r.Seq), status: int(r.Code), bytesOut: r.BytesOut, bytesIn: r.BytesIn}
	s.sent = max(r.Timestamp.Sub(v.t0), s.due)
	s.done = s.sent + r.Latency
	// vegeta numbers requests as they are sent, so those before this one and not yet answered were in flight.
	answered, _ := slices.BinarySearch(v.ends, s.sent)
	busy := int(r.Seq) + 1 - answered
	s.quiet, s.full = 4*busy <= v.list.Connections, busy >= v.list.Connections
	s.waited = s.full
	v.ends = append(v.ends, max(s.done, v.last()))
	switch {
	case r.Code == 0:
		s.Outcome, s.class = journey.OutcomeError, classifyText(r.Error)
		s.Reason = s.class
	case r.Code >= http.StatusBadRequest:
		s.Outcome, s.Reason = journey.OutcomeFailed, journey.ReasonStatus
	}
	if kind := (sampleKind{reason: s.Reason}); s.Outcome != journey.OutcomeOK && v.samples.wants(kind) {
		v.samples.out(v.list.sampleOf(r, s))
	}
	v.sent++
	v.answered++
	v.tally.counters[0].Sent++
	v.tally.add(s, scenarios.DefaultLateness)
	if v.list.Raw {
		_ = v.writer.Raw(r) // the writer keeps its first error
	}
}

// countDue counts what has become due, sent or not. Each request is a user of its own.
func (v *listRun) countDue() {
	now := time.Since(v.t0)
	if v.stopped > 0 {
		now = v.stopped
	}
	due := max(v.due, v.sent, min(v.list.Hits(), uint64(v.list.pacer.Curve.Area(now)+0.5)))
	v.tally.counters[0].Due += due - v.due
	v.came += due - v.due
	v.due = due
}

func (v *listRun) flush() error {
	intervals := map[int]*record.Interval{}
	v.tally.second = v.event
	v.countDue()
	v.tally.merge(intervals)
	g := eventsOf(v.event, intervals).Generator
	g.Arrivals, g.Iterations, v.came, v.answered = v.came, v.answered, 0, 0
	v.meter.Read(g)
	g.Connections = v.list.Connections
	v.event = max(v.event+1, second(time.Since(v.t0)))
	err := save(v.writer, intervals, v.observe)
	v.tally.clear()
	return err
}

// client is like vegeta's own but for three things: it follows no redirect to a host that the user did not name,
// it can dial IPv6, and its connections break when ctx is done, so that a run ends soon after it was stopped.
func (l *TargetList) client(ctx context.Context) *http.Client {
	open := l.Route.Dialer(nil)
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := open(dialing, network, address)
		if err != nil {
			return nil, err
		}
		return &breakable{conn, context.AfterFunc(ctx, func() { conn.Close() })}, nil
	}
	proxy := http.ProxyFromEnvironment
	if len(l.Route.ConnectTo) > 0 {
		proxy = nil // it would know nothing of the detour
	}
	return &http.Client{
		Timeout: vegeta.DefaultTimeout,
		Transport: &http.Transport{Proxy: proxy, DialContext: dial, MaxIdleConnsPerHost: l.Connections,
			TLSClientConfig: l.TLS.Clone(), ForceAttemptHTTP2: true}, // net/http writes into the configuration
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if transport.CheckTarget(&url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host}, l.Allow, l.Route) != nil {
				return fmt.Errorf("%w: %s", transport.ErrForeign, r.URL.Host)
			}
			if len(via) > vegeta.DefaultRedirects {
				return fmt.Errorf("%w: %d", transport.ErrRedirects, len(via))
			}
			return nil
		},
	}
}

// breakable is a connection that a context may break.
type breakable struct {
	net.Conn
	forget func() bool
}

// Close closes the connection.
func (b *breakable) Close() error {
	b.forget()
	return b.Conn.Close()
}

// classifyText classifies an error of which only the text is left, as in vegeta's results.
func classifyText(text string) string {
	for _, c := range []struct{ text, class string }{
		{"connection refused", transport.ClassRefused}, {"connection reset", transport.ClassReset}, {"broken pipe", transport.ClassReset},
		{"Timeout", transport.ClassTimeout}, {"timeout", transport.ClassTimeout}, {"deadline exceeded", transport.ClassTimeout}, {"no such host", transport.ClassDNS},
		{transport.ErrRedirects.Error(), transport.ClassRedirect}, {transport.ErrForeign.Error(), transport.ClassRedirect}, {net.ErrClosed.Error(), transport.ClassCanceled}, {"cannot assign requested address", transport.ClassPorts}, {"address already in use", transport.ClassPorts}, {"too many open files", transport.ClassPorts},
	} {
		if strings.Contains(text, c.text) {
			return c.class
		}
	}
	return transport.Classify(textError(text))
}

// textError is an error known by its text; those that end a body are distinguished.
func textError(text string) error {
	for _, err := range []error{io.ErrUnexpectedEOF, io.EOF} {
		if strings.HasSuffix(text, err.Error()) {
			return err
		}
	}
	return errors.New(text)
}
