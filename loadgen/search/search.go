// Package search finds the highest rate of a storm's users at which a verdict still passes.
package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/host"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/visits"
)

// LevelJudge says how a level went, by the seconds that the observer has seen: up to l.EndSeconds. The
// verdict is one of record's, or empty while the level may still pass. It is asked once a second while a
// level is under way, and once more, with over set, when nothing of it is left.
type LevelJudge func(l record.Level, over bool) (verdict, why string)

// Options say how to look for the highest rate that a target holds.
type Options struct {
	From      amount.Rate   // first rate, in users per second; 0 for a sixteenth of the storm's peak
	To        amount.Rate   // highest rate; 0 for sixteen times the storm's peak
	Settle    time.Duration // at each rate before it is judged; whole seconds
	Hold      time.Duration // at each rate while it is judged; whole seconds, 1 s or more
	Precision amount.Ratio  // by which the lowest rate that failed may be above the highest that passed, 0.01 to 1
	Judge     LevelJudge
}

// Search looks for the highest rate of a storm's users at which a verdict still passes. Each rate is a level:
// the storm's journeys, mixed as its phases mix them, held without change. All levels go through the same
// connections and into one record.
type Search struct {
	Options
	storm *loadgen.Storm
	mix   []stream
}

// Bounds of a search.
const (
	reach          = 16  // how far below and above the storm's peak it goes, unless the user chooses
	fewestJudged   = 10  // users in a hold, of whom something can still be said
	fewestFirst    = 100 // users in the first hold, unless the user chooses
	highestRate    = 10_000_000
	finest         = 0.01
	lead           = time.Second            // before the first level, to open connections
	ahead          = 250 * time.Millisecond // at least, from making a level to its first second
	spareDeviation = 6                      // of the number of users who come at random: rows to spare
)

// New compiles a search. Nothing is sent. It fails with a *transport.InputError as loadgen.Compile does, and
// for rates, times or a precision outside what [Options] allows.
func New(o loadgen.Options, so Options) (*Search, error) {
	storm, err := loadgen.Compile(o)
	if err != nil {
		return nil, err
	}
	for _, p := range o.Scenario.Storm.Phases {
		if p.Before != nil {
			return nil, transport.InputErrorf("search with a scenario whose journeys sign in themselves, or measure this one at several rates with --scale",
				"a search for capacity has no time ahead of a level in which its users could do what phase.before says: found before with the journey %s", p.Before.Journey)
		}
	}
	s := &Search{Options: so, storm: storm, mix: mixOf(o.Scenario.Storm)}
	if len(s.mix) == 0 {
		return nil, transport.InputErrorf("give the storm's phases a rate or users", "the storm has no arrivals")
	}
	s.choose()
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, s.checkRows(s.mostUsers())
}

// choose fills in what the user has left open.
func (s *Search) choose() {
	peak, _ := s.storm.Peak()
	if s.From == 0 {
		s.From = amount.Rate(digits3(max(peak/reach, fewestFirst/s.Hold.Seconds())))
	}
	if s.To == 0 {
		s.To = amount.Rate(min(digits3(reach*max(peak, float64(s.From))), highestRate))
	}
}

func (s *Search) check() error {
	whole := func(d, least time.Duration) bool { return d >= least && d%time.Second == 0 }
	users := float64(s.From) * s.Hold.Seconds()
	switch {
	case !whole(s.Settle, 0) || !whole(s.Hold, time.Second):
		return transport.InputErrorf("say for example --settle 5s --hold 15s",
			"found a settle time of %s and a hold of %s, wanted whole seconds, the hold 1 s or more: a record is kept per second", quantity.Exact(s.Settle), quantity.Exact(s.Hold))
	case s.Precision < finest || s.Precision > 1:
		return transport.InputErrorf("say for example --precision 5%", "found a precision of %s, wanted %s to 100 %%", quantity.Percent(float64(s.Precision)), quantity.Percent(finest))
	case s.From > s.To || s.To > highestRate:
		return transport.InputErrorf("say for example --from 100/s --to 10k/s",
			"found rates from %s to %s, wanted the first not above the last and both at most %s", quantity.Rate(float64(s.From)), quantity.Rate(float64(s.To)), quantity.Rate(highestRate))
	case users < fewestJudged:
		return transport.InputErrorf("raise --from or --hold",
			"found %s held for %s, which is %s, wanted at least %s: fewer can not be judged", quantity.Rate(float64(s.From)), quantity.Exact(s.Hold), quantity.EstimateOf(users, "user"), quantity.Count(fewestJudged))
	}
	return nil
}

