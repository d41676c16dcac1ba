package report

import (
	"math"
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/plan"
)

// oneService is rushing with the shop alone behind the door: 4 cores.
func oneService(t testing.TB) []string {
	t.Helper()
	return []string{"services.gateway.running=0", "services.gateway.calls={}"}
}

// queueing adds a level to a record: users come evenly to a target of c workers that each take a service time,
// over more connections than it has workers, so that all waiting is at the target.
func (s searched) queueing(t testing.TB, rate, workers int, serviceSeconds float64) {
	t.Helper()
	l := *s.level(t, 0, 0)
	last := &s.Manifest.Levels[len(s.Manifest.Levels)-1]
	last.RatePerSec = float64(rate)
	free := make([]float64, workers)
	ended := map[int]*record.Counters{}
	times := map[int]*record.Sparse{}
	for i := range rate * (l.ToSeconds - l.FromSeconds) {
		due := float64(l.FromSeconds) + (float64(i)+0.5)/float64(rate)
		worker := slices.Index(free, slices.Min(free))
		end := max(due, free[worker]) + serviceSeconds
		free[worker] = end
		second := int(math.Floor(end))
		if ended[second] == nil {
			ended[second] = &record.Counters{}
		}
		ended[second].Done++
		ended[second].Quiet = load(ended[second].Done, 1)
		if times[int(due)] == nil {
			times[int(due)] = record.NewSparse()
		}
		if err := times[int(due)].RecordValue(int64((end - due) * 1e9)); err != nil {
			t.Fatal(err)
		}
		last.EndSeconds = max(last.EndSeconds, second+1)
		count(s.Record, int(due), "order", record.Counters{Due: 1, Sent: 1})
	}
	for second, c := range ended {
		count(s.Record, second, "order", *c)
	}
	for second, h := range times {
		s.Add(record.Interval{Second: second, Packed: map[record.Tag]record.Packed{
			{Metric: record.ServiceTime, Step: "order", Outcome: record.OutcomeOK}:  record.NewPacker().PackSparse(h),
			{Metric: record.ResponseTime, Step: "order", Outcome: record.OutcomeOK}: record.NewPacker().PackSparse(h),
		}})
	}
}

func calibrated(t testing.TB, s searched) (*plan.Calibration, []string) {
	t.Helper()
	sc := rushing(t, oneService(t)...)
	sc.Thresholds = require(limitOf(t, "response_time", "p(95)<200ms", "")).Thresholds
	p := planned(t, sc)
	return Calibrate(s.Record, sc, p, Judge(s.Record, sc, p))
}

// A search meets the limit of a target without ever using up the connections: everyone waits at the target. The
// demand that comes of it is the truth, and planned with it asks for the truth's instances.
func TestSearchMeasuresDemandAtTheQueue(t *testing.T) {
	s := newSearched()
	for _, rate := range []int{50, 100, 200, 400, 800, 520} { // 4 workers of 10 ms hold 400/s
		s.queueing(t, rate, 4, 0.01)
	}
	c, left := calibrated(t, s)
	d := measured(c, "services.shop.demand")
	if d == nil {
		t.Fatalf("no demand; left out %q", left)
	}
	if math.Abs(d.Value.Mid/0.01-1) > 0.005 || d.Value.Low > 0.01 || d.Value.High < 0.01 || !strings.Contains(d.Method, "utilization law: 4 cores, all busy, at 400 calls/s") {
		t.Errorf("demand %+v, wanted 10 ms", d)
	}
	if v := measured(c, "services.shop.variability"); v == nil || v.Value.Mid > 0.01 {
		t.Errorf("variability %+v, wanted that of the low levels, 0: at the limit everyone waits", v)
	}
}

// uslLevels adds levels at which the target has its requests in flight by the Universal Scalability Law.
func (s searched) uslLevels(t testing.TB, gamma, alpha, beta float64, concurrencies ...float64) {
	t.Helper()
	for _, n := range concurrencies {
		rate := math.Round(gamma * n / (1 + alpha*(n-1) + beta*n*(n-1)))
		s.level(t, int(rate), 2000*n/rate) // of which half is service time
	}
}

// lawful judges levels of one step, which calls the shop.
func lawful(t testing.TB, s searched) (*plan.Measured, string) {
	t.Helper()
	sc := rushing(t, oneService(t)...)
	sc.Thresholds = require(limitOf(t, "response_time", "p(95)<1h", "")).Thresholds
	sc.Services[1].Calls["browse"] = 1
	p := planned(t, sc)
	c, left := Calibrate(s.Record, sc, p, Judge(s.Record, sc, p))
	at := slices.IndexFunc(left, func(why string) bool { return strings.HasPrefix(why, "services.shop.demand") })
	if at < 0 {
		return measured(c, "services.shop.demand"), ""
	}
	return measured(c, "services.shop.demand"), left[at]
}

// A search that began near the limit has no calm level to compare with: the law says where its levels lead.
func TestLawOfLevelsFindsTheLimit(t *testing.T) {
	for name, c := range map[string]struct {
		alpha, beta   float64
		concurrencies []float64
		n             float64 // at which the law allows the most
	}{
		"contention": {0.35, 0, []float64{2, 2.5, 3, 4, 6, 9, 16, 32}, 64}, // twice the largest: it grows on
		"a peak":     {0.1, 0.01, []float64{2.5, 3, 4, 6, 9, 12, 16, 32}, math.Sqrt(0.9 / 0.01)},
	} {
		s := newSearched()
		s.uslLevels(t, 100, c.alpha, c.beta, c.concurrencies...)
		d, why := lawful(t, s)
		if d == nil {
			t.Errorf("%s: no demand: %s", name, why)
			continue
		}
		if truth := 4 / (100 * c.n / (1 + c.alpha*(c.n-1) + c.beta*c.n*(c.n-1))); d.Value.Mid < 0.95*truth || d.Value.Mid > 1.05*truth || d.Value.Low > truth || d.Value.High < truth {
			t.Errorf("%s: demand %+v, wanted %g within it", name, d.Value, truth)
		}
	}
}

func TestLawOfLevelsSaysWhatItLacks(t *testing.T) {
	for want, concurrencies := range map[string][]float64{
		"4 levels can be used":           {0.9, 1.2, 1.5, 1.7, 2}, // the first has too few requests in flight
		"requests in flight would still": {1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7},
		"0 levels can be used":           {0.1, 0.2},
	} {
		s := newSearched()
		s.uslLevels(t, 100, 0.02, 0, concurrencies...)
		if d, why := lawful(t, s); d != nil || !strings.Contains(why, want) {
			t.Errorf("%v: %+v, %q, wanted %q", concurrencies, d, why, want)
		}
	}
}
