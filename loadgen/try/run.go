package try

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
)

// Observer sees a trial as it goes on. Any of its functions may be nil.
type Observer struct {
	Begins  func(*Result) // before the first request: what is known of the trial
	Waits   func(*Step)   // before the pause of a request, waited for or not
	Sends   func(*Step)   // before a request is sent: its method and URL
	Answers func(*Step)   // once the answer is judged
}

// Run performs the journey and returns what it came to. It ends soon after ctx is done. That the target cannot be reached is in
// the result.
func (t *Trial) Run(ctx context.Context, o Observer) *Result {
	p := &performance{Trial: t, observer: o, redactor: redact.New(t.secrets()...)}
	p.result = &Result{Scenario: t.Scenario.Name, Target: p.shown(transport.TargetsText(t.targets)), Journey: t.Journey, Before: t.beforeName(), User: t.User, Seed: t.Seed, Notes: []string{}, Steps: []Step{}}
	for _, n := range t.notes {
		p.result.Notes = append(p.result.Notes, p.shown(n))
	}
	call(o.Begins, p.result)
	engine, err := t.NewEngine(ctx)
	if err != nil {
		p.send = func(_ context.Context, _ *transport.Request, a *transport.Answer) { a.Reset(); a.Fail(err) }
	} else {
		defer engine.Close()
		p.conn = engine.Conn()
		p.send = p.conn.Do
	}
	p.perform(ctx)
	return p.result
}

func call[T any](f func(T), v T) {
	if f != nil {
		f(v)
	}
}

// performance is a trial that goes on.
type performance struct {
	*Trial
	observer Observer
	result   *Result
	redactor *redact.Redactor
	conn     transport.Conn // nil where the engine could not be had
	send     func(context.Context, *transport.Request, *transport.Answer)

	user    journey.User
	request transport.Request
	answer  transport.Answer
	values  journey.ValueReader
	scratch compose.Scratch
	headers headerTrace
	now     time.Duration // from T0, as if all pauses were waited for
	open    bool          // the connection was, when the last request was over
	reached bool          // it was open at some time
	polled  int           // the repeat that the request before was asked in, -1 for none
	started bool          // the journey has sent a request
	cookies []set         // by the answers so far
}

// perform goes through the journey.
func (p *performance) perform(ctx context.Context) {
	p.now = p.due
	if p.before != nil {
		if over := p.part(ctx, p.user.Start(p.arrival, p.due, p.before)); over {
			return
		}
		if !p.user.HasDoneAll() {
			if p.endAs(p.user.Ending()); !p.user.HasLeft() {
				p.result.Ended.Message = "the user left by the action leave in what it does before, and does not begin its journey"
			}
			return
		}
		if over := p.part(ctx, p.user.Continue(p.begins, p.now, p.program)); over {
			return
		}
	} else if over := p.part(ctx, p.user.Start(p.arrival, p.due, p.program)); over {
		return
	}
	p.endAs(p.user.Ending())
}

// part goes through one journey from its first step on, and reports whether the trial is over before the journey is.
func (p *performance) part(ctx context.Context, step *journey.Step) (over bool) {
	p.polled, p.started = -1, false
	for ; step != nil; step = p.user.Advance(p.now) {
		if len(p.result.Steps) == p.MostRequests {
			p.end(Ended{How: Cut, Step: step.Name, Message: fmt.Sprintf("cut after %s, before step %s", quantity.Of(p.MostRequests, "request"), step.Name),
				Hint: fmt.Sprintf("let it go on with --requests %d", 10*p.MostRequests)})
			return true
		}
		v := p.begin(step)
		if p.pause(ctx, v) {
			call(p.observer.Sends, v)
			p.exchange(ctx)
			p.judge(step, v)
			p.result.Steps = append(p.result.Steps, *v)
			call(p.observer.Answers, v)
		}
		if ctx.Err() != nil {
			p.end(Ended{How: Interrupted, Step: step.Name, Message: "interrupted at step " + step.Name})
			return true
		}
		if !p.reached && p.isUnreachable() {
			p.end(Ended{How: Unreachable, Step: step.Name, Message: "the target cannot be reached (" + v.Answer.Class + ")", Hint: p.hint(v)})
			return true
		}
	}
	return false
}

// begin renders the request of a step.
func (p *performance) begin(step *journey.Step) *Step {
	step.Render(&p.request, &p.user, &p.scratch)
	p.learn(p.request.Header)
	v := &Step{Number: len(p.result.Steps) + 1, Step: step.Name, Before: p.user.Program() == p.before, Wait: p.wait()}
	if s := p.Scenario.Step(step.Name); s != nil {
		v.Transaction = s.Transaction
	}
	v.Request = p.requestOf()
	return v
}

