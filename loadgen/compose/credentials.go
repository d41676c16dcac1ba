package compose

import (
	"strings"

	"fsctl/loadgen/redact"
)

// findCredentials marks the functions whose results the step's request has where a credential stands, such as in Authorization.
func (q *Request) findCredentials() {
	for _, p := range q.credentials() {
		p.isSecret = p.isSecret || p.call != nil
	}
}

// credentials returns the values that the step's request has where a credential stands.
func (q *Request) credentials() (list []*piece) {
	const mark = "QxValueQx"
	r := redact.New()
	look := func(t *text, take func(text string) string) {
		for i := range t.pieces {
			if !t.pieces[i].hasValue() {
				continue
			}
			var around strings.Builder
			for k := range t.pieces {
				around.WriteString(t.pieces[k].literal)
				if k == i {
					around.WriteString(mark)
				} else if t.pieces[k].hasValue() {
					around.WriteString("x")
				}
			}
			if !strings.Contains(take(around.String()), mark) {
				list = append(list, &t.pieces[i])
			}
		}
	}
	look(&q.url, r.Names)
	for i := range q.body.parts {
		look(&q.body.parts[i].text, r.Names)
	}
	for i := range q.headers {
		look(&q.headers[i].value, func(text string) string { return r.Header(q.headers[i].name, text) })
	}
	return list
}

// AppendCredentials appends the values of variables that a user's request has where a credential stands.
func (q *Request) AppendCredentials(list []string, u *User) []string {
	for _, p := range q.credentials() {
		if p.variable == nil {
			continue // it is in the memory that the request was rendered by
		}
		if value, ok := p.variable.Append(nil, u); ok && len(value) > 0 {
			list = append(list, string(value))
		}
	}
	return list
}

// AppendSecrets appends the values that a user's exchange must be kept without but for what was extracted: those of the environment,
// fields of feeders that are secrets by their names, and what functions made of secrets, by the memory that the request was rendered by.
func (q *Request) AppendSecrets(list []string, u *User, m *Scratch) []string {
	list = m.appendSecrets(append(list, q.secretTexts...))
	for _, v := range q.secrets {
		if value, ok := v.Append(nil, u); ok && len(value) > 0 {
			list = append(list, string(value))
		}
	}
	return list
}
