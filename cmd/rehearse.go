package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen"
	"fsctl/plan"
	"fsctl/report"
	"fsctl/report/render"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/shop"
)

type rehearseOptions struct {
	stormOptions
	output output
	files  outputFiles
	name   string
	faults string
}

func newRehearse(s Streams) *cobra.Command {
	o := &rehearseOptions{}
	c := &cobra.Command{
		Use:   "rehearse [SCENARIO]",
		Short: "Plan, attack and report in one go, on this machine",
		Long: "rehearse plans a scenario (default taobao-double11), storms it and reports. Without --target it starts the\n" +
			"built-in shop on a free port of this machine, with the scenario's stock, and sends the scenario's rehearsal scale.",
		Example:           "  fsctl rehearse\n  fsctl rehearse taobao-double11 --faults oversell\n  fsctl rehearse my-sale.yaml --scale 5%",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenario,
		RunE: func(c *cobra.Command, args []string) error {
			o.name = "taobao-double11"
			if len(args) > 0 {
				o.name = args[0]
			}
			return runRehearse(c.Context(), s, o)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&o.faults, "faults", "", faultsUsage)
	o.files.flags(c)
	o.output.flag(c, s)
	return c
}

const faultsUsage = "what is wrong with the shop: oversell,duplicate,lost-order,slow=200ms,error=1%,reset=1%"

func runRehearse(ctx context.Context, s Streams, o *rehearseOptions) error {
	if o.fleet.agents > 0 {
		o.fleet.useDefaults()
	}
	if err := errors.Join(o.output.check(), o.check(), o.fleet.check(&o.stormOptions)); err != nil {
		return err
	}
	faults, err := shop.ParseFaults(o.faults)
	if err != nil {
		return usagef("--faults: %w", err)
	}
	if o.faults != "" && o.target != "" {
		return usagef("found --faults beside --target, wanted it only with the built-in shop")
	}
	if len(o.connectTo) > 0 && o.target == "" {
		return usagef("found --connect-to beside the built-in shop, wanted it only with --target")
	}
	if o.target != "" { // before the plan is printed
		target, err := o.url()
		if err != nil {
			return err
		}
		if err := loadgen.CheckTarget(target, o.allow, o.route); err != nil {
			return err
		}
	}
	sc, err := scenarios.Load(o.name, o.set...)
	if err != nil {
		return err
	}
	rehearsal := scenarios.Rehearsal{Scale: 1, ServiceTime: 4 * time.Millisecond, Workers: 4}
	if sc.Rehearsal != nil {
		rehearsal = *sc.Rehearsal
	}
	scale, err := o.ratio(float64(rehearsal.Scale))
	if err != nil {
		return err
	}
	p, err := plan.New(sc, plan.Options{Trials: 10_000, Seed: o.seed})
	if err != nil {
		return err
	}
	if o.output.form == "table" {
		more := fmt.Sprintf("%s; all of it: fsctl plan %s", quantity.Of(len(p.Warnings), "warning"), o.name)
		if err := render.PlanSizes(s.Out, p, style(s.Out), more); err != nil {
			return err
		}
		fmt.Fprintln(s.Out)
	}
	dir, err := o.rehearse(ctx, s, sc, scale, faults, rehearsal)
	if dir == "" {
		return err
	}
	rep, judged := judge(dir)
	if judged != nil {
		return errors.Join(err, judged)
	}
	if err := errors.Join(err, o.write(p, rep)); err != nil {
		return err
	}
	return verdict(rep.ExitCode, false)
}

// rehearse sends the storm to the target, or to a shop of its own.
func (o *rehearseOptions) rehearse(ctx context.Context, s Streams, sc *scenarios.Scenario, scale float64, faults shop.Faults, r scenarios.Rehearsal) (dir string, err error) {
	if o.target == "" {
		stop, err := o.openShop(s, sc.Scaled(scale), faults, r)
		if err != nil {
			return "", err
		}
		defer stop()
	}
	storm, err := o.storm(sc, scale)
	if err != nil {
		return "", err
	}
	return o.dispatch(ctx, s, storm, sc, scale)
}

// openShop starts the built-in shop on a free port and makes it the target.
func (o *rehearseOptions) openShop(s Streams, sc *scenarios.Scenario, faults shop.Faults, r scenarios.Rehearsal) (stop func(), err error) {
	sale := scenarios.Sale{Items: 1, Stock: 1000, SKU: "sku-${n}"}
	if sc.Sale != nil {
		sale = *sc.Sale
	}
	v, err := shop.New(shop.Config{Items: sale.Items, Stock: sale.Stock, PerUser: sale.PerUser, ServiceTime: r.ServiceTime, Workers: r.Workers, ConfirmAfter: r.Confirm,
		Faults: faults, Seed: o.seed, SKU: func(n int) string { return strings.ReplaceAll(sale.SKU, "${n}", strconv.Itoa(n)) }})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the built-in shop: %w", err)
	}
	// The shop outlives an interruption: answers still come, and its ledger is read at the end.
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- v.Serve(ctx, listener) }()
	o.target, o.inside = "http://"+listener.Addr().String(), true
	fmt.Fprintf(s.Err, "the built-in shop sells %d x %d pieces at %s, %d workers of %v\n", sale.Items, sale.Stock, o.target, r.Workers, r.ServiceTime)
	return func() { cancel(); <-done }, nil
}

// write prints the report; JSON and YAML hold the plan too, beside the report's own fields.
func (o *rehearseOptions) write(p *plan.Plan, rep *report.Report) error {
	both := struct {
		*report.Report
		Plan *plan.Plan `json:"plan"`
	}{rep, p}
	return errors.Join(o.files.write(rep), o.output.write(both,
		func(w io.Writer) error { return errors.Join(render.PlanMarkdown(w, p), render.Markdown(w, rep)) },
		func(w io.Writer, s render.Style) error { return render.Report(w, rep, s) }))
}
