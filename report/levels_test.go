package report

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
	"fsctl/report/exitcode"
	"fsctl/report/health"
	"fsctl/scenarios"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// heldFor is how long each level of a test is held, after 1 s to settle and before 1 s to drain.
const heldFor = 4

// searched is the record of a search: at each rate every request takes so many milliseconds.
type searched struct {
	*record.Record
}

func newSearched() searched {
	m := manifest()
	m.Start, m.Connections = t0, 100
	return searched{record.New(m)}
}

// level adds a level and returns it. Requests come evenly; those of the settle time take ten times as long.
func (s searched) level(t testing.TB, rate int, millis float64) *record.Level {
	t.Helper()
	from := 0
	if n := len(s.Manifest.Levels); n > 0 {
		from = s.Manifest.Levels[n-1].EndSeconds
	}
	l := record.Level{RatePerSec: float64(rate), FromSeconds: from, HoldFromSeconds: from + 1, ToSeconds: from + 1 + heldFor, EndSeconds: from + 2 + heldFor,
		Drained: true, Verdict: "as the search saw it"}
	put(t, s.Record, from, "browse", record.OutcomeOK, slices.Repeat([]float64{millis * 10}, rate)...)
	for second := l.HoldFromSeconds; second < l.ToSeconds; second++ {
		put(t, s.Record, second, "browse", record.OutcomeOK, slices.Repeat([]float64{millis}, rate)...)
		count(s.Record, second, "browse", record.Counters{Quiet: load(uint64(rate), millis/2)})
	}
	s.Manifest.Levels = append(s.Manifest.Levels, l)
	return &s.Manifest.Levels[len(s.Manifest.Levels)-1]
}

// late makes the generator late in the hold of a level.
func (s searched) late(l *record.Level) {
	count(s.Record, l.HoldFromSeconds, "browse", record.Counters{Late: uint64(l.RatePerSec)})
}

// freeze stops the generator for a second from an instant after the begin of a level's hold on.
func (s searched) freeze(l *record.Level, after float64) {
	from := float64(l.HoldFromSeconds) + after
	s.Add(record.Interval{Second: int(from + 1), Generator: &record.Generator{Gaps: []record.Gap{{From: from, To: from + 1, Requests: 1}}}})
}

func TestSearchIsJudgedByItsLevels(t *testing.T) {
	sc := require(limitOf(t, "response_time", "p(99)<300ms", ""))
	s := newSearched()
	s.level(t, 10, 20)
	s.level(t, 20, 250)
	s.level(t, 40, 900)
	s.level(t, 30, 400)
	r := Judge(s.Record, sc, nil)
	if r.ExitCode != 0 || r.Verdict != Pass || r.Reason != "the target holds 20 users/s (20 requests/s); at 30 users/s: response_time was 400 ms, wanted p(99)<300ms" {
		t.Errorf("%s, exit code %d: %s", r.Verdict, r.ExitCode, r.Reason)
	}
	var verdicts []Verdict
	for _, l := range r.Levels {
		verdicts = append(verdicts, l.Verdict)
	}
	if !slices.Equal(verdicts, []Verdict{Pass, Pass, Fail, Fail}) {
		t.Errorf("levels are %v", verdicts)
	}
	if c := r.Capacity; c.RatePerSec != 20 || c.FailsRatePerSec != 30 || c.LowerBound || c.QPS != 20 || c.AtSeconds != 7 || c.Steps["browse"] != 20 {
		t.Errorf("capacity %+v", c)
	}
	if got := r.Thresholds; len(got) != 1 || got[0].Status != Held || got[0].Window != "T0+7s..T0+11s" || math.Abs(*got[0].Value-0.25) > 0.001 {
		t.Errorf("thresholds %+v, wanted those of the level at 20/s alone", got)
	}
	if got := r.Steps; len(got) != 1 || got[0].Requests != 20*heldFor || got[0].ResponseTime.Max > 0.26 {
		t.Errorf("steps %+v, wanted those of the level at 20/s alone", got)
	}
	l := r.Levels[1]
	if l.Requests != 20*heldFor || l.AchievedQPS != 20 || math.Abs(l.Concurrency-20*0.125) > 0.01 || l.ErrorRatio != 0 {
		t.Errorf("level %+v", l)
	}
}

