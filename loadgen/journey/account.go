package journey

import (
	"strings"

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
	for i := range s.extracts {
		e := &s.extracts[i]
		x := Extracted{Variable: e.variable, From: e.From + ":" + e.Name, Value: string(u.values[e.register]), Optional: e.optional || u.tests(e.register)}
		if a.Err == nil && x.Value == "" {
			_, x.Found = e.explain(a)
		}
		v.Extracted = append(v.Extracted, x)
	}
	for i, c := range s.checks {
		x := Checked{Check: strings.TrimPrefix(s.checkReasons[i], ReasonCheck)}
		if a.Err == nil {
			if x.Held = c.holds(u, a); !x.Held || c.Subject != condition.Body {
				x.Found = c.explain(u, a)
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

// Thoughts returns how many times, from 0, the user has thought so far, the pause before the step it is at included.
func (u *User) Thoughts() int { return int(u.draws) }

// NamedSecrets appends what is a secret of a user by its name or by the place where a request has it: fields of feeders, cookies,
// variables such as token, and whatever is sent as a credential. Other values that were extracted are none.
func (v *Compiled) NamedSecrets(list []string, u *User) []string {
	bare := User{Arrival: u.Arrival, program: u.program}
	for _, s := range v.Steps {
		list = s.Secrets(list, &bare, &ValueReader{}) // without what was extracted
		for i := range s.extracts {
			e := &s.extracts[i]
			if u.values != nil && len(u.values[e.register]) > 0 && (e.From == "cookie" || redact.IsSecretName(e.variable) || redact.IsSecretName(e.Name)) {
				list = append(list, string(u.values[e.register]))
			}
		}
		for _, secret := range s.sentAsSecret() {
			if value, ok := secret.append(nil, u); ok && len(value) > 0 {
				list = append(list, string(value))
			}
		}
	}
	return list
}

// sentAsSecret returns the variables that the step's request has where a credential stands, such as in Authorization.
func (s *Step) sentAsSecret() (list []*variable) {
	const mark = "QxValueQx"
	r := redact.New()
	look := func(t *text, take func(text string) string) {
		for i := range t.pieces {
			if t.pieces[i].variable == nil {
				continue
			}
			var around strings.Builder
			for k := range t.pieces {
				around.WriteString(t.pieces[k].literal)
				if k == i {
					around.WriteString(mark)
				} else if t.pieces[k].variable != nil {
					around.WriteString("x")
				}
			}
			if !strings.Contains(take(around.String()), mark) {
				list = append(list, t.pieces[i].variable)
			}
		}
	}
	look(&s.url, r.Names)
	look(&s.body, r.Names)
	for i := range s.headers {
		look(&s.headers[i].value, func(text string) string { return r.Header(s.headers[i].name, text) })
	}
	return list
}
