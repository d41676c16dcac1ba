package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/random"

	"go.yaml.in/yaml/v3"
)

// Keyed is a mapping that keeps the order of its file; each element knows its key as Name.
type Keyed[T any] []T

func (Keyed[T]) keyed() {}

// Problem is one thing wrong with a scenario.
type Problem struct {
	Line    int    // in the file; 0 for a value set on the command line, -1 for one that was read from no text
	Field   string // path of names, such as steps.order.share
	Message string // what was found, and what was wanted
}

// Error is everything wrong with a scenario.
type Error struct {
	File     string
	Problems []Problem
}

// Error lists the problems, one a line: file, line, field, found, wanted.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch {
		case p.Line > 0:
			fmt.Fprintf(&b, "%s:%d: ", e.File, p.Line)
		case p.Line == 0:
			b.WriteString(e.File + " (set on the command line): ")
		case e.File != "":
			b.WriteString(e.File + ": ")
		}
		if p.Field != "" {
			b.WriteString(p.Field + ": ")
		}
		b.WriteString(p.Message)
	}
	return b.String()
}

// decoder fills types from YAML nodes. It collects every problem instead of stopping at one.
type decoder struct {
	problems []Problem
	lines    map[string]int // of every field that was present, and of the whole as ""
}

// nodeReader is a type with a form of its own: an interval, a distribution, an action.
type nodeReader interface {
	readNode(d *decoder, n *yaml.Node, path string)
}

func (d *decoder) problem(n *yaml.Node, path, format string, args ...any) {
	d.problems = append(d.problems, Problem{n.Line, path, fmt.Sprintf(format, args...)})
}

// wrong reports a node of the wrong kind.
func (d *decoder) wrong(n *yaml.Node, path, wanted string) {
	d.problem(n, path, "found %s, wanted %s", describe(n), wanted)
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "the alias *" + n.Value
	}
	if isNull(n) {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// value decodes one node into v, which is addressable.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value) {
	d.lines[path] = n.Line
	if r, ok := v.Addr().Interface().(nodeReader); ok {
		r.readNode(d, n, path)
		return
	}
	switch v.Interface().(type) {
	case time.Duration:
		readScalar(d, n, path, v.Addr().Interface().(*time.Duration))
		return
	case Ratio:
		readScalar(d, n, path, v.Addr().Interface().(*Ratio))
		return
	case Rate:
		readScalar(d, n, path, v.Addr().Interface().(*Rate))
		return
	case Count:
		readScalar(d, n, path, v.Addr().Interface().(*Count))
		return
	case float64:
		readScalar(d, n, path, v.Addr().Interface().(*float64))
		return
	case random.Distribution:
		readDistribution(d, n, path, v.Addr().Interface().(*random.Distribution))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.value(n, path, p.Elem())
		v.Set(p)
	case reflect.Struct:
		d.structure(n, path, v)
	case reflect.Slice:
		d.list(n, path, v)
	case reflect.Map:
		d.mapping(n, path, v)
	default:
		d.plain(n, path, v)
	}
}

// keyLine puts a field where its key is: its value may begin lines below, unless it was set on the command line.
func (d *decoder) keyLine(path string, k, value *yaml.Node) {
	d.lines[path] = min(k.Line, value.Line)
}

// plain decodes strings, whole numbers and booleans.
func (d *decoder) plain(n *yaml.Node, path string, v reflect.Value) {
	wanted := map[reflect.Kind]string{reflect.String: "text", reflect.Int: "a whole number, 0 or more", reflect.Bool: "true or false"}[v.Kind()]
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(n, path, wanted)
		return
	}
	if v.Kind() == reflect.String {
		v.SetString(n.Value)
		return
	}
	if v.Kind() == reflect.Int {
		const most = 1 << 53 // above it a float64 does not hold every whole number
		f, err := parse[Count](n.Value)
		if err != nil || f > most || f != Count(int(f)) {
			d.wrong(n, path, wanted)
			return
		}
		v.SetInt(int64(f))
		return
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		d.wrong(n, path, wanted)
	}
}

// pairs calls each with every key and value of a mapping; it reports repeated keys.
func (d *decoder) pairs(n *yaml.Node, path string, each func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "a mapping of names to values")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			d.problem(k, path, "found %s for a key, wanted a name", describe(k))
			continue
		}
		if line, ok := seen[k.Value]; ok {
			d.problem(k, join(path, k.Value), "found twice, first in line %d, wanted once", line)
			continue
		}
		seen[k.Value] = k.Line
		each(k.Value, k, v)
	}
}

