package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/loadgen/transport"
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
		Long: "rehearse plans a scenario (default taobao-double11), sends its load at a scale for one machine, and reports.\n" +
			"Without --target it starts the built-in shop on a free port of this machine, with the scenario's stock.",
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

const faultsUsage = "what the shop does wrong, such as oversell,duplicate,lost-order,slow=200ms,error=1%,reset=1%"

func runRehearse(ctx context.Context, s Streams, o *rehearseOptions) error {
	faults, err := o.check()
	if err != nil {
		return err
	}
	sc, err := scenarios.Load(o.name, o.set...)
	if err != nil {
		return err
	}
	warn(s.Err, sc)
	rehearsal := sc.RehearsalOrDefault()
	scale, err := o.ratio(float64(rehearsal.Scale))
	if err != nil {
		return err
	}
	p, err := plan.New(sc, plan.Options{Seed: o.seed})
	if err != nil {
		return err
	}
	if o.target == "" {
		if err := checkFit(s, sc); err != nil {
			return err
		}
	}
	if err := o.writePlan(s, p); err != nil {
		return err
	}
	if o.target == "" {
		config := shop.ForScenario(sc.Scaled(scale), rehearsal)
		config.Faults, config.Seed = faults, o.seed
		local, err := shop.StartLocal(config)
		if err != nil {
			return err
		}
		defer local.Close() // an error of closing it changes nothing: the run is over
		o.target, o.inside = local.URL, true
		fmt.Fprintf(s.Err, "the built-in shop sells %s at %s, %s of %s\n", stockText(config), o.target, quantity.Of(config.Workers, "worker"), quantity.Exact(config.ServiceTime))
	}
	storm, err := o.storm(sc, scale)
	if err != nil {
		return err
	}
	o.outputs = o.files.list()
	dir, err := o.dispatch(ctx, s, storm, sc, scale)
	if dir == "" {
		return o.notStarted(o.output, o.files, sc, err)
	}
	return conclude(dir, err, sc, p, false, func(rep *report.Report) error { return o.write(p, rep) })
}

// checkFit says which requests of a scenario the built-in shop does not answer. It fails where a rehearsal would show nothing:
// where the shop answers no request of a journey, or not the one for the ledger.
func checkFit(s Streams, sc *scenarios.Scenario) error {
	fit := shop.FitOf(sc)
	if len(fit.Missing) == 0 {
		return nil
	}
	var list []string
	fails := len(fit.Hopeless) > 0
	for _, m := range fit.Missing {
		what := "step " + m.Step
		if m.Step == "" {
			what, fails = "ledger", true
		}
		list = append(list, fmt.Sprintf("%s: %s %s", what, m.Method, m.URL))
	}
	text := fmt.Sprintf("the built-in shop does not have what scenario %s asks for: %s", sc.Name, strings.Join(list, "; "))
	const hint = "name your own shop with --target URL; the built-in one has GET /items, GET /items/SKU, POST /orders, GET /orders/ID, POST /orders/ID/pay and GET /ledger"
	if fails {
		return &hinted{usagef("%s", text), hint}
	}
	fmt.Fprintf(s.Err, "fsctl: warning: %s: these requests will fail; %s\n", text, hint)
	return nil
}

// check finds what is wrong with the flags, before anything is printed.
func (o *rehearseOptions) check() (shop.Faults, error) {
	o.fleet.useDefaults()
	if err := errors.Join(o.output.check(), o.stormOptions.check(), o.fleet.check(&o.stormOptions)); err != nil {
		return shop.Faults{}, err
	}
	faults, err := shop.ParseFaults(o.faults)
	switch {
	case err != nil:
		return faults, usagef("--faults: %w", err)
	case o.target == "" && len(o.connectTo) > 0:
		return faults, usagef("found --connect-to beside the built-in shop, wanted it only with --target")
	case o.target == "" && o.route.Proxy != nil:
		return faults, usagef("found --proxy beside the built-in shop, wanted it only with --target")
	case o.target == "":
		return faults, nil
	case o.faults != "":
		return faults, usagef("found --faults beside --target, wanted it only with the built-in shop")
	}
	target, err := o.url()
	if err != nil {
		return faults, err
	}
	return faults, transport.CheckTarget(target, o.allow, o.route)
}

// writePlan prints what the sale needs, where the result is a table.
func (o *rehearseOptions) writePlan(s Streams, p *plan.Plan) error {
	if o.output.form != "table" {
		return nil
	}
	more := fmt.Sprintf("%s; all of it: fsctl plan %s", quantity.Of(len(p.Warnings), "warning"), o.name)
	w, look := canvas(s.Out)
	if err := render.PlanSizes(w, p, look, more); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.Out)
	return err
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
