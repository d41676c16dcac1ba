package plan

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

// Calibration is what runs measured of a scenario's inputs: the way back from a measurement into the
// plan. Its YAML form is read strictly; docs/calibration.md has every field.
type Calibration struct {
	APIVersion string     `yaml:"apiVersion" jsonschema:"required,enum=fsctl/v1"`
	Kind       string     `yaml:"kind" jsonschema:"required,enum=Calibration"`
	Scenario   string     `yaml:"scenario" jsonschema:"required"` // name of the scenario that ran
	Measured   string     `yaml:"measured" jsonschema:"required"` // when, RFC 3339
	Runs       []RunTaken `yaml:"runs" jsonschema:"required"`
	Values     []Measured `yaml:"values" jsonschema:"required"`

	File string   `yaml:"-"` // where it was read from
	Kept []string `yaml:"-"` // fields of the scenario whose values stand although they were measured, such as those of --set
}

// RunTaken is a run that values come from.
type RunTaken struct {
	Name   string  `yaml:"name" jsonschema:"required"` // of its directory
	Target string  `yaml:"target"`
	Seed   string  `yaml:"seed"`
	Scale  float64 `yaml:"scale"` // factor on rates, populations and stock
	Fsctl  string  `yaml:"fsctl"` // version that ran it
}

// Measured is one measured value with its origin.
type Measured struct {
	Field  string                   `yaml:"field" jsonschema:"required"` // path in the scenario, such as services.shop.demand
	Value  amount.Interval[float64] `yaml:"value" jsonschema:"required"` // its 10, 50 and 90 % points
	Unit   string                   `yaml:"unit" jsonschema:"required"`  // s, 1/s, ratio or instances, by the field
	Run    string                   `yaml:"run" jsonschema:"required"`   // one of the runs
	Method string                   `yaml:"method" jsonschema:"required"`
	N      int                      `yaml:"n" jsonschema:"required"` // observations behind it

	line int // in the file; 0 where there is none
}

// measurable is what a field that can be measured takes.
type measurable struct {
	unit     string
	min, max float64
}

// measurables returns the fields of a service that can be measured.
func measurables() map[string]measurable {
	return map[string]measurable{
		"demand":       {"s", 1e-9, 1e7},
		"variability":  {"ratio", 0, 100},
		"hit":          {"ratio", 0, 1},
		"capacity":     {"1/s", 1e-9, 1e18},
		"usl.gamma":    {"1/s", 1e-9, 1e18},
		"usl.alpha":    {"ratio", 0, 1},
		"usl.beta":     {"ratio", 0, 1e9},
		"usl.measured": {"instances", 1, 1e9},
	}
}

// splitField cuts services.shop.usl.gamma into services, shop and usl.gamma.
func splitField(field string) (list, name, what string) {
	list, rest, _ := strings.Cut(field, ".")
	name, what, _ = strings.Cut(rest, ".")
	return list, name, what
}

func measurableOf(field string) (measurable, bool) {
	list, name, what := splitField(field)
	if list == "steps" && name != "" && what == "share" {
		return measurable{"ratio", 0, 1}, true
	}
	m, ok := measurables()[what]
	return m, ok && list == "services" && name != ""
}

// LoadCalibration reads a calibration file. The error is a *[strict.Error] with every problem, by
// file, line and field, or the file system's.
func LoadCalibration(path string) (*Calibration, error) {
	text, err := inputfile.Read(path, inputfile.MostText)
	if err != nil {
		return nil, fmt.Errorf("read calibration: %w", err)
	}
	return ParseCalibration(path, text)
}

// ParseCalibration reads a calibration's text as LoadCalibration does; file is its name in messages.
// The error is a *[strict.Error] with every problem, by line and field.
func ParseCalibration(file string, text []byte) (*Calibration, error) {
	c := &Calibration{File: file}
	fields, err := scenarios.ReadStrictly(file, "calibration", text, c)
	if err != nil {
		return nil, err
	}
	if _, err := time.Parse(time.RFC3339, c.Measured); err != nil {
		fields.Problem("measured", "found %q, wanted a time such as 2026-11-11T20:00:00+08:00", c.Measured)
	}
	var runs []string
	for i := range c.Runs {
		runs = append(runs, c.Runs[i].Name)
	}
	if len(c.Values) == 0 {
		fields.Problem("values", "found none, wanted at least one measured value")
	}
	for i := range c.Values {
		c.check(fields, i, runs)
	}
	c.checkUSL(fields)
	c.checkAgreement(fields)
	if err := fields.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Calibration) check(fields *strict.Fields, i int, runs []string) {
	v, path := &c.Values[i], fmt.Sprintf("values[%d]", i)
	v.line = fields.Line(path)
	if first := slices.IndexFunc(c.Values, func(o Measured) bool { return o.Field == v.Field }); first < i && v.Field != "" {
		fields.Problem(path+".field", "found %s twice, wanted one value for a field", v.Field)
	}
	if !slices.Contains(runs, v.Run) {
		fields.Problem(path+".run", "found %q, wanted the name of one of the runs", v.Run)
	}
	if strings.TrimSpace(v.Method) == "" {
		fields.Problem(path+".method", "found nothing, wanted how it was measured")
	}
	if v.N < 1 {
		fields.Problem(path+".n", "found %d, wanted the number of observations, 1 or more", v.N)
	}
	m, ok := measurableOf(v.Field)
	if !ok {
		fields.Problem(path+".field", "found %q, wanted steps.NAME.share or services.NAME. and one of demand, variability, hit, capacity, usl.gamma, usl.alpha, usl.beta, usl.measured", v.Field)
		return
	}
	if v.Unit != m.unit {
		fields.Problem(path+".unit", "found %q, wanted %s for %s", v.Unit, m.unit, v.Field)
	}
	for _, x := range []float64{v.Value.Low, v.Value.Mid, v.Value.High} {
		if !(x >= m.min && x <= m.max) {
			fields.Problem(path+".value", "found %s, wanted %s to %s", quantity.Given(x), quantity.Number(m.min), quantity.Number(m.max))
			return
		}
	}
	below, above := v.Value.Reach()
	if v.Value.High > 0 {
		above = min(above, m.max/v.Value.High) // draws are held below
	}
	if max(below, above) > scenarios.MostReach {
		fields.Problem(path+".value", "found points so far apart that one draw in a hundred lies over %d times below low or above high; wanted low and high each within 16 times of mid: measure more", scenarios.MostReach)
	}
	if v.Unit == "instances" && (!v.Value.Certain() || v.Value.Mid != math.Trunc(v.Value.Mid)) {
		fields.Problem(path+".value", "found %s to %s, wanted one whole number", quantity.Given(v.Value.Low), quantity.Given(v.Value.High))
	}
}

