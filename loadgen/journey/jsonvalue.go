package journey

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"

	"fsctl/loadgen/transport"
)

// member is one step of a path into a document: a name, or the index of an array's element.
type member struct {
	name  []byte
	index int // -1 where it is a name
}

// membersOf returns the path of a query that can find one value at most, by names and indices from the front:
// nearly all that people write. It returns false for any other.
func membersOf(p *jsonpath.Path) ([]member, bool) {
	var path []member
	for _, segment := range p.Query().Segments() {
		selectors := segment.Selectors()
		if segment.IsDescendant() || len(selectors) != 1 {
			return nil, false
		}
		switch s := selectors[0].(type) {
		case spec.Name:
			path = append(path, member{[]byte(string(s)), -1})
		case spec.Index:
			if s < 0 {
				return nil, false
			}
			path = append(path, member{index: int(s)})
		default:
			return nil, false
		}
	}
	return path, true
}

// ValueReader finds a value in a document without building the document. Its memory is used again.
type ValueReader struct {
	decoder *jsontext.Decoder
	source  bytes.Buffer
	name    []byte
	value   []byte
	found   bool
	before  [][]byte // what the variables of the step held that Judge was last called for
	view    view     // of the answer that Judge was last called for
	counts  []float64
}

// As encoding/json has it: of two members of one name the last counts, and bytes that are not UTF-8 are replaced.
var lenient = jsontext.AllowInvalidUTF8(true)
var repeated = jsontext.AllowDuplicateNames(true)

// find returns the value at the path: a string without its quotes, anything else as it stands but for
// blanks. It returns false where there is none, where it is null, and where the body is not JSON. The value belongs
// to the next call.
func (r *ValueReader) find(body []byte, path []member) ([]byte, bool) {
	r.source = *bytes.NewBuffer(body)
	if r.decoder == nil {
		r.decoder = jsontext.NewDecoder(&r.source, lenient, repeated)
	} else {
		r.decoder.Reset(&r.source, lenient, repeated)
	}
	if cap(r.value) > MostValue {
		r.value = nil
	}
	r.value, r.found = r.value[:0], false
	err := r.read(path)
	if len(body) > transport.SmallBody { // the body's memory goes back as soon as it is judged
		r.decoder, r.source = nil, bytes.Buffer{}
	}
	return r.value, err == nil && r.found
}

// read reads one value, of which the path leads to the part that is sought.
func (r *ValueReader) read(path []member) error {
	if len(path) == 0 {
		return r.take()
	}
	switch kind := r.decoder.PeekKind(); {
	case kind == '{' && path[0].index < 0:
		return r.readObject(path)
	case kind == '[' && path[0].index >= 0:
		return r.readArray(path)
	}
	return r.decoder.SkipValue()
}

func (r *ValueReader) readObject(path []member) error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for r.decoder.PeekKind() == '"' {
		name, err := r.decoder.ReadValue()
		if err != nil {
			return err
		}
		if !r.names(name, path[0].name) {
			if err := r.decoder.SkipValue(); err != nil {
				return err
			}
			continue
		}
		r.found = false
		if err := r.read(path[1:]); err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// longest is how many bytes stand for one byte of a string at most: \u0061.
const longest = 6

// names reports whether a quoted string is a name.
func (r *ValueReader) names(quoted jsontext.Value, name []byte) bool {
	switch inner := quoted[1 : len(quoted)-1]; {
	case bytes.IndexByte(inner, '\\') < 0:
		return bytes.Equal(inner, name)
	case len(inner) > longest*len(name):
		return false
	}
	r.name, _ = jsontext.AppendUnquote(r.name[:0], quoted) // what is not UTF-8 has been replaced
	return bytes.Equal(r.name, name)
}

func (r *ValueReader) readArray(path []member) error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for i := 0; r.decoder.PeekKind() != ']'; i++ {
		var err error
		if i == path[0].index {
			err = r.read(path[1:])
		} else {
			err = r.decoder.SkipValue()
		}
		if err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// take keeps the value that was sought.
func (r *ValueReader) take() error {
	value, err := r.decoder.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case 'n':
		r.found = false
		return nil
	}
	if len(value) > longest*MostValue { // too long however it is written
		r.found = false
		return nil
	}
	switch value.Kind() {
	case '"':
		r.value, _ = jsontext.AppendUnquote(r.value[:0], value)
	case '{', '[':
		compact := jsontext.Value(append(r.value[:0], value...))
		err = compact.Compact(lenient, repeated)
		r.value = compact
	default:
		r.value = append(r.value[:0], value...)
	}
	r.found = true
	return err
}
