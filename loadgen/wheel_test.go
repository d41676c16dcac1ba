package loadgen

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/transport"

	"pgregory.net/rapid"
)

// dueDraw draws how far ahead a user is due: near, far, and at the borders between the wheel's levels.
func dueDraw(t *rapid.T) time.Duration {
	const tick = 1 << tickBits
	level := rapid.IntRange(0, levels).Draw(t, "level")
	span := int64(tick) << (bucketBits * level)
	return time.Duration(rapid.OneOf(
		rapid.Int64Range(0, span),
		rapid.Int64Range(span-2*tick, span+2*tick),
		rapid.Map(rapid.Int64Range(1, 300), func(n int64) int64 { return n * max(tick, span>>bucketBits) }),
	).Draw(t, "ahead"))
}

// TestWheelAgainstASortedSlice adds users, moves on and takes users out in any order.
func TestWheelAgainstASortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "begin"))
		w := wheel{tick: tickOf(now)}
		var oracle []*journey.User
		order := func(a, b *journey.User) int {
			return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Arrival, b.Arrival))
		}
		var arrival uint64
		take := func() {
			w.turn(now)
			for len(w.soon) > 0 && w.soon[0].Due <= now {
				got := heap.Pop(&w.soon).(*journey.User)
				if len(oracle) == 0 || got != oracle[0] {
					t.Fatalf("at %v the wheel gives user %d due at %v, the slice has %d first", now, got.Arrival, got.Due, len(oracle))
				}
				oracle = oracle[1:]
			}
			if len(oracle) > 0 && oracle[0].Due <= now {
				t.Fatalf("at %v the wheel does not give user %d, due at %v", now, oracle[0].Arrival, oracle[0].Due)
			}
			next, ok := w.next()
			if ok != (len(oracle) > 0) || ok && next > oracle[0].Due {
				t.Fatalf("at %v the wheel sleeps until %v, %v; the first of %d is due before", now, next, ok, len(oracle))
			}
			if w.len() != len(oracle) {
				t.Fatalf("the wheel holds %d users, wanted %d", w.len(), len(oracle))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				u := &journey.User{Arrival: arrival, Due: now + dueDraw(t)}
				if len(oracle) > 0 && rapid.Bool().Draw(t, "with another") {
					u.Due = rapid.SampledFrom(oracle).Draw(t, "other").Due
				}
				arrival++
				w.add(u)
				at, _ := slices.BinarySearchFunc(oracle, u, order)
				oracle = slices.Insert(oracle, at, u)
			},
			"move": func(t *rapid.T) {
				// Moving to where the wheel says is what the pacer does; the rest is a pacer that was late.
				if next, ok := w.next(); ok && rapid.Bool().Draw(t, "as told") {
					now = max(now, next)
				} else {
					now += time.Duration(rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "by"))
				}
				take()
			},
			"": func(*rapid.T) { take() },
		})
	})
}

// TestPacerReachesFarUsers sleeps as often as the wheel says, and not much oftener than it has levels.
func TestPacerReachesFarUsers(t *testing.T) {
	for _, due := range []time.Duration{time.Millisecond, time.Second, 5 * time.Minute, 7 * time.Hour, 100 * time.Hour} {
		w := wheel{}
		w.add(&journey.User{Due: due})
		now, sleeps := time.Duration(0), 0
		for w.turn(now); len(w.soon) == 0; w.turn(now) {
			next, ok := w.next()
			if !ok || next <= now || next > due {
				t.Fatalf("due at %v: at %v the wheel sleeps until %v, %v", due, now, next, ok)
			}
			now, sleeps = next, sleeps+1
		}
		if sleeps > levels {
			t.Errorf("due at %v: %d sleeps, wanted at most %d", due, sleeps, levels)
		}
	}
}

func TestWheelDrain(t *testing.T) {
	w := wheel{}
	for i, due := range []time.Duration{3 * s1, ms, 2 * s1, time.Hour} {
		w.add(&journey.User{Arrival: uint64(i), Due: due})
	}
	w.turn(2 * s1)
	w.add(&journey.User{Arrival: 4, Due: time.Hour + ms}) // in the bucket of user 3, or beside it
	var walked []uint64
	for u := range w.drain() {
		walked = append(walked, u.Arrival)
	}
	slices.Sort(walked)
	if !slices.Equal(walked, []uint64{0, 1, 2, 3, 4}) || w.len() != 0 {
		t.Errorf("walked users %v and %d are left, wanted all of them and none left", walked, w.len())
	}
	if _, ok := w.next(); ok {
		t.Error("the empty wheel has a user to wait for")
	}
}

// BenchmarkWaitingUsers is what a user who thinks costs: a million of them wait at once.
func BenchmarkWaitingUsers(b *testing.B) {
	const users = 1_000_000
	random := rand.New(rand.NewPCG(1, 2))
	p := compile(b, `
steps: {a: {share: 100%, request: {url: /}, extract: {id: "header:Id", state: "header:State"}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a, {think: 1s}, a]}
`).programs[0]
	answer, values := new(transport.Answer), new(journey.ValueReader)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		w := new(wheel)
		for i := range uint64(users) {
			u := new(journey.User)
			u.Start(i, 0, p).Judge(u, answer, values) // has room for what it may extract
			u.Due = time.Duration(random.Int64N(int64(time.Minute)))
			w.add(u)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/users, "B/user")
		left := users
		for range w.drain() {
			left--
		}
		if left != 0 {
			b.Fatal("users were lost")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/users, "ns/user")
}