// checkUSL wants a service's coefficients all together: no one of them says anything alone.
func (c *Calibration) checkUSL(fields *strict.Fields) {
	for i := range c.Values {
		_, service, what := splitField(c.Values[i].Field)
		if !strings.HasPrefix(what, "usl.") {
			continue
		}
		for _, other := range []string{"gamma", "alpha", "beta", "measured"} {
			if wanted := "services." + service + ".usl." + other; c.value(wanted) == nil {
				fields.Problem(fmt.Sprintf("values[%d].field", i), "found %s without %s, wanted all of usl.gamma, usl.alpha, usl.beta and usl.measured", c.Values[i].Field, wanted)
				break
			}
		}
	}
}

// checkAgreement refuses values that cannot all be true.
func (c *Calibration) checkAgreement(fields *strict.Fields) {
	for i := range c.Runs {
		if slices.ContainsFunc(c.Runs[:i], func(r RunTaken) bool { return r.Name == c.Runs[i].Name }) {
			fields.Problem(fmt.Sprintf("runs[%d].name", i), "found %s twice, wanted different names: a value says by it where it comes from", c.Runs[i].Name)
		}
	}
	var sum float64
	last := -1
	for i := range c.Values {
		if list, _, what := splitField(c.Values[i].Field); list == "steps" && what == "share" {
			sum, last = sum+c.Values[i].Value.Low, i
		}
	}
	if sum > 1+1e-6 {
		fields.Problem(fmt.Sprintf("values[%d].value", last), "found shares of steps whose low values add up to %s, wanted at most 100 %%", quantity.Percent(sum))
	}
}

// value returns what was measured of a field, or nil.
func (c *Calibration) value(field string) *Measured {
	for i := range c.Values {
		if c.Values[i].Field == field {
			return &c.Values[i]
		}
	}
	return nil
}

// staleAfter is the age from which a calibration says so: software changes within a season.
const staleAfter = 90 * 24 * time.Hour

// Stale says why a calibration should not be trusted at an instant: it is over 90 days old, or from
// over a day later than that instant, or its time cannot be read. It is empty otherwise.
func (c *Calibration) Stale(now time.Time) string {
	at, err := time.Parse(time.RFC3339, c.Measured)
	switch {
	case err != nil:
		return fmt.Sprintf("%s: measured %q, which is no time", c.File, c.Measured)
	case now.Sub(at) > staleAfter:
		return fmt.Sprintf("%s: measured %s, %s ago; measure again with: fsctl report RUN --calibrate FILE", c.File, c.Measured, quantity.Of(int(now.Sub(at).Hours()/24), "day"))
	case at.Sub(now) > 24*time.Hour:
		return fmt.Sprintf("%s: measured %s, which is yet to come", c.File, c.Measured)
	}
	return ""
}

// YAML returns the calibration's text, which ParseCalibration reads. It fails only where the YAML
// package cannot write it.
func (c *Calibration) YAML() ([]byte, error) {
	type value struct {
		Field  string    `yaml:"field"`
		Value  []float64 `yaml:"value,flow"`
		Unit   string    `yaml:"unit"`
		Run    string    `yaml:"run"`
		Method string    `yaml:"method"`
		N      int       `yaml:"n"`
	}
	form := struct {
		APIVersion string     `yaml:"apiVersion"`
		Kind       string     `yaml:"kind"`
		Scenario   string     `yaml:"scenario"`
		Measured   string     `yaml:"measured"`
		Runs       []RunTaken `yaml:"runs"`
		Values     []value    `yaml:"values"`
	}{c.APIVersion, c.Kind, c.Scenario, c.Measured, c.Runs, nil}
	for _, v := range c.Values {
		form.Values = append(form.Values, value{v.Field, []float64{v.Value.Low, v.Value.Mid, v.Value.High}, v.Unit, v.Run, v.Method, v.N})
	}
	var out bytes.Buffer
	out.WriteString("# What runs measured, for fsctl plan --calibration. Values are the 10, 50 and 90 % points.\n")
	var document yaml.Node
	if err := document.Encode(form); err != nil {
		return nil, fmt.Errorf("write calibration: %w", err)
	}
	plainKeys(&document)
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(&document), encoder.Close()); err != nil {
		return nil, fmt.Errorf("write calibration: %w", err)
	}
	return out.Bytes(), nil
}

// plainKeys takes the quotes off keys such as n, which only readers of YAML 1.1 take for no.
func plainKeys(n *yaml.Node) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			c.Style = 0
		}
		plainKeys(c)
	}
}
