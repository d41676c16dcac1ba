package queue

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"

	"pgregory.net/rapid"
)

// rule is whose the arrivals are that are due from an instant on.
type rule struct {
	from    time.Duration
	modulus uint64
}

// queueRun drives a queue at random, and notes what comes out of it.
type queueRun struct {
	*rapid.T
	q       Queue
	rules   []rule
	now     time.Duration
	openers []arrivals.Arrival
	pausers map[uint64]time.Duration // when they began
	came    map[int]Second
}

func (r *queueRun) owns(a arrivals.Arrival) bool {
	last := len(r.rules) - 1
	for r.rules[last].from > a.Due {
		last--
	}
	return a.Index%r.rules[last].modulus == 0
}

// drawQueue draws a storm of users who begin with a request, and of users who pause first, and one shard's queue of it.
func drawQueue(t *rapid.T, tb testing.TB) *queueRun {
	var phases []string
	for range rapid.IntRange(1, 4).Draw(t, "phases") {
		journey := rapid.SampledFrom([]string{"opener", "pauser"}).Draw(t, "journey")
		from := rapid.IntRange(0, 5000).Draw(t, "from")
		phases = append(phases, fmt.Sprintf(rapid.SampledFrom([]string{
			"{journey: %s, at: T0+%dms, users: 3000}", "{journey: %s, at: T0+%dms, users: 2500, reaction: {uniform: [0s, 2s]}}",
			"{journey: %s, from: T0+%dms, to: T0+6s, rate: 700/s}", "{journey: %s, from: T0+%dms, to: T0+6s, rate: 300/s, spacing: even}",
		}).Draw(t, "phase"), journey, from))
	}
	r := &queueRun{T: t, rules: []rule{{ever, rapid.Uint64Range(1, 3).Draw(t, "modulus")}}, now: -time.Second,
		pausers: map[uint64]time.Duration{}, came: map[int]Second{}}
	sc := loadtest.Parse(tb, `
steps: {a: {share: 100%, request: {url: /}}}
storm: {t0: 0s, phases: [`+strings.Join(phases, ", ")+`]}
journeys: {opener: [a], pauser: [{think: 1s}, a]}
`)
	shards := rapid.Uint64Range(1, 2).Draw(t, "shards")
	r.q = New(sourceOf(sc, func(a arrivals.Arrival) bool { return a.Index%shards == 0 && r.owns(a) }))
	return r
}

// sourceOf returns what a queue needs of a scenario whose users begin with its only step, but for those of the journey pauser.
func sourceOf(sc *scenarios.Scenario, mine func(arrivals.Arrival) bool) Source {
	s := Source{Schedule: sc.Storm.Schedule(1, 0), Mine: mine, Steps: len(sc.Steps)}
	for _, p := range sc.Storm.Phases {
		opening := 0
		if p.Journey[0].Journey == "pauser" {
			opening = -1
		}
		s.Openings = append(s.Openings, opening)
	}
	return s
}

// begin notes users who begin their pause.
func (r *queueRun) begin(pausers ...arrivals.Arrival) {
	for _, a := range pausers {
		if _, twice := r.pausers[a.Index]; twice {
			r.Fatalf("user %d begins to pause twice", a.Index)
		}
		r.pausers[a.Index] = a.Due
	}
}

// admit is what a shard does of that name.
func (r *queueRun) admit() {
	for a, ok := r.q.Pauser(r.now); ok; a, ok = r.q.Pauser(r.now) {
		r.begin(a)
	}
}

// handOut gives at most n connections what is due.
func (r *queueRun) handOut(n int) {
	for r.admit(); n > 0 && r.q.Due() <= r.now; r.admit() {
		r.openers = append(r.openers, r.q.Opener())
		n--
	}
}

// flush counts up to the end of the last second, while connections take what is due.
func (r *queueRun) flush() {
	last := arrivals.Second(r.now) - 1
	end := time.Duration(last+1)*time.Second - 1
	r.admit()
	r.q.Claim(end)
	for more := r.q.Lagging(); more; {
		var pausers []arrivals.Arrival
		pausers, more = r.q.Overtake(end)
		if rapid.Bool().Draw(r.T, "meanwhile") {
			r.handOut(rapid.IntRange(0, 2000).Draw(r.T, "taken meanwhile"))
		}
		r.begin(r.q.Begin(pausers)...)
	}
	for _, v := range r.q.Take(last, nil) {
		sum := Second{Users: slices.Clone(v.Users), Due: slices.Clone(v.Due)}
		if before, counted := r.came[v.Second]; counted {
			sum.Due[0] += before.Due[0]
			for phase, n := range before.Users {
				sum.Users[phase] += n
			}
		}
		r.came[v.Second] = sum
	}
}

