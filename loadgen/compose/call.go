package compose

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"fsctl/loadgen/redact"
	"fsctl/scenarios"
	"fsctl/scenarios/expression"
	"fsctl/scenarios/random"
	"fsctl/scenarios/template"
)

// operand is a term, compiled: what a function takes, or what stands in a template.
type operand struct {
	literal  string // where it is none of the following
	variable *Variable
	call     *call
	part     string // of the request, such as template.Body
	isSecret bool   // of the environment, a credential, or made of one
}

func (o *operand) isLiteral() bool { return o.variable == nil && o.call == nil && o.part == "" }

// call is a function with its arguments. Random ones are pure functions of the seed, the step, their place in it, the arrival and the
// visit.
type call struct {
	run       func(u *User, m *Scratch) bool // leaves the result in m.result; false where the user lacks a variable
	registers []int                          // that it takes values from
}

// operand compiles a term.
func (c *Compiler) operand(t expression.Term) (operand, error) {
	switch t.Kind {
	case expression.TextTerm, expression.NumberTerm:
		return operand{literal: t.Text}, nil
	case expression.CallTerm:
		return c.call(t)
	case expression.NameTerm:
	default:
		return operand{}, fmt.Errorf("found %s, wanted a name, a function, a number or text in quotes", t)
	}
	if name, ok := scenarios.EnvironmentVariable(t.Text); ok {
		value, err := c.Environment(name)
		return operand{literal: value, isSecret: true}, err
	}
	v, err := c.Variable(t.Text)
	switch {
	case err == nil:
		return operand{variable: v, isSecret: redact.IsSecretName(t.Text)}, nil
	case slices.Contains(template.RequestParts(), t.Text):
		return operand{part: t.Text}, nil
	case template.IsWord(t.Text):
		return c.call(t)
	}
	return operand{}, err
}

// call compiles a function with its arguments.
func (c *Compiler) call(t expression.Term) (operand, error) {
	if err := template.CheckCall(t); err != nil {
		return operand{}, err
	}
	args, v := make([]operand, len(t.Args)), &call{}
	isSecret := t.Text == template.HMAC
	for i := range t.Args {
		var err error
		if args[i], err = c.operand(t.Args[i]); err != nil {
			return operand{}, err
		}
		isSecret = isSecret || args[i].isSecret
		if x := args[i].variable; x != nil && x.source == fromAnswer {
			v.registers = append(v.registers, x.slot)
		}
		if args[i].call != nil {
			v.registers = append(v.registers, args[i].call.registers...)
		}
	}
	switch t.Text {
	case template.UUID, template.RandomInt, template.RandomPick, template.RandomText:
		v.run = c.random(t, args)
	case template.NowUnix, template.NowMillis, template.NowISO:
		v.run = now(t.Text)
	case template.HMAC:
		v.run = signature(t, args)
	default:
		v.run = changed(t.Text, args)
	}
	return operand{call: v, isSecret: isSecret}, nil
}

// push puts the value on top of m.stack. It returns false where the user lacks it.
func (o *operand) push(u *User, m *Scratch) (ok bool) {
	switch {
	case o.variable != nil:
		m.stack, ok = o.variable.Append(m.stack, u)
		return ok
	case o.call != nil:
		ok = o.call.run(u, m)
		m.stack = append(m.stack, m.result...)
		return ok
	}
	path, query, _ := bytes.Cut(m.request.URL, []byte{'?'})
	switch o.part {
	case template.Method:
		m.stack = append(m.stack, m.request.Method...)
	case template.Path:
		m.stack = append(m.stack, path...)
	case template.Query:
		m.stack = append(m.stack, query...)
	case template.Body:
		m.stack = append(m.stack, m.request.Body...)
		for _, piece := range m.request.Rest {
			m.stack = append(m.stack, piece...)
		}
	default:
		m.stack = append(m.stack, o.literal...)
	}
	return true
}

