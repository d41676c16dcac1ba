package loadgen

import (
	"context"
	"maps"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/scenarios/arrivals"
)

// Phases with a gap between them, in which the next user is far beyond the instant of a revision; users who begin with
// a request and users who pause first.
const tides = `
steps: {browse: {share: 100%, request: {url: "/u/${user.id}"}}}
storm:
  t0: 1s
  phases:
    - {journey: visitor, from: T0-1s, to: T0+4s, rate: 50/s}
    - {journey: sleeper, from: T0, to: T0+3s, rate: 20/s}
    - {journey: visitor, from: T0+9s, to: T0+12s, rate: 40/s}
journeys: {visitor: [browse], sleeper: [{think: 300ms}, browse, browse]}
feeders: {user: {from: sequence, size: 10k, fields: {token: "t${n}"}}}
`

// sentBy sends what owns says, which during may revise, and returns what the target was asked for and how many users
// came in each second.
func sentBy(t *testing.T, shards int, owns func(arrivals.Arrival) bool, during func(x *Session, t0 time.Time)) (asked map[string]int, came map[int]uint64) {
	t.Helper()
	asked, came = map[string]int{}, map[int]uint64{}
	var mu sync.Mutex
	p := loadtest.NewPipes()
	stop := p.Serve(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked[r.URL.Path]++
	})
	defer stop()
	s := compile(t, tides, func(o *Options) { o.Connections, o.Dial, o.Owns = 8, p.Dial, owns })
	s.shards = shards
	x := must(s.Open(context.Background()))
	defer x.Close()
	if err := x.Connect(context.Background()); err != nil {
		t.Fatal(err)
	}
	t0 := time.Now().Add(s.Lead())
	w := must(record.Create(filepath.Join(t.TempDir(), "run"), s.ManifestAt(time.Now(), t0), s.Scenario.Document))
	var revising sync.WaitGroup
	revising.Go(func() { during(x, t0) })
	x.Begin(t0, w)
	end := x.Send(context.Background(), s, func(i record.Interval) error {
		if i.Generator != nil && i.Generator.Arrivals > 0 {
			came[i.Second] += i.Generator.Arrivals
		}
		return nil
	})
	revising.Wait()
	if err := w.Close(end); err != nil || end.Reason != record.Completed {
		t.Errorf("end %+v, %v", end, err)
	}
	return asked, came
}

// TestRevise changes at run time what a process is to send, and wants what a process sends that knew it from the start.
func TestRevise(t *testing.T) {
	rules := []struct {
		from time.Duration
		owns func(index uint64) bool
	}{
		{ever, func(k uint64) bool { return k%10 == 0 }},
		{2 * time.Second, func(k uint64) bool { return k%2 == 0 }},  // more
		{7 * time.Second, func(k uint64) bool { return k%3 == 0 }},  // others, while nothing is due
		{11 * time.Second, func(k uint64) bool { return k%9 == 0 }}, // fewer
	}
	owns := func(known int) func(arrivals.Arrival) bool {
		return func(a arrivals.Arrival) bool {
			last := known - 1
			for rules[last].from > a.Due {
				last--
			}
			return rules[last].owns(a.Index)
		}
	}
	for _, shards := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			asked, came := sentBy(t, shards, owns(len(rules)), func(*Session, time.Time) {})
			var known atomic.Int32
			known.Store(1)
			late, lateCame := sentBy(t, shards, func(a arrivals.Arrival) bool { return owns(int(known.Load()))(a) }, func(x *Session, t0 time.Time) {
				for i, r := range rules[1:] {
					time.Sleep(time.Until(t0.Add(r.from - 300*time.Millisecond)))
					known.Store(int32(i + 2))
					x.Revise(r.from)
				}
			})
			if len(asked) < 100 || !maps.Equal(late, asked) {
				t.Errorf("%d shards: %d different requests, wanted the %d of a process that knew from the start", shards, len(late), len(asked))
			}
			if !maps.Equal(lateCame, came) {
				t.Errorf("%d shards: users came in %v, wanted %v", shards, lateCame, came)
			}
		})
	}
}

// TestReviseAfterTheEnd gives users to a core that has sent its last one, while another goes on: they are neither sent
// nor counted.
func TestReviseAfterTheEnd(t *testing.T) {
	owns := func(all *atomic.Bool) func(arrivals.Arrival) bool {
		return func(a arrivals.Arrival) bool {
			return a.Index%2 == 1 || a.Due < 1500*time.Millisecond || a.Due >= 2200*time.Millisecond && all.Load()
		}
	}
	synctest.Test(t, func(t *testing.T) {
		asked, came := sentBy(t, 2, owns(new(atomic.Bool)), func(*Session, time.Time) {})
		var all atomic.Bool
		late, lateCame := sentBy(t, 2, owns(&all), func(x *Session, t0 time.Time) {
			time.Sleep(time.Until(t0.Add(1950 * time.Millisecond)))
			all.Store(true)
			x.Revise(2200 * time.Millisecond)
		})
		if !maps.Equal(late, asked) || !maps.Equal(lateCame, came) {
			t.Errorf("%d different requests, users %v; wanted %d, %v", len(late), lateCame, len(asked), came)
		}
	})
}
