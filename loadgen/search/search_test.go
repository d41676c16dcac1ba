package search

import (
	"context"
	"errors"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/report"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/shop"
)

const visitors = `
sale: {items: 1, stock: 10}
steps: {browse: {share: 100%, request: {url: /items}}}
storm:
  t0: 0s
  phases: [{journey: visitor, from: T0, to: T0+10s, rate: 160/s, spacing: even}]
  lateness: {limit: 200ms}
journeys: {visitor: [browse]}
thresholds: {response_time: ["p(95)<200ms"]}
`

// prepare makes a search that is not to be run, judged by the report.
func prepare(t testing.TB, text string, so Options, change ...func(*loadgen.Options)) *Search {
	t.Helper()
	o := loadgen.Options{Scenario: loadtest.Parse(t, text), Target: loadtest.Target(), Seed: 1}
	for _, c := range change {
		c(&o)
	}
	s, err := New(o, so)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sent runs a search and reads its record. Where it has no judge, the report is its judge.
func sent(ctx context.Context, t testing.TB, s *Search) loadtest.Run {
	t.Helper()
	m := s.Manifest(time.Now())
	watch := report.NewLevelWatch(s.storm.Scenario, m)
	if s.Judge == nil {
		s.Judge = func(l record.Level, over bool) (string, string) {
			if over {
				v := watch.Judge(l)
				return string(v.Verdict), v.Why
			}
			if why := watch.Lost(l); why != "" {
				return record.LevelFail, why
			}
			return "", ""
		}
	}
	w, err := record.Create(filepath.Join(t.TempDir(), "run"), m, s.storm.Scenario.Document)
	if err != nil {
		t.Fatal(err)
	}
	end, runErr := s.Run(ctx, w, m.T0, func(i record.Interval) error { watch.Add(i); return nil })
	r, err := record.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return loadtest.Run{End: end, Err: runErr, Record: r}
}

// found returns the highest rate that passed and the lowest that did not.
func found(levels []record.Level) (pass, fail float64) {
	fail = math.Inf(1)
	for _, l := range levels {
		if l.Verdict == record.LevelPass {
			pass = max(pass, l.RatePerSec)
		} else {
			fail = min(fail, l.RatePerSec)
		}
	}
	return pass, fail
}

// TestSearchFindsTheCapacity searches a shop of 4 workers of 50 ms, which holds 80/s: above it the queue grows
// without end. Time is virtual, so that nothing but the queue takes any.
func TestSearchFindsTheCapacity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10, Workers: 4, ServiceTime: 50 * time.Millisecond})
		defer stop()
		s := prepare(t, visitors, Options{From: 20, Settle: 4 * time.Second, Hold: 6 * time.Second, Precision: 0.05},
			func(o *loadgen.Options) { o.Connections, o.Dial = 64, p.Dial })
		run := sent(context.Background(), t, s)
		if run.Err != nil || run.End.Reason != record.Completed {
			t.Fatalf("end is %+v, %v", run.End, run.Err)
		}
		levels := run.Manifest.Levels
		if pass, fail := found(levels); pass > 80.5 || fail < 80 || fail/pass-1 > 0.05 {
			t.Errorf("found %g/s to %g/s, the truth is 80/s: %+v", pass, fail, levels)
		}
		if problem := run.Unbalanced(run.Manifest.PlannedArrivals); problem != "" {
			t.Error(problem)
		}
		for i, l := range levels {
			checkLevel(t, run, s, l)
			if i > 0 && l.FromSeconds < levels[i-1].EndSeconds {
				t.Errorf("level %d began in second %d, before the one before it ended in %d", i, l.FromSeconds, levels[i-1].EndSeconds)
			}
		}
	})
}

