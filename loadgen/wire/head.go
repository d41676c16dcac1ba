package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"fsctl/loadgen/transport"
)

// mostFields is how many fields a head may have, as many as curl takes.
const mostFields = 5000

// head is how far the head of an answer has been read, and what it says of the body.
type head struct {
	next    int // where the next line begins
	seen    int // as far as there is no end of line
	started bool

	status, minor int
	length        int64 // -1 for none given
	codings       int   // Transfer-Encoding fields
	chunked       bool  // what the first of them says
	close         bool
	keepAlive     bool
	forbidden     bool // a Trailer field names what must not be one
	folded        bool // a field goes on in another line; nothing was read of the fields from there on
}

// persists reports whether the connection may carry another request after this answer.
func (h *head) persists() bool {
	return h.status >= 200 && !h.close && (h.minor > 0 || h.keepAlive)
}

// parse reads the lines of buf, which begins with the head and may end anywhere. It returns true once
// buf[:h.next] is the whole head; until then it is called again with more.
func (h *head) parse(buf []byte, a *reply) (bool, error) {
	for {
		i := bytes.IndexByte(buf[h.seen:], '\n')
		if i < 0 {
			h.seen = len(buf)
			return false, nil
		}
		from, to := h.next, h.seen+i
		after := to + 1
		if to > from && buf[to-1] == '\r' {
			to--
		}
		if h.started && to > from && after == len(buf) {
			return false, nil // the next byte says whether the field ends here; seen stays, so that the line's end is found again
		}
		h.next, h.seen = after, after
		var err error
		switch {
		case !h.started:
			h.started = true
			h.length = -1
			err = h.statusLine(buf[from:to])
		case from == to && h.folded:
			return true, nil
		case from == to:
			return true, h.check()
		case h.folded:
		case isSpace(buf[after]) && !isSpace(buf[from]):
			h.folded = true
		default:
			err = h.field(buf, from, to, a)
		}
		if err != nil {
			return false, err
		}
	}
}

