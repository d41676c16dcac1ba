package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Keyed is a mapping that keeps the order of its file; each element knows its key as Name.
type Keyed[T any] []T

// KeyedByName distinguishes Keyed from other lists.
func (Keyed[T]) KeyedByName() {}

// Decoder fills types from YAML nodes. It collects every problem instead of stopping at one.
type Decoder struct {
	forms    Forms
	problems []Problem
	more     int            // problems beyond those that are listed
	isCut    bool           // something was too long to be read: nothing can be said of the whole
	lines    map[string]int // of every field that was present, and of the whole as ""
}

// NodeReader is a type with a form of its own in a file.
type NodeReader interface {
	// ReadNode fills the value from node n, the field of that path, and reports to d what is wrong with it.
	ReadNode(d *Decoder, n *yaml.Node, path string)
}

// Forms are the readers of types that have no method ReadNode, by type. A reader gets a pointer to the value that it fills.
type Forms map[reflect.Type]func(d *Decoder, n *yaml.Node, path string, v any)

// Problems returns the number of problems so far, from 0.
func (d *Decoder) Problems() int { return len(d.problems) + d.more }

// Found notes the line of a field.
func (d *Decoder) Found(path string, n *yaml.Node) { d.lines[path] = n.Line }

// Problem adds what is wrong with a node, in a message that says what was found and what was wanted.
func (d *Decoder) Problem(n *yaml.Node, path, format string, args ...any) {
	if len(d.problems) >= mostProblems {
		d.more++ // without its text
		return
	}
	d.problems = add(d.problems, &d.more, Problem{n.Line, path, fmt.Sprintf(format, args...)})
}

// Wrong reports a node of the wrong kind: what it is, and what was wanted.
func (d *Decoder) Wrong(n *yaml.Node, path, wanted string) {
	d.Problem(n, path, "found %s, wanted %s", describe(n), wanted)
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
	if IsNull(n) {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// Value decodes one node into v, which is addressable.
func (d *Decoder) Value(n *yaml.Node, path string, v reflect.Value) {
	d.lines[path] = n.Line
	if r, ok := v.Addr().Interface().(NodeReader); ok {
		r.ReadNode(d, n, path)
		return
	}
	if read, ok := d.forms[v.Type()]; ok {
		read(d, n, path, v.Addr().Interface())
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		d.Value(n, path, p.Elem())
		v.Set(p)
	case reflect.Struct:
		d.Struct(n, path, v)
	case reflect.Slice:
		d.list(n, path, v)
	case reflect.Map:
		d.mapping(n, path, v)
	default:
		d.plain(n, path, v)
	}
}

// keyLine puts a field where its key is: its value may begin lines below, unless it was set on the command line.
func (d *Decoder) keyLine(path string, k, value *yaml.Node) {
	d.lines[path] = min(k.Line, value.Line)
}

// plain decodes strings and booleans.
func (d *Decoder) plain(n *yaml.Node, path string, v reflect.Value) {
	wanted := map[reflect.Kind]string{reflect.String: "text", reflect.Bool: "true or false"}[v.Kind()]
	if n.Kind != yaml.ScalarNode || IsNull(n) {
		d.Wrong(n, path, wanted)
		return
	}
	if v.Kind() == reflect.String {
		v.SetString(n.Value)
		return
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		d.Wrong(n, path, wanted)
	}
}

// Pairs calls each with every key and value of a mapping; it reports repeated keys.
func (d *Decoder) Pairs(n *yaml.Node, path string, each func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.Wrong(n, path, "a mapping of names to values")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			d.Problem(k, path, "found %s for a key, wanted a name", describe(k))
			continue
		}
		if line, ok := seen[k.Value]; ok {
			d.Problem(k, Join(path, k.Value), "found twice, first in line %d, wanted once", line)
			continue
		}
		seen[k.Value] = k.Line
		each(k.Value, k, v)
	}
}

