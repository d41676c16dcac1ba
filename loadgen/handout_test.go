package loadgen

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/pace"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
)

// TestEveryPacingSendsEverything is of the real clock and the kernel's connections.
func TestEveryPacingSendsEverything(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	for _, cores := range []int{1, 64} {
		t.Run(fmt.Sprint(cores, " cores of 65"), func(t *testing.T) {
			s := compile(t, `
steps: {browse: {share: 100%, request: {url: /}}}
storm: {t0: 100ms, phases: [{journey: now, at: T0, users: 300, reaction: {uniform: [0ms, 200ms]}}, {journey: later, from: T0, to: T0+300ms, rate: 200/s}]}
journeys: {now: [browse], later: [{think: {uniform: [0ms, 50ms]}}, browse, {think: 3ms}, browse]}
`, func(o *Options) { o.Target, o.Connections = must(url.Parse(server.URL)), 3 })
			s.pacing = pace.PacingFor(true, cores, 65)
			run := send(t.Context(), t, s, nil)
			if problem := run.Unbalanced(s.Arrivals()); problem != "" || run.End.Reason != record.Completed {
				t.Error(problem, run.End)
			}
			if c := run.All(""); c.Unsent > 0 || c.Failed > 0 {
				t.Errorf("%+v, wanted everything sent and answered", c)
			}
		})
	}
}

// TestWarmConnectionsFirst sends a rush to a target that gives a connection back soon, which then needs no more than are
// warm, and to one that does not, which gets all of them a little late. Without that, 80 would be in flight at the first.
func TestWarmConnectionsFirst(t *testing.T) {
	const warmth = 500 * time.Microsecond
	for _, c := range []struct {
		service time.Duration
		most    int // requests in flight
	}{{400 * time.Microsecond, fewWarm}, {time.Second, 400}} {
		t.Run(c.service.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := loadtest.NewPipes()
				var mu sync.Mutex
				inFlight, most := 0, 0
				count := func(n int) {
					mu.Lock()
					defer mu.Unlock()
					inFlight += n
					most = max(most, inFlight)
				}
				stop := p.Serve(func(http.ResponseWriter, *http.Request) {
					count(1)
					time.Sleep(c.service)
					count(-1)
				})
				defer stop()
				s := compile(t, `
steps: {browse: {share: 100%, request: {url: /}}}
storm: {t0: 1s, phases: [{journey: v, at: T0, users: 400, reaction: {uniform: [0ms, 2ms]}}]}
journeys: {v: [browse]}
`, func(o *Options) { o.Connections, o.Dial = 400, p.Dial })
				s.shards, s.pacing.Warmth = 1, warmth
				run := send(context.Background(), t, s, nil)
				h := run.Packed(record.Everything, func(t record.Tag) bool { return t.Metric == record.Lateness })
				if late := time.Duration(h.Max()); late > warmth+warmth/10 {
					t.Errorf("up to %v late, wanted no more than %v", late, warmth)
				}
				if most != c.most || run.All("").Done != 400 {
					t.Errorf("at most %d of %d in flight, wanted %d of 400", most, run.All("").Done, c.most)
				}
			})
		})
	}
}

// TestSecondsAreCutWhereTheyEnd flushes late: what happened in a second stays in that second.
func TestSecondsAreCutWhereTheyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := compile(t, `
steps: {browse: {share: 100%, request: {url: /}}}
storm: {t0: 0s, phases: [{journey: v, from: T0, to: T0+4s, rate: 10/s, spacing: even}]}
journeys: {v: [browse, {think: 1500ms}, browse]}
`, func(o *Options) { o.Connections, o.Dial = 1, loadtest.NewPipes().Dial })
		s.shards = 1
		v := newShard(s, 0, time.Now())
		w := &worker{shard: v}
		for time.Since(v.t0) < 3200*time.Millisecond {
			time.Sleep(50 * time.Millisecond)
			v.mu.Lock()
			now := v.now()
			v.roll(now)
			if u := v.pop(now); u != nil {
				v.take(w, u, now)
				v.put(&tally.Request{Step: u.Step(), Due: u.Due, Sent: now, Done: now}, u)
			}
			v.mu.Unlock()
		}
		intervals := map[int]*record.Interval{}
		v.flush(2, intervals)
		for second, due := range map[int]uint64{0: 10, 1: 10 + 5, 2: 10 + 10} {
			c := intervals[second].Steps["browse"]
			if c == nil || c.Due != due || c.Sent != c.Done || c.Sent+1 < due || c.Sent > due+1 {
				t.Errorf("second %d: %+v, wanted %d due and about as many sent", second, c, due)
			}
			if g := intervals[second].Generator; g.Arrivals != 10 {
				t.Errorf("second %d: %d users came, wanted 10", second, g.Arrivals)
			}
		}
		if len(intervals) != 3 {
			t.Errorf("%d seconds are flushed, wanted the three that are over", len(intervals))
		}
		v.pacer.Close()
	})
}
