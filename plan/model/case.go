package model

import (
	"fmt"

	"fsctl/scenarios/quantity"
)

// Corners are the cases in which all inputs are at once at the values that ask for the least, the
// expected and the most.
type Corners struct{ Low, Mid, High *Case }

// Corners returns the three corners, every service sized. Errors: *[InputError] for a high case
// beyond MaxRate, MaxErlang, MaxServers or MaxNodes; and that of [Model.Conserved], which no scenario can cause.
func (m *Model) Corners() (Corners, error) {
	c := Corners{m.corner(-1), m.corner(0), m.corner(+1)}
	if err := m.checkReach(c.High); err != nil {
		return c, err
	}
	for _, x := range []*Case{c.Low, c.Mid, c.High} {
		if err := m.Conserved(x); err != nil {
			return c, fmt.Errorf("calls are not conserved: %w", err)
		}
	}
	return c, nil
}

func (m *Model) corner(side int) *Case {
	x := m.newCase()
	for i := range m.Inputs {
		x.Values[i] = m.Inputs[i].corner(side)
	}
	return m.sized(x)
}

// Trial returns the case of one Monte Carlo trial, every service sized. n is the trial's number,
// from 0.
func (m *Model) Trial(n int) *Case {
	x := m.newCase()
	m.draw(x, n)
	return m.sized(x)
}

// Moved returns the mid case with one input at another value, every service sized. input is its
// index, from 0, and value in the unit and range of the [Input].
func (m *Model) Moved(input int, value float64) *Case {
	x := m.newCase()
	for i := range m.Inputs {
		x.Values[i] = m.Inputs[i].Mid
	}
	x.Values[input] = value
	return m.sized(x)
}

// Certain reports whether no input varies, so that every trial gives the mid case.
func (m *Model) Certain() bool {
	for i := range m.Inputs {
		if !m.Inputs[i].Certain() {
			return false
		}
	}
	return true
}

// draw fills in the values and the rates of a trial.
func (m *Model) draw(x *Case, trial int) {
	for i := range m.Inputs {
		x.Values[i] = m.Inputs[i].draw(uint64(trial))
	}
	m.rate(x)
}

// sized fills in the rates and the sizes of a case whose values are there.
func (m *Model) sized(x *Case) *Case {
	m.rate(x)
	for i := range m.Services {
		x.Sizes[i] = m.Size(x, i)
	}
	return x
}

// checkReach refuses a high case that is out of the formulas' range.
func (m *Model) checkReach(high *Case) error {
	for i := range m.Services {
		s, out := &m.Services[i], high.Sizes[i]
		for _, r := range []struct {
			got, limit float64
			what       string
		}{
			{high.Rates[i], MaxRate, "calls/s"},
			{high.Rates[i] * high.Value(s.Demand, 0), MaxErlang, "erlang of work"},
			{out.Cores, MaxServers, "cores"},
			{out.Instances, MaxNodes, "instances"},
		} {
			if r.got > r.limit {
				return &InputError{Field: "services." + s.Name, Found: quantity.Estimate(r.got) + " " + r.what + " in the high case",
					Wanted: "at most " + quantity.Estimate(r.limit) + "; lower workload, calls or demand"}
			}
		}
	}
	return nil
}