// checkLevel holds a level against what the record has of its seconds.
func checkLevel(t *testing.T, run loadtest.Run, s *Search, l record.Level) {
	t.Helper()
	settled, held := l.HoldFromSeconds-l.FromSeconds, l.ToSeconds-l.HoldFromSeconds
	if settled != 4 || !l.CutShort && held != 6 || l.CutShort && held >= 6 {
		t.Errorf("level %+v, wanted 4 s and 6 s", l)
	}
	if !l.CutShort && !l.Drained {
		t.Errorf("level %+v did not drain", l)
	}
	due := run.Counters(l.Hold(), "").Due
	if want := l.RatePerSec * float64(held); math.Abs(float64(due)-want) > 1+0.01*want {
		t.Errorf("level at %g/s: %d were due in %d s, wanted %g", l.RatePerSec, due, held, want)
	}
	first := run.Counters(record.Window{From: l.FromSeconds, To: l.FromSeconds + 1}, "")
	if first.Done+8 < min(first.Due, 80) { // a service of 50 ms is under way at the second's end
		t.Errorf("level at %g/s: only %d of %d were answered in its first second: it began on a backlog", l.RatePerSec, first.Done, first.Due)
	}
}

// mingled is three journeys in a storm of 4:2:1 users, who are known by a feeder's row.
const mingled = `
steps:
  browse: {share: 50%, request: {url: "/browse?u=${user.name}"}}
  order: {share: 50%, request: {url: "/order?u=${user.name}"}}
storm:
  t0: 0s
  phases:
    - {journey: visitor, from: T0, to: T0+10s, rate: 20/s}
    - {journey: buyer, from: T0, to: T0+10s, rate: 10/s}
    - {journey: visitor, at: T0+5s, users: 200, reaction: {uniform: [0s, 1s]}}
    - {journey: bot, from: T0, to: T0+10s, rate: 10/s, spacing: even}
  drain: 10s
journeys: {visitor: [browse], buyer: [browse, {think: 2s}, order], bot: [order]}
feeders: {user: {from: sequence, size: 100k, fields: {name: "u${n}"}}}
thresholds: {response_time: ["p(95)<200ms"]}
`

// A search mixes journeys as the storm does, and no user comes twice.
func TestSearchBringsNewUsersInTheStormsMix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		var mu sync.Mutex
		seen := map[string]int{}
		stop := p.Serve(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[r.URL.Path+r.URL.Query().Get("u")]++
		})
		defer stop()
		s := prepare(t, mingled, Options{From: 40, To: 160, Settle: 0, Hold: 20 * time.Second, Precision: 0.05},
			func(o *loadgen.Options) { o.Connections, o.Dial = 64, p.Dial })
		run := sent(context.Background(), t, s)
		if pass, _ := found(run.Manifest.Levels); pass != 160 || len(run.Manifest.Levels) != 3 {
			t.Fatalf("levels %+v, %v", run.Manifest.Levels, run.Err)
		}
		if n := p.Connections(); n != 64 {
			t.Errorf("%d connections were opened, wanted the same 64 for all levels", n)
		}
		var browses, orders int
		for who, times := range seen {
			if times != 1 {
				t.Fatalf("%s came %d times", who, times)
			}
			if strings.HasPrefix(who, "/browse") {
				browses++
			} else {
				orders++
			}
		}
		// Of 7 users 4 are visitors, 2 bots and 1 is a buyer, who browses and orders.
		arrivals, iterations := run.Users()
		users := float64(run.Manifest.PlannedArrivals)
		if float64(arrivals) != users || arrivals != iterations || math.Abs(users-20*(40+80+160)) > 6*math.Sqrt(users) {
			t.Errorf("%d users came and %d finished of %g planned, wanted about %d", arrivals, iterations, users, 20*(40+80+160))
		}
		near := func(what string, n int, share float64) {
			if math.Abs(float64(n)-share*users) > 6*math.Sqrt(share*users) {
				t.Errorf("%d %s by %g users, wanted about %g", n, what, users, share*users)
			}
		}
		near("browsed", browses, 5.0/6)
		near("ordered", orders, 2.0/6)
	})
}

