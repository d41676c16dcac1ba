package journey

// Ending is how a user's journey ended. The zero value says that it was finished: the user did all of it.
type Ending struct {
	Outcome  string // that ended it: what the scenario names took from it what the next step needs; empty for none
	Step     string // that the user left before because Variable was missing; empty where the journey was finished or Outcome ended it
	Variable string // extracted, and without a value
	After    string // outcome of the request whose answer lacked Variable; empty where none was sent
}

// Ending returns how the journey of a user whom Start or Advance returned no step for has ended.
//
// A user who lacks a variable has left. Where the answer that should have had it was one that the scenario names, such as
// sold_out, that outcome has ended the journey; the one that confirms an order is no reason to end, nor is ok.
func (u *User) Ending() Ending {
	if u.missing == 0 {
		return Ending{}
	}
	register := int(u.missing) - 1
	e := Ending{Step: u.Step().Name, Variable: u.program.variables[register]}
	if u.unset == nil || u.unset[register].step == nil {
		return e
	}
	cause := u.unset[register]
	e.After = cause.step.Outcomes[cause.outcome]
	if cause.outcome >= firstNamed && cause.outcome != cause.step.confirms {
		return Ending{Outcome: e.After}
	}
	return e
}
