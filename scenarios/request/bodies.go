package request

import (
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/strict"
	"fsctl/scenarios/template"
)

// Bodies returns the names of the fields that give the request a body; a valid request has one at most.
func (r *Request) Bodies() (names []string) {
	for _, f := range []struct {
		name string
		has  bool
	}{{"body", r.Body != Body{}}, {"json", r.JSON != ""}, {"form", len(r.Form) > 0}, {"multipart", len(r.Multipart) > 0}, {"graphql", r.GraphQL != nil}} {
		if f.has {
			names = append(names, f.name)
		}
	}
	return names
}

// Files yields the files that the request sends, by the path of their field below the request.
func (r *Request) Files() iter.Seq2[string, string] {
	return func(yield func(path, file string) bool) {
		if r.Body.File != "" && !yield("body.file", r.Body.File) {
			return
		}
		for _, p := range r.Multipart {
			if p.File != "" && !yield("multipart."+p.Name+".file", p.File) {
				return
			}
		}
	}
}

// Body is what a request sends: a text, in which ${name} stands for a variable, or a file beside the scenario, which is sent as it
// is. At most one of the two is set.
type Body struct{ Text, File string }

// ReadNode reads a text, or {file: F}.
func (b *Body) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && !strict.IsNull(n):
		b.Text = n.Value
	case n.Kind == yaml.MappingNode:
		var f struct {
			File string `yaml:"file" jsonschema:"required"`
		}
		d.Struct(n, path, reflect.ValueOf(&f).Elem())
		checkFileName(d, n, path)
		b.File = f.File
	default:
		d.Wrong(n, path, "a text, or {file: F} for a file beside the scenario")
	}
}

// checkFileName reports a file without a name, which would be sent as nothing.
func checkFileName(d *strict.Decoder, n *yaml.Node, path string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if v := n.Content[i+1]; n.Content[i].Value == "file" && v.Kind == yaml.ScalarNode && v.Value == "" && !strict.IsNull(v) {
			d.Problem(v, strict.Join(path, "file"), `found "", wanted the name of a file beside the scenario or below its folder`)
		}
	}
}

// Form is the fields of a form, in their order.
type Form []FormField

// FormField is a field of a form with its values, one or more. ${name} stands for a variable in a value.
type FormField struct {
	Name   string
	Values []string
}

// ReadNode reads {name: value, ...}, where a value may be a list.
func (f *Form) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	d.Pairs(n, path, func(name string, k, v *yaml.Node) {
		at := strict.Join(path, name)
		d.Found(at, k)
		field := FormField{Name: name}
		values := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			values = v.Content
		}
		for _, value := range values {
			if value.Kind != yaml.ScalarNode || strict.IsNull(value) {
				d.Wrong(value, at, "a text, or a list of texts")
				return
			}
			field.Values = append(field.Values, value.Value)
		}
		*f = append(*f, field)
	})
}

// Multipart is the parts of a multipart form, in their order.
type Multipart []FormPart

// FormPart is a part of a multipart form: a text, or a file. ${name} stands for a variable in Text and FileName.
type FormPart struct {
	Name     string // of the form's field
	Text     string // where it is no file
	File     string // beside the scenario; empty for a text
	Type     string // Content-Type; by the file's name by default
	FileName string // that the target is told; the file's own by default
}

// FilePart is the fields of a part that is a file, as a scenario has them.
type FilePart struct {
	File string `yaml:"file" jsonschema:"required" jsonschema_description:"File beside the scenario, sent as it is."`
	Type string `yaml:"type" jsonschema_description:"Content-Type of the part; by the file's name by default."`
	Name string `yaml:"name" jsonschema_description:"Name of the file that the target is told; its own by default."`
}

// ReadNode reads {name: part, ...}, where a part is a text or {file: F, type: T}, or a list of them.
func (m *Multipart) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	d.Pairs(n, path, func(name string, k, v *yaml.Node) {
		at := strict.Join(path, name)
		d.Found(at, k)
		parts := []*yaml.Node{v}
		if v.Kind == yaml.SequenceNode {
			parts = v.Content
		}
		for _, part := range parts {
			switch {
			case part.Kind == yaml.ScalarNode && !strict.IsNull(part):
				*m = append(*m, FormPart{Name: name, Text: part.Value})
			case part.Kind == yaml.MappingNode:
				var f FilePart
				d.Struct(part, at, reflect.ValueOf(&f).Elem())
				checkFileName(d, part, at)
				*m = append(*m, FormPart{Name: name, File: f.File, Type: f.Type, FileName: f.Name})
			default:
				d.Wrong(part, at, "a text or {file: F, type: T}, or a list of them")
				return
			}
		}
	})
}

// GraphQL is a query as it is sent by POST: {"query": ..., "variables": ..., "operationName": ...}. ${name} stands for a variable inside
// the strings of Variables; in Query it is GraphQL's own.
type GraphQL struct {
	Query     string `yaml:"query" jsonschema:"required" jsonschema_description:"The query or mutation, as it is."`
	Variables JSON   `yaml:"variables" jsonschema_description:"Its variables."`
	Operation string `yaml:"operation" jsonschema_description:"Which operation of the query, where it has several."`
}

// ReadNode writes a YAML value as JSON text, with its keys in the file's order and its numbers as they are written. A text that
// begins with { or [ is that JSON text itself.
func (j *JSON) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	if text := strings.TrimSpace(n.Value); n.Kind == yaml.ScalarNode && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{")) {
		*j = JSON(text)
		if err := checkJSON(text); err != nil {
			d.Problem(n, path, "%v", err)
		}
		return
	}
	*j = JSON(d.JSON(n, path))
}

// checkJSON returns what is wrong with a JSON text in which a variable may stand in a string, or for a value.
func checkJSON(text string) error {
	t, err := template.ParseJSON(text)
	if err != nil {
		return nil // reported by the validator
	}
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.Literal)
		if p.Value != nil {
			b.WriteByte('0')
		}
	}
	var v any
	if err := json.Unmarshal([]byte(b.String()), &v); err != nil {
		return fmt.Errorf("found a text that is not JSON (%w), wanted JSON with ${name} in a string or for a value, or fields in YAML", err)
	}
	return nil
}