// A level that is lost ends at once, and the next begins when what was in flight has been answered.
func TestSearchCutsALostLevelShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10, Workers: 1, ServiceTime: 50 * time.Millisecond}) // 20/s
		defer stop()
		s := prepare(t, visitors, Options{From: 80, To: 80, Settle: 2 * time.Second, Hold: 100 * time.Second, Precision: 1},
			func(o *loadgen.Options) { o.Connections, o.Dial = 40, p.Dial })
		s.Judge = func(l record.Level, over bool) (string, string) {
			switch {
			case l.RatePerSec <= 10:
				return map[bool]string{true: record.LevelPass}[over], ""
			case over || l.EndSeconds >= l.HoldFromSeconds+3:
				return record.LevelFail, "as told"
			}
			return "", ""
		}
		run := sent(context.Background(), t, s)
		levels := run.Manifest.Levels
		if pass, fail := found(levels); pass != 10 || fail != 20 || len(levels) != 4 {
			t.Fatalf("levels %+v", levels)
		}
		for i, l := range levels[:3] {
			// 40 connections hold 2 s of the shop's work.
			if !l.CutShort || l.Why != "as told" || l.ToSeconds != l.HoldFromSeconds+3 || l.EndSeconds > l.ToSeconds+3 {
				t.Errorf("level %d: %+v, wanted it cut short after 3 s of the hold and to drain within 2 s", i, l)
			}
		}
		if l := levels[3]; l.CutShort || !l.Drained || l.ToSeconds != l.HoldFromSeconds+100 {
			t.Errorf("level %+v, wanted it whole", l)
		}
		if problem := run.Unbalanced(run.Manifest.PlannedArrivals); problem != "" {
			t.Error(problem)
		}
	})
}

// What was lost stays lost, unless the generator was at fault.
func TestLastVerdictOnALostLevel(t *testing.T) {
	for last, want := range map[string]string{record.LevelPass: record.LevelFail, record.LevelInvalid: record.LevelInvalid, record.LevelFail: record.LevelFail} {
		synctest.Test(t, func(t *testing.T) {
			p := loadtest.NewPipes()
			_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10})
			defer stop()
			s := prepare(t, visitors, Options{From: 20, To: 20, Hold: 10 * time.Second, Precision: 1},
				func(o *loadgen.Options) { o.Connections, o.Dial = 4, p.Dial })
			s.Judge = func(_ record.Level, over bool) (string, string) {
				if over {
					return last, "at last"
				}
				return record.LevelFail, "early"
			}
			if got := sent(context.Background(), t, s).Manifest.Levels[0].Verdict; got != want {
				t.Errorf("lost and then %s: %s, wanted %s", last, got, want)
			}
		})
	}
}

// What a search has found is kept when it is stopped; the level under way is not judged.
func TestInterruptedSearchKeepsItsLevels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10})
		defer stop()
		s := prepare(t, visitors, Options{From: 20, Settle: 2 * time.Second, Hold: 4 * time.Second, Precision: 1},
			func(o *loadgen.Options) { o.Connections, o.Dial = 4, p.Dial })
		ctx, cancel := context.WithCancel(context.Background())
		defer time.AfterFunc(12*time.Second, cancel).Stop()
		run := sent(ctx, t, s)
		if levels := run.Manifest.Levels; run.End.Reason != record.Interrupted || len(levels) != 1 || levels[0].Verdict != record.LevelPass {
			t.Errorf("end %+v, levels %+v", run.End, levels)
		}
		arrivals, _ := run.Users()
		if planned := run.Manifest.PlannedArrivals; arrivals > planned || planned > arrivals+40 {
			t.Errorf("%d users came of %d planned, wanted those up to the interruption", arrivals, planned)
		}
		if problem := run.Unbalanced(run.Manifest.PlannedArrivals); problem != "" {
			t.Error(problem)
		}
	})
}