func TestCausesOfASearch(t *testing.T) {
	quick, slow := 20.0, 900.0
	for name, c := range map[string]struct {
		fill    func(s searched)
		code    int
		reason  string
		rate    float64
		atLeast bool
	}{
		"nothing above it was asked for": {func(s searched) { s.level(t, 10, quick) }, 0, "the target holds at least 10 users/s (10 requests/s), and no higher rate was asked for", 10, true},
		"the generator could not":        {func(s searched) { s.level(t, 10, quick); s.late(s.level(t, 20, quick)) }, 0, "at least 10 users/s (10 requests/s); this generator could not send 20 users/s: 25 % of the requests left", 10, true},
		"it could not between them":      {func(s searched) { s.level(t, 10, quick); s.level(t, 40, slow); s.late(s.level(t, 20, quick)) }, 0, "the target holds 10 users/s (10 requests/s); at 40 users/s: response_time was 900 ms, wanted p(99)<300ms; this generator could not send 20 users/s", 10, false},
		"a moment's trouble":             {func(s searched) { s.late(s.level(t, 10, quick)); s.level(t, 10, quick); s.level(t, 20, slow) }, 0, "the target holds 10 users/s", 10, false},
		"a freeze at one level":          {func(s searched) { s.freeze(s.level(t, 10, quick), 0.5); s.level(t, 10, quick); s.level(t, 20, slow) }, 0, "the target holds 10 users/s", 10, false},
		"a freeze before a hold":         {func(s searched) { s.freeze(s.level(t, 10, quick), -1); s.level(t, 20, slow) }, 0, "the target holds 10 users/s", 10, false},
		"a freeze in a drain":            {func(s searched) { s.freeze(s.level(t, 10, quick), heldFor) }, exitcode.Invalid, "did not run for 1 s from T0+5s on", 0, true},
		"nothing held":                   {func(s searched) { s.level(t, 20, slow); s.level(t, 10, slow) }, exitcode.Threshold, "the target does not hold even 10 users/s: response_time was 900 ms", 0, false},
		"nothing is known":               {func(s searched) { s.late(s.level(t, 20, quick)); s.late(s.level(t, 10, quick)) }, exitcode.Invalid, "the generator was saturated: at 20 users/s: 25 % of the requests left", 0, true},
		"interrupted": {func(s searched) {
			s.level(t, 10, quick)
			s.Manifest.End.Reason = record.Interrupted
		}, exitcode.Interrupted, "the search was interrupted: the target holds at least 10 users/s (10 requests/s)", 10, true},
		"died":     {func(s searched) { s.level(t, 10, quick); s.Manifest.End = nil }, exitcode.Interrupted, "the run has no end", 10, true},
		"oversold": {func(s searched) { s.level(t, 10, quick); sell(s.Record, 3) }, exitcode.Invariant, "oversold", 10, true},
	} {
		s := newSearched()
		c.fill(s)
		sc := require(limitOf(t, "response_time", "p(99)<300ms", ""))
		sc.Sale, sc.Invariants = &scenarios.Sale{Items: 1, Stock: 2, SKU: "sku-${n}"}, []scenarios.Invariant{{Name: scenarios.NoOversell, Optional: true}}
		r := Judge(s.Record, sc, nil)
		if r.ExitCode != c.code || !strings.Contains(r.Reason, c.reason) || r.Capacity.RatePerSec != c.rate || r.Capacity.LowerBound != c.atLeast {
			t.Errorf("%s: exit code %d, %q, capacity %+v; wanted %d, %q, %g at least: %v", name, r.ExitCode, r.Reason, r.Capacity, c.code, c.reason, c.rate, c.atLeast)
		}
	}
}

// sell puts orders into both sides of the ledger.
func sell(rec *record.Record, orders int) {
	rec.Ledger.Read = true
	for i := range orders {
		o := record.Order{ID: string(rune('a' + i)), User: string(rune('a' + i)), SKU: "sku-1", Quantity: 1}
		rec.Ledger.Told = append(rec.Ledger.Told, o)
		rec.Ledger.Sold.Add(o)
	}
}

// A level at the target's limit has no quiet moment of its own: that the target queues shows against those of the
// levels before it.
func TestLevelIsComparedWithQuieterOnes(t *testing.T) {
	sc := require(limitOf(t, "response_time", "p(99)<300ms", ""))
	s := newSearched()
	s.level(t, 10, 20)
	full := s.level(t, 40, 20)
	full.HoldFromSeconds, full.ToSeconds = full.EndSeconds, full.EndSeconds+1
	full.EndSeconds = full.ToSeconds + 1
	put(t, s.Record, full.HoldFromSeconds, "browse", record.OutcomeOK, slices.Repeat([]float64{900}, 40)...)
	count(s.Record, full.HoldFromSeconds, "browse", record.Counters{Waited: 30, Full: load(40, 450)})
	r := Judge(s.Record, sc, nil)
	if l := r.Levels[1]; l.Verdict != Fail || !slices.ContainsFunc(l.Findings, func(f health.Finding) bool { return f.Code == health.FindingTargetLimited }) {
		t.Errorf("level %+v, wanted it to fail by the target's own queue", l)
	}
}

