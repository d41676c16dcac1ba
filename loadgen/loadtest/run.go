package loadtest

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/shop"
)

// Head is the beginning of a scenario.
const Head = `apiVersion: fsctl/v1
kind: Scenario
name: test
workload: {requests: 1M}
`

// Parse reads a scenario that needs no more than what a test is about.
func Parse(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse(filepath.Join(t.TempDir(), "test.yaml"), []byte(Head+text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// Open opens the built-in shop on the pipes until the function that it returns is called.
func Open(t testing.TB, p *Pipes, c shop.Config) (s *shop.Shop, stop func()) {
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

// Run is a run that is over, with its record.
type Run struct {
	End record.End
	Err error
	*record.Record
}

// All returns the counters of a step over the run, of all steps for an empty name.
func (r Run) All(step string) record.Counters {
	return r.Counters(record.Everything, step)
}

// Values returns how many values, from 0, the histograms of a metric, step and outcome hold; an
// empty step or outcome stands for all.
func (r Run) Values(metric, step, outcome string) uint64 {
	return uint64(r.Count(record.Everything, func(t record.Tag) bool {
		return t.Metric == metric && (step == "" || t.Step == step) && (outcome == "" || t.Outcome == outcome)
	}))
}

// Users returns how many users came and how many of their journeys ended, both from 0, by the generator's account of the
// whole run.
func (r Run) Users() (arrivals, iterations uint64) {
	for _, g := range r.Generators() {
		arrivals += g.Arrivals
		iterations += g.Iterations
	}
	return arrivals, iterations
}

// Unbalanced returns what does not add up in a record, empty for nothing. planned is the number of
// users, from 0, that the storm was to bring.
func (r Run) Unbalanced(planned uint64) string {
	const small = 1 << 40 // a counter that went below zero is larger
	if first, last, ok := r.Seconds(); ok {
		for second := first; second <= last; second++ {
			for step, c := range r.CountersAt(second) {
				if c.Due > small || c.Sent > small || c.Done > small || c.Unsent > small || c.Late > c.Done || c.Waited > c.Done || c.Failed > c.Done {
					return fmt.Sprintf("second %d: %s: %+v", second, step, c)
				}
			}
		}
	}
	for _, step := range append(r.Steps(), "") {
		c := r.All(step)
		switch {
		case c.Due != c.Sent+c.Unsent+c.GivenUp:
			return fmt.Sprintf("%q: %d due, but %d sent, %d not and %d given up", step, c.Due, c.Sent, c.Unsent, c.GivenUp)
		case c.Sent != c.Done:
			return fmt.Sprintf("%q: %d sent, but %d done", step, c.Sent, c.Done)
		}
		for _, metric := range []string{record.ResponseTime, record.ServiceTime, record.Lateness} {
			if n := r.Values(metric, step, ""); n != c.Done {
				return fmt.Sprintf("%q: %d done, but %d in %s", step, c.Done, n, metric)
			}
		}
		errs, failures, answers := sum(c.Errors), sum(c.Failures), sum(c.Statuses)
		if n := r.Values(record.ResponseTime, step, record.OutcomeError); n != errs {
			return fmt.Sprintf("%q: %d errors by class, but %d by outcome", step, errs, n)
		}
		if n := errs + r.Values(record.ResponseTime, step, record.OutcomeFailed); n != c.Failed {
			return fmt.Sprintf("%q: %d failed, but %d by outcome", step, c.Failed, n)
		}
		if errs+failures != c.Failed {
			return fmt.Sprintf("%q: %d failed, but %d errors and %d answers by reason", step, c.Failed, errs, failures)
		}
		if answers+errs < c.Done || answers > c.Done {
			return fmt.Sprintf("%q: %d done, but %d errors and %d answers by status", step, c.Done, errs, answers)
		}
	}
	return r.unbalancedUsers(planned)
}

// unbalancedUsers returns what does not add up in the accounts of users.
func (r Run) unbalancedUsers(planned uint64) string {
	arrivals, iterations := r.Users()
	journeys := map[string]record.Journey{}
	for _, g := range r.Generators() {
		for name, j := range g.Journeys {
			total := journeys[name]
			total.Add(j)
			journeys[name] = total
		}
	}
	var came, ended, ready uint64
	for name, j := range journeys {
		over := j.Finished + sum(j.Ended) + sum(j.Left)
		if over > j.Users || j.Ready > j.Users || j.NotReady > j.Ready {
			return fmt.Sprintf("journey %s: %d users came and %d ended, %d went on from another journey and %d of them late", name, j.Users, over, j.Ready, j.NotReady)
		}
		came, ended, ready = came+j.Users, ended+over, ready+j.Ready
	}
	if iterations > arrivals+ready || arrivals > planned {
		return fmt.Sprintf("%d of %d planned users came, %d went on to another journey, and %d journeys ended", arrivals, planned, ready, iterations)
	}
	if len(journeys) > 0 && (came != arrivals+ready || ended != iterations) { // a target list has none
		return fmt.Sprintf("by journey %d users came and %d ended, in all %d and %d", came, ended, arrivals, iterations)
	}
	return ""
}

func sum[K comparable](counts map[K]uint64) (total uint64) {
	for _, n := range counts {
		total += n
	}
	return total
}