// random compiles a function whose results are drawn.
func (c *Compiler) random(t expression.Term, args []operand) func(*User, *Scratch) bool {
	values := c.values.Sub(c.drawn)
	c.drawn++
	draws := func(u *User) random.Stream { return values.Sub(u.Arrival).Sub(uint64(u.Visit)) }
	switch t.Text {
	case template.RandomInt:
		low, _ := template.WholeNumber(t.Args[0]) // checked
		high, _ := template.WholeNumber(t.Args[1])
		count := uint64(high) - uint64(low) + 1 // 0 for all 2^64
		return func(u *User, m *Scratch) bool {
			draw := draws(u).Uint64(0)
			if count != 0 {
				draw = below(count, draw)
			}
			m.result = strconv.AppendInt(m.result[:0], int64(uint64(low)+draw), 10)
			return true
		}
	case template.RandomPick:
		return func(u *User, m *Scratch) bool {
			from := len(m.stack)
			ok := args[below(uint64(len(args)), draws(u).Uint64(0))].push(u, m)
			m.result = append(m.result[:0], m.stack[from:]...)
			m.stack = m.stack[:from]
			return ok
		}
	case template.RandomText:
		const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		length, _ := template.WholeNumber(t.Args[0])
		return func(u *User, m *Scratch) bool {
			m.result = m.result[:0]
			s := draws(u)
			for i := range uint64(length) {
				m.result = append(m.result, letters[below(uint64(len(letters)), s.Uint64(i))])
			}
			return true
		}
	}
	return func(u *User, m *Scratch) bool {
		s := draws(u)
		m.result = appendUUID(m.result[:0], s.Uint64(0), s.Uint64(1))
		return true
	}
}

// below returns a number from 0 to count-1 of a draw. Of any two numbers one is drawn more often than the other by a share of at most
// count / 2^64.
// Source: Lemire, Fast Random Integer Generation in an Interval, ACM TOMACS 29(1), 2019, section 4, without its rejection.
func below(count, draw uint64) uint64 {
	high, _ := bits.Mul64(count, draw)
	return high
}

// appendUUID writes a UUID of 122 random bits.
// Source: RFC 9562, section 5.4 (version 4).
func appendUUID(b []byte, high, low uint64) []byte {
	const digits = "0123456789abcdef"
	high = high&^0xf000 | 0x4000   // version
	low = low&^(0xc<<60) | 0x8<<60 // variant
	for i := range 32 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			b = append(b, '-')
		}
		half := high
		if i >= 16 {
			half = low
		}
		b = append(b, digits[half>>(60-4*(i%16))&0xf])
	}
	return b
}

// now compiles a function that writes the instant of the request.
func now(name string) func(*User, *Scratch) bool {
	return func(_ *User, m *Scratch) bool {
		switch at := m.instant(); name {
		case template.NowUnix:
			m.result = strconv.AppendInt(m.result[:0], at.Unix(), 10)
		case template.NowMillis:
			m.result = strconv.AppendInt(m.result[:0], at.UnixMilli(), 10)
		default:
			m.result = at.UTC().AppendFormat(m.result[:0], time.RFC3339)
		}
		return true
	}
}

// signature compiles hmac.
func signature(t expression.Term, args []operand) func(*User, *Scratch) bool {
	hashed := algorithms[t.Args[0].Text]
	isBase64 := len(t.Args) == 4 && t.Args[3].Text == "base64"
	key, signed := &args[1], &args[2]
	return func(u *User, m *Scratch) bool {
		from := len(m.stack)
		hasKey := key.push(u, m)
		middle, ok := len(m.stack), hasKey
		if signed.part == template.Body { // which may be a file that is not copied
			m.hmac(hashed, m.stack[from:middle], m.request.Body, m.request.Rest)
		} else {
			ok = signed.push(u, m) && ok
			m.hmac(hashed, m.stack[from:middle], m.stack[middle:], nil)
		}
		m.stack = m.stack[:from]
		if isBase64 {
			m.result = base64.StdEncoding.AppendEncode(m.result[:0], m.sum)
		} else {
			m.result = hex.AppendEncode(m.result[:0], m.sum)
		}
		return ok
	}
}

// changed compiles a function that writes its arguments, one after the other, in another form.
func changed(name string, args []operand) func(*User, *Scratch) bool {
	if name == template.SHA256 && args[0].part == template.Body {
		return func(_ *User, m *Scratch) bool { // the body may be a file that is not copied
			m.digest(useSHA256, m.request.Body, m.request.Rest)
			m.result = hex.AppendEncode(m.result[:0], m.sum)
			return true
		}
	}
	return func(u *User, m *Scratch) bool {
		from, ok := len(m.stack), true
		for i := range args {
			ok = args[i].push(u, m) && ok
		}
		text := m.stack[from:]
		m.stack = m.stack[:from]
		switch name {
		case template.SHA256:
			m.digest(useSHA256, text, nil)
			m.result = hex.AppendEncode(m.result[:0], m.sum)
		case template.Base64:
			m.result = base64.StdEncoding.AppendEncode(m.result[:0], text)
		case template.URLEncode:
			m.result = appendEncoded(m.result[:0], text)
		default:
			m.result = append(m.result[:0], text...)
		}
		return ok
	}
}

// appendEncoded percent-encodes all but RFC 3986's unreserved characters.
func appendEncoded(b, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, c := range text {
		if escapeURL.plain(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&0xf])
		}
	}
	return b
}