// length returns how long users come at each rate.
func (s *Search) length() time.Duration { return s.Settle + s.Hold }

func (s *Search) ladder() ladder {
	return ladder{from: float64(s.From), to: float64(s.To), floor: fewestJudged / s.Hold.Seconds(), precision: float64(s.Precision)}
}

// FirstRequests returns the requests per second of the first level, under the conditions of Storm.PeakRequests.
func (s *Search) FirstRequests() float64 {
	perSec, _ := s.level(0, float64(s.From), 0, 0).PeakRequests()
	return perSec
}

// Stay returns how long a user stays at the most, under the same conditions, 0 or more: until then the requests
// of a level still become more.
func (s *Search) Stay() time.Duration {
	var longest time.Duration
	for _, load := range visits.Of(s.storm.Scenario).Loads {
		longest = max(longest, load.Length)
	}
	return longest
}

// Longest returns how many levels a search has at the most, and how long they take if every one drains at once.
func (s *Search) Longest() (levels int, took time.Duration) {
	levels, _ = s.ladder().most()
	return levels, time.Duration(levels) * (s.length() + time.Second)
}

// mostUsers returns how many users a search brings at the most, with one level at the highest rate to spare.
func (s *Search) mostUsers() uint64 {
	_, sum := s.ladder().most()
	users := (sum + float64(s.To)) * s.length().Seconds()
	return uint64(math.Ceil(users + spareDeviation*math.Sqrt(users)))
}

// checkRows fails where feeders have no row of their own for each of so many users.
func (s *Search) checkRows(users uint64) error {
	err := s.storm.CheckRows(users)
	if input, ok := errors.AsType[*transport.InputError](err); ok {
		input.Hint = fmt.Sprintf("a search may bring so many users: lower --to or --hold, give the feeder %s, or say recycle: true to give rows again", quantity.Of(users, "row"))
	}
	return err
}

// Needs returns what the search needs of this machine beside cores. It looks the target up, and fails where
// that does not succeed.
func (s *Search) Needs(ctx context.Context) ([]host.Need, error) { return s.storm.Needs(ctx) }

// Targets returns what a look before the search connects to.
func (s *Search) Targets() []preflight.Target { return s.storm.Targets() }

// Manifest returns what run.json says of the search before anything is sent, with T0, the first level's begin,
// set from now.
func (s *Search) Manifest(now time.Time) record.Manifest {
	m := s.storm.ManifestAt(now, now.Add(lead))
	m.Settings = map[string]any{"find_capacity": map[string]any{
		"from_per_sec": float64(s.From), "to_per_sec": float64(s.To), "precision_ratio": float64(s.Precision),
		"settle_seconds": s.Settle.Seconds(), "hold_seconds": s.Hold.Seconds(),
	}}
	return m
}

// ReadBaseline asks the shop before T0 what it has sold; see Storm.ReadBaseline. Which users come is not known before: those
// of the first level are looked for. It fails as Storm.ReadBaseline does.
func (s *Search) ReadBaseline(ctx context.Context) (*record.Baseline, error) {
	return s.storm.ReadBaselineFor(ctx, func(yield func(uint64)) {
		for arrival := range s.level(0, float64(s.From), 0, 0).Size() {
			yield(arrival)
		}
	})
}