// check compares with the storm's own arrivals, up to an instant whose second has been counted.
func (r *queueRun) check(counted time.Duration) {
	var openers []arrivals.Arrival
	pausers := map[uint64]time.Duration{}
	came := map[int]Second{}
	c := r.q.Schedule.Walk()
	for a, ok := c.Next(); ok && a.Due <= r.now; a, ok = c.Next() {
		if !r.q.Mine(a) {
			continue
		}
		sum := came[arrivals.Second(a.Due)]
		if sum.Due == nil {
			sum.Users, sum.Due = make([]uint64, len(r.q.Openings)), []uint64{0}
		}
		sum.Users[a.Phase]++
		if r.q.pausesFirst(a) {
			if a.Due <= counted {
				pausers[a.Index] = a.Due
			}
		} else {
			openers = append(openers, a)
			sum.Due[0]++
		}
		if a.Due <= counted {
			came[arrivals.Second(a.Due)] = sum
		}
	}
	if n := len(r.openers); n > len(openers) || !slices.Equal(r.openers, openers[:n]) {
		r.Fatalf("%d users were handed out at %v, wanted the first of the %d who are due", n, r.now, len(openers))
	}
	for k := range pausers {
		if _, begun := r.pausers[k]; !begun {
			r.Fatalf("at %v user %d has not begun to pause, who was due at %v", r.now, k, pausers[k])
		}
	}
	for k, due := range r.pausers {
		if _, known := pausers[k]; !known && (due <= counted || due > r.now) {
			r.Fatalf("at %v user %d pauses, whom nothing brings here", r.now, k)
		}
	}
	if !maps.EqualFunc(r.came, came, func(a, b Second) bool { return slices.Equal(a.Users, b.Users) && slices.Equal(a.Due, b.Due) }) {
		r.Fatalf("up to %v came %v, wanted %v", counted, r.came, came)
	}
}

// TestQueueAgainstThreeWalks brings any storm through any backlog and any change of whose the users are: what is handed
// out, paused and counted is what a walk for each of the three would give.
func TestQueueAgainstThreeWalks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawQueue(rt, t)
		for range rapid.IntRange(4, 14).Draw(rt, "seconds") {
			for range rapid.IntRange(0, 3).Draw(rt, "rounds") {
				r.now += time.Duration(rapid.IntRange(0, 300).Draw(rt, "ms")) * time.Millisecond
				r.handOut(rapid.SampledFrom([]int{0, 0, 1, 50, 700, math.MaxInt}).Draw(rt, "connections"))
			}
			if rapid.IntRange(0, 4).Draw(rt, "revise") == 0 {
				from := r.now + time.Duration(rapid.IntRange(1, 1500).Draw(rt, "ahead"))*time.Millisecond
				if last := r.rules[len(r.rules)-1].from; from > last {
					r.rules = append(r.rules, rule{from, rapid.Uint64Range(1, 3).Draw(rt, "modulus")})
					r.q.Revise(r.q.From(from), from)
				}
			}
			r.now = time.Duration(arrivals.Second(r.now)+1)*time.Second + time.Duration(rapid.IntRange(0, 20).Draw(rt, "late"))*time.Millisecond
			r.flush()
			r.check(time.Duration(arrivals.Second(r.now))*time.Second - 1)
		}
	})
}

// BenchmarkQueue is what an arrival costs, with connections for all and with a backlog that is counted every second.
func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct {
		name    string
		backlog bool
	}{{"in time", false}, {"backlog", true}} {
		b.Run(c.name, func(b *testing.B) {
			source := sourceOf(loadtest.Parse(b, `
steps: {a: {share: 100%, request: {url: /}}}
storm: {t0: 0s, phases: [{journey: v, from: T0, to: T0+10s, rate: 100k/s}]}
journeys: {v: [a]}
`), func(arrivals.Arrival) bool { return true })
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				q := New(source)
				for now := time.Second; q.More(); now += time.Second {
					for !c.backlog && q.Due() <= now {
						q.Opener()
						n++
					}
					q.Claim(now - 1)
					for more := q.Lagging(); more; {
						_, more = q.Overtake(now - 1)
					}
					for i := 0; c.backlog && i < 80_000 && q.Due() <= now; i++ { // of 100k that come
						q.Opener()
						n++
					}
					q.GiveBack(q.Take(arrivals.Second(now)-1, nil))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/arrival")
		})
	}
}
