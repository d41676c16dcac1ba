package wheel

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"fsctl/loadgen/journey"

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
		w := Wheel{tick: tickOf(now)}
		var oracle []*journey.User
		order := func(a, b *journey.User) int {
			return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Arrival, b.Arrival))
		}
		var arrival uint64
		take := func() {
			w.Turn(now)
			for len(w.soon) > 0 && w.soon[0].Due <= now {
				got := w.Pop()
				if len(oracle) == 0 || got != oracle[0] {
					t.Fatalf("at %v the wheel gives user %d due at %v, the slice has %d first", now, got.Arrival, got.Due, len(oracle))
				}
				oracle = oracle[1:]
			}
			if len(oracle) > 0 && oracle[0].Due <= now {
				t.Fatalf("at %v the wheel does not give user %d, due at %v", now, oracle[0].Arrival, oracle[0].Due)
			}
			next, ok := w.Next()
			if ok != (len(oracle) > 0) || ok && next > oracle[0].Due {
				t.Fatalf("at %v the wheel sleeps until %v, %v; the first of %d is due before", now, next, ok, len(oracle))
			}
			if w.Len() != len(oracle) {
				t.Fatalf("the wheel holds %d users, wanted %d", w.Len(), len(oracle))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				u := userDue(arrival, now+dueDraw(t))
				if len(oracle) > 0 && rapid.Bool().Draw(t, "with another") {
					u.Due = rapid.SampledFrom(oracle).Draw(t, "other").Due
				}
				arrival++
				w.Add(u)
				at, _ := slices.BinarySearchFunc(oracle, u, order)
				oracle = slices.Insert(oracle, at, u)
			},
			"move": func(t *rapid.T) {
				// Moving to where the wheel says is what the pacer does; the rest is a pacer that was late.
				if next, ok := w.Next(); ok && rapid.Bool().Draw(t, "as told") {
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
		w := Wheel{}
		w.Add(&journey.User{Due: due})
		now, sleeps := time.Duration(0), 0
		for w.Turn(now); len(w.soon) == 0; w.Turn(now) {
			next, ok := w.Next()
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

// userDue returns the user of an arrival, whose next step is due at an instant.
func userDue(arrival uint64, due time.Duration) *journey.User {
	u := &journey.User{Due: due}
	u.Arrival = arrival
	return u
}

func TestWheelDrain(t *testing.T) {
	w := Wheel{}
	for i, due := range []time.Duration{3 * time.Second, time.Millisecond, 2 * time.Second, time.Hour} {
		w.Add(userDue(uint64(i), due))
	}
	w.Turn(2 * time.Second)
	w.Add(userDue(4, time.Hour+time.Millisecond)) // in the bucket of user 3, or beside it
	var walked []uint64
	for u := range w.Drain() {
		walked = append(walked, u.Arrival)
	}
	slices.Sort(walked)
	if !slices.Equal(walked, []uint64{0, 1, 2, 3, 4}) || w.Len() != 0 {
		t.Errorf("walked users %v and %d are left, wanted all of them and none left", walked, w.Len())
	}
	if _, ok := w.Next(); ok {
		t.Error("the empty wheel has a user to wait for")
	}
}
