package clock

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// simulated is a clock that is wrong: by an offset, by a drift, and by steps.
type simulated struct {
	offset   time.Duration
	driftPPM float64
}

var year2026 = time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)

// at is what the clock shows after some true time.
func (s *simulated) at(now time.Duration) time.Time {
	return year2026.Add(s.offset + now + time.Duration(float64(now)*s.driftPPM/1e6))
}

// world has two clocks, a network between them, and the true time since it began.
type world struct {
	now              time.Duration
	own, coordinator simulated
	delay            func() time.Duration // of one way
	probes           int
	during           func(probe int) // what happens while a probe is on its way there, if anything
	fails            func(probe int) bool
}

var errLost = errors.New("lost")

func (w *world) probe(context.Context) (received, sent time.Time, err error) {
	w.probes++
	w.now += w.delay()
	if w.during != nil {
		w.during(w.probes)
	}
	received = w.coordinator.at(w.now)
	w.now += w.delay() / 8 // it thinks
	sent = w.coordinator.at(w.now)
	w.now += w.delay()
	if w.fails != nil && w.fails(w.probes) {
		return time.Time{}, time.Time{}, errLost
	}
	return received, sent, nil
}

// clock is the own clock.
func (w *world) clock() time.Time {
	w.now += 50 // ns to read it
	return w.own.at(w.now)
}

// offset is the truth.
func (w *world) offset() time.Duration { return w.coordinator.at(w.now).Sub(w.own.at(w.now)) }

func wantWithin(t interface{ Errorf(string, ...any) }, what string, got, want, bound time.Duration) {
	if wrong := (got - want).Abs(); wrong > bound {
		t.Errorf("%s: found %v, truly %v: wrong by %v, and the bound is %v", what, got, want, wrong, bound)
	}
}

// draw makes a world with clocks up to 3 s apart, quartz that is good or bad, and a network that is slower in
// one direction.
func draw(t *rapid.T) *world {
	seconds := func(name string) time.Duration {
		return time.Duration(rapid.Int64Range(-3e9, 3e9).Draw(t, name))
	}
	most := rapid.Int64Range(10_000, 50_000_000).Draw(t, "longest delay")
	ways := rapid.SliceOfN(rapid.Int64Range(1000, most), 2, 200).Draw(t, "delays")
	unequal := rapid.Int64Range(0, 20_000_000).Draw(t, "more on the way there")
	w := &world{
		own:         simulated{seconds("own offset"), rapid.Float64Range(-49, 49).Draw(t, "own drift")},
		coordinator: simulated{seconds("coordinator's offset"), rapid.Float64Range(-49, 49).Draw(t, "coordinator's drift")},
	}
	n := 0
	w.delay = func() time.Duration {
		n++
		way := ways[n%len(ways)]
		if n%3 == 1 {
			way += unequal
		}
		return time.Duration(way)
	}
	return w
}

// The truth is always within the bound: at once, and after a long time of drifting.
func TestOffsetIsWithinItsBound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		now := w.clock
		for range 3 {
			r, err := Estimate(t.Context(), w.probe, Config{Now: now, Probes: rapid.IntRange(1, 64).Draw(t, "probes")})
			if err != nil {
				t.Fatal(err)
			}
			wantWithin(t, "offset", r.Offset, w.offset(), r.Bound)
			w.now += time.Duration(rapid.Int64Range(0, 20e9).Draw(t, "wait"))
			own := w.own.at(w.now)
			wantWithin(t, "offset later", r.Offset, w.offset(), r.BoundAt(own))
			t0 := w.coordinator.at(w.now)
			wantWithin(t, "T0 by the own clock", r.ToOwn(t0).Sub(own), 0, r.BoundAt(r.ToOwn(t0)))
			wantWithin(t, "now by the coordinator's clock", r.ToCoordinator(own).Sub(t0), 0, r.BoundAt(own))
		}
	})
}

// The bound is as good as the probes allow: half of the shortest way there and back, and what drifts.
func TestBoundIsTight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		began, shortest := w.now, time.Hour
		delay := w.delay
		var trip time.Duration
		n := 0
		w.delay = func() time.Duration {
			d := delay()
			switch n++; n % 3 { // there, thinking, back
			case 1:
				trip = d
			case 0:
				shortest = min(shortest, trip+d)
			}
			return d
		}
		r, err := Estimate(t.Context(), w.probe, Config{Now: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		slack := 2*drift(w.now-began) + time.Microsecond // between probes, rounded up each time
		if most := shortest/2 + slack; r.Bound > most {
			t.Errorf("bound %v, wanted at most %v", r.Bound, most)
		}
	})
}

// A clock that is set while probes are under way is noticed, and the reading is about the clock as it is then.
func TestStepStartsOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		steps := rapid.IntRange(1, mostRounds-1).Draw(t, "steps")
		within := rapid.IntRange(2, defaultProbes-1).Draw(t, "probe of its round")
		by := time.Duration(rapid.Int64Range(1e9, 3e9).Draw(t, "by")) // longer than any probe
		if rapid.Bool().Draw(t, "back") {
			by = -by
		}
		stepping := &w.own
		if rapid.Bool().Draw(t, "coordinator's") {
			stepping = &w.coordinator
		}
		stepped := 0
		w.during = func(probe int) {
			if stepped < steps && probe == within*(stepped+1) {
				stepped++
				stepping.offset += by
			}
		}
		r, err := Estimate(t.Context(), w.probe, Config{Now: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		if stepped != steps || w.probes <= defaultProbes || r.Probes != defaultProbes {
			t.Errorf("%d probes for %d of %d steps, wanted another round for each", w.probes, stepped, steps)
		}
		wantWithin(t, "offset", r.Offset, w.offset(), r.Bound)
	})
}

