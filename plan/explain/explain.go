// Package explain says where each figure of a plan comes from.
//
// A figure is explained by the formula that gives it, with its numbers put in, their origins, the source
// of the formula and its error. The formula that is shown is the one that is evaluated, and it must give
// the plan's quantity.
package explain

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"fsctl/plan"
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// All explains every figure of the plan's demand, services and totals. The errors are those of [Field]:
// figures that differ from the plan's, which is a mistake of ours.
func All(sc *scenarios.Scenario, p *plan.Plan) ([]Explanation, error) { return Field(sc, p, "") }

// Field says where the figure of that field comes from, or every figure below the field where it
// is not a number: services.shop.instances gives six, services all of the services.
//
// Every formula is evaluated, and an explanation whose result is not the plan's figure to nine digits
// is an error. A corner's numbers are those of the corner; a percentile's are those of the trial that
// it is the value of.
//
//	sc     the scenario that the plan was made from; with a File, origins name lines in it
//	p      its plan
//	field  path in the plan's JSON; steps and services by name
//
// Errors: *[model.InputError] for a field that the plan does not have, with the nearest names, and those of [model.New].
func Field(sc *scenarios.Scenario, p *plan.Plan, field string) ([]Explanation, error) {
	e, err := newExplainer(sc, p)
	if err != nil {
		return nil, err
	}
	all := e.leaves()
	chosen := slices.DeleteFunc(slices.Clone(all), func(l leaf) bool {
		return field != "" && l.field != field && !strings.HasPrefix(l.field, field+".")
	})
	if len(chosen) == 0 {
		wanted := "a field of the plan"
		if top, _, _ := strings.Cut(field, "."); top == "estate" || top == "candidates" || strings.Contains(field, ".details") {
			wanted = "a field of demand, services or totals that has a formula (docs/model.md has those of the others)"
		}
		return nil, &model.InputError{Field: "explain", Found: strconv.Quote(field), Wanted: wanted + ", such as " + strings.Join(nearest(field, all), ", ")}
	}
	if err := e.findTrials(chosen); err != nil {
		return nil, err
	}
	list := make([]Explanation, len(chosen))
	var errs []error
	for i, l := range chosen {
		list[i], err = e.finish(l)
		errs = append(errs, err)
	}
	return list, errors.Join(errs...)
}

// findTrials looks for the trials behind the percentiles that are asked for: those whose values they are.
func (e *explainer) findTrials(chosen []leaf) error {
	if e.Certain() {
		return nil
	}
	opts, err := model.Options{Trials: e.plan.Trials}.Resolved()
	if err != nil {
		return err
	}
	wanted := map[string][]leaf{} // percentiles by the field of their figure
	var figures []model.Figure
	for _, l := range chosen {
		if percentileShare(l.part) == 0 {
			continue
		}
		if wanted[l.figure.Field] == nil {
			figures = append(figures, *l.figure)
		}
		wanted[l.figure.Field] = append(wanted[l.figure.Field], l)
	}
	e.Sample(figures, opts, func(group []model.Figure, samples [][]float64) {
		for i, f := range group {
			for _, l := range wanted[f.Field] {
				e.trials[l.field] = slices.Index(samples[i], l.want)
			}
		}
	})
	return nil
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
	if share := percentileShare(l.part); share > 0 && !e.Certain() {
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

func percentileShare(part string) float64 {
	return map[string]float64{"p50": .5, "p95": .95, "p99": .99}[part]
}

// caseOf returns the case whose numbers give the figure, with words for it.
func (e *explainer) caseOf(l leaf) (x *model.Case, about string, err error) {
	low, mid, high := e.corners.Low, e.corners.Mid, e.corners.High
	switch {
	case l.figure == nil:
		return mid, "", nil
	case l.part == "mid":
		return mid, "All inputs are at their mid values.", nil
	case l.part == "low" && l.figure.Read(low) == l.want:
		return low, "All inputs are at once at the values that ask for the least.", nil
	case l.part == "high" && l.figure.Read(high) == l.want:
		return high, "All inputs are at once at the values that ask for the most.", nil
	case l.part == "low" || l.part == "high":
		return mid, "The " + l.part + " case would go beyond the mid case the wrong way, because a limit that it cannot meet is left out there; the mid case's figure stands in.", nil
	case e.Certain():
		return mid, "No input is uncertain, so every trial gives the mid case.", nil
	}
	at := e.trials[l.field]
	if at < 0 {
		return nil, "", fmt.Errorf("explain %s: no trial gives the plan's figure %g; is it the plan of this scenario?", l.field, l.want)
	}
	if e.cases[at] == nil {
		e.cases[at] = e.Trial(at)
	}
	if l.share {
		return e.cases[at], fmt.Sprintf("With the size of the whole sale at %s %s of the %s have no service short; this is the service's part. The numbers put in are those of trial %s, in which it needs that.",
			l.part, quantity.Percent(percentileShare(l.part)), quantity.Of(e.plan.Trials, "trial"), quantity.Count(at+1)), nil
	}
	return e.cases[at], fmt.Sprintf("%s of the %s ask for at most this. The numbers put in are those of trial %s, whose value it is.",
		quantity.Percent(percentileShare(l.part)), quantity.Of(e.plan.Trials, "trial"), quantity.Count(at+1)), nil
}

// samplingError says between which shares the true one of a percentile lies, for so many trials:
// p +- 1.96 sqrt(p (1-p) / n).
func samplingError(share float64, trials int) string {
	half := 1.96 * math.Sqrt(share*(1-share)/float64(trials))
	return "with " + quantity.Of(trials, "trial") + ", the true " + quantity.Percent(share) + " point lies between the trials' " +
		quantity.Percent(max(0, share-half)) + " and " + quantity.Percent(min(1, share+half)) + " points (95 % confidence)"
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
