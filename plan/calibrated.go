package plan

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/kinds"
	"fsctl/scenarios/quantity"
)

// NewCalibrated returns the plan of the scenario with measured values in place of assumed ones, and
// beside its sizes those that the scenario's own values give.
//
// Errors: those of [Calibration.Apply] and of [New].
func NewCalibrated(sc *scenarios.Scenario, c *Calibration, opts Options) (*Plan, error) {
	if sc == nil {
		return New(nil, opts)
	}
	calibrated, changes, err := c.Apply(sc)
	if err != nil {
		return nil, err
	}
	before, err := New(sc, opts)
	if err != nil {
		return nil, err
	}
	p, err := New(calibrated, opts)
	if err != nil {
		return nil, fmt.Errorf("calibrated by %s: %w", cmp.Or(c.File, "a measurement"), err)
	}
	p.Calibration = changes
	p.Uncalibrated = &Uncalibrated{Totals: before.Totals}
	for i := range before.Services {
		s := &before.Services[i]
		p.Uncalibrated.Services = append(p.Uncalibrated.Services, UncalibratedService{s.Name, s.CPUCores, s.Instances})
	}
	p.Warnings = byImportance(append(c.warnings(calibrated, changes), p.Warnings...))
	return p, nil
}

// warnings says what of the plan is measured and what is not.
func (c *Calibration) warnings(sc *scenarios.Scenario, changes []Change) []Warning {
	var list []Warning
	if c.Scenario != sc.Name {
		list = append(list, Warning{"calibration-scenario", fmt.Sprintf("the calibration was measured with the scenario %s, this is %s: what the services do may differ", c.Scenario, sc.Name)})
	}
	var unused, measured, kept []string
	for _, ch := range changes {
		switch {
		case ch.Applied:
			measured = append(measured, ch.Field)
		case c.keeps(sc, ch.Field):
			kept = append(kept, ch.Field)
		default:
			unused = append(unused, ch.Field)
		}
	}
	if len(kept) > 0 {
		list = append(list, Warning{"calibration-overridden", strings.Join(kept, ", ") + ": set on the command line, and that value stands; the measured one is shown, not planned with"})
	}
	if len(unused) > 0 {
		list = append(list, Warning{"calibration-unused", strings.Join(unused, ", ") + ": shown, not planned with; a storm's mix of requests is not the day's, and the scenario's shares stand"})
	}
	if assumed := assumedFields(sc, measured); len(assumed) > 0 && len(measured) > 0 {
		list = append(list, Warning{"calibration-partial", "still assumed, not measured: " + strings.Join(assumed, ", ")})
	}
	return list
}

// assumedFields lists the inputs of services that were not measured. Growth by instances stands for demand.
func assumedFields(sc *scenarios.Scenario, measured []string) []string {
	var list []string
	for i := range sc.Services {
		s := &sc.Services[i]
		for _, f := range []struct {
			name  string
			given bool
		}{{"demand", !s.Demand.IsZero() && s.USL == nil}, {"hit", s.Hit != nil}, {"capacity", !s.Capacity.IsZero()}} {
			if field := "services." + s.Name + "." + f.name; f.given && !slices.Contains(measured, field) {
				list = append(list, field)
			}
		}
		if s.USL != nil && !slices.Contains(measured, "services."+s.Name+".usl.gamma") {
			list = append(list, "services."+s.Name+".usl")
		}
	}
	return list
}

