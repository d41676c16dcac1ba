package compose

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
)

// Environment returns the value of ${env.NAME}. It fails where there is none.
func (c *Compiler) Environment(name string) (string, error) {
	value := c.scenario.Environment()[name]
	if value == "" {
		return "", transport.InputErrorf("give the scenario its environment before it is sent", "found ${env.%s}, wanted a value for it", name)
	}
	return value, nil
}

// secretTexts returns what no text that is kept may hold of the values of the environment: each as it is, as it stands in a header,
// and a credential without the scheme before it.
func secretTexts(environment map[string]string) (list []string) {
	for _, name := range sorted(environment) {
		value := environment[name]
		inHeader := string(escapeHeader.from([]byte(value), 0))
		list = append(list, value, inHeader, strings.TrimSpace(inHeader))
		if _, credential, ok := strings.Cut(strings.TrimSpace(inHeader), " "); ok {
			list = append(list, credential)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// withoutSecrets returns a text of the step's in which values of the environment, what was extracted, secrets by their names or places,
// and literal values that may be secrets are left out.
func (q *Request) withoutSecrets(t *text) text {
	r := redact.New(q.secretTexts...)
	var marked strings.Builder // with the indices of its variables between NULs, which no scenario has
	for i, p := range t.pieces {
		switch {
		case p.isSecret, p.variable != nil && q.isSecret(p.variable), p.fallback != nil && p.fallback.isSecret:
			marked.WriteString(redact.Mark)
		case p.hasValue():
			fmt.Fprintf(&marked, "\x00%d\x00", i)
		default:
			marked.WriteString(p.literal)
		}
	}
	var shown text
	for i, part := range strings.Split(r.Names(r.Text(marked.String())), "\x00") {
		if i%2 == 0 {
			shown.pieces = append(shown.pieces, piece{literal: part})
		} else if at, err := strconv.Atoi(part); err == nil && at < len(t.pieces) {
			shown.pieces = append(shown.pieces, t.pieces[at])
		}
	}
	return shown
}

// isSecret reports whether a variable was extracted, or is the field of a feeder that is a secret by its name.
func (q *Request) isSecret(v *Variable) bool {
	return v.source == fromAnswer || slices.ContainsFunc(q.secrets, func(secret *Variable) bool {
		return v.source == secret.source && v.feeder == secret.feeder && v.field == secret.field
	})
}

// secretFields returns the fields of feeders that are secrets by their names, such as password.
func (c *Compiler) secretFields() (list []*Variable) {
	for _, f := range c.Feeders {
		for i, name := range f.fields {
			if redact.IsSecretName(name) {
				list = append(list, &Variable{source: fromFeeder, feeder: f, field: i})
			}
		}
	}
	return list
}
