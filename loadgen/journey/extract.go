package journey

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/theory/jsonpath"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/plaintext"
)

// MostValue is how long a value may be that is taken out of an answer, in bytes: each user keeps it. A longer one counts as not there.
const MostValue = 1 << 20

// mostDocument is how long a body may be, in bytes, out of which a path to many values is read: the document takes about twenty times
// as much memory.
const mostDocument = 4 << 20

// extract takes a variable out of an answer.
type extract struct {
	scenarios.Extract
	variable string
	optional bool
	register int
	path     []member // of a JSON path to one value
}

func newExtract(e scenarios.Extract, register int) extract {
	v := extract{Extract: e, register: register}
	if e.From == "header" {
		v.Name = http.CanonicalHeaderKey(e.Name)
	}
	if e.Path != nil {
		if path, ok := membersOf(e.Path); ok {
			v.path, v.Path = path, nil
		}
	}
	return v
}

// from takes the variable out of an answer and reports whether it was there. An answer without it, with null or with an
// empty value leaves it unset: an earlier value would be another answer's.
func (e *extract) from(a *transport.Answer, u *User, values *ValueReader) bool {
	value, ok := e.find(a, values)
	if !ok || len(value) > MostValue {
		value = nil
	}
	u.Set(e.register, value)
	return len(value) > 0
}

func (e *extract) find(a *transport.Answer, values *ValueReader) (value []byte, ok bool) {
	switch e.From {
	case "json":
		if e.Path == nil {
			return values.find(plaintext.Trim(a.Body), e.path)
		}
		return e.fromDocument(plaintext.Trim(a.Body))
	case "regex":
		return e.fromText(plaintext.Trim(a.Body))
	case "header":
		value = a.Field(e.Name)
		return value, len(value) > 0
	}
	text, ok := transport.CookieValue(a.SetCookies(), e.Name, time.Now())
	return []byte(text), ok
}

// fromDocument is for paths that may lead to many values, of which the first counts.
func (e *extract) fromDocument(body []byte) ([]byte, bool) {
	if len(body) > mostDocument {
		return nil, false
	}
	if len(body) > transport.SmallBody {
		documents.Lock() // one at a time: it is a computation, and takes much memory
		defer documents.Unlock()
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // order numbers may be larger than a float holds
	var document any
	if decoder.Decode(&document) != nil {
		return nil, false
	}
	value, ok := selected(document, e.Path)
	return []byte(value), ok
}

// documents guards the memory that large documents take.
var documents sync.Mutex

// selected returns the first value that a path finds in a document.
func selected(document any, path *jsonpath.Path) (string, bool) {
	nodes := path.Select(document)
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
func (e *extract) fromText(body []byte) ([]byte, bool) {
	m := e.Pattern.FindSubmatch(body)
	if m == nil {
		return nil, false
	}
	return m[min(1, len(m)-1)], true
}
