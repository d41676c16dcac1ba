package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/scenarios"
)

// truth is a shop whose capacity is known, and the storm that it gets.
type truth struct {
	workers, connections int
	service              func(*rand.Rand) float64 // [s]
	quiet, rush          float64                  // arrivals [1/s]
	rushSeconds          int
}

const rushScenario = `apiVersion: fsctl/v1
kind: Scenario
name: rush
workload: {users: 10M, active: 20%, actions: 30, peak: 3}
steps: {order: {share: 100%, transaction: true}}
services:
  - {name: gateway, kind: service, calls: {order: 1}, demand: 100us, running: 2}
  - {name: shop, kind: service, calls: {order: 1}, demand: [2ms, 4ms, 8ms], instance: {cores: 4}, running: 1}
  - {name: db, kind: database, calls: {order: 1}, capacity: 8k/s}
`

func rushing(t testing.TB, set ...string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Parse("rush.yaml", []byte(rushScenario), set...)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func planned(t testing.TB, sc *scenarios.Scenario) *plan.Plan {
	t.Helper()
	p, err := plan.New(sc, plan.Options{Trials: 300})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// storm returns the record of ten quiet seconds, a rush and its drain: arrivals take the first free
// connection, then the first free worker, in order.
func (v truth) storm(t testing.TB) *record.Record {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	rec := record.New(manifest())
	rec.Dir = "runs/rush-1"
	steps := map[int]*record.Counters{}
	times := map[int]*record.Sparse{}
	at := func(seconds float64) *record.Counters {
		s := int(math.Floor(seconds))
		if steps[s] == nil {
			steps[s] = &record.Counters{}
		}
		return steps[s]
	}
	free := slices.Repeat([]float64{-10}, v.workers)
	var open []float64 // ends of requests that have a connection
	for due := -10.0; due < float64(v.rushSeconds); {
		rate := v.quiet
		if due >= 0 {
			rate = v.rush
		}
		due += random.ExpFloat64() / rate
		sent := due
		open = slices.DeleteFunc(open, func(end float64) bool { return end <= due })
		if len(open) >= v.connections {
			slices.Sort(open)
			sent = open[len(open)-v.connections]
		}
		busy := 1
		for _, end := range open {
			if end > sent {
				busy++
			}
		}
		worker := slices.Index(free, slices.Min(free))
		took := v.service(random)
		end := max(sent, free[worker]) + took
		free[worker] = end
		open = append(open, end)
		at(due).Due++
		at(sent).Sent++
		done := at(end)
		done.Done++
		switch {
		case 4*busy <= v.connections:
			done.Quiet.Requests, done.Quiet.Seconds = done.Quiet.Requests+1, done.Quiet.Seconds+end-sent
		case busy >= v.connections:
			done.Full.Requests, done.Full.Seconds = done.Full.Requests+1, done.Full.Seconds+end-sent
		}
		second := int(math.Floor(due))
		if times[second] == nil {
			times[second] = record.NewSparse()
		}
		if err := times[second].RecordValue(int64((end - sent) * 1e9)); err != nil {
			t.Fatal(err)
		}
	}
	for second, c := range steps {
		rec.Add(record.Interval{Second: second, Steps: map[string]*record.Counters{"order": c}})
	}
	for second, h := range times {
		rec.Add(record.Interval{Second: second, Packed: map[record.Tag]record.Packed{
			{Metric: record.ServiceTime, Step: "order", Outcome: record.OutcomeOK}: record.NewPacker().PackSparse(h)}})
	}
	return rec
}

func measured(c *plan.Calibration, field string) *plan.Measured {
	if c == nil {
		return nil
	}
	for i := range c.Values {
		if c.Values[i].Field == field {
			return &c.Values[i]
		}
	}
	return nil
}

// What a rehearsal of a shop with known service times measures, planned with, asks for the instances
// that the truth asks for.
func TestCalibrationFindsTheTruth(t *testing.T) {
	for name, v := range map[string]struct {
		truth
		seconds, within, scv, scvWithin float64
	}{
		"even":        {truth{4, 40, func(*rand.Rand) float64 { return 0.01 }, 40, 1000, 6}, 0.01, 0.005, 0, 0.02},
		"exponential": {truth{4, 40, func(r *rand.Rand) float64 { return 0.01 * r.ExpFloat64() }, 40, 1000, 12}, 0.01, 0.04, 1, 0.25},
	} {
		sc := rushing(t)
		p := planned(t, sc)
		rec := v.storm(t)
		r := Judge(rec, sc, p)
		c, left := Calibrate(rec, sc, p, r)
		d := measured(c, "services.shop.demand")
		if d == nil {
			t.Fatalf("%s: no demand; left out %q, health %+v", name, left, r.Health)
		}
		if off := d.Value.Mid/v.seconds - 1; math.Abs(off) > v.within || d.Value.Low > d.Value.Mid || d.Value.High < d.Value.Mid {
			t.Errorf("%s: demand %+v, wanted %g within %g", name, d.Value, v.seconds, v.within)
		}
		if d.Unit != "s" || d.Run != "rush-1" || !strings.Contains(d.Method, "utilization law: 4 cores") || d.N < leastBusySeconds {
			t.Errorf("%s: %+v, wanted its origin", name, d)
		}
		if s := measured(c, "services.shop.variability"); s == nil || math.Abs(s.Value.Mid-v.scv) > v.scvWithin || s.Value.High < s.Value.Mid {
			t.Errorf("%s: variability %+v, wanted %g", name, s, v.scv)
		}
		if s := measured(c, "steps.order.share"); s == nil || s.Value.Mid != 1 {
			t.Errorf("%s: share %+v, wanted 1", name, s)
		}
		text, err := c.YAML()
		if err != nil {
			t.Fatal(err)
		}
		again, err := plan.ParseCalibration("measured.yaml", text)
		if err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, text)
		}
		got, err := plan.NewCalibrated(sc, again, plan.Options{Trials: 300})
		if err != nil {
			t.Fatal(err)
		}
		wanted := planned(t, rushing(t, "services.shop.demand=10ms")).Services[1].Instances.Mid
		if n := got.Services[1].Instances.Mid; math.Abs(n/wanted-1) > v.within || got.Uncalibrated.Services[1].Instances.Mid >= n {
			t.Errorf("%s: %g instances, wanted the truth's %g within %g, and more than assumed", name, n, wanted, v.within)
		}
	}
}

