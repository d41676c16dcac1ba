package roster

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

// minute is ten users a second for a minute, divided among so many slots.
func minute(slots int) *Planned {
	var from, to amount.Instant = 0, amount.Instant(time.Minute)
	storm := &scenarios.Storm{Phases: []scenarios.Phase{{Journey: scenarios.Only("j"), From: &from, To: &to, Rate: amount.Ramp{From: 10, To: 10}, Spacing: "even"}}}
	return NewPlanned(storm.Schedule(1, 0).Walk(), slots)
}

// alone is a minute with all of its users one slot's.
func alone() *Planned {
	n := minute(1)
	n.CountRest(even(1).Owners())
	return n
}

// told is a log that reports users in the seconds from one to another.
func told(epoch uint64, from, to int, users uint64, finished bool) Log {
	l := Log{Slot: 1, Epoch: epoch, HasSecond: true, Second: to - 1, Complete: finished}
	for second := from; second < to; second++ {
		l.Arrivals = append(l.Arrivals, Arrivals{second, users})
	}
	return l
}

func TestAccount(t *testing.T) {
	const s = time.Second
	alive := process{epoch: 1, from: BeforeAll, lastSeen: 70 * s}
	killed := process{epoch: 1, from: BeforeAll, lastSeen: 21500 * time.Millisecond}
	for _, test := range []struct {
		name      string
		processes []process
		logs      []Log
		want      account
	}{
		{"to the end", []process{alive}, []Log{told(1, 0, 60, 10, true)}, account{planned: 600, reported: 600}},
		{"no agent came", nil, nil, account{planned: 600, unsent: 600}},
		{"armed and never told", []process{{epoch: 1, from: BeforeAll, lastSeen: 2 * s}}, nil, account{planned: 600, inDoubt: 40, unsent: 560, inDoubtSeconds: 4}},
		{"killed", []process{killed}, []Log{told(1, 0, 20, 10, false)}, account{planned: 600, reported: 200, inDoubt: 40, unsent: 360, inDoubtSeconds: 4}},
		{"killed before it was silent", []process{{epoch: 1, from: BeforeAll, lastSeen: 18 * s}}, []Log{told(1, 0, 20, 10, false)}, account{planned: 600, reported: 200, unsent: 400}},
		{"stopped", []process{alive}, []Log{told(1, 0, 20, 10, true)}, account{planned: 600, reported: 200, unsent: 400}},
		{"replaced", []process{killed, {epoch: 2, isReplacement: true, from: 24 * s, lastSeen: 61 * s}}, []Log{told(1, 0, 20, 10, false), told(2, 24, 60, 10, true)},
			account{planned: 600, reported: 560, inDoubt: 40, inDoubtSeconds: 4}},
		{"replaced while it lived on", []process{alive, {epoch: 2, isReplacement: true, from: 24 * s, lastSeen: 61 * s}}, []Log{told(1, 0, 30, 10, true), told(2, 24, 60, 10, true)},
			account{planned: 600, reported: 600, extra: 60, extraSeconds: 6}},
		{"came outside the storm", []process{alive}, []Log{told(1, 0, 62, 10, true)}, account{planned: 600, reported: 600, extra: 20, extraSeconds: 2}},
		{"replaced, and so was the coordinator", []process{{epoch: 2, from: BeforeAll, lastSeen: 61 * s}}, []Log{told(1, 0, 20, 10, false), told(2, 24, 60, 10, true)},
			account{planned: 600, reported: 560, inDoubt: 40, inDoubtSeconds: 4}},
		{"dead when the coordinator was replaced", nil, []Log{told(1, 0, 20, 10, false)}, account{planned: 600, reported: 200, inDoubt: 100, unsent: 300, inDoubtSeconds: 10}},
		{"another slot's", []process{alive}, []Log{{Slot: 2, Arrivals: []Arrivals{{Second: 1, Users: 10}}}}, account{planned: 600, inDoubt: 600, inDoubtSeconds: 60}},
	} {
		slot := &slot{number: 1, processes: test.processes}
		if got := alone().account(1, test.logs, slot.unreported(test.logs, 30*s)); got != test.want {
			t.Errorf("%s: %+v, wanted %+v", test.name, got, test.want)
		}
	}
}

// TestAccountAddsUp: whatever was reported, every planned user is reported, in doubt or unsent.
func TestAccountAddsUp(t *testing.T) {
	instant := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(-10_000, 70_000).Draw(t, "ms")) * time.Millisecond
	})
	rapid.Check(t, func(t *rapid.T) {
		v := &slot{number: 1}
		var logs []Log
		var came uint64
		for epoch := range uint64(rapid.IntRange(0, 4).Draw(t, "processes")) {
			v.processes = append(v.processes, process{epoch: epoch, from: instant.Draw(t, "from"), lastSeen: instant.Draw(t, "alive")})
			from, seconds := rapid.IntRange(-10, 60).Draw(t, "first"), rapid.IntRange(0, 80).Draw(t, "seconds")
			p := told(epoch, from, from+seconds, rapid.Uint64Range(0, 20).Draw(t, "users"), rapid.Bool().Draw(t, "finished"))
			logs = append(logs, p)
			for _, c := range p.Arrivals {
				came += c.Users
			}
		}
		got := alone().account(1, logs, v.unreported(logs, 30*time.Second))
		if got.planned != 600 || got.reported+got.inDoubt+got.unsent != 600 || got.reported+got.extra != came {
			t.Fatalf("%+v does not add up to 600 planned and %d who came", got, came)
		}
	})
}

