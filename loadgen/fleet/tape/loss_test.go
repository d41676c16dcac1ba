package tape

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// steady plans ten users a second from T0 on, for a minute.
func steady(from, to time.Duration) uint64 {
	from, to = max(from, 0), min(to, time.Minute)
	return uint64(max(to-from, 0) / (100 * time.Millisecond))
}

func TestLossOf(t *testing.T) {
	const s = time.Second
	for _, test := range []struct {
		name  string
		lives []Life
		want  Loss
	}{
		{"to the end", []Life{{From: -5 * s, Arrivals: 600, Told: 60 * s, Alive: 70 * s, Finished: true}}, Loss{600, 600, 0, 0}},
		{"nobody came", nil, Loss{600, 0, 0, 600}},
		{"armed and never told", []Life{{From: -5 * s, Told: -5 * s, Alive: 2 * s}}, Loss{600, 0, 20, 580}},
		{"killed", []Life{{From: -5 * s, Arrivals: 200, Told: 20 * s, Alive: 21500 * time.Millisecond}}, Loss{600, 200, 15, 385}},
		{"killed before it was silent", []Life{{From: -5 * s, Arrivals: 200, Told: 20 * s, Alive: 19 * s}}, Loss{600, 200, 0, 400}},
		{"replaced", []Life{{From: -5 * s, Arrivals: 200, Told: 20 * s, Alive: 21 * s}, {From: 24 * s, Arrivals: 360, Told: 60 * s, Alive: 61 * s, Finished: true}},
			Loss{600, 560, 10, 30}},
		{"replaced while it lived on", []Life{{From: -5 * s, Arrivals: 200, Told: 20 * s, Alive: 50 * s}, {From: 24 * s, Arrivals: 360, Told: 60 * s, Alive: 61 * s, Finished: true}},
			Loss{600, 560, 40, 0}},
		{"told more than was planned", []Life{{From: -5 * s, Arrivals: 700, Told: 50 * s, Alive: 60 * s}}, Loss{600, 600, 0, 0}},
	} {
		if got := LossOf(600, steady, test.lives); got != test.want {
			t.Errorf("%s: %+v, wanted %+v", test.name, got, test.want)
		}
	}
}

func TestLossAddsUp(t *testing.T) {
	instant := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(-10_000, 70_000).Draw(t, "ms")) * time.Millisecond
	})
	life := rapid.Custom(func(t *rapid.T) Life {
		return Life{instant.Draw(t, "from"), rapid.Uint64Range(0, 700).Draw(t, "arrivals"), instant.Draw(t, "told"), instant.Draw(t, "alive"), rapid.Bool().Draw(t, "finished")}
	})
	rapid.Check(t, func(t *rapid.T) {
		l := LossOf(600, steady, rapid.SliceOfN(life, 0, 4).Draw(t, "lives"))
		if l.Planned != 600 || l.Reported > 600 || l.InDoubt > 600 || l.Reported+l.InDoubt+l.NotSent != 600 {
			t.Fatalf("%+v does not add up", l)
		}
	})
}
