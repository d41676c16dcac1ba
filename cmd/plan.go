package cmd

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/plan"
	"fsctl/plan/architectures"
	"fsctl/plan/model"
	"fsctl/report/render"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

// planFields returns the flags of plan that stand in for the scenario's workload and limits.
func planFields() []field {
	return []field{
		{"users", "workload.users", "registered users, such as 10M or the interval 8M..12M"},
		{"active", "workload.active", "share of the users who are active on the day, such as 20%"},
		{"actions", "workload.actions", "requests per active user and day, such as 30"},
		{"busy-share", "workload.busy.share", "share of the day's requests that come in the busy window, such as 80%"},
		{"busy-window", "workload.busy.window", "length of the busy window, such as 5h"},
		{"peak", "workload.peak", "peak rate over the mean rate of the busy window, such as 2..3"},
		{"max-cores", "limits.cores", "limit on the cores of the whole sale, such as 100k; exit code 114 where it is too low"},
		{"max-instances", "limits.instances", "limit on the instances of the whole sale, such as 500; exit code 114 where it is too low"},
		{"max-cost", "limits.cost", "limit on the cost of the cores during the sale, in core-hours where no pool has a price; exit code 114 where it is too low"},
	}
}

// serviceFlags are values for every service of kind service.
type serviceFlags struct{ transactions, cpu, utilization string }

type planOptions struct {
	output   output
	name     string
	trials   int
	seed     uint64
	sizeFor  string
	set      []string
	services serviceFlags

	architectures bool
	calibration   calibrationFlag
	explain       explainFlags
}

func newPlan(s Streams) *cobra.Command {
	o := &planOptions{}
	c := &cobra.Command{
		Use:   "plan [SCENARIO]",
		Short: "Say what a sale needs: QPS, TPS, CPU cores and instances",
		Long: "plan turns people into requests per second by the 2/8 rule (most of a day's requests come in a small part of the day),\n" +
			"and those into CPU cores and instances of every service. Flags set the scenario's workload; without a scenario they\n" +
			"describe a single service. Every figure is a range: low, mid and high of the inputs, p50 to p99 of Monte Carlo trials.",
		Example:           "  fsctl plan --users 10M --active 20% --actions 30 --peak 2..3 --cpu-per-request 5ms\n  fsctl plan taobao-double11 -o json\n  fsctl plan my-sale.yaml --set services.shop.demand=3ms",
		Args:              planArguments,
		ValidArgsFunction: completeScenario,
		RunE: func(c *cobra.Command, args []string) error {
			o.name = o.explain.split(args)
			o.set = append(setFromFlags(c, planFields()), o.set...)
			return runPlan(o)
		},
	}
	fieldFlags(c, planFields())
	f := c.Flags()
	f.StringVar(&o.services.transactions, "transactions", "", "share of requests that are transactions, such as 5%; only without a scenario")
	f.StringVar(&o.services.cpu, "cpu-per-request", "", "CPU time of a request, such as 5ms or the interval 3ms..8ms")
	f.StringVar(&o.services.utilization, "utilization", "", "highest utilization to plan for, such as 70%")
	f.IntVar(&o.trials, "trials", plan.DefaultTrials, "number of Monte Carlo trials")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the trials; the same seed gives the same plan")
	f.StringVar(&o.sizeFor, "size-for", model.Largest, "load that services are sized for: largest, or day (its peak by the 2/8 rule), event or storm (its busiest second) alone")
	f.StringArrayVar(&o.set, "set", nil, "set any field of the scenario, `PATH=VALUE` such as services.shop.demand=3ms; may be repeated")
	f.BoolVar(&o.architectures, "compare-architectures", false, "plan the same workload for a monolith, a cluster, split services, and those with a cache, replicas and a queue")
	o.calibration.flag(c, s)
	o.explain.flags(c)
	o.output.flag(c, s)
	return c
}

