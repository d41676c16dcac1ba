package health

import (
	"fmt"
	"math"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/scenarios/quantity"
)

// Stall is a time in which nothing that was in flight moved: the target gave no sign of life, though the generator ran.
type Stall struct {
	From, To float64 // [s] from T0
	Open     bool    // it lasted to the end
	Waiting  uint64  // requests that were due and not answered
}

// A stall is at least so long, so many times what the quickest 2 % of the requests take, and so long that so many answers
// failed to come: by chance alone that happens less than once in a hundred times.
const (
	shortestStall = 1.0 // [s]
	stallTimes    = 3
	missedAnswers = 5
	fewestStalled = 3   // requests that were due and not answered
	muchWaits     = 0.2 // of all that were sent: more than take long by themselves
)

// stallsIn returns those that reach into a part of the run.
func stallsIn(found []Stall, run *history.History) (part []Stall) {
	if len(run.Seconds) == 0 {
		return nil
	}
	first, last := float64(run.Seconds[0]), float64(run.Seconds[len(run.Seconds)-1]+1)
	for _, f := range found {
		if f.From < last && f.To > first {
			part = append(part, f)
		}
	}
	return part
}

// search looks for the times between two signs of life of the target that were too long.
type search struct {
	run   *history.History
	gaps  []record.Gap
	steps map[string]*stepSeen
	found []Stall
}

// Classes of errors that are no sign of life of the target, as loadgen names them.
const (
	timeoutClass  = "timeout"
	canceledClass = "canceled"
)

// stepSeen is what is known of a step: of the whole run, and up to an instant in it.
type stepSeen struct {
	perSec float64 // answers in the seconds that had one
	quick  float64 // what the quickest 2 % of the requests take at most [s]

	sent uint64
	open int64 // sent and not answered
	due  int64 // due and not answered
	lost int64 // of both, given up for having waited too long, since the last sign of life
}

// waiting returns the requests that wait for an answer, or have given up waiting.
func (v *stepSeen) waiting() int64 { return max(v.open, v.due) }

// add adds what happened in a second. A request that was given up is no sign of life.
func (v *stepSeen) add(c *record.Counters) {
	lost := int64(c.Errors[timeoutClass] + c.Errors[canceledClass])
	v.sent += c.Sent
	v.open += int64(c.Sent) - int64(c.Done) + lost
	v.due += int64(c.Due) - int64(c.Done) - int64(c.Unsent) + lost
	v.lost += lost
}

// live notes a sign of life: what was given up before is no longer awaited.
func (v *stepSeen) live() { v.open, v.due, v.lost = v.open-v.lost, v.due-v.lost, 0 }

// Stalls returns the stalls of a run in order.
func Stalls(rec *record.Record) []Stall {
	s := &search{run: history.New(rec), gaps: gapsOf(rec), steps: map[string]*stepSeen{}}
	if rec.Manifest.PerUser {
		s.countSent()
	}
	s.measure(rec)
	answers := map[int]record.Span{}
	for second, g := range rec.Generators() {
		answers[second] = g.Answers
	}
	last, lives := 0.0, false // a target that never answers does not stall: nothing shows that it ever moved
	for i, second := range s.run.Seconds {
		if i == 0 {
			last = float64(second)
		}
		span, events, idle := answers[second], s.run.Events[i], true
		if span.Known {
			s.look(last, span.First.Seconds(), events, false)
			last = span.Last.Seconds()
		}
		lives = lives || span.Known
		for name, v := range s.steps {
			if span.Known {
				v.live()
			}
			c := events[name]
			v.add(&c)
			idle = idle && v.waiting() <= 0
		}
		if span.Known && idle { // what is sent next begins anew
			last = max(last, s.nextSent(i))
		}
	}
	if n := len(s.run.Seconds); lives {
		s.look(last, float64(s.run.Seconds[n-1]+1), nil, true)
	}
	return s.found
}

// countSent has requests count as due when they are sent: where users have connections of their own, who waits for one asks nothing of the
// target yet, and those who have them may all be thinking.
func (s *search) countSent() {
	for _, events := range s.run.Events {
		for name, c := range events {
			c.Due, c.Unsent = c.Sent, 0
			events[name] = c
		}
	}
}

// nextSent returns the begin of the first second after one in which something was sent.
func (s *search) nextSent(i int) float64 {
	for j := i + 1; j < len(s.run.Seconds); j++ {
		if history.Sum(s.run.Events[j]).Sent > 0 {
			return float64(s.run.Seconds[j])
		}
	}
	return math.Inf(1)
}

func (s *search) measure(rec *record.Record) {
	for _, name := range s.run.Names {
		var done uint64
		active := 0
		for _, events := range s.run.Events {
			if c := events[name]; c.Done > 0 {
				done, active = done+c.Done, active+1
			}
		}
		times := rec.Packed(record.Everything, func(t record.Tag) bool { return t.Metric == record.ServiceTime && t.Step == name })
		s.steps[name] = &stepSeen{perSec: history.Ratio(float64(done), float64(active)), quick: float64(times.Quantile(0.02)) / nanosPerSecond}
	}
}

// look asks whether the target stalled between two instants; events are those of the second in which it gave a sign of life
// again. Of a step whose requests came on meanwhile, or of which much waits, an answer would have come: the few that
// take long among many are no stall.
func (s *search) look(from, to float64, events map[string]record.Counters, open bool) {
	var missed float64
	var stuck uint64
	length := to - from
	for _, name := range s.run.Names {
		v := s.steps[name]
		n := v.waiting() + int64(events[name].Due) // who is due in this second waits too
		if n <= 0 || length < stallTimes*v.quick || s.dueWithin(name, from, to) < fewestStalled && float64(n) < muchWaits*float64(v.sent) {
			continue
		}
		stuck += uint64(n)
		missed += v.perSec * length
	}
	if !(length >= shortestStall) || stuck < fewestStalled || missed < missedAnswers || s.frozenBetween(from, to) {
		return
	}
	s.found = append(s.found, Stall{From: from, To: to, Open: open, Waiting: stuck})
}

// dueWithin returns how many requests of a step were due between two instants, at least: in the seconds that begin then, and of
// the last of these the part up to its end.
func (s *search) dueWithin(step string, from, to float64) (sum float64) {
	for i, second := range s.run.Seconds {
		if begin := float64(second); begin >= from && begin < to {
			sum += min(to-begin, 1) * float64(s.run.Events[i][step].Due)
		}
	}
	return sum
}

// frozenBetween says whether the generator did not run for a part of a time: then it did not read the answers.
func (s *search) frozenBetween(from, to float64) bool {
	for _, g := range s.gaps {
		if g.From < to && g.To > from {
			return true
		}
	}
	return false
}

// Finding tells of the stall.
func (s *Stall) Finding() Finding {
	until := ""
	if s.Open {
		until = ", to the end of the run"
	}
	return Finding{FindingTargetStalled, fmt.Sprintf("the target stalled for %s from %s on%s: nothing in flight moved, and %s waited, though the generator ran",
		quantity.Seconds(s.To-s.From), instantAt(s.From), until, quantity.Of(s.Waiting, "request"))}
}

// behind returns the seconds in which requests waited for a stalled target: from its stall on, until none waits any more.
func behind(run *history.History, found []Stall) map[int]bool {
	seconds := map[int]bool{}
	for _, f := range found {
		for i, second := range run.Seconds {
			at := float64(second)
			switch {
			case at+1 <= f.From:
			case at <= f.To, i > 0 && seconds[run.Seconds[i-1]] && history.Sum(run.Events[i]).Waited > 0:
				seconds[second] = true
			}
		}
	}
	return seconds
}