// Apply returns a copy of the scenario with its assumed demand, variability, hit ratio, capacity and
// growth by instances replaced by what was measured, and every measured value beside the old one, in
// the file's order. Shares of steps are returned, never applied: a storm is not the day.
//
// Errors: *[model.InputError] for a service or step that the scenario does not have, and for a value that
// its kind of service cannot use, joined; *[strict.Error] where the scenario is not valid with the values.
func (c *Calibration) Apply(sc *scenarios.Scenario) (*scenarios.Scenario, []Change, error) {
	out := *sc
	out.Services = slices.Clone(sc.Services)
	changes := make([]Change, 0, len(c.Values))
	var errs []error
	for i := range c.Values {
		v := &c.Values[i]
		ch := Change{Field: v.Field, Unit: v.Unit, New: Range(v.Value), Origin: Origin{v.Run, v.Method, v.N}}
		list, name, what := splitField(v.Field)
		if list == "steps" {
			step := sc.Step(name)
			if step == nil {
				errs = append(errs, &model.InputError{Field: c.where(v), Found: "no step " + name + " in scenario " + sc.Name, Wanted: "the name of a step"})
				continue
			}
			ch.Old = &Range{float64(step.Share), float64(step.Share), float64(step.Share)}
			changes = append(changes, ch)
			continue
		}
		at := slices.IndexFunc(sc.Services, func(s scenarios.Service) bool { return s.Name == name })
		if at < 0 {
			errs = append(errs, &model.InputError{Field: c.where(v), Found: "no service " + name + " in scenario " + sc.Name, Wanted: "one of " + strings.Join(serviceNames(sc), ", ")})
			continue
		}
		if err := c.fits(&sc.Services[at], v, what); err != nil {
			errs = append(errs, err)
			continue
		}
		ch.Old = oldRange(&sc.Services[at], what)
		if ch.Applied = !c.keeps(sc, v.Field); ch.Applied {
			replace(&out.Services[at], what, v.Value)
		}
		changes = append(changes, ch)
	}
	errs = append(errs, c.contradictions(&out, changes)...)
	if len(errs) > 0 {
		return nil, nil, errors.Join(errs...)
	}
	if err := out.Validate(); err != nil {
		return nil, nil, fmt.Errorf("calibrated by %s: %w", cmp.Or(c.File, "a measurement"), err)
	}
	return &out, changes, nil
}

// keeps reports whether the scenario's own value of a field stands: it, or what it is a part of, is among those kept. Growth by
// instances would take the place of a demand that is kept.
func (c *Calibration) keeps(sc *scenarios.Scenario, field string) bool {
	_, name, what := splitField(field)
	return slices.ContainsFunc(c.Kept, func(kept string) bool {
		kept = byName(sc, kept)
		if strings.HasPrefix(what, "usl.") && kept == "services."+name+".demand" {
			return true
		}
		return kept == field || strings.HasPrefix(field, kept+".") || strings.HasPrefix(kept, field+".")
	})
}

// byName returns a field's path with the service's name in it where it has an index: services.1.demand, services[1].demand.
func byName(sc *scenarios.Scenario, path string) string {
	words := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	if len(words) > 1 && words[0] == "services" {
		if i, err := strconv.Atoi(words[1]); err == nil && i >= 0 && i < len(sc.Services) {
			words[1] = sc.Services[i].Name
		}
	}
	return strings.Join(words, ".")
}

// contradictions refuses a rate of one instance that its cores cannot do at the demand that was measured with it: even the low values
// of both are more than all of its time.
func (c *Calibration) contradictions(sc *scenarios.Scenario, changes []Change) (errs []error) {
	applied := func(field string) *Measured {
		if slices.ContainsFunc(changes, func(ch Change) bool { return ch.Field == field && ch.Applied }) {
			return c.value(field)
		}
		return nil
	}
	for i := range sc.Services {
		s := &sc.Services[i]
		demand := applied("services." + s.Name + ".demand")
		for _, what := range []string{"usl.gamma", "capacity"} {
			rate := applied("services." + s.Name + "." + what)
			if demand == nil || rate == nil || rate.Value.Low*demand.Value.Low <= float64(s.Instance.Cores)*(1+1e-9) {
				continue
			}
			errs = append(errs, &model.InputError{Field: c.where(rate),
				Found: fmt.Sprintf("%s of one instance beside a demand of %s a call, of which its %s can do %s at most", quantity.Rate(rate.Value.Low), quantity.Seconds(demand.Value.Low),
					quantity.EstimateOf(float64(s.Instance.Cores), "core"), quantity.Rate(float64(s.Instance.Cores)/demand.Value.Low)),
				Wanted: "the two to agree: measure both again, or leave one of them out"})
		}
	}
	return errs
}

