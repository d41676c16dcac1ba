package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/host"
	"fsctl/loadgen/record"
	"fsctl/report/dryrun"
	"fsctl/report/render"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
)

// needer says what an attack needs of this machine.
type needer interface {
	Needs(ctx context.Context) ([]host.Need, error)
}

// tryStorm shows what a storm of a scenario that is not scaled would send, and whether this machine can send it.
func (o *attackOptions) tryStorm(ctx context.Context, s Streams, storm *loadgen.Storm, sc *scenarios.Scenario) error {
	needs, err := storm.Needs(ctx) // first, since it settles how many connections may be opened
	if err != nil {
		return err
	}
	m, err := storm.Manifest(time.Now())
	if err != nil {
		return err
	}
	rate, at := storm.Peak()
	busiest, from := storm.PeakRequests()
	d := &dryrun.Result{PeakQPS: busiest, PeakAtSeconds: from.Seconds(), Share: shareOf(storm, sc),
		Summary: fmt.Sprintf("would send %s within %s to %s over %s, at most %s, at %v",
			quantity.Of(m.PlannedArrivals, "user"), quantity.Duration(storm.Length()), targetsOf(m), m.ConnectionsText(),
			quantity.Rate(rate), amount.Instant(at.Round(time.Millisecond)))}
	requests, assumed := storm.Expected()
	for i := range storm.Scenario.Steps {
		if n, sent := requests[storm.Scenario.Steps[i].Name]; sent {
			iv := n.Interval()
			d.Expected = append(d.Expected, dryrun.Step{Name: storm.Scenario.Steps[i].Name, Low: iv.Low, Mid: iv.Mid, High: iv.High})
		}
	}
	for _, a := range assumed {
		d.Assumed = append(d.Assumed, dryrun.Assumption{Field: a.Field, Text: a.Text})
	}
	return o.tryOut(ctx, s, needs, m, d)
}

// tryList shows what a list of targets would send, and whether this machine can send it.
func (o *attackOptions) tryList(ctx context.Context, s Streams, list *loadgen.TargetList) error {
	needs, err := list.Needs(ctx) // first, as above
	if err != nil {
		return err
	}
	return o.tryOut(ctx, s, needs, list.Manifest(time.Now()), &dryrun.Result{PeakQPS: float64(list.Rate),
		Summary: fmt.Sprintf("would send %s within %s over %s", quantity.Of(list.Hits(), "request"), quantity.Exact(list.Duration), record.ConnectionsText(list.Connections, list.MaxConnections))})
}

// tryOut shows what an attack would send, and whether this machine can send it. Nothing is sent to the target. Where the
// machine cannot, the error has the exit code that the attack would have. d holds what is known of the attack already.
func (o *attackOptions) tryOut(ctx context.Context, s Streams, needs []host.Need, m record.Manifest, d *dryrun.Result) error {
	o.lookAhead(ctx, s)
	o.showRoute(s)
	d.Scenario, d.Target, d.Engine, d.Connections, d.MaxConnections = m.Scenario, targetsOf(m), m.Engine, m.Connections, m.MaxConnections
	for _, n := range needs {
		check := dryrun.Check{Name: n.Name, Needed: n.Needed, Available: n.Available, OK: n.OK(), Because: n.Because}
		if n.Name == host.NeedMemory {
			check.Unit = "bytes"
		}
		d.Checks = append(d.Checks, check)
	}
	refusal := host.Ready(needs)
	if refusal == nil {
		var err error
		if d.SelfTest, err = selfTest(ctx, s, d.Engine); err != nil {
			return err
		}
	}
	d.Decide()
	if err := o.output.write(d,
		func(w io.Writer) error { return render.DryRunMarkdown(w, d) },
		func(w io.Writer, style render.Style) error { return render.DryRun(w, d, style) }); err != nil {
		return err
	}
	if refusal != nil {
		return refusal
	}
	return judged(d.ExitCode, o.noVerdict, nil)
}

// selfTest measures what this machine can send; nil where it cannot be measured.
func selfTest(ctx context.Context, s Streams, engine string) (*dryrun.SelfTest, error) {
	a, err := loadgen.SelfTest(ctx, engine)
	if errors.Is(err, host.ErrNoSelfTest) {
		fmt.Fprintf(s.Err, "%v: how fast this machine can send is not checked\n", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &dryrun.SelfTest{MaxQPS: a.RequestsPerSec, CPUSecondsPerRequest: a.CPUPerRequest.Seconds(), UsableCores: a.UsableCores}, nil
}

// requireReady fails where this machine lacks what an attack needs. Call it before the manifest is made, which sets T0: it
// looks up names, which may take seconds.
func requireReady(ctx context.Context, a needer) error {
	needs, err := a.Needs(ctx)
	return errors.Join(err, host.Ready(needs))
}
