package compose

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/random"
	"fsctl/scenarios/template"
)

// Request is the request of a step, compiled.
type Request struct {
	method    string
	url       text
	body      body
	shownURL  text // without secrets
	headers   []header
	timeout   time.Duration
	redirects int
	target    int    // of the scenario's TargetNames
	needs     []Need // what the request takes from registers

	secrets     []*Variable // fields of feeders that are secrets by their names
	secretTexts []string    // values of the environment, and literal ones that may be secrets
}

// Step compiles the request of a step. It fails where the input is wrong, with a *transport.InputError where that can be mended.
func (c *Compiler) Step(s *scenarios.Step) (*Request, error) {
	q := &Request{method: s.Request.Method, timeout: s.Request.Timeout, redirects: *s.Request.Redirects, target: max(slices.Index(c.scenario.TargetNames(), s.Request.Host), 0),
		secrets: c.secretFields(), secretTexts: c.Secrets}
	c.values, c.drawn = random.NewStream(c.seed, "value/"+s.Name), 0
	var err error
	if q.url, err = c.text(s.Request.URL, escapeURL); err != nil {
		return nil, fmt.Errorf("step %s: url: %w", s.Name, err)
	}
	q.shownURL = q.withoutSecrets(&q.url)
	if q.body, err = c.bodyOf(s); err != nil {
		return nil, fmt.Errorf("step %s: body: %w", s.Name, err)
	}
	if q.body.contentType != "" {
		q.headers = append(q.headers, header{"Content-Type", text{pieces: []piece{literal(q.body.contentType)}}})
	}
	for _, name := range sorted(s.Request.Headers) {
		value, err := c.text(s.Request.Headers[name], escapeHeader)
		if err != nil {
			return nil, fmt.Errorf("step %s: header %s: %w", s.Name, name, err)
		}
		q.headers = slices.DeleteFunc(q.headers, func(h header) bool { return strings.EqualFold(h.name, name) })
		q.headers = append(q.headers, header{http.CanonicalHeaderKey(name), value})
	}
	q.findNeeds()
	q.findCredentials()
	return q, nil
}

// Render writes the request for a user; r's and m's buffers are reused. The body is written first, then the URL, then the headers: an
// HMAC in a header may be of both.
func (q *Request) Render(r *transport.Request, u *User, m *Scratch) {
	m.begin(r)
	r.Method, r.Timeout, r.Redirects, r.Target = q.method, q.timeout, q.redirects, q.target
	q.body.render(r, u, m)
	r.URL, _ = q.url.append(r.URL[:0], u, m)
	r.Header = slices.Grow(r.Header[:0], len(q.headers))[:len(q.headers)]
	for i := range q.headers {
		f := &r.Header[i]
		f.Name = q.headers[i].name
		f.Value, _ = q.headers[i].value.append(f.Value[:0], u, m)
	}
}

// AppendShownURL appends the URL that Render has just written for a user by the memory of m, without what was extracted, came
// from the environment, is what a function made of that, or is a secret by its name or place.
func (q *Request) AppendShownURL(b []byte, u *User, m *Scratch) []byte {
	b, _ = q.shownURL.append(b, u, m)
	return b
}

// IsAlwaysWhole reports whether every user can send the request from the start.
func (q *Request) IsAlwaysWhole() bool { return len(q.needs) == 0 }

type header struct {
	name  string
	value text
}

// Need is a register that must hold a value, perhaps of a form, before the request can be written.
type Need struct {
	Register   int           // from 0
	Form       template.Form // that the value has
	isOptional bool          // without any value there is a default
}

// findNeeds lists what must be in registers before the request can be written.
func (q *Request) findNeeds() {
	texts := []text{q.url, q.body.text()}
	for _, h := range q.headers {
		texts = append(texts, h.value)
	}
	add := func(n Need) {
		if !slices.Contains(q.needs, n) {
			q.needs = append(q.needs, n)
		}
	}
	for _, t := range texts {
		for _, p := range t.pieces {
			hasDefault := p.fallback != nil
			if p.variable != nil && p.variable.source == fromAnswer && (!hasDefault || p.form != template.AsText) {
				add(Need{p.variable.slot, p.form, hasDefault})
			}
			if p.call != nil {
				for _, register := range p.call.registers {
					add(Need{Register: register})
				}
			}
		}
	}
}

// Lacks returns the first need of the request that the user's values do not meet, and false where they meet all.
func (q *Request) Lacks(u *User) (Need, bool) {
	for _, n := range q.needs {
		value := u.Value(n.Register)
		if len(value) == 0 && !n.isOptional || len(value) > 0 && !n.Form.Fits(value) {
			return n, true
		}
	}
	return Need{}, false
}