// where names a value for an error.
func (c *Calibration) where(v *Measured) string {
	if c.File == "" {
		return v.Field
	}
	if v.line > 0 {
		return fmt.Sprintf("%s:%d: %s", c.File, v.line, v.Field)
	}
	return c.File + ": " + v.Field
}

func serviceNames(sc *scenarios.Scenario) []string {
	names := make([]string, len(sc.Services))
	for i := range sc.Services {
		names[i] = sc.Services[i].Name
	}
	return names
}

// fits refuses a value that its kind of service would not use.
func (c *Calibration) fits(s *scenarios.Service, v *Measured, what string) error {
	switch {
	case strings.HasPrefix(what, "usl.") && s.Kind != "service":
		return &model.InputError{Field: c.where(v), Found: "a " + s.Kind, Wanted: "a service: only that grows by instances alike"}
	case what == "hit" && s.Hit == nil:
		return &model.InputError{Field: c.where(v), Found: "a " + s.Kind + " without hit", Wanted: "one whose hits the scenario counts"}
	case what == "capacity" && kinds.OfServices().Use(what, s.Kind) == kinds.None:
		return &model.InputError{Field: c.where(v), Found: "a " + s.Kind, Wanted: "a service, cache, database or queue; measure the demand of a " + s.Kind}
	}
	return nil
}

// measurableValue is what an interval that can be measured holds.
type measurableValue interface {
	amount.Ratio | amount.Rate | float64 | time.Duration
}

func rangeOf[T measurableValue](iv amount.Interval[T], scale float64) *Range {
	return &Range{float64(iv.Low) * scale, float64(iv.Mid) * scale, float64(iv.High) * scale}
}

func intervalOf[T measurableValue](iv amount.Interval[float64]) amount.Interval[T] {
	return amount.Interval[T]{Low: T(iv.Low), Mid: T(iv.Mid), High: T(iv.High)}
}

// oldRange returns what the scenario has for a field, nil for nothing.
func oldRange(s *scenarios.Service, what string) *Range {
	switch {
	case what == "demand" && !s.Demand.IsZero():
		return rangeOf(s.Demand, 1e-9)
	case what == "variability" && s.Variability != nil:
		return rangeOf(*s.Variability, 1)
	case what == "hit" && s.Hit != nil:
		return rangeOf(*s.Hit, 1)
	case what == "capacity" && !s.Capacity.IsZero():
		return rangeOf(s.Capacity, 1)
	case s.USL == nil:
		return nil
	}
	switch what {
	case "usl.gamma":
		return rangeOf(s.USL.Gamma, 1)
	case "usl.alpha":
		return rangeOf(s.USL.Alpha, 1)
	case "usl.beta":
		return rangeOf(s.USL.Beta, 1)
	case "usl.measured":
		n := float64(s.USL.Measured)
		return &Range{n, n, n}
	}
	return nil
}

// replace puts a measured value in its place. The service is a copy; what it points to is not.
func replace(s *scenarios.Service, what string, iv amount.Interval[float64]) {
	switch what {
	case "demand":
		nanos := func(seconds float64) time.Duration { return time.Duration(math.Round(seconds * 1e9)) }
		s.Demand = amount.Interval[time.Duration]{Low: nanos(iv.Low), Mid: nanos(iv.Mid), High: nanos(iv.High)}
		return
	case "variability":
		s.Variability = &iv
		return
	case "hit":
		hit := intervalOf[amount.Ratio](iv)
		s.Hit = &hit
		return
	case "capacity":
		s.Capacity = intervalOf[amount.Rate](iv)
		return
	}
	var law scenarios.USL
	if s.USL != nil {
		law = *s.USL
	}
	switch what {
	case "usl.gamma":
		law.Gamma = intervalOf[amount.Rate](iv)
	case "usl.alpha":
		law.Alpha = intervalOf[amount.Ratio](iv)
	case "usl.beta":
		law.Beta = iv
	case "usl.measured":
		law.Measured = int(iv.Mid)
	}
	s.USL = &law
}
