package loadgen

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/shop"
)

// steady is 20/s for a minute, evenly spaced.
const steady = `
steps: {browse: {share: 100%, request: {url: /items}}}
storm:
  t0: 2s
  phases: [{journey: visitor, from: T0-2s, to: T0+58s, rate: 20/s, spacing: even}]
  drain: 10s
journeys: {visitor: [browse]}
`

func TestInterruptedStormKeepsWhatItMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 1, ServiceTime: 400 * time.Millisecond})
		defer stop()
		s := compile(t, steady, func(o *Options) { o.Connections, o.Dial = 64, p.Dial })
		ctx, cancel := context.WithCancel(context.Background())
		began := time.Now()
		defer time.AfterFunc(5500*time.Millisecond, cancel).Stop()
		run := send(ctx, t, s, nil)
		if run.Err != nil || run.End.Reason != record.Interrupted || run.End.Message == "" || run.Manifest.End.Reason != record.Interrupted {
			t.Errorf("end %+v, %v", run.End, run.Err)
		}
		// Those sent within the last 400 ms were in flight, and are answered.
		if took := time.Since(began); took < 5500*ms || took > 5900*ms || !run.End.At.Equal(time.Now()) {
			t.Errorf("the run took %v", took)
		}
		c := run.All("")
		if c.Due != 110 || c.Done != 110 || c.Failed != 0 || c.Unsent != 0 {
			t.Errorf("%+v, wanted 110 requests in 5.5 s, all answered", c)
		}
		if problem := run.Unbalanced(1200); problem != "" {
			t.Error(problem)
		}
	})
}

func TestSilentTargetDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		silent := make(chan struct{})
		stop := p.Serve(func(http.ResponseWriter, *http.Request) { <-silent })
		defer stop()
		defer close(silent)
		s := compile(t, steady, func(o *Options) { o.Connections, o.Dial = 8, p.Dial })
		ctx, cancel := context.WithCancel(context.Background())
		defer time.AfterFunc(3*time.Second, cancel).Stop()
		began := time.Now()
		run := send(ctx, t, s, nil)
		if took := time.Since(began); took != 3*time.Second+Grace {
			t.Errorf("the run took %v, wanted 3s and the grace of %v", took, Grace)
		}
		c := run.All("")
		if c.Due != 60 || c.Sent != 8 || c.Errors[transport.ClassCanceled] != 8 || c.Unsent != 52 {
			t.Errorf("%+v, wanted 60 due, 8 of them sent and given up", c)
		}
		for second, g := range run.Generators() {
			if len(g.Gaps) > 0 {
				t.Errorf("second %d has the gaps %+v, wanted none: the generator waited for answers", second, g.Gaps)
			}
		}
		if problem := run.Unbalanced(1200); problem != "" {
			t.Error(problem)
		}
	})
}

func TestStormThatDoesNotDrainEndsAnyway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 1, Workers: 1, ServiceTime: time.Second})
		defer stop()
		s := compile(t, steady, func(o *Options) { o.Connections, o.Dial, o.Duration = 2, p.Dial, 5*time.Second })
		if s.Length() != 5*time.Second || s.Arrivals() != 100 {
			t.Fatalf("the storm is cut to %v and %d users", s.Length(), s.Arrivals())
		}
		began := time.Now()
		run := send(context.Background(), t, s, nil)
		// 5 s of storm, 10 s of drain, and what is in flight then: two requests of a second each.
		if took := time.Since(began); took < 15*time.Second || took > 17*time.Second {
			t.Errorf("the run took %v", took)
		}
		c := run.All("")
		if run.End.Reason != record.Completed || run.End.Message == "" || c.Due != 100 || c.Unsent < 80 || c.Sent < 15 {
			t.Errorf("end %+v, %+v", run.End, c)
		}
		if problem := run.Unbalanced(100); problem != "" {
			t.Error(problem)
		}
	})
}

func TestObserverSeesEverySecondAndMayStopTheRun(t *testing.T) {
	for _, c := range []struct {
		name     string
		returned error
		reason   string
	}{
		{"an abort", &Abort{"p(99) is 3s"}, record.Aborted},
		{"a wrapped abort", errors.Join(errors.New("second 1"), &Abort{"p(99) is 3s"}), record.Aborted},
		{"an error", errors.New("cannot look"), record.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := loadtest.NewPipes()
				_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 1, ServiceTime: 1500 * time.Millisecond})
				defer stop()
				s := compile(t, steady, func(o *Options) { o.Connections, o.Dial = 64, p.Dial })
				next, t0 := -2, time.Now().Add(2*time.Second)
				run := send(context.Background(), t, s, func(i record.Interval) error {
					if i.Generator == nil {
						return nil // answers to what was due in an earlier second
					}
					if i.Second != next || next <= 1 && time.Since(t0) != time.Duration(next+1)*time.Second {
						t.Errorf("%v from T0 the observer sees second %d, wanted %d at its end", time.Since(t0), i.Second, next)
					}
					next++
					if i.Second == 1 {
						return c.returned
					}
					return nil
				})
				if run.End.Reason != c.reason || run.End.Message == "" || run.Err != nil {
					t.Errorf("end %+v, %v, wanted %s", run.End, run.Err, c.reason)
				}
				if n := run.All(""); n.Due != 80 || n.Done != 80 || next != 4 {
					t.Errorf("%+v and %d as the next second, wanted the 80 of four seconds, the last of them answered in the sixth", n, next)
				}
			})
		})
	}
}

func TestBrokenRecordEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 1})
		defer stop()
		s := compile(t, steady, func(o *Options) { o.Connections, o.Dial = 4, p.Dial })
		m := must(s.Manifest(time.Now()))
		w := must(record.Create(filepath.Join(t.TempDir(), "run"), m, nil))
		end, err := s.Run(context.Background(), w, m.T0, func(i record.Interval) error {
			if i.Second == 0 {
				return w.Close(record.End{Reason: record.Failed, Message: "the disk is full"})
			}
			return nil
		})
		if end.Reason != record.Failed || end.Message == "" || err == nil || time.Since(m.T0) > 3*time.Second {
			t.Errorf("%v after T0: end %+v, error %v, wanted a failed run in the second after", time.Since(m.T0), end, err)
		}
		if r := must(record.Open(w.Dir())); r.Counters(record.Everything, "").Done != 60 {
			t.Errorf("%+v is left of three seconds", r.Counters(record.Everything, ""))
		}
	})
}