func runPlan(o *planOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	sc, err := o.scenario()
	if err != nil {
		return err
	}
	opts := plan.Options{Trials: o.trials, Seed: o.seed, SizeFor: o.sizeFor}
	if o.architectures {
		return compareArchitectures(o.output, sc, opts)
	}
	measured, err := o.calibration.load()
	if err != nil {
		return err
	}
	if measured != nil {
		measured.Kept = o.setFields(sc)
	}
	p, err := newPlanOf(sc, measured, opts)
	if err != nil {
		return err
	}
	var page error // of writing it, which hides no verdict
	if o.explain.on() {
		planned, err := o.explainable(sc, measured)
		if err != nil {
			return err
		}
		page = o.explain.page(planned, p)
		if o.explain.field != "" {
			return errors.Join(o.explain.write(o.output, planned, p), page)
		}
	}
	err = o.output.write(p,
		func(w io.Writer) error { return render.PlanMarkdown(w, p) },
		func(w io.Writer, s render.Style) error { return render.Plan(w, p, s) })
	return errors.Join(infeasible(p), err, page)
}

// setFields returns the paths of the scenario's fields that flags set: what they say stands over what was measured.
func (o *planOptions) setFields(sc *scenarios.Scenario) (paths []string) {
	set := slices.Clone(o.set)
	for _, service := range sc.Services {
		if service.Kind == "service" {
			set = append(set, o.services.on(service.Name)...)
		}
	}
	for _, assignment := range set {
		path, _, _ := strings.Cut(assignment, "=")
		paths = append(paths, path)
	}
	return paths
}

// check finds what is wrong with the flags alone.
func (o *planOptions) check() error {
	if err := o.output.check(); err != nil {
		return err
	}
	switch {
	case o.trials < 1:
		return usagef("found --trials %d, wanted 1 or more", o.trials)
	case o.sizeFor != model.Largest && !slices.Contains(model.LoadKinds(), o.sizeFor):
		return usagef("found --size-for %q, wanted %s or %s", o.sizeFor, model.Largest, strings.Join(model.LoadKinds(), ", "))
	case o.architectures && o.calibration.file != "":
		return usagef("found --calibration beside --compare-architectures, wanted one of them: only the architecture that ran was measured")
	case o.architectures && o.explain.on():
		return usagef("found --explain or --html beside --compare-architectures, wanted one of them: they are of the plan itself")
	case o.name != "" && o.services.transactions != "":
		return &hinted{usagef("found --transactions beside a scenario, whose steps say what is a transaction"), "use --set steps.order.share=5%"}
	}
	return nil
}

// newPlanOf returns the plan of a scenario, with measured values where there are any.
func newPlanOf(sc *scenarios.Scenario, measured *plan.Calibration, opts plan.Options) (*plan.Plan, error) {
	if measured == nil {
		return plan.New(sc, opts)
	}
	return plan.NewCalibrated(sc, measured, opts)
}

func compareArchitectures(o output, sc *scenarios.Scenario, opts plan.Options) error {
	a, err := architectures.Compare(sc, opts)
	if err != nil {
		return err
	}
	return o.write(a,
		func(w io.Writer) error { return render.ArchitecturesMarkdown(w, a) },
		func(w io.Writer, s render.Style) error { return render.Architectures(w, a, s) })
}

// scenario loads the scenario, or that of flags alone, with the flags' values in their fields.
func (o *planOptions) scenario() (*scenarios.Scenario, error) {
	if o.name == "" {
		return o.scenarioOfFlags()
	}
	sc, err := scenarios.Load(o.name, o.set...)
	if err != nil {
		return nil, err
	}
	var set []string
	for _, service := range sc.Services {
		if service.Kind == "service" {
			set = append(set, o.services.on(service.Name)...)
		}
	}
	return sc.With(set...)
}

func (o *planOptions) scenarioOfFlags() (*scenarios.Scenario, error) {
	set := o.set
	if o.services.transactions != "" {
		share, err := amount.ParseRatio(o.services.transactions)
		if err != nil {
			return nil, usagef("--transactions: %w", err)
		}
		set = append(set, fmt.Sprintf("steps.transaction.share=%g", float64(share)), fmt.Sprintf("steps.read.share=%g", 1-float64(share)))
	}
	sc, err := scenarios.Parse("flags", plan.FlagScenario(), append(set, o.services.on("app")...)...)
	if err != nil {
		return nil, &hinted{err, "for example: fsctl plan --users 10M --active 20% --actions 30 --peak 2..3, or name a scenario (fsctl scenarios list)"}
	}
	return sc, nil
}

func (f serviceFlags) on(service string) []string {
	var set []string
	if f.cpu != "" {
		set = append(set, "services."+service+".demand="+f.cpu)
	}
	if f.utilization != "" {
		set = append(set, "services."+service+".utilization="+f.utilization)
	}
	return set
}
