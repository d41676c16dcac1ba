package cmd

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"fsctl/loadgen/host"
	"fsctl/loadgen/record"
	"fsctl/loadgen/search"
	"fsctl/report"
	"fsctl/report/dryrun"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// searchOptions are the flags of a search for capacity.
type searchOptions struct {
	find         bool
	from, to     string
	settle, hold time.Duration
	precision    string
	given        []string // which of them are on the command line, without find
}

func (o *searchOptions) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.find, "find-capacity", false, "search for the highest rate of users at which the thresholds hold, in place of sending the storm")
	f.StringVar(&o.from, "from", "", "with --find-capacity: first `RATE` of users, such as 100/s (default: 1/16 of the storm's peak)")
	f.StringVar(&o.to, "to", "", "with --find-capacity: highest `RATE` of users, such as 10k/s (default: 16 times the storm's peak)")
	f.DurationVar(&o.settle, "settle", 5*time.Second, "with --find-capacity: time at each rate before it is judged")
	f.DurationVar(&o.hold, "hold", 15*time.Second, "with --find-capacity: time at each rate while it is judged")
	f.StringVar(&o.precision, "precision", "5%", "with --find-capacity: how close the rate that passed and the one that failed must be, such as 5%")
}

// see notes which of the flags are on the command line: those of the configuration file are no reason to refuse a storm.
func (o *searchOptions) see(f *pflag.FlagSet) {
	for _, name := range []string{"from", "to", "settle", "hold", "precision"} {
		if isTyped(f.Lookup(name)) {
			o.given = append(o.given, "--"+name)
		}
	}
}

// check finds flags that cannot be combined.
func (o *searchOptions) check(with *attackOptions) error {
	switch {
	case !o.find && len(o.given) > 0:
		return &hinted{usagef("found %s without --find-capacity", strings.Join(o.given, ", ")), "add --find-capacity, or leave it out to send the storm as it is"}
	case o.find && with.duration != 0:
		return &hinted{usagef("found --duration beside --find-capacity"), "--settle and --hold say how long each rate is held"}
	case o.find && with.targets != "":
		return &hinted{usagef("found --targets beside --find-capacity, wanted a scenario: its thresholds say what capacity is"), "fsctl scenarios new FILE writes one to begin with"}
	}
	return nil
}

// resolve returns the search that the flags ask for.
func (o *searchOptions) resolve() (search.Options, error) {
	so := search.Options{Settle: o.settle, Hold: o.hold}
	for _, f := range []struct {
		name, text string
		rate       *amount.Rate
	}{{"--from", o.from, &so.From}, {"--to", o.to, &so.To}} {
		if f.text == "" {
			continue
		}
		rate, err := amount.ParseRate(f.text)
		if err == nil && rate == 0 {
			err = fmt.Errorf("found %q, wanted a rate above 0", f.text)
		}
		if err != nil {
			return so, usagef("%s: %w", f.name, err)
		}
		*f.rate = rate
	}
	precision, err := amount.ParseRatio(o.precision)
	if err != nil {
		return so, usagef("--precision: %w", err)
	}
	so.Precision = precision
	return so, nil
}

// findCapacity searches for the highest rate that holds, shows what it found, and returns the verdict's error.
func findCapacity(ctx context.Context, s Streams, o *attackOptions, sc *scenarios.Scenario, scale float64) error {
	thresholds, _ := report.LevelThresholds(sc)
	if len(thresholds) == 0 {
		return &hinted{usagef("scenario %s has no thresholds that a rate could be held against: they say what capacity is", sc.Name),
			`add for example: thresholds: {response_time: ["p(99)<300ms"], http_req_failed: ["rate<0.1%"]}`}
	}
	so, err := o.search.resolve()
	if err != nil {
		return err
	}
	what, err := o.resolve(sc, scale)
	if err != nil {
		return err
	}
	progress := newProgress(s.Err)
	levels := &levelObserver{progress: progress}
	so.Judge = levels.judge
	search, err := search.New(what, so)
	if err != nil {
		return err
	}
	if stay := search.Stay(); stay > search.Settle {
		fmt.Fprintf(s.Err, "fsctl: warning: a user stays for up to %s, but a level settles in %s, so its request rate is still growing when it is judged: use --settle %ds\n",
			quantity.Duration(stay), quantity.Exact(search.Settle), int(math.Ceil(stay.Seconds())))
	}
	planned := plannedSearch(search, len(thresholds))
	needs, err := search.Needs(ctx) // before the manifest, since it settles how many connections may be opened
	if err != nil {
		return err
	}
	if o.dryRun {
		m := search.Manifest(time.Now())
		return o.tryOut(ctx, s, needs, m, &dryrun.Result{PeakQPS: search.FirstRequests(),
			Summary: fmt.Sprintf("would search %s, at %s over %s; what this machine can send is held against the first rate",
				planned, targetsOf(m), m.ConnectionsText())})
	}
	if err := host.Ready(needs); err != nil {
		return err
	}
	o.lookAhead(ctx, s)
	baseline, err := o.preflight(ctx, s, sc, search.Targets(), search.ReadBaseline)
	if err != nil {
		return o.conclude("", err, sc)
	}
	defer baseline.Close()
	m := search.Manifest(time.Now()) // not before, since the ledger took its time
	m.ScaleRatio = scale
	fmt.Fprintln(s.Err, "search "+planned)
	levels.watch = report.NewLevelWatch(sc, m)
	dir, err := o.send(ctx, s, attack{search, m, sc, progress, levels.observe, baseline, ""})
	return o.conclude(dir, err, sc)
}

// plannedSearch describes a search before it begins.
func plannedSearch(s *search.Search, thresholds int) string {
	most, took := s.Longest()
	return fmt.Sprintf("from %s up to %s users, each rate held for %s after %s to settle, against %s: at most %s in %s",
		quantity.Rate(float64(s.From)), quantity.Rate(float64(s.To)), quantity.Exact(s.Hold), quantity.Exact(s.Settle),
		quantity.Of(thresholds, "threshold"), quantity.Of(most, "level"), quantity.Duration(took))
}

// levelObserver judges the levels of a search while they are held, and prints a line for each.
type levelObserver struct {
	watch    *report.LevelWatch
	progress *progress
	levels   int
}

func (o *levelObserver) observe(i record.Interval) error {
	o.watch.Add(i)
	return nil
}

func (o *levelObserver) judge(l record.Level, over bool) (verdict, why string) {
	if !over {
		if why = o.watch.Lost(l); why != "" {
			verdict = record.LevelFail
		}
		return verdict, why
	}
	level := o.watch.Judge(l)
	o.levels++
	o.progress.note(fmt.Sprintf("level %d: %s", o.levels, level.Summary()))
	return string(level.Verdict), level.Why
}
