package record

import (
	"fmt"
	"maps"
	"slices"

	"fsctl/loadgen/record/seal"
)

// addsUp fails where a whole record contradicts itself or its totals: files that are each undamaged and not of one run.
//
// The histograms belong to the second in which a request was due and the counters to that in which it was done, so that those two
// are held together over the whole run. What the counters of one second say of the same requests is held second by second.
func (r *Record) addsUp(wanted *seal.Totals) error {
	if found := r.sealTotals(); found != *wanted {
		return fmt.Errorf("found totals of %+v, wanted %+v, as the seal in run.json says", found, *wanted)
	}
	for _, step := range r.Steps() {
		if err := r.stepAgrees(step); err != nil {
			return fmt.Errorf("step %s: %w", step, err)
		}
	}
	known := r.Steps()
	for _, tag := range r.Tags() {
		if _, ok := slices.BinarySearch(known, tag.Step); !ok && tag.IsOfStep() {
			return fmt.Errorf("%s has histograms of step %s, and %s no counters of it", latencyFile, tag.Step, countersFile)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(r.seconds)) {
		if err := r.seconds[number].agrees(); err != nil {
			return fmt.Errorf("%s, second %d: %w", countersFile, number, err)
		}
	}
	return nil
}

// sealTotals returns what the record adds up to.
func (r *Record) sealTotals() seal.Totals {
	all := r.Counters(Everything, "")
	t := seal.Totals{Due: all.Due, Sent: all.Sent, Done: all.Done, Failed: all.Failed, Values: uint64(r.Count(Everything, nil)),
		Told: uint64(len(r.Ledger.Told)), Sold: uint64(r.Ledger.Sold.Len())}
	for _, g := range r.Generators() {
		t.Arrivals, t.Iterations = t.Arrivals+g.Arrivals, t.Iterations+g.Iterations
	}
	return t
}

// stepAgrees holds a step's counters against its histograms. Response time, service time and lateness, of those that are kept, have
// every request that was done, once; the other metrics those requests that got so far.
func (r *Record) stepAgrees(step string) error {
	c, known := r.Counters(Everything, step), false
	held := func(metric string, outcomes ...string) uint64 {
		return uint64(r.Count(Everything, func(t Tag) bool {
			return t.Step == step && t.Metric == metric && (len(outcomes) == 0 || slices.Contains(outcomes, t.Outcome))
		}))
	}
	for _, metric := range []string{ServiceTime, ResponseTime, Lateness} {
		all, failed := held(metric), held(metric, OutcomeFailed, OutcomeError)
		if all == 0 {
			continue
		}
		known = true
		if all != c.Done || failed != c.Failed {
			return fmt.Errorf("%s counts %d requests done, %d of them failed, and the histograms of %s in %s hold %d and %d", countersFile, c.Done, c.Failed, metric, latencyFile, all, failed)
		}
	}
	if !known && c.Done > 0 {
		return fmt.Errorf("%s counts %d requests done, and %s has no histogram of them", countersFile, c.Done, latencyFile)
	}
	for _, metric := range []string{Waiting, Connecting} {
		if n := held(metric); n > c.Done {
			return fmt.Errorf("%s counts %d requests done, and the histograms of %s in %s hold %d", countersFile, c.Done, metric, latencyFile, n)
		}
	}
	return nil
}

// agrees holds what the counters of a second say of the same requests and users against each other.
func (s *second) agrees() error {
	for step, c := range s.steps {
		for _, v := range []struct {
			what        string
			some, among uint64
		}{
			{"failed, of those done", c.Failed, c.Done},
			{"without an answer, of those failed", sumCounts(c.Errors), c.Failed},
			{"failed for a reason, of those failed", sumCounts(c.Failures), c.Failed},
			{"with a status, of those done", sumCounts(c.Statuses), c.Done},
			{"late, of those done", c.Late + c.Waited + c.Opening, c.Done},
			{"by those in flight", c.InFlight.Between(0, MostLevels).Requests, c.Done},
			{"on idle connections, of those done", c.Quiet.Requests, c.Done},
			{"on full connections, of those done", c.Full.Requests, c.Done},
		} {
			if v.some > v.among {
				return fmt.Errorf("step %s: found %d requests %s, which are %d", step, v.some, v.what, v.among)
			}
		}
	}
	g := s.generator
	if g == nil || len(g.Journeys) == 0 {
		return nil
	}
	var came, ended uint64
	for _, j := range g.Journeys {
		came += j.Users - min(j.Users, j.Ready)
		ended += j.Finished + sumCounts(j.Ended) + sumCounts(j.Left)
	}
	if came != g.Arrivals || ended != g.Iterations {
		return fmt.Errorf("found %d users and %d iterations, and by journeys %d and %d", g.Arrivals, g.Iterations, came, ended)
	}
	return nil
}

// sumCounts returns the sum of what is counted by name.
func sumCounts[K comparable](counts map[K]uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