func TestLevelThatWasNotAnswered(t *testing.T) {
	sc := require(limitOf(t, "response_time", "p(99)<300ms", ""))
	for name, c := range map[string]struct {
		change func(*record.Level)
		want   Verdict
		why    string
	}{
		"cut short":               {func(l *record.Level) { l.CutShort, l.Why = true, "errors\n everywhere" }, Fail, "errors everywhere"},
		"some were given up":      {func(l *record.Level) { l.Drained = false }, Fail, "33.3 % of the requests that were due were not answered"},
		"all of them came in end": {func(l *record.Level) { l.HoldFromSeconds++; l.Drained = false }, Pass, ""},
	} {
		s := newSearched()
		l := s.level(t, 20, 20)
		count(s.Record, l.HoldFromSeconds, "browse", record.Counters{Due: 40})
		c.change(l)
		if v := Judge(s.Record, sc, nil).Levels[0]; v.Verdict != c.want || !strings.HasPrefix(v.Why, c.why) {
			t.Errorf("%s: %s, %q, wanted %s, %q", name, v.Verdict, v.Why, c.want, c.why)
		}
	}
}

func TestThresholdsOfLevels(t *testing.T) {
	sc := require(
		limitOf(t, "response_time", "p(90)<1s", "T0..T0+5s"),
		limitOf(t, "http_reqs", "rate>100", ""),
		limitOf(t, "iterations", "count>1000", ""),
		limitOf(t, "checks", "count>10", ""),
		limitOf(t, "http_req_failed", "count<10", ""),
		limitOf(t, "dropped_iterations", "count<5", ""),
		limitOf(t, "achieved_rate", "value>0.9", ""),
	)
	apply, notes := LevelThresholds(sc)
	var kept []string
	for _, th := range apply {
		if kept = append(kept, th.Metric); th.Window != nil {
			t.Errorf("%s keeps its window %v", th.Metric, th.Window)
		}
	}
	if !slices.Equal(kept, []string{"response_time", "http_req_failed", "dropped_iterations", "achieved_rate"}) {
		t.Errorf("kept %v", kept)
	}
	if len(notes) != 4 || notes[0] != "response_time p(90)<1s in T0..T0+5s is held against the whole of each level" || !strings.HasPrefix(notes[1], "http_reqs rate>100 is not held against levels: ") {
		t.Errorf("notes %q", notes)
	}
	if sc.Thresholds[0].Thresholds[0].Window == nil {
		t.Error("the scenario's own threshold was changed")
	}
	s := newSearched()
	l := s.level(t, 10, 20)
	count(s.Record, l.ToSeconds, "browse", record.Counters{Unsent: 7})
	if r := Judge(s.Record, sc, nil); !strings.Contains(r.Levels[0].Why, "dropped_iterations was 7") {
		t.Errorf("%q, wanted what was dropped after the hold to count", r.Levels[0].Why)
	}
}

func TestBuyersWithoutStockAreTold(t *testing.T) {
	s := newSearched()
	l := s.level(t, 10, 20)
	put(t, s.Record, l.HoldFromSeconds, "order", "sold_out", 20, 20)
	sc := require(limitOf(t, "response_time", "p(99)<300ms", ""))
	sc.Sale, sc.Ledger = &scenarios.Sale{Items: 1, Stock: 2}, &scenarios.Ledger{Outcome: "placed"}
	sc.Steps = strict.Keyed[scenarios.Step]{{Name: "browse"}, {Name: "order", Transaction: true}}
	told := func() bool {
		return slices.ContainsFunc(Judge(s.Record, sc, nil).Notes, func(n string) bool { return strings.HasPrefix(n, "no order at 10 users/s was placed") })
	}
	if !told() {
		t.Error("no finding says that the stock may be gone")
	}
	put(t, s.Record, l.HoldFromSeconds, "order", "placed", 20)
	if told() {
		t.Error("a note on stock that is there")
	}
}

// underWay returns a level of 10 s after 2 s to settle that has been seen for a part of it.
func underWay(seen int) record.Level {
	return record.Level{RatePerSec: 10, FromSeconds: 0, HoldFromSeconds: 2, ToSeconds: 12, EndSeconds: seen}
}