// unfold joins the lines of folded fields with one space each, as net/http does.
func unfold(head []byte) []byte {
	flat := make([]byte, 0, len(head))
	for line := range bytes.Lines(head) {
		text := trimmed(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")))
		if isSpace(line[0]) {
			flat = append(flat[:len(flat)-len("\r\n")], ' ')
		}
		flat = append(append(flat, text...), "\r\n"...)
	}
	return flat
}

// statusLine reads HTTP/1.x, spaces, three digits, and what may follow after a space.
func (h *head) statusLine(line []byte) error {
	const version = "HTTP/1."
	if len(line) < len(version)+5 || string(line[:len(version)]) != version || !isDigit(line[7]) || line[8] != ' ' {
		return malformed("found %.40q, wanted a status line of HTTP/1", line)
	}
	h.minor = int(line[7] - '0')
	code := bytes.TrimLeft(line[8:], " ")
	if len(code) < 3 || len(code) > 3 && code[3] != ' ' || !isDigit(code[0]) || !isDigit(code[1]) || !isDigit(code[2]) || code[0] == '0' {
		return malformed("found %.40q, wanted a status of three digits", line)
	}
	h.status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return nil
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// field reads a header field.
func (h *head) field(buf []byte, from, to int, a *reply) error {
	f, err := cutField(buf, from, to)
	if err != nil {
		return err
	}
	if len(a.fields) == mostFields {
		return fmt.Errorf("%w: head of over %d fields", transport.ErrTooLarge, mostFields)
	}
	a.fields = append(a.fields, f)
	name, value := buf[f.from:f.colon], buf[f.value:f.to]
	switch len(name) {
	case len("trailer"):
		if isFold(name, "trailer") {
			h.forbidden = h.forbidden || hasToken(value, "transfer-encoding") || hasToken(value, "trailer") || hasToken(value, "content-length")
		}
	case len("connection"):
		if isFold(name, "connection") {
			h.close = h.close || hasToken(value, "close")
			h.keepAlive = h.keepAlive || hasToken(value, "keep-alive")
		}
	case len("content-length"):
		if isFold(name, "content-length") {
			return h.contentLength(value)
		}
	case len("transfer-encoding"):
		if isFold(name, "transfer-encoding") {
			h.codings++
			h.chunked = isFold(value, "chunked")
		}
	}
	return nil
}

// cutField finds name and value of the field in buf[from:to].
func cutField(buf []byte, from, to int) (field, error) {
	i := from
	for i < to && isToken(buf[i]) {
		i++
	}
	if i == from || i == to || buf[i] != ':' { // a folded line begins with a space, and that is no name
		return field{}, malformed("found %.40q, wanted a header field", buf[from:to])
	}
	f := field{from: from, colon: i, value: i + 1, to: to}
	for f.value < f.to && isSpace(buf[f.value]) {
		f.value++
	}
	for f.value < f.to && isSpace(buf[f.to-1]) {
		f.to--
	}
	if !isText(buf[f.value:f.to]) {
		return field{}, malformed("found a control byte in %.40q", buf[from:to])
	}
	return f, nil
}

// contentLength takes digits only, up to 63 bits, and the same again where there is more than one.
func (h *head) contentLength(value []byte) error {
	n := int64(0)
	for _, b := range value {
		if !isDigit(b) || n > (1<<63-1-int64(b-'0'))/10 {
			return malformed("bad Content-Length %.40q", value)
		}
		n = n*10 + int64(b-'0')
	}
	if len(value) == 0 || h.length >= 0 && h.length != n {
		return malformed("bad Content-Length %.40q", value)
	}
	h.length = n
	return nil
}

// check judges the head as a whole.
func (h *head) check() error {
	if h.minor == 0 { // HTTP/1.0 has no transfer encodings
		h.chunked, h.codings = false, 0
	}
	switch {
	case h.codings > 1:
		return malformed("%d transfer encodings, want one at most", h.codings)
	case h.codings == 1 && !h.chunked:
		return malformed("unsupported transfer encoding, want chunked")
	case h.chunked && h.forbidden:
		return malformed("trailer header names a field that frames the body")
	}
	return nil
}

// isToken reports whether a byte may stand in a header field's name.
func isToken(b byte) bool { return tokens[b] }

// tokens are letters, digits and the marks of RFC 9110, section 5.6.2.
var tokens = func() (t [256]bool) {
	for b := range t {
		c := byte(b)
		t[b] = 'a' <= c|0x20 && c|0x20 <= 'z' || isDigit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
	}
	return t
}()

func isSpace(b byte) bool { return b == ' ' || b == '\t' }

// isText reports whether a value has no control bytes but tabs.
func isText(p []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(p) >= 8 {
		// A byte below 0x20 borrows into its high bit; one equal to 0x7f is zero after the xor. Both
		// tests may also flag an innocent neighbour, so what is flagged is looked at byte by byte.
		x := binary.LittleEndian.Uint64(p)
		del := x ^ (ones * 0x7f)
		if ((x-ones*0x20)&^x|(del-ones)&^del)&highs != 0 && !isPlain(p[:8]) {
			return false
		}
		p = p[8:]
	}
	return isPlain(p)
}

func isPlain(p []byte) bool {
	for _, b := range p {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}

// isFold reports whether p is the lower-case word in any case. Only ASCII letters fold.
func isFold(p []byte, lower string) bool {
	if len(p) != len(lower) {
		return false
	}
	for i, b := range p {
		if 'A' <= b && b <= 'Z' {
			b |= 0x20
		}
		if b != lower[i] {
			return false
		}
	}
	return true
}

// hasToken reports whether a list with commas has the word, in any case.
func hasToken(list []byte, lower string) bool {
	for len(list) > 0 {
		var item []byte
		item, list, _ = bytes.Cut(list, []byte(","))
		for len(item) > 0 && isSpace(item[0]) {
			item = item[1:]
		}
		for len(item) > 0 && isSpace(item[len(item)-1]) {
			item = item[:len(item)-1]
		}
		if isFold(item, lower) {
			return true
		}
	}
	return false
}
