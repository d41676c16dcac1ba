package plan

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"fsctl/scenarios"
)

// Explanation says where one figure of a plan comes from. Filled is Formula with the numbers put in;
// Result is what it gives, which is the plan's figure.
type Explanation struct {
	Field       string   `json:"field"` // as in the plan's JSON: services.shop.instances.p95
	Meaning     string   `json:"meaning"`
	Case        string   `json:"case,omitempty"` // of an estimate: which inputs the numbers are
	Formula     string   `json:"formula"`
	Filled      string   `json:"filled"`
	Result      float64  `json:"result"`
	Unit        string   `json:"unit"`
	Symbols     []Symbol `json:"symbols"`
	Source      string   `json:"source"`
	Error       string   `json:"error"` // of the approximation
	Assumptions []string `json:"assumptions"`
}

// Symbol is a name in a formula, or the answer of a function in it.
type Symbol struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Origin string  `json:"origin"` // scenario field with file:line, default, assumption, or calculated
}

// leaf is one figure that can be explained.
type leaf struct {
	field   string
	want    float64
	column  *column // of an estimate, else nil
	part    string  // of an estimate: low, mid, high, p50, p95 or p99
	explain func(x *point, d *draft)
}

// draft is an explanation before its numbers are put in.
type draft struct {
	Explanation
	origins origins
}

// explainer knows the plan and the model it came from.
type explainer struct {
	*model
	sc             *scenarios.Scenario
	plan           *Plan
	origins        origins
	low, mid, high *point
	trials         map[*Estimate][3]int
	points         map[int]*point // of the trials that were asked for
	columns        []column
}

// ExplainAll explains every figure of the plan's demand, services and totals; see [Explain].
func ExplainAll(sc *scenarios.Scenario, p *Plan) ([]Explanation, error) { return Explain(sc, p, "") }

// Explain says where the figure of that field comes from, or every figure below the field where it
// is not a number: services.shop.instances gives six, services all of the services.
//
// Every formula is evaluated, and an explanation whose result is not the plan's figure to nine digits
// is an error. A corner's numbers are those of the corner; a percentile's are those of the trial that
// it is the value of.
//
//	sc     the scenario that the plan was made from; with a File, origins tell lines in it
//	p      its plan
//	field  path in the plan's JSON; steps and services by name
//
// Errors: *[InputError] for a field that the plan does not have, with the nearest names.
func Explain(sc *scenarios.Scenario, p *Plan, field string) ([]Explanation, error) {
	m, err := newModel(sc, p.Seed)
	if err != nil {
		return nil, err
	}
	e := &explainer{model: m, sc: sc, plan: p, origins: newOrigins(sc, p.Calibration), low: m.corner(-1), mid: m.corner(0), high: m.corner(+1),
		points: map[int]*point{}, columns: m.columns(p)}
	all := append(append(e.demandLeaves(), e.serviceLeaves()...), e.totalLeaves()...)
	chosen := slices.DeleteFunc(slices.Clone(all), func(l leaf) bool {
		return field != "" && l.field != field && !strings.HasPrefix(l.field, field+".")
	})
	if len(chosen) == 0 {
		return nil, &InputError{"explain", strconv.Quote(field), "a field of the plan, such as " + strings.Join(nearest(field, all), ", ")}
	}
	e.findTrials(chosen)
	list := make([]Explanation, len(chosen))
	var errs []error
	for i, l := range chosen {
		list[i], err = e.finish(l)
		errs = append(errs, err)
	}
	return list, errors.Join(errs...)
}

// findTrials looks for the trials behind the percentiles that are asked for.
func (e *explainer) findTrials(chosen []leaf) {
	var needed []column
	for _, l := range chosen {
		known := func(c column) bool { return c.into == l.column.into }
		if l.column != nil && l.part[0] == 'p' && !slices.ContainsFunc(needed, known) {
			needed = append(needed, *l.column)
		}
	}
	if len(needed) > 0 && !e.certain() {
		e.trials = e.percentileTrials(needed, e.plan.Trials)
	}
}