// wait says what pause is before the request.
func (p *performance) wait() (v Wait) {
	place, polling := p.user.Polling()
	if wait := p.user.Due - p.now; wait > 0 {
		v = Wait{Seconds: wait.Seconds(), Waited: p.Think}
		switch {
		case polling && place == p.polled: // the target needs the time
			v.Kind, v.Waited = Polling, true
		case p.before != nil && p.user.Program() == p.program && !p.started:
			v.Kind = Beginning
		default:
			v.Kind = kinds[p.user.Pause()]
		}
	}
	p.polled, p.started = -1, true
	if polling {
		p.polled = place
	}
	return v
}

// kinds are what the reasons of a user's pauses are called.
var kinds = map[journey.Pause]string{journey.Thinking: Thinking, journey.Pacing: Pacing, journey.Retrying: Retrying, journey.Repeating: Repeating}

// pause waits where that is asked for, and returns false where ctx ends.
func (p *performance) pause(ctx context.Context, v *Step) bool {
	wait := p.user.Due - p.now
	p.now = max(p.now, p.user.Due)
	if wait > 0 {
		call(p.observer.Waits, v)
	}
	if !v.Wait.Waited {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// exchange sends the request and reads the answer.
func (p *performance) exchange(ctx context.Context) {
	p.headers.reset()
	p.request.Sent = time.Now()
	patient := p.user.Step().Limit(&p.request, p.user.Due, p.now)
	p.send(httptrace.WithClientTrace(ctx, p.headers.trace()), &p.request, &p.answer)
	if patient && p.answer.Class == transport.ClassTimeout {
		p.answer.Abandon()
	}
	p.now += p.answer.Took
	p.reached = p.reached || p.answer.Err == nil || p.answer.Connect > 0
}

// isUnreachable reports whether the request failed because there was no connection.
func (p *performance) isUnreachable() bool {
	switch p.answer.Class {
	case transport.ClassRefused, transport.ClassDNS, transport.ClassNetwork, transport.ClassTLS, transport.ClassPorts, transport.ClassTimeout:
		return true
	}
	return p.conn == nil
}

// endAs ends the trial as the user's journey has ended.
func (p *performance) endAs(e journey.Ending) {
	switch {
	case e.Outcome != "":
		p.end(Ended{How: ByOutcome, Outcome: e.Outcome, Message: fmt.Sprintf("the outcome %s ended the journey", e.Outcome)})
	case e.Step != "" && e.Variable == "":
		p.end(Ended{How: Abandoned, Step: e.Step, Message: "the user gave up waiting at step " + e.Step, Hint: "its patience is what the scenario says: steps." + e.Step + ".patience"})
	case e.Step != "":
		v := Ended{How: Left, Step: e.Step, Variable: e.Variable, Message: fmt.Sprintf("the user left before step %s, which needs %s: no answer had it", e.Step, e.Variable)}
		variable, form, isUnfit := strings.Cut(e.Variable, ":")
		if isUnfit {
			v.Message = fmt.Sprintf("the user left before step %s, which needs %s as a %s: its value is none", e.Step, variable, map[string]string{"number": "number", "json": "JSON value"}[form])
		}
		var from []string
		for _, s := range p.Scenario.Steps {
			if x, ok := s.Extract[variable]; ok {
				from = append(from, fmt.Sprintf("step %s extracts it from %s", s.Name, x.From))
			}
		}
		v.Hint = strings.Join(from, ", ")
		p.end(v)
	case !p.user.HasDoneAll():
		p.end(Ended{How: Finished, Message: "the user left by the action leave, which counts as finished"})
	default:
		p.end(Ended{How: Finished, Message: "the user finished the journey"})
	}
}

// end notes how the trial ended, and what failed first.
func (p *performance) end(e Ended) {
	r := p.result
	e.Message, e.Hint = p.shown(e.Message), p.shown(e.Hint)
	r.Ended = e
	if i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Failed && s.Answer.Class != transport.ClassCanceled }); i >= 0 {
		s := &r.Steps[i]
		r.Failure = &Failure{Number: s.Number, Step: s.Step, Why: whyOf(s), Hint: cmp.Or(p.shown(p.hint(s)), s.cookieHint)}
		return
	}
	if e.How == Left || e.How == Cut {
		r.Failure = &Failure{Step: e.Step, Why: e.Message, Hint: e.Hint}
	}
}

// headerTrace notes the fields that net/http sends for the first of the requests that a step makes.
type headerTrace struct {
	mu     sync.Mutex // net/http writes on a goroutine of its own
	fields []transport.Field
	whole  bool
}

func (h *headerTrace) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fields, h.whole = nil, false
}

func (h *headerTrace) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		WroteHeaderField: func(name string, values []string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, v := range values {
				if !h.whole {
					h.fields = append(h.fields, transport.Field{Name: name, Value: []byte(v)})
				}
			}
		},
		WroteHeaders: func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.whole = true
		},
	}
}

func (h *headerTrace) sent() []transport.Field {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.fields)
}
