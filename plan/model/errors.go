package model

import "fmt"

// InputError is a value that no plan can be made from: it is outside the range in which the formulas
// give finite answers.
type InputError struct {
	Field  string // path of names, such as workload.users
	Found  string // the value, with its unit
	Wanted string // the range
	Place  string // FILE:LINE; empty where that is not known
}

// Error names the field, what was found and what was wanted.
func (e *InputError) Error() string {
	text := fmt.Sprintf("%s: found %s, wanted %s", e.Field, e.Found, e.Wanted)
	if e.Place != "" {
		return e.Place + ": " + text
	}
	return text
}