func TestSearchChoosesItsRates(t *testing.T) {
	for _, c := range []struct {
		so       Options
		from, to amount.Rate
	}{
		{Options{Hold: 15 * time.Second}, 10, 2560}, // the storm's peak is 160/s
		{Options{Hold: 2 * time.Second}, 50, 2560},  // 100 users in the first hold
		{Options{From: 500, Hold: 15 * time.Second}, 500, 8000},
		{Options{From: 5, To: 7, Hold: 15 * time.Second}, 5, 7},
	} {
		c.so.Precision = 0.05
		s := prepare(t, visitors, c.so)
		if s.From != c.from || s.To != c.to {
			t.Errorf("%+v: %g/s to %g/s, wanted %g/s to %g/s", c.so, s.From, s.To, c.from, c.to)
		}
	}
}

func TestSearchRefusesWhatItCannotDo(t *testing.T) {
	good := Options{From: 10, To: 1000, Settle: time.Second, Hold: 10 * time.Second, Precision: 0.05}
	for want, c := range map[string]struct {
		text   string
		change func(*Options)
	}{
		"wanted whole seconds":                          {visitors, func(o *Options) { o.Hold = 2500 * time.Millisecond }},
		"found a settle time":                           {visitors, func(o *Options) { o.Settle = -time.Second }},
		"a precision of 0.1 %":                          {visitors, func(o *Options) { o.Precision = 0.001 }},
		"rates from 2k/s":                               {visitors, func(o *Options) { o.From = 2000 }},
		"which is 1 user":                               {visitors, func(o *Options) { o.Hold, o.From = time.Second, 1 }},
		"feeder user ends early: it has 2,000 rows for": {strings.Replace(mingled, "100k", "2k", 1), func(*Options) {}},
		"found before with the journey signin": {`
steps: {browse: {share: 100%, request: {url: /items}}}
storm: {t0: 30s, phases: [{journey: visitor, at: T0, users: 10, before: {journey: signin, from: T0-20s, to: T0}}]}
journeys: {visitor: [browse], signin: [browse]}
`, func(*Options) {}},
		"has no storm to send": {"steps: {browse: {share: 100%, request: {url: /items}}}", func(*Options) {}},
	} {
		so := good
		c.change(&so)
		_, err := New(loadgen.Options{Scenario: loadtest.Parse(t, c.text), Target: loadtest.Target(), Seed: 1}, so)
		if input, ok := errors.AsType[*transport.InputError](err); !ok || !strings.Contains(err.Error(), want) || input.Hint == "" {
			t.Errorf("%v, wanted %q with a hint", err, want)
		}
	}
}

// TestSearchByConnectionsOfUsers has each user of each level open a connection, and close it.
func TestSearchByConnectionsOfUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := loadtest.NewPipes()
		_, stop := loadtest.Open(t, p, shop.Config{Items: 1, Stock: 10, Workers: 4, ServiceTime: 50 * time.Millisecond})
		defer stop()
		text := strings.Replace(visitors, "[browse]", "[browse, {think: 500ms}, browse]", 1) + "defaults: {connections: per-user}\n"
		s := prepare(t, text, Options{From: 20, Settle: 2 * time.Second, Hold: 6 * time.Second, Precision: 0.1}, func(o *loadgen.Options) { o.Dial = p.Dial })
		run := sent(context.Background(), t, s)
		if pass, fail := found(run.Manifest.Levels); run.Err != nil || run.End.Reason != record.Completed || pass > 41 || fail < 40 || fail/pass-1 > 0.1 {
			t.Errorf("end is %+v, %v: found %g/s to %g/s, the truth is 40/s", run.End, run.Err, pass, fail)
		}
		if users, _ := run.Users(); uint64(p.Connections()) != users {
			t.Errorf("%d connections were opened for %d users", p.Connections(), users)
		}
		if problem := run.Unbalanced(run.Manifest.PlannedArrivals); problem != "" {
			t.Error(problem)
		}
	})
}