func lan() *world {
	return &world{coordinator: simulated{offset: 3 * time.Second}, delay: func() time.Duration { return 100 * time.Microsecond }}
}

func TestStepAgainAndAgain(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{time.Second, -time.Second} {
		w := lan()
		w.during = func(probe int) {
			if probe%20 == 0 {
				w.own.offset += by
			}
		}
		_, err := Estimate(t.Context(), w.probe, Config{Now: w.clock})
		if !errors.Is(err, errStepped) || !strings.Contains(err.Error(), "time server") {
			t.Errorf("found %v", err)
		}
		if w.probes > mostRounds*defaultProbes {
			t.Errorf("%d probes, wanted an end after %d rounds", w.probes, mostRounds)
		}
	}
}

// A step while a probe is under way makes its interval empty, or wide enough for both offsets.
func TestStepDuringAProbe(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{2 * time.Second, -2 * time.Second} {
		for _, clock := range []func(*world) *simulated{
			func(w *world) *simulated { return &w.own },
			func(w *world) *simulated { return &w.coordinator },
		} {
			w := lan()
			w.during = func(probe int) {
				if probe == 11 {
					clock(w).offset += by
				}
			}
			r, err := Estimate(t.Context(), w.probe, Config{Now: w.clock})
			if err != nil {
				t.Fatal(err)
			}
			wantWithin(t, "offset", r.Offset, w.offset(), r.Bound)
			if w.probes == defaultProbes {
				t.Error("the step was not noticed")
			}
		}
	}
}

func TestUnansweredProbes(t *testing.T) {
	t.Parallel()
	w := lan()
	w.fails = func(probe int) bool { return probe <= mostFailures }
	r, err := Estimate(t.Context(), w.probe, Config{Now: w.clock, Probes: 32})
	if err != nil || r.Probes != 32 || w.probes != 32+mostFailures {
		t.Errorf("%d of %d probes, %v", r.Probes, w.probes, err)
	}
	wantWithin(t, "offset", r.Offset, w.offset(), r.Bound)

	w = lan()
	w.fails = func(probe int) bool { return probe > 3 }
	_, err = Estimate(t.Context(), w.probe, Config{Now: w.clock})
	if !errors.Is(err, errLost) || !strings.Contains(err.Error(), "6 of 9 probes") || w.probes != 9 {
		t.Errorf("after %d probes: %v", w.probes, err)
	}
}

func TestRoundThatIsCutShort(t *testing.T) {
	t.Parallel()
	for within, want := range map[time.Duration]int{
		0:                     64,
		time.Nanosecond:       fewestProbes,
		10 * time.Millisecond: 48, // of 212 us and 100 ns each
		time.Second:           64,
	} {
		w := lan()
		r, err := Estimate(t.Context(), w.probe, Config{Now: w.clock, Within: within})
		if err != nil || r.Probes != want {
			t.Errorf("%v: %d probes, wanted %d, %v", within, r.Probes, want, err)
		}
	}
}

func TestEstimateEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		asked := make(chan struct{})
		go func() {
			<-asked
			cancel(errors.New("interrupted"))
		}()
		_, err := Estimate(ctx, func(ctx context.Context) (received, sent time.Time, err error) {
			close(asked)
			<-ctx.Done()
			return time.Time{}, time.Time{}, ctx.Err()
		}, Config{Timeout: time.Hour})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("found %v", err)
		}
	})
}

// One probe that gets lost costs its own time and no more.
func TestProbeTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), 0
		r, err := Estimate(t.Context(), func(ctx context.Context) (received, sent time.Time, err error) {
			if asked++; asked == 2 {
				<-ctx.Done()
				return time.Time{}, time.Time{}, ctx.Err()
			}
			return time.Now(), time.Now(), nil
		}, Config{})
		if err != nil || r.Probes != defaultProbes || time.Since(began) != defaultTimeout {
			t.Errorf("%d probes in %v, %v", r.Probes, time.Since(began), err)
		}
	})
}

func TestClockThatWasNeverSet(t *testing.T) {
	t.Parallel()
	for _, shown := range []time.Time{time.Unix(0, 0), time.Unix(0, -1<<63), time.Unix(0, 1<<63-1), {}, time.Now().AddDate(2, 0, 0)} {
		for _, answer := range [][2]time.Time{{shown, shown}, {time.Now(), shown}, {shown, time.Now()}} {
			_, err := Estimate(t.Context(), func(context.Context) (received, sent time.Time, err error) {
				return answer[0], answer[1], nil
			}, Config{})
			if err == nil || !strings.Contains(err.Error(), "set the clock") {
				t.Errorf("%v: found %v", answer, err)
			}
		}
	}
}

// Setting the wall clock does not move an instant that was converted.
func TestConversionKeepsTheMonotonicClock(t *testing.T) {
	t.Parallel()
	r := Reading{Own: time.Now(), Offset: time.Hour}
	t0 := r.Own.Add(time.Hour + time.Minute).Round(0)
	own := r.ToOwn(t0)
	if own.Sub(r.Own) != time.Minute || !strings.Contains(own.String(), " m=") {
		t.Errorf("found %v, wanted a minute after %v with its monotonic part", own, r.Own)
	}
	if back := r.ToCoordinator(own); !back.Equal(t0) || strings.Contains(back.String(), " m=") {
		t.Errorf("found %v, wanted %v by the wall clock", back, t0)
	}
}

func TestSteadyClockRunsOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := Steady()
		began := now()
		time.Sleep(time.Minute)
		if after := now().Sub(began); after != time.Minute || !now().Round(0).Equal(time.Now().Round(0)) {
			t.Errorf("it counted %v in a minute", after)
		}
	})
}