// finish chooses the case, writes the explanation and puts the numbers in.
func (e *explainer) finish(l leaf) (Explanation, error) {
	x, about, err := e.caseOf(l)
	if err != nil {
		return Explanation{}, err
	}
	d := &draft{Explanation: Explanation{Field: l.field, Symbols: []Symbol{}, Assumptions: []string{}}, origins: e.origins}
	l.explain(x, d)
	d.Case = about
	if share := percentileShare(l.part); share > 0 && !e.certain() {
		d.Error += "; " + samplingError(share, e.plan.Trials)
		d.assume("Inputs vary independently; an interval's values are its 10, 50 and 90 % points.")
	}
	if err := d.evaluate(); err != nil {
		return d.Explanation, fmt.Errorf("explain %s: %w", l.field, err)
	}
	if !same(d.Result, l.want, 1e-9) {
		return d.Explanation, fmt.Errorf("explain %s: the formula %s gives %g, the plan has %g", l.field, d.Filled, d.Result, l.want)
	}
	return d.Explanation, nil
}

func same(a, b, tolerance float64) bool {
	return a == b || math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b))
}

func percentileShare(part string) float64 {
	return map[string]float64{"p50": .5, "p95": .95, "p99": .99}[part]
}

// caseOf returns the case whose numbers give the figure, with words for it.
func (e *explainer) caseOf(l leaf) (x *point, about string, err error) {
	switch {
	case l.column == nil:
		return e.mid, "", nil
	case l.part == "mid":
		return e.mid, "All inputs are at their mid values.", nil
	case l.part == "low" && l.column.read(e.low) == l.want:
		return e.low, "All inputs are at once at the values that ask for the least.", nil
	case l.part == "high" && l.column.read(e.high) == l.want:
		return e.high, "All inputs are at once at the values that ask for the most.", nil
	case l.part == "low" || l.part == "high":
		return e.mid, "The " + l.part + " case would go beyond the mid case the wrong way, because a limit that it cannot meet is left out there; the mid case's figure stands in.", nil
	case e.certain():
		return e.mid, "No input is uncertain, so every trial gives the mid case.", nil
	}
	share := percentileShare(l.part)
	at := e.trials[l.column.into][slices.Index([]string{"p50", "p95", "p99"}, l.part)]
	if at < 0 {
		return nil, "", fmt.Errorf("explain %s: no trial gives the plan's figure %g; is it the plan of this scenario?", l.field, l.want)
	}
	if e.points[at] == nil {
		e.points[at] = e.trial(at)
	}
	return e.points[at], fmt.Sprintf("%s %% of the %s trials ask for at most this. The numbers put in are those of trial %d, whose value it is.",
		figure(share*100), figure(float64(e.plan.Trials)), at+1), nil
}

// evaluate puts the numbers in: with ten digits where those are enough, with all of them elsewhere.
func (d *draft) evaluate() error {
	formula, err := parseExpression(d.Formula)
	if err != nil {
		return err
	}
	values := map[string]float64{}
	for _, s := range d.Symbols {
		values[s.Name] = s.Value
	}
	d.Result, err = formula.eval(values, func(text string, f function, v float64) {
		if known := func(s Symbol) bool { return s.Name == text }; text != d.Formula && !slices.ContainsFunc(d.Symbols, known) {
			d.Symbols = append(d.Symbols, Symbol{text, v, f.unit, "calculated: " + f.meaning})
		}
		if !strings.Contains(d.Source, f.source) {
			d.Source = strings.TrimPrefix(d.Source+"; "+f.source, "; ")
		}
	})
	if err != nil {
		return err
	}
	for _, digits := range []int{10, -1} {
		d.Filled = formula.fill(d.Formula, values, func(v float64) string { return decimal(v, digits) })
		if result, err := Evaluate(d.Filled); err == nil && same(result, d.Result, 1e-9) {
			break
		}
	}
	return nil
}

// Evaluate returns the value of a formula with its numbers put in, such as an explanation's Filled.
// Errors say what is not a formula, or which name has no number.
func Evaluate(filled string) (float64, error) {
	e, err := parseExpression(filled)
	if err != nil {
		return 0, err
	}
	return e.eval(nil, nil)
}

// decimal writes a number with so many digits that count, all of them for -1.
func decimal(v float64, digits int) string {
	if digits > 0 {
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64) // it has just been written
	}
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// nearest returns the fields that share the most pairs of letters with what was asked for.
func nearest(field string, all []leaf) []string {
	pairs := func(s string) map[string]bool {
		set := map[string]bool{}
		for i := range len(s) - 1 {
			set[s[i:i+2]] = true
		}
		return set
	}
	asked := pairs(field)
	distance := func(name string) float64 {
		own, common := pairs(name), 0
		for p := range asked {
			if own[p] {
				common++
			}
		}
		return -2 * float64(common) / float64(max(1, len(asked)+len(own)))
	}
	var names []string
	for _, l := range all {
		names = append(names, l.field)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(distance(a), distance(b)) })
	return names[:min(3, len(names))]
}
