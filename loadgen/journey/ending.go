package journey

import (
	"fsctl/loadgen/transport"
	"fsctl/scenarios/template"
)

// Ending is how a user's journey ended. The zero value says that it was finished: the user did all of it.
type Ending struct {
	Outcome  string // that ended it: what the scenario names took from it what the next step needs; empty for none
	Step     string // that the user left before because Variable was missing, or gave up waiting at; empty where the journey was finished or Outcome ended it
	Variable string // extracted, and without a value; as qty:number where it has one that is no number, or cart:json; empty for a user who gave up
	After    string // outcome of the request whose answer lacked Variable; empty where none was sent; abandoned for a user who gave up
}

// Ending returns how the journey of a user whom Start or Advance returned no step for has ended.
//
// A user who lacks a variable has left. Where the answer that should have had it was one that the scenario names, such as
// sold_out, that outcome has ended the journey; the one that confirms an order is no reason to end, nor is ok.
func (u *User) Ending() Ending {
	if !u.HasLeft() {
		return Ending{}
	}
	if u.missing == gaveUp {
		return Ending{Step: u.Step().Name, After: transport.ClassAbandoned}
	}
	register := int(u.missing) - 1
	e := Ending{Step: u.Step().Name, Variable: u.program.variables[register]}
	if u.unfit != template.AsText {
		e.Variable += ":" + u.unfit.String()
		return e
	}
	cause := u.Cause(register)
	if cause.Step == 0 {
		return e
	}
	step := u.program.steps[cause.Step-1]
	e.After = step.Outcomes[cause.Outcome]
	if outcome := int(cause.Outcome); outcome >= firstNamed && outcome != step.confirms {
		return Ending{Outcome: e.After}
	}
	return e
}