func TestCalibrationSaysWhatItLeavesOut(t *testing.T) {
	shop := truth{4, 40, func(*rand.Rand) float64 { return 0.01 }, 40, 1000, 6}
	calm := shop
	calm.rush = 50
	for name, c := range map[string]struct {
		truth
		set  []string
		want string // why there is no demand
	}{
		"never at its limit": {calm, nil, "shop: the target was never at its limit"},
		"nothing is known":   {shop, []string{"services.shop.running=0"}, "shop: services.shop.running is not set"},
		"another limit":      {shop, []string{"services.gateway.demand=1s"}, "shop: by the plan another service was the limit"},
		"a database":         {shop, nil, "db: a run sees only what it calls itself"},
	} {
		sc := rushing(t, c.set...)
		p := planned(t, sc)
		rec := c.storm(t)
		made, left := Calibrate(rec, sc, p, Judge(rec, sc, p))
		if name != "a database" && measured(made, "services.shop.demand") != nil {
			t.Errorf("%s: a demand was measured", name)
		}
		if !slices.ContainsFunc(left, func(why string) bool { return strings.Contains(why, c.want) }) {
			t.Errorf("%s: left out %q, wanted %q", name, left, c.want)
		}
	}
}

// A demand wants seconds in which work waited, few failures, and a generator that was not at fault.
func TestCalibrationWantsEnoughData(t *testing.T) {
	sc := rushing(t)
	p := planned(t, sc)
	rush := func(seconds int, failed uint64) *record.Record {
		rec := record.New(manifest())
		count(rec, -1, "order", record.Counters{Due: 50, Sent: 50, Done: 50, Quiet: load(50, 10)})
		for s := range seconds {
			count(rec, s, "order", record.Counters{Due: 400, Sent: 400, Done: 400, Failed: failed, Full: load(400, 100)})
		}
		return rec
	}
	for want, rec := range map[string]*record.Record{
		"services.shop.demand: the target was busy throughout for 1 second with 50 calls": rush(1, 350),
		"services.shop.demand: 10 % of the answers at the limit were failures":            rush(3, 40),
		"services.shop.variability: quiet for 0 seconds with 0 calls, wanted 5 and 1":     rush(3, 0),
	} {
		made, left := Calibrate(rec, sc, p, Judge(rec, sc, p))
		if !slices.ContainsFunc(left, func(why string) bool { return strings.HasPrefix(why, want) }) || made == nil {
			t.Errorf("left out %q, wanted %q", left, want)
		}
	}
	rec := rush(3, 0)
	count(rec, 2, "order", record.Counters{Late: 500})
	rec.Add(record.Interval{Second: 2, Generator: &record.Generator{CPUSeconds: 2}})
	r := Judge(rec, sc, p)
	if made, left := Calibrate(rec, sc, p, r); r.Verdict != Invalid || made != nil || len(left) != 1 || !strings.Contains(left[0], "the run is invalid") {
		t.Errorf("verdict %s, %+v, left out %q; wanted nothing of an invalid run", r.Verdict, made, left)
	}
	empty := record.New(record.Manifest{T0: t0, Start: t0.Add(-time.Second)})
	if made, left := Calibrate(empty, sc, p, Judge(empty, sc, p)); made != nil || len(left) == 0 {
		t.Errorf("%+v of an empty run", made)
	}
}
