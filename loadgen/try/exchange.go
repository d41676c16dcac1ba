package try

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"fsctl/loadgen"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
)

// Lengths of what is shown, in bytes before control characters are written out.
const (
	mostURL   = 2 << 10
	mostField = 1 << 10
	mostText  = 1 << 10 // of a body that is not laid out, an error, a value
	mostLaid  = 4 << 10 // of a document laid out in lines
	mostLines = 60      // of a body
	// mostRequestBody is how much of a request's body is looked through for secrets.
	mostRequestBody = 64 << 10
)

// learn notes secrets: what the user has by now, and credentials in header fields.
func (p *performance) learn(fields []transport.Field) {
	p.redactor.Add(p.compiled.NamedSecrets(nil, &p.user, &p.scratch)...)
	if jar := p.request.Jar; jar != nil {
		p.redactor.Add(redact.HeaderSecrets("Cookie", string(jar.AppendAll(nil)))...)
	}
	for _, f := range fields {
		p.redactor.Add(redact.HeaderSecrets(f.Name, string(f.Value))...)
	}
}

// shown returns a text of one line without secrets and control characters.
func (p *performance) shown(text string) string { return p.redactor.Kept(text, mostText, true) }

// requestOf shows the request as the step has it; the engine's own fields are added once it is sent.
func (p *performance) requestOf() Request {
	base := transport.WithoutUser(p.targets[p.request.Target].URL) // who must know its user sees the header
	start, whole := p.request.BodyStart(mostRequestBody)
	v := Request{Method: p.request.Method, URL: p.redactor.Kept(strings.TrimSuffix(base.String(), "/")+string(p.request.URL), mostURL, true),
		Headers: p.fields(p.request.Header), Body: p.body(string(start), whole)}
	v.Bytes = uint64(p.request.BodyBytes())
	return v
}

// judge reads the answer, and notes all that came of it.
func (p *performance) judge(step *journey.Step, v *Step) {
	v.target = p.targets[p.request.Target].URL
	a := &p.answer
	j := step.Judge(&p.user, a, &p.values)
	account := step.Account(&p.user, a)
	added := slices.Clone(p.values.Counts())
	var last transport.Exchange
	if p.conn != nil {
		last = p.conn.Last()
	}
	line, fields := loadgen.SplitHead(last.Head)
	asked, sent := loadgen.SplitHead(last.Sent)
	onWire := sent
	if sent == nil || a.Followed > 0 {
		sent = p.headers.sent()
	}
	p.learn(fields)
	p.learn(sent)
	before := p.redactor.Count
	v.Request = p.requestOf() // again: what was extracted may stand in it
	if len(sent) > 0 {
		v.Request.Headers = p.fields(sent)
	}
	v.Answer = p.answerOf(line, asked, fields, last.Body)
	p.account(account, v)
	p.counted(step, added, v)
	p.connection(v)
	v.Outcome = step.Outcomes[j.Outcome]
	if s := p.Scenario.Step(step.Name); s != nil {
		for _, o := range s.Outcome {
			if o.Name == v.Outcome {
				v.When = p.shown(o.When)
			}
		}
	}
	v.Failed, v.Reason = j.Reason != "", p.shown(j.Reason)
	if v.Failed {
		wanted, found := step.Explain(&p.user, a, j)
		if a.Packed != "" { // the body is shown unpacked
			found += "; the body is in " + a.Packed + ", which the request's Accept-Encoding does not ask for"
		}
		v.Wanted, v.Found = p.shown(wanted), p.shown(found)
		v.cookieHint = p.cookieHint(v, slices.Concat(p.request.Header, onWire, sent))
	}
	p.keepCookies(step.Name, fields)
	v.Redacted = p.redactor.Count - before
}

