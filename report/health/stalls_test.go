package health_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
	"fsctl/report/health"
)

// simulated is a run at an even rate to a target that takes the same time for each request, but for one time in which it does
// nothing: what would have been answered then is answered at its end.
type simulated struct {
	perSec, length   int
	took             float64 // [s]
	stalled, resumed float64 // [s]; alike for no stall
	gap              record.Gap
}

func (s simulated) record(t testing.TB) *record.Record {
	rec := record.New(manifest())
	type second struct {
		counters record.Counters
		answers  record.Span
		millis   []float64
	}
	seconds := map[int]*second{}
	at := func(instant float64) *second {
		n := int(math.Floor(instant))
		if seconds[n] == nil {
			seconds[n] = &second{}
		}
		return seconds[n]
	}
	for i := range s.perSec * s.length {
		sent := float64(i) / float64(s.perSec)
		done := sent + s.took
		if done > s.stalled && sent < s.resumed && s.resumed > s.stalled {
			done = max(done, s.resumed+float64(i%7)/1000)
		}
		at(sent).counters.Due++
		at(sent).counters.Sent++
		at(sent).millis = append(at(sent).millis, 1000*(done-sent))
		v := at(done)
		v.counters.Done++
		v.answers.Include(time.Duration(done * float64(time.Second)))
	}
	for n, v := range seconds {
		i := record.Interval{Second: n, Steps: map[string]*record.Counters{"order": &v.counters}, Generator: &record.Generator{Answers: v.answers}}
		if len(v.millis) > 0 {
			i.Packed = map[record.Tag]record.Packed{{Metric: record.ServiceTime, Step: "order", Outcome: "ok"}: histogram(t, v.millis...)}
		}
		if n == int(s.gap.To) && s.gap.Requests > 0 {
			i.Generator.Gaps = []record.Gap{s.gap}
		}
		rec.Add(i)
	}
	return rec
}

// TestStallsAreFound draws runs with one stall, and wants it found where it was, or none where there was none, however slow the target is.
func TestStallsAreFound(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := simulated{perSec: rapid.IntRange(10, 400).Draw(r, "rate"), length: rapid.IntRange(8, 20).Draw(r, "length"),
			took: rapid.SampledFrom([]float64{0.001, 0.02, 0.3, 1, 3}).Draw(r, "took")}
		s.stalled = rapid.Float64Range(s.took+0.5, 5).Draw(r, "stalled")
		stall := rapid.Bool().Draw(r, "stall")
		if s.resumed = s.stalled; stall {
			s.resumed += rapid.Float64Range(max(1.2, 3.2*s.took), 12).Draw(r, "for")
		}
		found := health.Stalls(s.record(t))
		if !stall {
			if len(found) > 0 {
				r.Fatalf("found %+v in a run without a stall", found)
			}
			return
		}
		slack := 1/float64(s.perSec) + 0.01
		if len(found) != 1 || math.Abs(found[0].From-s.stalled) > slack || math.Abs(found[0].To-s.resumed) > slack {
			r.Fatalf("found %+v, wanted one from %g to %g", found, s.stalled, s.resumed)
		}
	})
}

// TestAFrozenGeneratorSeesNoStall: while it does not run it reads no answers.
func TestAFrozenGeneratorSeesNoStall(t *testing.T) {
	s := simulated{perSec: 100, length: 10, took: 0.01, stalled: 3, resumed: 6, gap: record.Gap{From: 3, To: 6, Requests: 300}}
	if found := health.Stalls(s.record(t)); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

// TestSlowAnswersAmongManyAreNoStall: a few requests that take long, when nothing else is sent, move as they always do.
func TestSlowAnswersAmongManyAreNoStall(t *testing.T) {
	rec := record.New(manifest())
	var quick, slow record.Span
	quick.Include(10 * time.Millisecond)
	quick.Include(90 * time.Millisecond)
	slow.Include(3010 * time.Millisecond)
	rec.Add(record.Interval{Second: 0, Steps: map[string]*record.Counters{"order": {Due: 200, Sent: 200, Done: 190}}, Generator: &record.Generator{Answers: quick},
		Packed: map[record.Tag]record.Packed{{Metric: record.ServiceTime, Step: "order", Outcome: "ok"}: histogram(t, 10, 20, 30, 40)}})
	rec.Add(record.Interval{Second: 3, Steps: map[string]*record.Counters{"order": {Done: 10}}, Generator: &record.Generator{Answers: slow}})
	if found := health.Stalls(rec); len(found) > 0 {
		t.Errorf("found %+v", found)
	}
}

// TestStallsOfRequestsThatAreGivenUp: the target never comes back, and requests time out long before the end.
func TestStallsOfRequestsThatAreGivenUp(t *testing.T) {
	rec := record.New(manifest())
	for second := range 8 {
		c, g := record.Counters{Due: 100, Sent: 100, Done: 100}, record.Generator{}
		switch {
		case second < 3:
			g.Answers.Include(time.Duration(second)*time.Second + time.Millisecond)
			g.Answers.Include(time.Duration(second)*time.Second + 990*time.Millisecond)
		case second < 5:
			c.Done = 0
		default:
			c.Failed, c.Errors = 100, map[string]uint64{"timeout": 100}
		}
		rec.Add(record.Interval{Second: second, Steps: map[string]*record.Counters{"order": &c}, Generator: &g,
			Packed: map[record.Tag]record.Packed{{Metric: record.ServiceTime, Step: "order", Outcome: "ok"}: histogram(t, 1, 2, 3)}})
	}
	found := health.Stalls(rec)
	if len(found) != 1 || !found[0].Open || found[0].From != 3 || found[0].To != 8 {
		t.Errorf("found %+v, wanted one from 3 s on to the end", found)
	}
}