func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value) {
	fields := fieldsOf(v.Type())
	present := map[string]bool{}
	d.pairs(n, path, func(key string, k, value *yaml.Node) {
		f, ok := fields[key]
		if !ok {
			d.problem(k, join(path, key), "unknown key, wanted one of %s%s", strings.Join(sortedKeys(fields), ", "), didYouMean(key, sortedKeys(fields)))
			return
		}
		present[key] = true
		if isNull(value) {
			d.wrong(value, join(path, key), "a value")
			return
		}
		d.value(value, join(path, key), v.FieldByIndex(f.Index))
		d.keyLine(join(path, key), k, value)
		d.enum(value, join(path, key), f, v.FieldByIndex(f.Index))
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	for _, key := range sortedKeys(fields) {
		if !present[key] && slices.Contains(schemaWords(fields[key]), "required") {
			d.problem(n, join(path, key), "missing, wanted a value")
		}
	}
}

// enum checks a word against the choices in the field's schema tag. What is no word was reported before.
func (d *decoder) enum(n *yaml.Node, path string, f reflect.StructField, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		return
	}
	choices := choicesOf(f)
	if len(choices) > 0 && !slices.Contains(choices, v.String()) {
		d.problem(n, path, "found %s, wanted %s%s", describe(n), strings.Join(choices, " or "), didYouMean(n.Value, choices))
	}
}

// choicesOf returns the words that a field's schema tag allows, none where any is.
func choicesOf(f reflect.StructField) []string {
	var choices []string
	for _, w := range schemaWords(f) {
		if c, ok := strings.CutPrefix(w, "enum="); ok {
			choices = append(choices, c)
		}
	}
	return choices
}

func schemaWords(f reflect.StructField) []string { return strings.Split(f.Tag.Get("jsonschema"), ",") }

// fieldsOf returns a struct's fields by the key they have in a file.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for f := range t.Fields() {
		if key := f.Tag.Get("yaml"); key != "-" && key != "" {
			fields[key] = f
		}
	}
	return fields
}

// list decodes a sequence, or a mapping into Keyed, whose elements take the key as Name.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value) {
	if _, ok := v.Interface().(interface{ keyed() }); ok {
		d.pairs(n, path, func(key string, k, value *yaml.Node) {
			e := reflect.New(v.Type().Elem()).Elem()
			e.FieldByName("Name").SetString(key)
			d.value(value, join(path, key), e)
			d.keyLine(join(path, key), k, value)
			v.Set(reflect.Append(v, e))
		})
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, path, "a list")
		return
	}
	for i, item := range n.Content {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(item, elementPath(path, i, item), e)
		v.Set(reflect.Append(v, e))
	}
}

func (d *decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, path, func(key string, _, value *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(value, join(path, key), e)
		v.SetMapIndex(reflect.ValueOf(key), e)
	})
}

// elementPath names a list's element by its name where it has one, else by its index.
func elementPath(path string, i int, n *yaml.Node) string {
	if name := childOf(n, "name"); name != nil && !isNull(name) {
		return namedPath(path, i, name.Value)
	}
	return namedPath(path, i, "")
}

func namedPath(path string, i int, name string) string {
	if name == "" {
		return fmt.Sprintf("%s[%d]", path, i)
	}
	return join(path, name)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// childOf returns the value of a mapping's key, or nil.
func childOf(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// readScalar decodes one word and tells whether it could.
func readScalar[T scalar](d *decoder, n *yaml.Node, path string, v *T) bool {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		_, err := parse[T]("")
		d.wrong(n, path, wantedOf(err))
		return false
	}
	got, err := parse[T](n.Value)
	if err != nil {
		d.problem(n, path, "%v", err)
	}
	*v = got
	return err == nil
}

// wantedOf cuts the wanted form out of a parse error.
func wantedOf(err error) string {
	_, wanted, _ := strings.Cut(err.Error(), "wanted ")
	return wanted
}

func (i *Interval[T]) readNode(d *decoder, n *yaml.Node, path string) {
	var err error
	switch {
	case n.Kind == yaml.ScalarNode && !isNull(n):
		*i, err = ParseInterval[T](n.Value)
	case n.Kind == yaml.SequenceNode:
		values := make([]T, len(n.Content))
		read := true
		for k, item := range n.Content {
			read = readScalar(d, item, path, &values[k]) && read
		}
		if read {
			*i, err = newInterval(values)
		}
	default:
		_, bad := parse[T]("")
		d.wrong(n, path, wantedOf(bad)+", or [low, mid, high]")
	}
	if err != nil {
		d.problem(n, path, "%v", err)
	}
}