// Run searches and writes the record, which it closes; see Storm.Run. The levels are in the manifest, each as
// soon as it is judged, so that a search that is stopped keeps what it has found. It fails where the target's
// name cannot be looked up, or the record cannot be written.
func (s *Search) Run(ctx context.Context, w *record.Writer, t0 time.Time, observe loadgen.Observer) (record.End, error) {
	return s.storm.RunWith(ctx, w, t0, func(x *loadgen.Session) record.End {
		return (&climb{s, x, w, observe}).run(ctx)
	})
}

// climb is a search under way.
type climb struct {
	*Search
	session *loadgen.Session
	writer  *record.Writer
	observe loadgen.Observer
}

// run holds one level after the other until the ladder wants no more.
func (s *climb) run(ctx context.Context) record.End {
	steps := s.ladder()
	users := uint64(0)
	for number := uint64(0); ; number++ {
		rate := steps.next()
		if rate == 0 {
			return record.End{Reason: record.Completed}
		}
		storm := s.level(number, rate, users, s.session.NextSecond(ahead))
		if err := s.storm.CheckRows(storm.Size()); err != nil {
			return record.End{Reason: record.Completed, Message: fmt.Sprintf("no level at %s was held: %v", quantity.Rate(rate), err)}
		}
		users = storm.Size()
		l, end := s.hold(ctx, storm, rate)
		if end.Reason != record.Completed {
			return end
		}
		steps.held(rate, l.Verdict)
	}
}

// hold sends one level and judges it. The end is Completed unless the search must stop.
func (s *climb) hold(ctx context.Context, level *loadgen.Storm, rate float64) (record.Level, record.End) {
	l := s.planned(level, rate)
	var came uint64
	end := s.session.Send(ctx, level, s.watching(&l, &came))
	lost := end.Reason == record.Aborted
	l.CutShort = lost && l.EndSeconds < l.ToSeconds
	if l.CutShort {
		l.ToSeconds = l.EndSeconds
	}
	l.EndSeconds, l.Drained = s.session.Second(), s.session.Drained()
	judged := lost || end.Reason == record.Completed
	if judged {
		early := l
		if l.Verdict, l.Why = s.Judge(l, true); lost && l.Verdict == record.LevelPass { // what came after it was lost changes nothing
			l.Verdict, l.Why = early.Verdict, early.Why
		}
		end = record.End{Reason: record.Completed}
	}
	err := s.writer.Update(func(m *record.Manifest) {
		m.PlannedArrivals += came // not those who were called off
		if judged {
			m.Levels = append(m.Levels, l)
		}
	})
	if err != nil {
		end = record.End{Reason: record.Failed, Message: err.Error()}
	}
	return l, end
}

// planned returns a level as it is to be held.
func (s *Search) planned(level *loadgen.Storm, rate float64) record.Level {
	from, _ := level.Scenario.Storm.Curve().Span()
	hold := seconds(from + s.Settle)
	return record.Level{RatePerSec: rate, FromSeconds: seconds(from), HoldFromSeconds: hold, ToSeconds: hold + seconds(s.Hold)}
}

// seconds returns whole seconds from T0 on, where every level begins and ends.
func seconds(t time.Duration) int { return int(t / time.Second) }

// watching shows every second to the observer, counts who came, and ends the level as soon as it is lost.
func (s *climb) watching(l *record.Level, came *uint64) loadgen.Observer {
	return func(i record.Interval) error {
		if i.Generator != nil {
			*came += i.Generator.Arrivals
		}
		if s.observe != nil {
			if err := s.observe(i); err != nil {
				return err
			}
		}
		if i.Generator == nil || i.Second < l.EndSeconds || l.Verdict != "" {
			return nil
		}
		l.EndSeconds = i.Second + 1
		if l.Verdict, l.Why = s.Judge(*l, false); l.Verdict != "" {
			return &loadgen.Abort{Message: l.Why}
		}
		return nil
	}
}
