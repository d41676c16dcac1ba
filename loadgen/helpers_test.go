package loadgen

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"fsctl/loadgen/record"
	"fsctl/loadgen/testnet"
	"fsctl/scenarios"
	"fsctl/scenarios/shop"
)

// TestMain also fails where a goroutine is left over.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// must returns a value whose error would be a fault of the test itself.
func must[T any](v T, err error) T { return testnet.Must(v, err) }

const head = `apiVersion: fsctl/v1
kind: Scenario
name: test
workload: {requests: 1M}
`

// parse reads a scenario that needs no more than what a test is about.
func parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse(filepath.Join(t.TempDir(), "test.yaml"), []byte(head+text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// compile makes a storm that is not to be sent.
func compile(t testing.TB, text string, change ...func(*Options)) *Storm {
	t.Helper()
	o := Options{Scenario: parse(t, text), Target: testnet.Target(), Seed: 1}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens the built-in shop on the pipes until the function that it returns is called.
func open(t testing.TB, p *testnet.Pipes, c shop.Config) (s *shop.Shop, stop func()) {
	t.Helper()
	s, err := shop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, p) }()
	return s, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// outcomeOfRun is a run and its record.
type outcomeOfRun struct {
	end record.End
	err error
	*record.Record
}

// send runs a storm and reads its record.
func send(ctx context.Context, t testing.TB, s *Storm, observe Observer) outcomeOfRun {
	t.Helper()
	m, err := s.Manifest(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w, err := record.Create(filepath.Join(t.TempDir(), "run"), m, s.Scenario.Document)
	if err != nil {
		t.Fatal(err)
	}
	end, runErr := s.Run(ctx, w, m.T0, observe)
	r, err := record.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return outcomeOfRun{end, runErr, r}
}

// all returns the counters of a step over the run, of all steps for an empty name.
func (o outcomeOfRun) all(step string) record.Counters {
	return o.Counters(record.Everything, step)
}

// count returns how many values the histograms of a metric and step hold; empty for every step.
func (o outcomeOfRun) count(metric, step, outcome string) uint64 {
	return uint64(o.Count(record.Everything, func(t record.Tag) bool {
		return t.Metric == metric && (step == "" || t.Step == step) && (outcome == "" || t.Outcome == outcome)
	}))
}

// users adds up the generator's account of users.
func (o outcomeOfRun) users() (arrivals, iterations uint64) {
	for _, g := range o.Generators() {
		arrivals += g.Arrivals
		iterations += g.Iterations
	}
	return arrivals, iterations
}

// unbalanced tells what does not add up in a record, empty for nothing.
func (o outcomeOfRun) unbalanced(planned uint64) string {
	const small = 1 << 40 // a counter that went below zero is larger
	if first, last, ok := o.Seconds(); ok {
		for second := first; second <= last; second++ {
			for step, c := range o.CountersAt(second) {
				if c.Due > small || c.Sent > small || c.Done > small || c.Unsent > small || c.Late > c.Done || c.Waited > c.Done || c.Failed > c.Done {
					return fmt.Sprintf("second %d: %s: %+v", second, step, c)
				}
			}
		}
	}
	for _, step := range append(o.Steps(), "") {
		c := o.all(step)
		switch {
		case c.Due != c.Sent+c.Unsent:
			return fmt.Sprintf("%q: %d due, but %d sent and %d not", step, c.Due, c.Sent, c.Unsent)
		case c.Sent != c.Done:
			return fmt.Sprintf("%q: %d sent, but %d done", step, c.Sent, c.Done)
		}
		for _, metric := range []string{record.ResponseTime, record.ServiceTime, record.Lateness} {
			if n := o.count(metric, step, ""); n != c.Done {
				return fmt.Sprintf("%q: %d done, but %d in %s", step, c.Done, n, metric)
			}
		}
		var errs uint64
		for _, n := range c.Errors {
			errs += n
		}
		if n := o.count(record.ResponseTime, step, record.OutcomeError); n != errs {
			return fmt.Sprintf("%q: %d errors by class, but %d by outcome", step, errs, n)
		}
		if n := errs + o.count(record.ResponseTime, step, record.OutcomeFailed); n != c.Failed {
			return fmt.Sprintf("%q: %d failed, but %d by outcome", step, c.Failed, n)
		}
	}
	arrivals, iterations := o.users()
	if iterations > arrivals || arrivals > planned {
		return fmt.Sprintf("%d of %d planned users came and %d journeys ended", arrivals, planned, iterations)
	}
	return ""
}

// near tells whether a duration is within a share of another.
func near(got, want time.Duration, share float64) bool {
	return math.Abs(float64(got-want)) <= share*float64(want)
}

const (
	ms = time.Millisecond
	s1 = time.Second
)
