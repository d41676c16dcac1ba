package loadgen

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/scenarios/shop"
)

const flood = `
sale: {items: 1, stock: 10}
steps: {browse: {share: 100%, request: {url: /items}}}
storm:
  t0: 0s
  phases: [{journey: visitor, from: T0, to: T0+10s, rate: 160/s, spacing: even}]
journeys: {visitor: [browse]}
`

// quantileIn returns a quantile of a metric over the requests that were due in one second.
func quantileIn(run loadtest.Run, metric string, second int, q float64) time.Duration {
	h := run.Packed(record.Window{From: second, To: second + 1}, func(t record.Tag) bool { return t.Metric == metric })
	return time.Duration(h.Quantile(q))
}

// TestOverloadIsAnOpenLoop sends 160/s to a shop that serves 80/s, over 64 connections.
//
// The fluid model: after t seconds 160t have come and 80t were served, so the request due at t is
// answered when 160t were served, at 2t: its response time is t, that of the whole system. Its
// service time stays at what 64 connections hold: 64 / 80 = 0.8 s.
func TestOverloadIsAnOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10, Workers: 4, ServiceTime: 50 * time.Millisecond})
		defer stop()
		s := compile(t, flood, func(o *Options) { o.Connections, o.Dial = 64, p.Dial })
		run := send(context.Background(), t, s, nil)
		if run.Err != nil || run.End.Reason != record.Completed || run.End.Message != "" {
			t.Fatalf("end is %+v, %v", run.End, run.Err)
		}
		if problem := run.Unbalanced(1600); problem != "" {
			t.Error(problem)
		}
		c := run.All("browse")
		if c.Due != 1600 || c.Done != 1600 || c.Unsent != 0 || c.Failed != 0 {
			t.Errorf("counters are %+v, wanted 1600 due, sent and done", c)
		}
		if c.Waited < 1400 || c.Late > 0 {
			t.Errorf("%d waited for a connection and %d were late, wanted nearly all and none: the target queues, not the generator", c.Waited, c.Late)
		}
		if arrivals, iterations := run.Users(); arrivals != 1600 || iterations != 1600 {
			t.Errorf("%d users came and %d finished", arrivals, iterations)
		}
		for second := 1; second < 10; second++ {
			model := time.Duration((float64(second) + 0.5) * float64(time.Second))
			if got := quantileIn(run, record.ResponseTime, second, 0.5); !near(got, model, 0.05) {
				t.Errorf("due in second %d: median response time %v, the fluid model says %v", second, got, model)
			}
			if got := quantileIn(run, record.ServiceTime, second, 0.5); !near(got, 800*time.Millisecond, 0.02) {
				t.Errorf("due in second %d: median service time %v, wanted 800ms", second, got)
			}
		}
		checkBacklog(t, run)
		if n := p.Connections(); n != 64 {
			t.Errorf("%d connections were opened, wanted 64", n)
		}
	})
}

// checkBacklog holds the generator's own account against the model: the request that is sent at t
// was due at t/2 (but for what the connections hold), and all connections are busy.
func checkBacklog(t *testing.T, run loadtest.Run) {
	t.Helper()
	for second, g := range run.Generators() {
		if second < 2 || second > 18 {
			continue
		}
		end := float64(second + 1)
		if want := end - (80*end+64)/160; math.Abs(g.BacklogSeconds-want) > 0.1 || g.Busy != 64 {
			t.Errorf("at the end of second %d: backlog %.3f s with %d busy, the model says %.3f s with 64", second, g.BacklogSeconds, g.Busy, want)
		}
	}
}

func TestFastTargetIsHitOnTheInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10})
		defer stop()
		s := compile(t, flood, func(o *Options) { o.Connections, o.Dial = 4, p.Dial })
		run := send(context.Background(), t, s, nil)
		if problem := run.Unbalanced(1600); problem != "" || run.All("").Done != 1600 {
			t.Errorf("%s; %+v", problem, run.All(""))
		}
		for _, metric := range []string{record.Lateness, record.ResponseTime} {
			if most := run.Packed(record.Everything, func(t record.Tag) bool { return t.Metric == metric }).Max(); most >= int64(2*time.Microsecond) {
				t.Errorf("largest %s %v, wanted 0", metric, time.Duration(most))
			}
		}
		for second, g := range run.Generators() {
			if g.MaxLatenessSeconds != 0 || g.BacklogSeconds != 0 {
				t.Errorf("second %d: %+v", second, g)
			}
		}
		for second := range 10 {
			if c := run.CountersAt(second)["browse"]; c.Due != 160 || c.Sent != 160 || c.Done != 160 {
				t.Errorf("second %d: %d due, %d sent, %d done, wanted 160 each", second, c.Due, c.Sent, c.Done)
			}
		}
		if skew := run.Manifest.Agents[0].T0SkewSeconds; skew != 0 {
			t.Errorf("T0 skew %v", skew)
		}
	})
}

// TestUsersWhoPauseFirstAreCountedBehindABacklog keeps the only connection busy while users come
// whose first request is due after a pause: they are due all the same.
func TestUsersWhoPauseFirstAreCountedBehindABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10, Workers: 1, ServiceTime: time.Second})
		defer stop()
		s := compile(t, `
sale: {items: 1, stock: 10}
steps:
  browse: {share: 50%, request: {url: /items}}
  item: {share: 50%, request: {url: "/items/${sku}"}}
storm:
  t0: 0s
  phases:
    - {journey: now, at: T0, users: 50}
    - {journey: later, at: T0, users: 7, reaction: {uniform: [0s, 500ms]}}
  drain: 3s
journeys: {now: [browse], later: [{think: 1s}, item]}
`, func(o *Options) { o.Connections, o.Dial = 1, p.Dial })
		run := send(context.Background(), t, s, nil)
		if problem := run.Unbalanced(57); problem != "" {
			t.Error(problem)
		}
		if c := run.All("item"); c.Due != 7 || c.Unsent != 7 {
			t.Errorf("%d due and %d unsent, wanted 7", c.Due, c.Unsent)
		}
		if arrivals, _ := run.Users(); arrivals != 57 || run.End.Message == "" {
			t.Errorf("%d users came, wanted 57; end %+v", arrivals, run.End)
		}
	})
}

// TestPacerIsToldOfAnEarlierUser has a user go back to the wheel while the pacer sleeps for longer
// than that user pauses, and a connection is idle that could serve it.
func TestPacerIsToldOfAnEarlierUser(t *testing.T) {
	s := compile(t, `
steps: {c: {share: 100%, request: {url: /c}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [c, {think: 1s}, c]}
`, func(o *Options) { o.Connections = 1 })
	for _, idle := range []bool{true, false} {
		v := newShard(s, 0, time.Now())
		v.pacer.WakeBy(time.Hour, 0)
		v.pool.workers = 1
		if idle {
			v.pool.idle = []*worker{{shard: v}}
		}
		v.pool.busy = 1
		u := new(journey.User)
		u.Start(0, 0, s.programs[0])
		v.put(&tally.Request{Step: u.Step()}, u)
		if at, _ := v.pacer.Waking(); at < time.Hour != idle {
			t.Errorf("the pacer wakes at %v, with a connection idle: %v", at, idle)
		}
		v.pacer.Close()
	}
}
