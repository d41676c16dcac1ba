package compose

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/template"
)

// source says where the value of a variable comes from.
type source uint8

const (
	fromArrival source = iota // the arrival's number
	fromUserID                // the user's number, where no feeder gives one
	fromSKU                   // the item the user wants
	fromFeeder                // a field of the user's row
	fromAnswer                // extracted from an answer
)

// Variable is one ${name}, resolved.
type Variable struct {
	source source
	feeder *feeder
	field  int // of the feeder; -1 is the row's number
	items  *items
	slot   int // register of an extracted variable
}

// escape says what a value must not break: the text it is put into.
type escape uint8

const (
	escapeNone       escape = iota
	escapeURL               // percent-encoded but for RFC 3986's unreserved characters
	escapeHeader            // no control characters, line breaks above all
	escapeJSON              // as inside a JSON string
	escapeJSONValue         // a JSON value as it is, anything else as a JSON string
	escapeForm              // as in a URL, with + for a blank
	escapeXML               // &lt; and the like
	escapeCDATA             // as in XML between <![CDATA[ and ]]>
	escapePart              // as it is, in a part of a multipart body
	escapePartHeader        // no control characters and quotes, as in a part's header
)

// piece is literal text, followed by a value unless it is the last.
type piece struct {
	literal  string
	variable *Variable // the value, if it is one
	call     *call     // the value, if it is made by a function
	fallback *operand  // in place of a variable that the user has no value of; nil for none
	escape   escape    // of the value
	form     template.Form
	written  string // the value as the scenario has it, such as ${qty:number}
	isSecret bool   // literal is a value of the environment, or what call gives is a credential
}

// hasValue reports whether a value follows the literal.
func (p *piece) hasValue() bool { return p.variable != nil || p.call != nil }

// text is a compiled template.
type text struct{ pieces []piece }

func (c *Compiler) text(template string, mode escape) (text, error) {
	return c.textIn(template, syntax{kind: mode})
}

// textIn compiles a template in which the place of a value says how it is written.
func (c *Compiler) textIn(written string, s syntax) (text, error) {
	parts, err := template.Parse(written)
	if err != nil {
		return text{}, err
	}
	return c.textOf(parts, s)
}

// jsonText compiles a text that is JSON itself, as json: has it. A value outside of strings is a JSON value, or becomes a string.
func (c *Compiler) jsonText(written string) (text, error) {
	parts, err := template.ParseJSON(written)
	if err != nil {
		return text{}, err
	}
	return c.textOf(parts, syntax{kind: escapeJSON})
}

func (c *Compiler) textOf(parts template.Template, s syntax) (text, error) {
	var t text
	inQuery, fragment := false, false
	for _, p := range parts {
		if p.Value == nil {
			literal := p.Literal
			if s.kind == escapeURL {
				literal, inQuery, fragment = transport.EncodeURL(literal, inQuery)
			}
			s.pass(literal)
			t.pieces = append(t.pieces, piece{literal: literal})
			if fragment {
				return t, nil // the rest is not sent
			}
			continue
		}
		compiled, err := c.piece(p.Value, s.here())
		if err != nil {
			return text{}, err
		}
		t.pieces = append(t.pieces, compiled)
	}
	return t, nil
}

// piece compiles a value that stands where its characters are escaped by mode.
func (c *Compiler) piece(v *template.Value, mode escape) (piece, error) {
	if v.Form != template.AsText {
		mode = escapeNone // it is JSON itself
	}
	p := piece{escape: mode, form: v.Form, written: v.String()}
	value, err := c.operand(v.Term)
	if v.Default != nil {
		fallback, failed := c.operand(*v.Default)
		switch {
		case failed != nil:
			return p, failed
		case err != nil: // no variable of that name is ever set
			value, err = fallback, nil
		default:
			p.fallback = &fallback
		}
	}
	if err != nil {
		return p, err
	}
	if value.part != "" || p.fallback != nil && p.fallback.part != "" {
		return p, fmt.Errorf("found %s, wanted a part of the request in a function, such as sha256(body)", v)
	}
	for _, known := range []*operand{&value, p.fallback} {
		if known != nil && known.isLiteral() && !v.Form.Fits([]byte(known.literal)) { // whose value may be a secret
			return p, transport.InputErrorf("give it such a value", "found a value for %s that is none of that form", v)
		}
	}
	p.variable, p.call, p.isSecret = value.variable, value.call, value.isSecret
	if value.isLiteral() {
		p.literal, p.fallback = string(mode.from([]byte(value.literal), 0)), nil
	}
	return p, nil
}

// Variable returns that of a name. It fails where the scenario has none of it.
func (c *Compiler) Variable(name string) (*Variable, error) {
	if register, ok := c.registers[name]; ok {
		return &Variable{source: fromAnswer, slot: register}, nil
	}
	switch name {
	case "arrival":
		return &Variable{source: fromArrival}, nil
	case "sku":
		return &Variable{source: fromSKU, items: c.items}, nil
	}
	feeder, field, _ := strings.Cut(name, ".")
	for _, f := range c.Feeders {
		if f.name == feeder {
			i, err := f.field(field)
			return &Variable{source: fromFeeder, feeder: f, field: i}, err
		}
	}
	if name == "user.id" {
		return &Variable{source: fromUserID}, nil
	}
	return nil, fmt.Errorf("no variable %q", name)
}

