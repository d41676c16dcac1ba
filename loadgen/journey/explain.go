package journey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// Explain says of a failed request what the scenario wanted, and what was in its place. found may hold secrets; the texts are
// empty for a reason that is not the step's.
func (s *Step) Explain(u *User, a *transport.Answer, j Judgement) (wanted, found string) {
	switch {
	case a.Err != nil:
		return "an answer", a.Class
	case j.Reason == ReasonStatus:
		return "a status below 400", "status " + strconv.Itoa(a.Status)
	case j.Reason == ReasonExtract:
		for i := range s.extracts {
			if e := &s.extracts[i]; e.variable == j.Lacks {
				return e.explain(a)
			}
		}
	}
	if i := slices.Index(s.checkReasons, j.Reason); i >= 0 {
		return j.Reason[len(ReasonCheck):], s.checks[i].explain(u, a, s)
	}
	return "", ""
}

// explain says what was in the place of a value that a condition wanted.
func (c *boundCondition) explain(u *User, a *transport.Answer, s *Step) string {
	switch {
	case c.fixed != nil:
		return c.Subject + " has another value"
	case c.test != nil:
		return c.explainExpression(u, a, s)
	case c.value != nil:
		if value, ok := c.value.Of(&u.User); ok {
			return c.Subject + " " + string(value)
		}
		return "no value of " + c.Subject
	case c.Subject != condition.Body:
		return "status " + strconv.Itoa(a.Status)
	case len(a.Body) == 0:
		return "an empty body"
	}
	return "another body"
}

// explain says where a variable was to be, and what was there.
func (e *extract) explain(a *transport.Answer) (wanted, found string) {
	switch e.From {
	case "json":
		return e.Name + " in the body", e.foundInJSON(plaintext.Trim(a.Body))
	case "regex":
		wanted = "a match of " + e.Name + " in the body"
		value, ok := e.fromText(plaintext.Trim(a.Body))
		switch {
		case !ok:
			return wanted, "no match"
		case len(value) > 0:
			return wanted, "a value of " + quantity.Bytes(float64(len(value))) + ", over " + quantity.Bytes(MostValue)
		}
		return wanted, "an empty match"
	case "header":
		for i := range a.Header {
			if a.Header[i].Name == e.Name {
				return "header " + e.Name, "an empty value"
			}
		}
		return "header " + e.Name, "no " + e.Name
	}
	for _, f := range a.SetCookies() {
		if bytes.HasPrefix(f.Value, []byte(e.Name+"=")) {
			return "cookie " + e.Name, "an empty value"
		}
	}
	return "cookie " + e.Name, "no cookie " + e.Name
}

func (e *extract) foundInJSON(body []byte) string {
	if len(body) > mostDocument {
		return fmt.Sprintf("no %s of up to %s in a body of %s", e.Name, quantity.Bytes(MostValue), quantity.Bytes(float64(len(body)))) + e.treeLimit()
	}
	if len(body) > transport.SmallBody {
		documents.Lock()
		defer documents.Unlock()
	}
	var document any
	switch err := json.Unmarshal(body, &document); {
	case len(body) == 0:
		return "an empty body"
	case err != nil:
		return "a body that is not JSON"
	}
	parsed, err := scenarios.ParseExtract(fmt.Sprintf("json:%s", e.Name)) // compiling may have taken the path apart
	if err != nil {
		return "no " + e.Name
	}
	nodes := parsed.Path.Select(document)
	switch {
	case len(nodes) == 0:
		return "no " + e.Name
	case nodes[0] == nil:
		return "null"
	}
	if value, _ := selected(document, parsed.Path); len(value) > MostValue {
		return "a value of " + quantity.Bytes(float64(len(value))) + ", over " + quantity.Bytes(MostValue)
	}
	return "an empty value"
}

// treeLimit says that a path to many values reads no long body, where the variable's is such.
func (e *extract) treeLimit() string {
	if e.Path == nil {
		return ""
	}
	return "; a path to many values reads up to " + quantity.Bytes(mostDocument)
}

// Secrets appends what a user's exchange must be kept without: the values of variables, before and after Judge, those of the
// environment, and fields of feeders that are secrets by their names. values are those that Judge read the answer by,
// m the memory that the request was rendered by: what functions made of secrets is there.
func (s *Step) Secrets(list []string, u *User, values *ValueReader, m *compose.Scratch) []string {
	for _, v := range slices.Concat(u.Values(), values.before) {
		if len(v) > 0 {
			list = append(list, string(v))
		}
	}
	return s.request.AppendSecrets(list, &u.User, m)
}

// keep copies the values of variables that an answer is about to change: the request was made of them.
func (r *ValueReader) keep(u *User, extracts []extract) {
	r.before = r.before[:0]
	for i := range extracts {
		value := u.Value(extracts[i].register)
		if len(value) == 0 {
			continue
		}
		n := len(r.before)
		if n == cap(r.before) {
			r.before = append(r.before, nil)
		}
		r.before = r.before[:n+1]
		r.before[n] = append(r.before[n][:0], value...)
	}
}
