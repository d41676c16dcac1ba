package cmd

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/loadgen/preflight"
	"fsctl/plan"
	"fsctl/plan/explain"
	"fsctl/report/render"
	"fsctl/scenarios"
)

// everyField is --explain without a field.
const everyField = "all"

// explainFlags are plan's --explain and --html.
type explainFlags struct{ field, html string }

func (f *explainFlags) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.field, "explain", "", "show how a `FIELD` such as services.shop.instances.p95 was computed: formula, inputs, sources; without FIELD, every field")
	c.Flags().Lookup("explain").NoOptDefVal = everyField
	c.Flags().StringVar(&f.html, "html", "", "also write the plan as one self-contained page, to `FILE`")
}

// planArguments takes a scenario, and with --explain a field as well: "--explain FIELD" arrives as a flag without a value and
// an argument, because the value of the flag is optional.
func planArguments(c *cobra.Command, args []string) error {
	most := 1
	if f := c.Flags().Lookup("explain"); f.Changed && f.Value.String() == everyField {
		most = 2
	}
	return cobra.MaximumNArgs(most)(c, args)
}

// split returns the scenario among the arguments, and keeps the field of --explain that may be one of them.
func (f *explainFlags) split(args []string) (scenario string) {
	for i, a := range args {
		if f.field == everyField && (isPlanField(a) || i == len(args)-1 && i > 0 && scenario != "") {
			f.field = a
			continue
		}
		scenario = a
	}
	return scenario
}

// isPlanField reports whether an argument is a field of a plan, and no scenario's name or path.
func isPlanField(s string) bool {
	root, _, _ := strings.Cut(s, ".")
	return !strings.ContainsRune(s, '/') && (root == "demand" || root == "services" || root == "totals")
}

// explanations are what --explain shows as JSON.
type explanations struct {
	Scenario     string                `json:"scenario"`
	Seed         uint64                `json:"seed"`
	Trials       int                   `json:"trials"`
	Explanations []explain.Explanation `json:"explanations"`
}

// on reports whether the plan is to be explained.
func (f *explainFlags) on() bool { return f.html != "" || f.field != "" }

// page writes the plan as HTML, where a file is given.
func (f *explainFlags) page(sc *scenarios.Scenario, p *plan.Plan) error {
	if f.html == "" {
		return nil
	}
	list, err := explain.All(sc, p)
	if err != nil {
		return err
	}
	cores, err := plan.TotalCores(sc, p, 200)
	if err != nil {
		return err
	}
	return writeOutput(preflight.Output{Name: "--html", Path: f.html}, func(w io.Writer) error { return render.PlanHTML(w, p, list, cores) })
}

// write prints the explanation of the field that was asked for.
func (f *explainFlags) write(o output, sc *scenarios.Scenario, p *plan.Plan) error {
	field := f.field
	if field == everyField {
		field = ""
	}
	list, err := explain.Field(sc, p, field)
	if err != nil {
		return err
	}
	document := func(w io.Writer) error { return render.ExplanationsMarkdown(w, p, list) }
	return o.write(explanations{p.Scenario, p.Seed, p.Trials, list}, document,
		func(w io.Writer, s render.Style) error {
			if field == "" {
				return document(w)
			}
			return render.Explanations(w, list, s)
		})
}

// explainable returns the scenario as it was planned: with measured values, and without its file
// where flags changed its text, because its lines are no longer those of the file.
func (o *planOptions) explainable(sc *scenarios.Scenario, measured *plan.Calibration) (*scenarios.Scenario, error) {
	if measured != nil {
		var err error
		if sc, _, err = measured.Apply(sc); err != nil {
			return nil, err
		}
	}
	planned := *sc
	if o.name == "" || len(o.set) > 0 || o.services != (serviceFlags{}) {
		planned.File = ""
	}
	return &planned, nil
}