// Register returns where users keep the variable, from 0, or -1 for one that is not extracted.
func (v *Variable) Register() int {
	if v.source != fromAnswer {
		return -1
	}
	return v.slot
}

// append writes the text for a user. It returns false where the user lacks a variable.
func (t *text) append(b []byte, u *User, m *Scratch) ([]byte, bool) {
	for i := range t.pieces {
		p := &t.pieces[i]
		b = append(b, p.literal...)
		if !p.hasValue() {
			continue
		}
		from := len(b)
		var ok bool
		if b, ok = p.append(b, u, m); !ok {
			return b, false
		}
		b = p.escape.from(b, from)
	}
	return b, true
}

// append writes the value as it is.
func (p *piece) append(b []byte, u *User, m *Scratch) ([]byte, bool) {
	if p.call != nil {
		if !p.call.run(u, m) {
			return b, false
		}
		if p.isSecret {
			m.keep(m.result)
		}
		return append(b, m.result...), true
	}
	from := len(b)
	b, ok := p.variable.Append(b, u)
	if p.fallback == nil || ok && len(b) > from {
		return b, ok
	}
	ok = p.fallback.push(u, m)
	if p.fallback.call != nil && p.fallback.isSecret {
		m.keep(m.stack)
	}
	b = append(b[:from], m.stack...)
	m.stack = m.stack[:0]
	return b, ok
}

// Append writes the value for a user. It returns false where the user lacks it.
func (v *Variable) Append(b []byte, u *User) ([]byte, bool) {
	switch v.source {
	case fromArrival:
		return strconv.AppendUint(b, u.Arrival, 10), true
	case fromUserID:
		return strconv.AppendUint(b, u.Arrival+1, 10), true
	case fromSKU:
		return v.items.appendSKU(b, u.Arrival), true
	case fromFeeder:
		return v.feeder.append(b, u.Arrival, v.field), true
	}
	value := u.Value(v.slot)
	return append(b, value...), len(value) > 0
}

// Of returns the value, which may be the user's own memory. It returns false where the user lacks it.
func (v *Variable) Of(u *User) ([]byte, bool) {
	if v.source == fromAnswer {
		value := u.Value(v.slot)
		return value, len(value) > 0
	}
	return v.Append(nil, u)
}

// from escapes b[from:] in place, which most values leave as it is.
func (e escape) from(b []byte, from int) []byte {
	if e == escapeJSONValue {
		return jsonValue(b, from)
	}
	clean := true
	for _, c := range b[from:] {
		clean = clean && e.plain(c)
	}
	if clean {
		return b
	}
	switch e {
	case escapeURL, escapeForm, escapePartHeader: // the last as browsers do
		return e.percentEncode(b, from)
	case escapeHeader:
		for i := from; i < len(b); i++ {
			if !e.plain(b[i]) {
				b[i] = ' '
			}
		}
		return b
	}
	value := string(b[from:])
	b = b[:from]
	switch e {
	case escapeXML:
		var escaped bytes.Buffer
		_ = xml.EscapeText(&escaped, []byte(value)) // to memory
		return append(b, escaped.Bytes()...)
	case escapeCDATA:
		return append(b, strings.ReplaceAll(value, "]]>", "]]]]><![CDATA[>")...)
	}
	quoted, _ := json.Marshal(value) // a string always has a JSON form
	return append(b, quoted[1:len(quoted)-1]...)
}

// percentEncode writes the bytes of b[from:] that are not plain as %XX, and a blank of a form as +. It moves each byte once, the last one
// first, and so needs no other memory.
func (e escape) percentEncode(b []byte, from int) []byte {
	const digits = "0123456789ABCDEF"
	more := 0
	for _, c := range b[from:] {
		if !e.plain(c) && (e != escapeForm || c != ' ') {
			more += 2
		}
	}
	end := len(b)
	b = slices.Grow(b, more)[:end+more]
	to := len(b)
	for i := end - 1; i >= from; i-- {
		switch c := b[i]; {
		case e == escapeForm && c == ' ':
			to--
			b[to] = '+'
		case e.plain(c):
			to--
			b[to] = c
		default:
			to -= 3
			b[to], b[to+1], b[to+2] = '%', digits[c>>4], digits[c&0xf]
		}
	}
	return b
}

// jsonValue makes b[from:] a JSON string where it is no JSON value.
func jsonValue(b []byte, from int) []byte {
	if json.Valid(b[from:]) {
		return b
	}
	quoted, _ := json.Marshal(string(b[from:])) // a string always has a JSON form
	return append(b[:from], quoted...)
}

func (e escape) plain(c byte) bool {
	switch e {
	case escapeURL:
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
	case escapeHeader:
		return c >= ' ' && c != 0x7f || c == '\t'
	case escapeJSON:
		return c >= 0x20 && c != '"' && c != '\\'
	case escapeForm:
		return escapeURL.plain(c)
	case escapeXML:
		return c >= 0x20 && c < 0x80 && c != '&' && c != '<' && c != '>' && c != '"' && c != '\''
	case escapeCDATA:
		return c != '>'
	case escapePartHeader:
		return c != '"' && escapeHeader.plain(c)
	}
	return true
}
