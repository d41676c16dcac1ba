package cmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen"
	"fsctl/report"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
)

type attackOptions struct {
	stormOptions
	output    output
	files     outputFiles
	name      string
	targets   string
	rate      string
	dryRun    bool
	noVerdict bool
	search    searchOptions
}

func newAttack(s Streams) *cobra.Command {
	o := &attackOptions{}
	c := &cobra.Command{
		Use:   "attack SCENARIO --target URL | attack --targets FILE --rate RATE",
		Short: "Send a scenario's load to a target and judge whether the target held",
		Long: "attack sends the scenario's storm, the load around T0, the instant when the sale opens. It sends open-loop: each\n" +
			"request goes out at its scheduled time, whether or not earlier ones were answered. It writes what it measures to a run directory, prints the verdict and exits with its code.\n" +
			"Hosts other than this machine must be named with --allow-target.\n" +
			"Ctrl-C once stops, saves and reports; twice ends at once.",
		Example: "  fsctl attack my-sale.yaml --target http://127.0.0.1:8080 --scale 1%\n" +
			"  fsctl attack my-sale.yaml --target http://127.0.0.1:8080 --find-capacity\n" +
			"  fsctl attack my-sale.yaml --target https://shop.example --allow-target shop.example\n" +
			"  fsctl attack --targets targets.txt --rate 100/s --duration 30s --raw",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeScenario,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.name = args[0]
			}
			o.search.see(c.Flags())
			return runAttack(c.Context(), s, o)
		},
	}
	o.flags(c)
	f := c.Flags()
	f.StringVar(&o.targets, "targets", "", "send the requests of a vegeta target list, `FILE`, in place of a scenario")
	f.StringVar(&o.rate, "rate", "", "rate of the target list, such as 100/s")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be sent, and whether this machine can send it")
	f.BoolVar(&o.noVerdict, "no-verdict", false, "exit with 0 whatever the verdict, once the run is saved")
	o.search.flags(f)
	o.fleet.flags(f)
	o.files.flags(c)
	o.output.flag(c, s)
	return c
}

func runAttack(ctx context.Context, s Streams, o *attackOptions) error {
	o.outputs = o.files.list()
	if err := errors.Join(o.output.check(), o.check(), o.search.check(o), o.fleet.check(&o.stormOptions)); err != nil {
		return err
	}
	switch {
	case o.targets != "" && o.name != "":
		return usagef("found --targets beside the scenario %s, wanted one or the other", o.name)
	case (o.targets != "" || o.search.find) && o.fleet.on():
		return usagef("found agents beside --targets or --find-capacity, which are for one process")
	case o.targets != "":
		return attackTargets(ctx, s, o)
	case o.name == "":
		return &hinted{usagef("no scenario to send"), "name one (fsctl scenarios list), a file, or --targets FILE"}
	case o.rate != "":
		return &hinted{usagef("found --rate beside a scenario, whose phases say the rate"), "use --scale, or --set storm.phases.0.rate=100/s"}
	case o.target == "":
		return &hinted{usagef("no target to send to"), "add --target http://HOST:PORT; to practise: fsctl shop, or fsctl rehearse " + o.name}
	}
	sc, err := scenarios.Load(o.name, o.set...)
	if err != nil {
		return err
	}
	warn(s.Err, sc)
	scale, err := o.ratio(1)
	if err != nil {
		return err
	}
	if o.search.find {
		return findCapacity(ctx, s, o, sc, scale)
	}
	storm, err := o.storm(sc, scale)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.tryStorm(ctx, s, storm, sc)
	}
	dir, err := o.dispatch(ctx, s, storm, sc, scale)
	return o.conclude(dir, err, sc)
}

// conclude reports a run that has been saved; sc is nil for a list of targets.
func (o *attackOptions) conclude(dir string, failure error, sc *scenarios.Scenario) error {
	if dir == "" {
		return o.notStarted(o.output, o.files, sc, failure)
	}
	return conclude(dir, failure, sc, nil, o.noVerdict, func(rep *report.Report) error { return writeReport(o.output, o.files, rep) })
}

func attackTargets(ctx context.Context, s Streams, o *attackOptions) error {
	rate, err := amount.ParseRate(o.rate)
	if err != nil {
		return &hinted{usagef("--rate: %w", err), "say for example --rate 100/s --duration 30s"}
	}
	config, err := o.tls.config()
	if err != nil {
		return err
	}
	list, err := loadgen.NewTargetList(loadgen.TargetOptions{File: o.targets, Rate: rate, Duration: o.duration,
		Allow: o.allow, Connections: o.connections, MaxConnections: o.maxConnections, TLS: config, Raw: o.raw, NoKeepAlive: o.noKeepAlive, Route: o.route, Proxy: o.findProxy})
	if err != nil {
		return err
	}
	o.route.Proxy = list.Route.Proxy
	if o.dryRun {
		return o.tryList(ctx, s, list)
	}
	if err := requireReady(ctx, list); err != nil {
		return err
	}
	o.lookAhead(ctx, s)
	if _, err := o.preflight(ctx, s, nil, list.Targets(), nil); err != nil {
		return o.conclude("", err, nil)
	}
	dir, err := o.send(ctx, s, attack{list, list.Manifest(time.Now()), nil, newProgress(s.Err), nil, nil, ""})
	return o.conclude(dir, err, nil)
}
