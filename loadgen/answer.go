package loadgen

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// from takes the variable out of an answer and tells whether it was there. Where it was not, an
// earlier value stays. document is the body as JSON, decoded once for all extracts of a step.
func (e *extract) from(a *Answer, u *user, document *any) bool {
	value, ok := "", false
	switch e.From {
	case "json":
		value, ok = e.fromJSON(a.Body, document)
	case "regex":
		value, ok = e.fromText(a.Body)
	case "header":
		value = a.Header.Get(e.Name)
		ok = value != ""
	case "cookie":
		for _, c := range (&http.Response{Header: a.Header}).Cookies() {
			if c.Name == e.Name {
				value, ok = c.Value, true
			}
		}
	}
	if ok {
		u.values[e.slot] = value
	}
	return ok
}

func (e *extract) fromJSON(body []byte, document *any) (string, bool) {
	if *document == nil {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber() // order numbers may be larger than a float holds
		if decoder.Decode(document) != nil {
			return "", false
		}
	}
	nodes := e.Path.Select(*document)
	if len(nodes) == 0 || nodes[0] == nil {
		return "", false
	}
	switch v := nodes[0].(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	b, err := json.Marshal(nodes[0])
	return string(b), err == nil
}

// fromText returns the first group of the first match, or the match where there is no group.
func (e *extract) fromText(body []byte) (string, bool) {
	m := e.Pattern.FindSubmatch(body)
	if m == nil {
		return "", false
	}
	return string(m[min(1, len(m)-1)]), true
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// InputError is something in the user's input that keeps a storm from starting.
type InputError struct {
	Message string
	Hint    string
}

func (e *InputError) Error() string { return e.Message }

func inputError(hint, format string, args ...any) error {
	return &InputError{fmt.Sprintf(format, args...), hint}
}
