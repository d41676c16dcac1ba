package orders

import (
	"bytes"
	"strconv"
)

// AppendLine appends an order as encoding/json writes it, with its kind as the first field, type. It appends nothing and
// returns false for one that is not plain: with At or Step, or texts in which something is escaped.
func AppendLine(to []byte, kind string, o *Order) ([]byte, bool) {
	if !o.At.IsZero() || o.Step != "" || !isPlain(o.ID) || !isPlain(o.User) || !isPlain(o.SKU) {
		return to, false
	}
	for _, part := range []string{`{"type":"`, kind, `","order_id":"`, o.ID, `","user":"`, o.User, `","sku":"`, o.SKU, `"`} {
		to = append(to, part...)
	}
	if o.Quantity != 0 {
		to = strconv.AppendInt(append(to, `,"quantity":`...), int64(o.Quantity), 10)
	}
	return append(to, '}'), true
}

// ParseLine reads what AppendLine wrote. It returns false for anything else. The row's texts are those of the line.
func ParseLine(line []byte, kind string) (row Row, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"type":"`))
	if !ok {
		return row, false
	}
	if rest, ok = bytes.CutPrefix(rest, []byte(kind)); !ok {
		return row, false
	}
	for _, field := range []struct {
		name string
		to   *[]byte
	}{{`","order_id":"`, &row.ID}, {`","user":"`, &row.User}, {`","sku":"`, &row.SKU}} {
		if rest, ok = bytes.CutPrefix(rest, []byte(field.name)); !ok {
			return row, false
		}
		end := bytes.IndexByte(rest, '"')
		if end < 0 || !isPlain(rest[:end]) {
			return row, false
		}
		*field.to, rest = rest[:end], rest[end:]
	}
	switch digits, has := bytes.CutPrefix(rest, []byte(`","quantity":`)); {
	case string(rest) == `"}`:
		return row, true
	case has:
		return row.withQuantity(digits)
	}
	return row, false
}

// withQuantity reads a quantity and the end of a line.
func (r Row) withQuantity(digits []byte) (Row, bool) {
	const most = 10 // digits of what a ledger may hold
	digits, ok := bytes.CutSuffix(digits, []byte("}"))
	if !ok || len(digits) == 0 || len(digits) > most || digits[0] == '0' {
		return r, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return r, false
		}
		r.Quantity = 10*r.Quantity + int(d-'0')
	}
	return r, true
}

// isPlain reports whether encoding/json writes a text as it is.
func isPlain[T string | []byte](text T) bool {
	for i := range len(text) {
		if b := text[i]; b < ' ' || b > '~' || b == '"' || b == '\\' || b == '<' || b == '>' || b == '&' {
			return false
		}
	}
	return true
}
