package journey

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
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

// variable is one ${name}, resolved.
type variable struct {
	source   source
	feeder   *feeder
	field    int // of the feeder; -1 is the row's number
	items    *items
	register int // of an extracted variable
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

// piece is literal text, followed by a variable unless it is the last.
type piece struct {
	literal  string
	variable *variable
	escape   escape // of the variable
	isSecret bool   // literal is a value of the environment
}

// text is a compiled template.
type text struct{ pieces []piece }

func (c *compiler) text(template string, mode escape) (text, error) {
	return c.textIn(template, syntax{kind: mode})
}

// textIn compiles a template in which the place of a value says how it is written.
func (c *compiler) textIn(template string, s syntax) (text, error) {
	parts, err := scenarios.ParseTemplate(template)
	if err != nil {
		return text{}, err
	}
	var t text
	inQuery, fragment := false, false
	for _, p := range parts {
		if p.Variable == "" {
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
		mode := s.here()
		if name, ok := scenarios.EnvironmentVariable(p.Variable); ok {
			value, err := c.fromEnvironment(name)
			if err != nil {
				return text{}, err
			}
			t.pieces = append(t.pieces, piece{literal: string(mode.from([]byte(value), 0)), isSecret: true})
			continue
		}
		v, err := c.variable(p.Variable)
		if err != nil {
			return text{}, err
		}
		t.pieces = append(t.pieces, piece{variable: v, escape: mode})
	}
	return t, nil
}

func (c *compiler) variable(name string) (*variable, error) {
	if register, ok := c.registers[name]; ok {
		return &variable{source: fromAnswer, register: register}, nil
	}
	switch name {
	case "arrival":
		return &variable{source: fromArrival}, nil
	case "sku":
		return &variable{source: fromSKU, items: c.items}, nil
	}
	feeder, field, _ := strings.Cut(name, ".")
	for _, f := range c.feeders {
		if f.name == feeder {
			i, err := f.field(field)
			return &variable{source: fromFeeder, feeder: f, field: i}, err
		}
	}
	if name == "user.id" {
		return &variable{source: fromUserID}, nil
	}
	return nil, fmt.Errorf("no variable %q", name)
}

// append writes the text for a user. It returns false where the user lacks a variable.
func (t *text) append(b []byte, u *User) ([]byte, bool) {
	for i := range t.pieces {
		p := &t.pieces[i]
		b = append(b, p.literal...)
		if p.variable == nil {
			continue
		}
		from := len(b)
		var ok bool
		if b, ok = p.variable.append(b, u); !ok {
			return b, false
		}
		b = p.escape.from(b, from)
	}
	return b, true
}

func (v *variable) append(b []byte, u *User) ([]byte, bool) {
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
	if u.values == nil || len(u.values[v.register]) == 0 {
		return b, false
	}
	return append(b, u.values[v.register]...), true
}

// of returns the value, which may be the user's own memory. It returns false where the user lacks it.
func (v *variable) of(u *User) ([]byte, bool) {
	if v.source == fromAnswer && u.values != nil {
		return u.values[v.register], len(u.values[v.register]) > 0
	}
	return v.append(nil, u)
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
	value := string(b[from:])
	b = b[:from]
	switch e {
	case escapeURL:
		return append(b, strings.ReplaceAll(url.QueryEscape(value), "+", "%20")...)
	case escapeForm:
		return append(b, url.QueryEscape(value)...)
	case escapeXML:
		var escaped bytes.Buffer
		_ = xml.EscapeText(&escaped, []byte(value)) // to memory
		return append(b, escaped.Bytes()...)
	case escapeCDATA:
		return append(b, strings.ReplaceAll(value, "]]>", "]]]]><![CDATA[>")...)
	case escapePartHeader:
		for _, c := range []byte(value) {
			if e.plain(c) {
				b = append(b, c)
			} else {
				b = fmt.Appendf(b, "%%%02X", c) // as browsers do
			}
		}
		return b
	case escapeHeader:
		for _, c := range []byte(value) {
			if !e.plain(c) {
				c = ' '
			}
			b = append(b, c)
		}
		return b
	}
	quoted, _ := json.Marshal(value) // a string always has a JSON form
	return append(b, quoted[1:len(quoted)-1]...)
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
