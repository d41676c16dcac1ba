package journey

import (
	"strings"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/condition"
)

// Account is what an answer came to, part by part. Its texts may hold secrets.
type Account struct {
	Extracted []Extracted // in the order of their names
	Checks    []Checked   // as in the scenario
}

// Extracted is a variable that an answer should hold.
type Extracted struct {
	Variable string
	From     string // where it was looked for, such as json:$.token
	Value    string // empty where it was not found
	Found    string // what was there in its place; empty where the value was found, and where there was no answer
	Optional bool   // an answer without it is no failure
}

// Checked is a check of a step.
type Checked struct {
	Check string // as in the scenario
	Held  bool
	Found string // such as status 404; empty where there was no answer
}

// Account says of an answer that Judge has just read what became of each variable and of each check.
func (s *Step) Account(u *User, a *transport.Answer) Account {
	var v Account
	reader := &ValueReader{}
	reader.view.begin(s, reader)
	for i := range s.extracts {
		e := &s.extracts[i]
		x := Extracted{Variable: e.variable, From: e.From + ":" + e.Name, Value: string(u.Value(e.register)), Optional: e.optional || u.tests(e.register)}
		if a.Err == nil && x.Value == "" {
			_, x.Found = e.explain(a)
		}
		v.Extracted = append(v.Extracted, x)
	}
	for i, c := range s.checks {
		x := Checked{Check: strings.TrimPrefix(s.checkReasons[i], ReasonCheck)}
		if a.Err == nil {
			if x.Held = c.holds(u, a, reader); !x.Held || c.test == nil && c.Subject != condition.Body {
				x.Found = c.explain(u, a, s)
			}
		}
		v.Checks = append(v.Checks, x)
	}
	return v
}

// Polling returns where in the journey, counted in instructions from 0, the innermost repeat around the user's step begins that
// ends by a condition, and whether there is one. There the user asks until the target is ready.
func (u *User) Polling() (begin int, ok bool) {
	for i := range u.program.code {
		in := &u.program.code[i]
		if in.op == opEnter && in.loop.until != nil && in.loop.begin <= u.at && u.at < in.loop.end {
			begin, ok = i, true
		}
	}
	return begin, ok
}

// NamedSecrets appends what is a secret of a user by its name or by the place where a request has it: fields of feeders, cookies,
// variables such as token, and whatever is sent as a credential. Other values that were extracted are none. m is the memory that the
// user's last request was rendered by.
func (v *Compiled) NamedSecrets(list []string, u *User, m *compose.Scratch) []string {
	bare := User{User: compose.User{Arrival: u.Arrival}, program: u.program}
	for _, s := range v.Steps {
		list = s.Secrets(list, &bare, &ValueReader{}, m) // without what was extracted
		for i := range s.extracts {
			e := &s.extracts[i]
			if len(u.Value(e.register)) > 0 && (e.From == "cookie" || redact.IsSecretName(e.variable) || redact.IsSecretName(e.Name)) {
				list = append(list, string(u.Value(e.register)))
			}
		}
		list = s.request.AppendCredentials(list, &u.User)
	}
	return list
}
