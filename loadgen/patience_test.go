package loadgen

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/shop"
)

// A target that takes a tenth of who comes at once loses the users whom it lets wait: some in flight, whose connections are closed, some before
// their request was sent. Each is counted once, and nothing is anybody's fault but the target's.
func TestUsersGiveUp(t *testing.T) {
	for _, engine := range []string{EngineWire, EngineVegeta} {
		synctest.Test(t, func(t *testing.T) {
			p := loadtest.NewPipes()
			_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10, Workers: 4, ServiceTime: 50 * time.Millisecond})
			defer stop()
			text := strings.Replace(flood, "{browse: {", "{browse: {patience: 2s, count: {listed: 'status == 200'}, ", 1)
			text = strings.Replace(text, "from: T0, to: T0+10s, rate: 160/s, spacing: even", "at: T0, users: 1600", 1)
			s := compile(t, text, func(o *Options) { o.Connections, o.Dial, o.Engine = 64, p.Dial, engine })
			run := send(context.Background(), t, s, nil)
			if problem := run.Unbalanced(1600); problem != "" {
				t.Errorf("%s: %s", engine, problem)
			}
			if run.Err != nil || run.End.Reason != record.Completed {
				t.Fatalf("%s: end is %+v, %v", engine, run.End, run.Err)
			}
			c := run.All("browse")
			gone := c.Errors[transport.ClassAbandoned] + c.GivenUp
			if c.Due != 1600 || c.Sent != c.Done || c.Done+c.GivenUp != 1600 || c.Unsent != 0 || c.Late > 0 || c.Frozen > 0 {
				t.Errorf("%s: counters are %+v, wanted 1600 due, and each done or given up", engine, c)
			}
			if gone == 0 || c.GivenUp == 0 || c.Counted["listed"] != float64(c.Done-c.Failed) || c.Failed != c.Errors[transport.ClassAbandoned] {
				t.Errorf("%s: %d gave up, %d of them unsent, %v listed of %d", engine, gone, c.GivenUp, c.Counted, c.Done-c.Failed)
			}
			longest := time.Duration(run.Packed(record.Everything, func(t record.Tag) bool { return t.Metric == record.ResponseTime }).Max())
			if longest > 2100*time.Millisecond {
				t.Errorf("%s: a user waited %v, wanted at most 2 s", engine, longest)
			}
			sum := record.Generator{}
			for _, g := range run.Generators() {
				sum.Add(g)
			}
			left := sum.Journeys["visitor"].Left[record.Left{Step: "browse", After: transport.ClassAbandoned}]
			if arrivals, iterations := run.Users(); arrivals != 1600 || iterations != 1600 || left != gone {
				t.Errorf("%s: %d users came, %d ended, %d of them gave up; wanted %d", engine, arrivals, iterations, left, gone)
			}
		})
	}
}

// TestStopCountsWhoHadGivenUp interrupts a storm while every connection is held by requests of others: users whose patience is over by then
// have given up, and only those who would still wait are unsent. Some begin with the request, some come to it after another one.
func TestStopCountsWhoHadGivenUp(t *testing.T) {
	const text = `
steps:
  hold: {request: {url: /hold}}
  hello: {request: {url: /hello}}
  browse: {request: {url: /browse, timeout: 1m}, patience: 2s}
storm:
  t0: 5s
  phases:
    - {journey: guest, at: T0-5s, users: 10}
    - {journey: holder, at: T0-1s, users: 8}
    - {journey: visitor, from: T0, to: T0+10s, rate: 20/s, spacing: even}
journeys: {holder: [hold], visitor: [browse], guest: [hello, {think: 5s}, browse]}
`
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		held := make(chan struct{})
		stop := p.Serve(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hold" {
				<-held
			}
		})
		defer stop()
		defer close(held)
		s := compile(t, text, func(o *Options) { o.Connections, o.Dial = 8, p.Dial })
		ctx, cancel := context.WithCancel(context.Background())
		defer time.AfterFunc(10*time.Second-ms, cancel).Stop() // at T0+5s
		run := send(ctx, t, s, nil)
		if problem := run.Unbalanced(s.Arrivals()); problem != "" {
			t.Error(problem)
		}
		if c := run.All("browse"); c.Sent != 0 || c.GivenUp != 60+10 || c.Unsent != 40 || c.Frozen != 0 {
			t.Errorf("%+v, wanted 70 given up and 40 unsent", c)
		}
		gaveUp := record.Left{Step: "browse", After: transport.ClassAbandoned}
		if v, g := journeyOf(run, "visitor"), journeyOf(run, "guest"); v.Users != 100 || v.Left[gaveUp] != 60 || g.Left[gaveUp] != 10 {
			t.Errorf("visitors are %+v, guests %+v", v, g)
		}
	})
}