// TestCountInParts counts at most so many arrivals at once, and goes on from there.
func TestCountInParts(t *testing.T) {
	p := minute(2)
	o := Assignment{Shares: must(NewShares([]float64{1, 1})), Revisions: []Revision{{From: 30 * time.Second, Away: []int{2}}}}.Owners()
	for range 100 {
		p.Count(45*time.Second, o, 7)
	}
	first, second := p.account(1, nil, nil), p.account(2, nil, nil)
	if first.planned != 300 || second.planned != 150 {
		t.Errorf("%d and %d users, wanted 300 and 150", first.planned, second.planned)
	}
}

// TestAccounts follows a run of two agents for a minute: what the record says of the second one in the end.
func TestAccounts(t *testing.T) {
	const s = time.Second
	planned := minute(2)
	planned.CountRest(even(2).Owners())
	n := func(from, to int) (users uint64) { // that are the second agent's
		for second := from; second < to; second++ {
			users += uint64(planned.counts[second][1])
		}
		return users
	}
	reports := func(epoch uint64, from, to int, complete bool) Log {
		l := Log{Slot: 2, Epoch: epoch, HasSecond: true, Second: to - 1, Complete: complete}
		for second := from; second < to; second++ {
			l.Arrivals = append(l.Arrivals, Arrivals{second, n(second, second+1)})
		}
		return l
	}
	for name, test := range map[string]struct {
		run  func(f *fleet) (logs []Log)
		want account
		lost bool
	}{
		"to the end": {run: func(f *fleet) []Log {
			f.pass(61*s, 1, 2)
			return []Log{reports(1, 0, 60, true)}
		}, want: account{planned: n(0, 60), reported: n(0, 60)}},
		"killed": {run: func(f *fleet) []Log {
			f.pass(20*s+500*time.Millisecond, 1, 2)
			f.pass(41*s, 1)
			return []Log{reports(1, 0, 20, false)}
		}, want: account{planned: n(0, 60), reported: n(0, 20), inDoubt: n(20, 23), unsent: n(23, 60), inDoubtSeconds: 3}, lost: true},
		"killed and replaced": {run: func(f *fleet) []Log {
			f.pass(20*s+500*time.Millisecond, 1, 2)
			f.pass(8*s, 1)
			f.says(2, "successor", Joining, func(h *Heartbeat) { h.Epoch = 0 })
			f.says(2, "successor", Armed, func(h *Heartbeat) { h.Epoch = 12 })
			f.pass(33*s, 1, 2)
			return []Log{reports(1, 0, 20, false), reports(12, 31, 60, true)}
		}, want: account{planned: n(0, 60), reported: n(0, 20) + n(31, 60), inDoubt: n(20, 23), unsent: n(23, 31), inDoubtSeconds: 3}, lost: true},
		"the user stopped the run": {run: func(f *fleet) []Log {
			f.pass(20*s, 1, 2)
			f.Stop("stopped by the user")
			f.says(2, "two", Sent, func(h *Heartbeat) { h.End = "interrupted" })
			return []Log{reports(1, 0, 20, true)}
		}, want: account{planned: n(0, 60), reported: n(0, 20), unsent: n(20, 60)}},
		"stopped on its own": {run: func(f *fleet) []Log {
			f.pass(20*s, 1, 2)
			f.says(2, "two", Sent, func(h *Heartbeat) { h.End = "interrupted" })
			f.Stop("stopped by the user")
			return []Log{reports(1, 0, 20, true)}
		}, want: account{planned: n(0, 60), reported: n(0, 20), unsent: n(20, 60)}, lost: true},
		"told to stop before it began": {run: func(f *fleet) []Log {
			f.Stop("stopped by the user")
			f.StopSent(2)
			return nil
		}, want: account{planned: n(0, 60), unsent: n(0, 60)}},
	} {
		f := newFleet(t, Options{Slots: 2, OnLoss: OnLossAccount, LastEpoch: 11})
		f.says(1, "one", Armed)
		f.says(2, "two", Armed)
		f.start()
		logs := test.run(f)
		a := f.Accounts(minute(2), logs)[1]
		got := account{a.PlannedArrivals, a.ReportedArrivals, a.InDoubtArrivals, a.UnsentArrivals, a.ExtraArrivals, a.InDoubtSeconds, a.ExtraSeconds}
		if got != test.want || a.Lost != test.lost {
			t.Errorf("%s: %+v, lost %v, wanted %+v, lost %v", name, got, a.Lost, test.want, test.lost)
		}
	}
}
