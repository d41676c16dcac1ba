package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/scenarios/quantity"
)

const maxInt = math.MaxInt

// order is an order as a ledger lists it.
type order struct {
	ID       word `json:"order_id"`
	User     word `json:"user"`
	SKU      word `json:"sku"`
	Quantity word `json:"quantity"`
}

// check returns the order, or what is wrong with it, with its number.
func (o *order) check() (record.Order, error) {
	checked := record.Order{Quantity: 1}
	name := ""
	for _, f := range []struct {
		key  string
		from *word
		to   *string
	}{{"order_id", &o.ID, &checked.ID}, {"user", &o.User, &checked.User}, {"sku", &o.SKU, &checked.SKU}} {
		text, err := f.from.text()
		if err != nil {
			return checked, fmt.Errorf("%s%s: %w", name, f.key, err)
		}
		if *f.to = text; checked.ID == "" {
			return checked, errors.New("found an order without order_id") // another shape, which would prove nothing
		}
		name = "order " + shown(checked.ID) + ": "
	}
	if o.Quantity.isAbsent() {
		return checked, nil
	}
	n, err := o.Quantity.number(1, MostQuantity)
	if err != nil {
		return checked, fmt.Errorf("%squantity: %w", name, err)
	}
	checked.Quantity = n
	return checked, nil
}

// word is a value that may be a string or a number. What is wrong with it is said once its order's number is known.
type word struct {
	raw   []byte
	times int
}

// UnmarshalJSON keeps the value.
func (w *word) UnmarshalJSON(raw []byte) error {
	w.raw = append(w.raw[:0], raw...)
	w.times++
	return nil
}

func (w *word) isAbsent() bool { return w.times == 1 && string(w.raw) == "null" || w.times == 0 }

// text returns a string, or the digits of a number; empty for none.
func (w *word) text() (string, error) {
	switch {
	case w.isAbsent():
		return "", nil
	case w.times > 1:
		return "", errors.New("found twice, wanted once")
	case w.raw[0] == '"':
		if part := w.raw[1 : len(w.raw)-1]; isPlain(part) {
			return string(part), nil
		}
		var text string
		err := json.Unmarshal(w.raw, &text)
		return text, err
	case w.raw[0] == '-' || w.raw[0] >= '0' && w.raw[0] <= '9':
		return string(w.raw), nil
	}
	return "", fmt.Errorf("found %s, wanted text or a number", w.kind())
}

// isPlain reports whether a string has nothing that is written in another way.
func isPlain(part []byte) bool {
	for _, b := range part {
		if b < ' ' || b >= 0x80 || b == '\\' {
			return false
		}
	}
	return true
}

// number returns a whole number in a range.
func (w *word) number(least, most int) (int, error) {
	if w.times > 1 {
		return 0, errors.New("found twice, wanted once")
	}
	if w.raw[0] == '-' || w.raw[0] >= '0' && w.raw[0] <= '9' {
		n, err := strconv.ParseInt(string(w.raw), 10, 64)
		if err == nil && n >= int64(least) && n <= int64(most) && w.raw[0] != '-' {
			return int(n), nil
		}
	}
	wanted := "a whole number from " + quantity.Count(least)
	if most < maxInt {
		wanted += " to " + quantity.Count(most)
	}
	return 0, fmt.Errorf("found %s, wanted %s", w.kind(), wanted)
}

// kind describes the value.
func (w *word) kind() string {
	switch w.raw[0] {
	case '{':
		return "a mapping"
	case '[':
		return "a list"
	}
	return clip(string(bytes.ToValidUTF8(w.raw, []byte("?"))))
}

// shown returns what was found, for a message.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		if text := strconv.Quote(v); strings.Trim(v, "0123456789") != "" || v == "" {
			return clip(text)
		}
		return clip(v)
	}
	return clip(fmt.Sprint(v))
}

// clip shortens a text that is too long for a message.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
