package explain

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Explanation says where one figure of a plan comes from. Filled is Formula with the numbers put in;
// Result is what it gives, which is the plan's quantity.
type Explanation struct {
	Field       string   `json:"field"` // as in the plan's JSON: services.shop.instances.p95
	Meaning     string   `json:"meaning"`
	Case        string   `json:"case,omitempty"` // of an estimate: which inputs the numbers are
	Formula     string   `json:"formula"`
	Filled      string   `json:"filled"`
	Result      float64  `json:"result"` // in Unit
	Unit        string   `json:"unit"`
	Symbols     []Symbol `json:"symbols"`
	Source      string   `json:"source"`
	Error       string   `json:"error"` // of the approximation
	Assumptions []string `json:"assumptions"`
}

// Symbol is a name in a formula, or the answer of a function in it.
type Symbol struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"` // in Unit
	Unit   string  `json:"unit"`
	Origin string  `json:"origin"` // scenario field with file:line, default, assumption, or calculated
}

// draft is an explanation before its numbers are put in.
type draft struct {
	Explanation
	origins origins
}

// given adds a symbol that a field of the scenario holds.
func (d *draft) given(name string, value float64, unit, path string) {
	d.symbol(name, value, unit, d.origins.of(path))
}

// derived adds a symbol that is itself a figure of the plan, in the same case.
func (d *draft) derived(name string, value float64, unit, field string) {
	d.symbol(name, value, unit, "calculated: "+field)
}

func (d *draft) symbol(name string, value float64, unit, origin string) {
	for _, s := range d.Symbols {
		if s.Name == name {
			return
		}
	}
	d.Symbols = append(d.Symbols, Symbol{name, value, unit, origin})
}

func (d *draft) assume(text string) { d.Assumptions = append(d.Assumptions, text) }

// sumOf writes a sum of terms, 0 where there are none.
func sumOf(terms []string) string {
	if len(terms) == 0 {
		return "0"
	}
	return strings.Join(terms, " + ")
}

// indexed writes a symbol with an index, such as share[order].
func indexed(name, index string) string { return name + "[" + index + "]" }

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

func same(a, b, tolerance float64) bool {
	return a == b || math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b))
}

// decimal writes a number with so many digits that count, all of them for -1. It is no text of quantity:
// [Evaluate] reads a filled formula back, which must give the plan's figure again.
func decimal(v float64, digits int) string {
	if digits > 0 {
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64) // it has just been written
	}
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
