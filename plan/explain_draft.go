package plan

import "strings"

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

// input adds a symbol that is an input of the trials: its value in this case, and its interval.
func (e *explainer) input(d *draft, x *point, name string, index int, unit, path string) {
	q := &e.quantities[index]
	origin := d.origins.of(path)
	if !q.certain() {
		origin += " (low " + figure(q.low) + ", mid " + figure(q.mid) + ", high " + figure(q.high) + ")"
	}
	d.symbol(name, x.values[index], unit, origin)
}

// estimate lists the six figures of an estimate.
func (e *explainer) estimate(field string, into *Estimate, explain func(x *point, d *draft)) []leaf {
	var col *column
	for i := range e.columns {
		if e.columns[i].into == into {
			col = &e.columns[i]
		}
	}
	var list []leaf
	for _, part := range []struct {
		name string
		want float64
	}{{"low", into.Low}, {"mid", into.Mid}, {"high", into.High}, {"p50", into.P50}, {"p95", into.P95}, {"p99", into.P99}} {
		list = append(list, leaf{field + "." + part.name, part.want, col, part.name, explain})
	}
	return list
}

// sumOf writes a sum of terms, 0 where there are none.
func sumOf(terms []string) string {
	if len(terms) == 0 {
		return "0"
	}
	return strings.Join(terms, " + ")
}

// at writes a symbol with an index, such as share[order].
func at(name, index string) string { return name + "[" + index + "]" }
