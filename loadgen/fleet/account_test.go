package fleet

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/fleet/stream"
	"fsctl/scenarios"
)

// minute is ten users a second for a minute, divided among so many slots.
func minute(slots int) *census {
	var from, to scenarios.Instant = 0, scenarios.Instant(time.Minute)
	storm := &scenarios.Storm{Phases: []scenarios.Phase{{From: &from, To: &to, Rate: scenarios.Ramp{From: 10, To: 10}, Spacing: "even"}}}
	return newCensus(scenarios.NewSchedule(storm, 1, 0).Walk(), slots)
}

// alone is a minute with all of its users one slot's.
func alone() *census {
	n := minute(1)
	n.count(-always, Assignment{Shares: must(NewShares([]float64{1}))}.owners(), 1<<20)
	return n
}

// told is a tape that tells of users in seconds from one to another.
func told(epoch uint64, from, to int, users uint32, finished bool) stream.Progress {
	p := stream.Progress{Key: stream.Key{Slot: 1, Epoch: epoch}, HasSecond: true, Second: to - 1, Complete: finished, Fin: &stream.Fin{}}
	for second := from; second < to; second++ {
		p.Arrivals = append(p.Arrivals, stream.Arrivals{Second: int32(second), Users: users})
	}
	return p
}

func TestAccount(t *testing.T) {
	const s = time.Second
	begun := life{epoch: 1, from: always, alive: 70 * s}
	killed := life{epoch: 1, from: always, alive: 21500 * time.Millisecond}
	for _, test := range []struct {
		name  string
		lives []life
		tapes []stream.Progress
		want  tally
	}{
		{"to the end", []life{begun}, []stream.Progress{told(1, 0, 60, 10, true)}, tally{planned: 600, reported: 600}},
		{"nobody came", nil, nil, tally{planned: 600, unsent: 600}},
		{"armed and never told", []life{{epoch: 1, from: always, alive: 2 * s}}, nil, tally{planned: 600, inDoubt: 20, unsent: 580, doubtSeconds: 2}},
		{"killed", []life{killed}, []stream.Progress{told(1, 0, 20, 10, false)}, tally{planned: 600, reported: 200, inDoubt: 20, unsent: 380, doubtSeconds: 2}},
		{"killed before it was silent", []life{{epoch: 1, from: always, alive: 19 * s}}, []stream.Progress{told(1, 0, 20, 10, false)}, tally{planned: 600, reported: 200, unsent: 400}},
		{"stopped", []life{begun}, []stream.Progress{told(1, 0, 20, 10, true)}, tally{planned: 600, reported: 200, unsent: 400}},
		{"replaced", []life{killed, {epoch: 2, late: true, from: 24 * s, alive: 61 * s}}, []stream.Progress{told(1, 0, 20, 10, false), told(2, 24, 60, 10, true)},
			tally{planned: 600, reported: 560, inDoubt: 20, unsent: 20, doubtSeconds: 2}},
		{"replaced while it lived on", []life{begun, {epoch: 2, late: true, from: 24 * s, alive: 61 * s}}, []stream.Progress{told(1, 0, 30, 10, true), told(2, 24, 60, 10, true)},
			tally{planned: 600, reported: 600, extra: 60, extraSeconds: 6}},
		{"came outside the storm", []life{begun}, []stream.Progress{told(1, 0, 62, 10, true)}, tally{planned: 600, reported: 600, extra: 20, extraSeconds: 2}},
		{"replaced, and so was the coordinator", []life{{epoch: 2, from: always, alive: 61 * s}}, []stream.Progress{told(1, 0, 20, 10, false), told(2, 24, 60, 10, true)},
			tally{planned: 600, reported: 560, inDoubt: 40, doubtSeconds: 4}},
		{"dead when the coordinator was replaced", nil, []stream.Progress{told(1, 0, 20, 10, false)}, tally{planned: 600, reported: 200, inDoubt: 100, unsent: 300, doubtSeconds: 10}},
		{"another slot's", []life{begun}, []stream.Progress{{Key: stream.Key{Slot: 2}, Arrivals: []stream.Arrivals{{Second: 1, Users: 10}}}}, tally{planned: 600, inDoubt: 600, doubtSeconds: 60}},
	} {
		slot := &slot{lives: test.lives}
		if got := alone().tally(1, test.tapes, slot.doubts(1, test.tapes, 30*s)); got != test.want {
			t.Errorf("%s: %+v, wanted %+v", test.name, got, test.want)
		}
	}
}

// TestAccountAddsUp: whatever was told, every planned user is reported, in doubt or unsent.
func TestAccountAddsUp(t *testing.T) {
	instant := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(-10_000, 70_000).Draw(t, "ms")) * time.Millisecond
	})
	rapid.Check(t, func(t *rapid.T) {
		v := &slot{}
		var tapes []stream.Progress
		var came uint64
		for epoch := range uint64(rapid.IntRange(0, 4).Draw(t, "lives")) {
			v.lives = append(v.lives, life{epoch: epoch, from: instant.Draw(t, "from"), alive: instant.Draw(t, "alive")})
			from, seconds := rapid.IntRange(-10, 60).Draw(t, "first"), rapid.IntRange(0, 80).Draw(t, "seconds")
			p := told(epoch, from, from+seconds, rapid.Uint32Range(0, 20).Draw(t, "users"), rapid.Bool().Draw(t, "finished"))
			tapes = append(tapes, p)
			for _, c := range p.Arrivals {
				came += uint64(c.Users)
			}
		}
		got := alone().tally(1, tapes, v.doubts(1, tapes, 30*time.Second))
		if got.planned != 600 || got.reported+got.inDoubt+got.unsent != 600 || got.reported+got.extra != came {
			t.Fatalf("%+v does not add up to 600 planned and %d who came", got, came)
		}
	})
}

// TestCensusIsPatient stops after as many users as it may, and goes on from there.
func TestCensusIsPatient(t *testing.T) {
	n := minute(2)
	o := Assignment{Shares: must(NewShares([]float64{1, 1})), Revisions: []Revision{{From: 30 * time.Second, Away: []int{2}}}}.owners()
	for range 100 {
		n.count(45*time.Second, o, 7)
	}
	first, second := n.tally(1, nil, nil), n.tally(2, nil, nil)
	if first.planned != 300 || second.planned != 150 {
		t.Errorf("%d and %d users, wanted 300 and 150", first.planned, second.planned)
	}
}