// Struct decodes a mapping into a struct by the yaml tags of its fields. Its jsonschema tags say what is required, and what
// words a field takes; an example tag what a missing one could be.
func (d *Decoder) Struct(n *yaml.Node, path string, v reflect.Value) {
	fields := FieldsOf(v.Type())
	present := map[string]bool{}
	d.Pairs(n, path, func(key string, k, value *yaml.Node) {
		f, ok := fields[key]
		if !ok && len(d.problems) >= mostProblems {
			d.more++ // to look for the word that was meant takes long
			return
		}
		if !ok {
			d.Problem(k, Join(path, key), "unknown key, wanted one of %s%s", strings.Join(sortedKeys(fields), ", "), DidYouMean(key, sortedKeys(fields)))
			return
		}
		present[key] = true
		if IsNull(value) {
			d.Wrong(value, Join(path, key), "a value")
			return
		}
		d.Value(value, Join(path, key), v.FieldByIndex(f.Index))
		d.keyLine(Join(path, key), k, value)
		d.Choice(value, Join(path, key), f, v.FieldByIndex(f.Index))
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	for _, key := range sortedKeys(fields) {
		if !present[key] && slices.Contains(schemaWords(fields[key]), "required") {
			wanted := "a value"
			if example := fields[key].Tag.Get("example"); example != "" {
				wanted += " such as " + example
			}
			d.Problem(n, Join(path, key), "missing, wanted %s", wanted)
		}
	}
}

// Choice checks a word against the choices in the field's schema tag. What is no word was reported before.
func (d *Decoder) Choice(n *yaml.Node, path string, f reflect.StructField, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		return
	}
	choices := Choices(f)
	if len(choices) > 0 && !slices.Contains(choices, v.String()) {
		d.Problem(n, path, "found %s, wanted %s%s", describe(n), strings.Join(choices, " or "), DidYouMean(n.Value, choices))
	}
}

// Choices returns the words that a field's schema tag allows, none where any is.
func Choices(f reflect.StructField) []string {
	var choices []string
	for _, w := range schemaWords(f) {
		if c, ok := strings.CutPrefix(w, "enum="); ok {
			choices = append(choices, c)
		}
	}
	return choices
}

func schemaWords(f reflect.StructField) []string { return strings.Split(f.Tag.Get("jsonschema"), ",") }

// FieldsOf returns a struct's fields by the key they have in a file.
func FieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for f := range t.Fields() {
		if key := f.Tag.Get("yaml"); key != "-" && key != "" {
			fields[key] = f
		}
	}
	return fields
}

// list decodes a sequence, or a mapping into Keyed, whose elements take the key as Name.
func (d *Decoder) list(n *yaml.Node, path string, v reflect.Value) {
	if !d.CheckLength(n, path) {
		return
	}
	if _, ok := v.Interface().(interface{ KeyedByName() }); ok {
		d.Pairs(n, path, func(key string, k, value *yaml.Node) {
			e := reflect.New(v.Type().Elem()).Elem()
			e.FieldByName("Name").SetString(key)
			d.Value(value, Join(path, key), e)
			d.keyLine(Join(path, key), k, value)
			v.Set(reflect.Append(v, e))
		})
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.Wrong(n, path, "a list")
		return
	}
	for i, item := range n.Content {
		e := reflect.New(v.Type().Elem()).Elem()
		d.Value(item, elementPath(path, i, item), e)
		v.Set(reflect.Append(v, e))
	}
}

func (d *Decoder) mapping(n *yaml.Node, path string, v reflect.Value) {
	if !d.CheckLength(n, path) {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	d.Pairs(n, path, func(key string, _, value *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.Value(value, Join(path, key), e)
		v.SetMapIndex(reflect.ValueOf(key), e)
	})
}

// elementPath names a list's element by its name where it has one, else by its index.
func elementPath(path string, i int, n *yaml.Node) string {
	if name := Child(n, "name"); name != nil && !IsNull(name) {
		return Named(path, i, name.Value)
	}
	return Named(path, i, "")
}

// Named returns the path of a list's element: by its name where it has one, else by its index i, from 0.
func Named(path string, i int, name string) string {
	if name == "" {
		return fmt.Sprintf("%s[%d]", path, i)
	}
	return Join(path, name)
}

// IsNull reports whether a node says nothing.
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// Child returns the value of a mapping's key, or nil.
func Child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

// Join returns the path of a field below another.
func Join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