func TestLevelIsLostEarly(t *testing.T) {
	aborting := limitOf(t, "http_req_failed", "rate<50%", "")
	aborting.AbortOnFail, aborting.AbortDelay = true, 5*time.Second
	for name, c := range map[string]struct {
		threshold threshold.Threshold
		seen      int // seconds, in each of which 10 requests are due
		slow      int // of those in the hold, how many take 1 s in place of 10 ms
		want      string
	}{
		"only the settle time":         {limitOf(t, "response_time", "p(90)<300ms", ""), 2, 0, ""},
		"a tenth of all may be slow":   {limitOf(t, "response_time", "p(90)<300ms", ""), 4, 10, ""},
		"more than a tenth of all":     {limitOf(t, "response_time", "p(90)<300ms", ""), 4, 12, "response_time was 1 s, wanted p(90)<300ms"},
		"the mean cannot be so low":    {limitOf(t, "service_time", "avg<40ms", ""), 4, 10, "service_time was 253 ms, wanted avg<40ms"},
		"the mean may come down":       {limitOf(t, "service_time", "avg<60ms", ""), 4, 10, ""},
		"one is too many":              {limitOf(t, "response_time", "max<300ms", ""), 4, 1, "response_time was 1 s, wanted max<300ms"},
		"the median":                   {limitOf(t, "response_time", "med<300ms", ""), 8, 51, "response_time was 1 s, wanted med<300ms"},
		"not half of all yet":          {limitOf(t, "response_time", "med<300ms", ""), 7, 50, ""},
		"nothing to be lost":           {limitOf(t, "response_time", "min<300ms", ""), 4, 20, ""},
		"more is better":               {limitOf(t, "response_time", "p(50)>300ms", ""), 4, 0, ""},
		"failures":                     {limitOf(t, "http_req_failed", "rate<5%", ""), 4, 6, "http_req_failed was 30 %, wanted rate<5%"},
		"failures that may be diluted": {limitOf(t, "http_req_failed", "rate<5%", ""), 4, 4, ""},
		"a count of failures":          {limitOf(t, "http_req_failed", "count<3", ""), 4, 3, "http_req_failed was 3, wanted count<3"},
		"abort on fail":                {aborting, 6, 25, "http_req_failed was 62.5 %, wanted rate<50%"},
		"abort on fail, not so early":  {aborting, 4, 15, ""},
		"abort on fail, not crossed":   {aborting, 6, 19, ""},
		"whose number is unknown":      {limitOf(t, "response_time{outcome:ok}", "max<1ms", ""), 4, 0, ""},
		"what cannot be known before":  {limitOf(t, "achieved_rate", "value<0.5", ""), 4, 0, ""},
		"of one step":                  {limitOf(t, "response_time{step:browse}", "max<300ms", ""), 4, 1, "response_time{step:browse} was 1 s, wanted max<300ms"},
	} {
		w := NewLevelWatch(require(c.threshold), manifest())
		slow := c.slow
		for second := range c.seen {
			now := 0
			if second >= 2 {
				now = min(slow, 10)
			}
			slow -= now
			put(t, w.rec, second, "browse", record.OutcomeFailed, slices.Repeat([]float64{1000}, now)...)
			put(t, w.rec, second, "browse", record.OutcomeOK, slices.Repeat([]float64{10}, 10-now)...)
		}
		if got := w.Lost(underWay(c.seen)); got != c.want {
			t.Errorf("%s: %q, wanted %q", name, got, c.want)
		}
	}
}

// What is lost early is lost in the end, however well the rest goes.
func TestLostLevelCannotPass(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		th := limitOf(t, "response_time", rapid.SampledFrom([]string{"p(90)<300ms", "p(99)<300ms", "avg<200ms", "med<300ms", "p(50)<=300ms"}).Draw(rt, "threshold"), "")
		w := NewLevelWatch(require(th), manifest())
		seen := rapid.IntRange(3, 12).Draw(rt, "seen")
		share := rapid.Float64Range(0, 1).Draw(rt, "slow")
		for second := 2; second < seen; second++ {
			millis := slices.Repeat([]float64{10}, 10)
			for i := range int(share * 10) {
				millis[i] = rapid.Float64Range(100, 2000).Draw(rt, "millis")
			}
			put(t, w.rec, second, "browse", record.OutcomeOK, millis...)
		}
		lost := w.Lost(underWay(seen))
		for second := seen; second < 12; second++ {
			put(t, w.rec, second, "browse", record.OutcomeOK, slices.Repeat([]float64{0.001}, 10)...)
		}
		if l := w.Judge(underWay(13)); lost != "" && l.Verdict == Pass {
			rt.Fatalf("lost after %d s by %q, and passed in the end: %+v", seen, lost, l.Thresholds)
		}
	})
}