func (p *performance) answerOf(line, asked string, fields []transport.Field, body []byte) Answer {
	a := &p.answer
	start, whole := loadgen.BodyStart(body, p.request.WantBody && a.Err == nil && a.Packed == "", a, fields)
	v := Answer{StatusLine: p.shown(line), Status: a.Status, Headers: p.fields(fields), Body: p.body(start, whole),
		WaitingSeconds: a.Waiting.Seconds(), TookSeconds: a.Took.Seconds(), Redirects: a.Followed, Resent: a.Resent}
	v.Bytes = a.BytesIn
	if a.Err != nil {
		v.Error, v.Class, v.Bytes = p.redactor.Error(a.Err.Error(), mostText), a.Class, 0
	}
	if words := strings.Fields(asked); a.Followed > 0 && len(words) == 3 {
		v.RedirectedTo = p.redactor.Kept(words[0]+" "+words[1], mostURL, true)
	}
	return v
}

func (p *performance) account(account journey.Account, v *Step) {
	v.Extracted, v.Checks = []Extracted{}, []Check{}
	for _, x := range account.Extracted {
		v.Extracted = append(v.Extracted, Extracted{Variable: x.Variable, From: p.shown(x.From), Value: p.shown(x.Value), OK: x.Value != "", Found: p.shown(x.Found), Optional: x.Optional})
	}
	for _, c := range account.Checks {
		v.Checks = append(v.Checks, Check{Check: p.shown(c.Check), Held: c.Held, Found: p.shown(c.Found)})
	}
}

// counted shows what the answer adds to the step's own counters.
func (p *performance) counted(step *journey.Step, added []float64, v *Step) {
	s := p.Scenario.Step(step.Name)
	for i, name := range step.Counters {
		v.Counted = append(v.Counted, Counted{Counter: name, From: p.shown(s.Count[name]), Added: added[i]})
	}
}

// connection says which connection the request went over. A failed one is not known to be open any more.
func (p *performance) connection(v *Step) {
	a := &p.answer
	v.Connection = Connection{Opened: a.Connect > 0, Reused: a.Connect == 0 && p.open, Seconds: a.Connect.Seconds(), TLSSeconds: a.TLS.Seconds()}
	p.open = a.Err == nil
}

func (p *performance) fields(fields []transport.Field) []string {
	list := []string{}
	for _, f := range fields {
		value := string(f.Value)
		if len(value) > mostField {
			list = append(list, p.redactor.Field(f.Name, value[:mostField])+" ...")
			continue
		}
		list = append(list, p.redactor.Field(f.Name, value))
	}
	return list
}

// body shows the beginning of a body: JSON laid out in lines where it is whole, other text as it is, and nothing of what is no text.
func (p *performance) body(text string, whole bool) Body {
	if !whole {
		text = withoutCutRune(text)
	}
	if redact.IsBinary(text) {
		return Body{Binary: true}
	}
	most := mostText
	if whole {
		text = p.redactor.Text(text)
	} else {
		text = p.redactor.Start(text)
	}
	var laid bytes.Buffer
	if trimmed := strings.TrimSpace(text); whole && (strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[")) {
		if json.Indent(&laid, []byte(trimmed), "", "  ") == nil {
			text, most = laid.String(), mostLaid
		}
	}
	text = p.redactor.Names(text)
	cut := !whole
	if len(text) > most {
		text, cut = withoutCutRune(text[:most]), true
	}
	lines := strings.Split(strings.TrimRight(text, "\r\n"), "\n")
	if len(lines) > mostLines {
		lines, cut = lines[:mostLines], true
	}
	for i, l := range lines {
		lines[i] = redact.Escape(strings.ReplaceAll(strings.TrimSuffix(l, "\r"), "\t", "    "))
	}
	return Body{Text: strings.Join(lines, "\n"), Cut: cut}
}

// withoutCutRune takes a character off the end of a text of which the end was cut off.
func withoutCutRune(text string) string {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if b := text[len(text)-i]; utf8.RuneStart(b) {
			if r, n := utf8.DecodeRuneInString(text[len(text)-i:]); r == utf8.RuneError && n == 1 && b >= utf8.RuneSelf {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}
