package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/plan"
	"fsctl/report"
	"fsctl/report/metric"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// dispatch sends a storm, from this process or by agents, and returns its run directory.
func (o *stormOptions) dispatch(ctx context.Context, s Streams, storm *loadgen.Storm, sc *scenarios.Scenario, scale float64) (dir string, err error) {
	if o.fleet.on() {
		return o.dispatchFleet(ctx, s, storm, sc, scale)
	}
	if err := requireReady(ctx, storm); err != nil {
		return "", err
	}
	o.lookAhead(ctx, s)
	baseline, err := o.preflight(ctx, s, sc, storm.Targets(), storm.ReadBaseline)
	if err != nil {
		return "", err
	}
	defer baseline.Close()
	m, err := storm.Manifest(time.Now())
	if err != nil {
		return "", err
	}
	m.ScaleRatio = scale
	return o.send(ctx, s, attack{storm, m, sc, newProgress(s.Err), watchOf(sc, m), baseline, shareOf(storm, sc)})
}

// watchOf returns an observer that stops the run as soon as a threshold with abortOnFail is crossed.
func watchOf(sc *scenarios.Scenario, m record.Manifest) loadgen.Observer {
	live := metric.NewLive(sc, m)
	return func(i record.Interval) error {
		if crossed := live.Add(i); crossed != nil {
			return &loadgen.Abort{Message: crossed.Summary()}
		}
		return nil
	}
}

// attacker is what can be sent: a storm, a target list, a search for capacity, or a fleet's storm.
type attacker interface {
	Run(ctx context.Context, w *record.Writer, t0 time.Time, observe loadgen.Observer) (record.End, error)
}

// attack is what is sent, with what its run says of it and who observes it.
type attack struct {
	attacker
	manifest record.Manifest
	scenario *scenarios.Scenario // nil for a list of targets
	progress *progress
	watch    loadgen.Observer // may be nil
	baseline *record.Baseline // of the shop's ledger; nil for none
	share    string           // how much of the storm and of the plan is sent; empty for what is no storm
}

// users says how many users come, where that is known.
func (a *attack) users() string {
	if a.manifest.PlannedArrivals == 0 {
		return "users"
	}
	return quantity.Of(a.manifest.PlannedArrivals, "user")
}

// send makes the run directory and runs the attack. It returns the directory, empty where it could not be made or the storm did not begin. An error with
// a directory is one of writing the record.
func (o *stormOptions) send(ctx context.Context, s Streams, a attack) (dir string, err error) {
	release := holdOn(ctx)
	defer func() { release(dir) }()
	m, sc := a.manifest, a.scenario
	dir = o.directory(nameOf(sc), m.Start)
	m.FsctlVersion, m.PracticeShop, m.Reached = version(), o.inside, o.reached
	settings := o.settings()
	maps.Copy(settings, m.Settings)
	m.Settings = settings
	var document []byte
	if sc != nil {
		document = sc.Document
	}
	w, err := record.Create(dir, m, document)
	if _, exists := errors.AsType[*record.ExistsError](err); err != nil && !exists {
		err = preflight.NotStarted(err, "name another directory with --run")
	}
	if err != nil {
		return "", err
	}
	if a.baseline != nil { // before anything else, so that whoever takes the run over finds it
		if err := w.Baseline(a.baseline); err != nil {
			return dir, errors.Join(err, w.Close(record.End{At: time.Now(), Reason: record.Failed, Message: err.Error()}))
		}
	}
	observe := func(i record.Interval) error {
		a.progress.show(i)
		if a.watch == nil {
			return nil
		}
		return a.watch(i)
	}
	fmt.Fprintf(s.Err, "run %s: %s to %s over %s, T0 at %s\n", dir, a.users(), targetsOf(m), m.ConnectionsText(), m.T0.Format("15:04:05.000"))
	if a.share != "" {
		fmt.Fprintln(s.Err, a.share)
	}
	o.showRoute(s)
	o.shown.Store(a.progress)
	end, err := a.Run(ctx, w, m.T0, observe)
	a.progress.end()
	if _, idle := errors.AsType[*preflight.NotStartedError](err); idle {
		return "", err
	}
	if end.Message != "" {
		fmt.Fprintf(s.Err, "%s: %s\n", end.Reason, end.Message)
	}
	return dir, err
}

// targetsOf names all that a run is sent to.
func targetsOf(m record.Manifest) string {
	list := []string{m.Target}
	for _, name := range slices.Sorted(maps.Keys(m.Targets)) {
		list = append(list, name+" "+m.Targets[name])
	}
	return strings.Join(list, ", ")
}

func nameOf(sc *scenarios.Scenario) string {
	if sc == nil {
		return "targets"
	}
	return sc.Name
}

// conclude judges a run that has ended, has show print the report, and returns the error of its verdict, none with
// noVerdict; an output that could not be written hides no verdict. failure is what went wrong while the run was on. sc is nil for a list of
// targets, p where no plan was made.
func conclude(dir string, failure error, sc *scenarios.Scenario, p *plan.Plan, noVerdict bool, show func(*report.Report) error) error {
	rep, err := report.Conclude(dir, sc, p)
	if rep == nil {
		return errors.Join(failure, err)
	}
	output := errors.Join(err, show(rep))
	if failure != nil {
		return errors.Join(failure, output)
	}
	return judged(rep.ExitCode, noVerdict, output)
}
