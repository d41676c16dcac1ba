package try

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/transport"
)

// set is a cookie that an answer of the journey set.
type set struct {
	name, step string
}

// plainCookie is a name that a scenario can hold as it is, and a terminal too.
var plainCookie = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// keepCookies notes which cookies the answer of a step set, and which it deleted.
func (p *performance) keepCookies(step string, fields []transport.Field) {
	fields = slices.Concat(p.answer.Passed, fields)
	for i := range fields {
		if !strings.EqualFold(fields[i].Name, "Set-Cookie") {
			continue
		}
		fields[i].Name = "Set-Cookie"
		name, _, _ := strings.Cut(string(fields[i].Value), "=")
		if name = strings.TrimSpace(name); !plainCookie.MatchString(name) {
			continue
		}
		p.cookies = slices.DeleteFunc(p.cookies, func(c set) bool { return c.name == name })
		if _, ok := transport.CookieValue(fields[i:i+1], name, time.Now()); ok {
			p.cookies = append(p.cookies, set{name, step})
		}
	}
}

// unsent returns the latest cookie of an earlier answer that a request with this header did not carry, and false where there is none.
func (p *performance) unsent(header []transport.Field) (set, bool) {
	sent := map[string]bool{}
	for _, f := range header {
		if !strings.EqualFold(f.Name, "Cookie") {
			continue
		}
		for pair := range strings.SplitSeq(string(f.Value), ";") {
			name, _, _ := strings.Cut(pair, "=")
			sent[strings.TrimSpace(name)] = true
		}
	}
	for _, c := range slices.Backward(p.cookies) {
		if !sent[c.name] {
			return c, true
		}
	}
	return set{}, false
}

// cookieHint says why a step that an answer refused, whose request was sent with these fields, did not send a cookie, empty where that can hardly be why: no answer set one, or the
// target itself is at fault. It holds names alone, and nothing to redact.
func (p *performance) cookieHint(v *Step, sent []transport.Field) string {
	c, ok := p.unsent(sent)
	if !ok || v.Answer.Class != "" || v.Answer.Status >= http.StatusInternalServerError {
		return ""
	}
	if p.request.Jar != nil {
		return fmt.Sprintf("step %s was answered with the cookie %s, and step %s does not send it: by its Domain, Path or Secure, or by the time for which it is kept, it is not for that request", c.step, c.name, v.Step)
	}
	variable, extract := "session", fmt.Sprintf(`extract: {session: "cookie:%s"} in step %s, and `, c.name, c.step)
	if s := p.Scenario.Step(c.step); s != nil {
		for name, x := range s.Extract {
			if x.From == "cookie:"+c.name {
				variable, extract = name, ""
			}
		}
	}
	return fmt.Sprintf(`step %s was answered with the cookie %s, and step %s does not send it: with defaults: {cookies: off} a scenario says which cookies a step sends; if it is needed, say cookies: on, or add %sheaders: {Cookie: "%s=${%s}"} in step %s`,
		c.step, c.name, v.Step, extract, c.name, variable, v.Step)
}
