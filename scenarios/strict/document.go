// Package strict reads YAML into Go structs and reports everything that is wrong with it by line and field.
package strict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"fsctl/scenarios/plaintext"

	"go.yaml.in/yaml/v3"
)

// Kind is what sort of file is read, for messages.
type Kind struct {
	Name string // such as scenario
	Hint string // what to do about an empty file; empty for nothing
}

// Document is the one YAML document of a file.
type Document struct {
	file string
	kind Kind
	node yaml.Node
}

// Read reads the text of a file. Errors: *[Error] for a text that is not one document with a mapping.
func Read(file string, kind Kind, text []byte) (*Document, error) {
	d := &Document{file: file, kind: kind}
	problem := d.read(text)
	if problem == nil {
		problem = d.refused()
	}
	if problem != nil {
		return nil, &Error{File: file, Problems: []Problem{*problem}}
	}
	return d, nil
}

// Set sets fields in the order given, each as PATH=VALUE. Errors: *[Error] with all that could not be set.
func (d *Document) Set(assignments []string) error {
	if problems := applyAll(d.root(), assignments); len(problems) > 0 {
		return &Error{File: d.file, Problems: problems}
	}
	if problem := d.refused(); problem != nil {
		return &Error{File: d.file, Problems: []Problem{*problem}}
	}
	return nil
}

// Text returns the document's text, with what was set. It fails only where the YAML package cannot write what was set.
func (d *Document) Text() ([]byte, error) {
	unfold(&d.node)
	text, err := yaml.Marshal(&d.node)
	if err != nil {
		return nil, fmt.Errorf("write %s %s: %w", d.kind.Name, d.file, err)
	}
	return text, nil
}

// unfold has folded texts with indented lines be written line by line: the YAML package writes a blank line too many between
// those and the others, and the text would be another when it is read again.
func unfold(n *yaml.Node) {
	if n.Style&yaml.FoldedStyle != 0 && (strings.Contains(n.Value, "\n ") || strings.Contains(n.Value, "\n\t")) {
		n.Style = n.Style&^yaml.FoldedStyle | yaml.LiteralStyle
	}
	for _, c := range n.Content {
		unfold(c)
	}
}

// Decode fills v, a pointer to a struct with yaml and jsonschema tags. A field that v does not know, a field twice, a missing
// one that is required and a value out of its form are problems of the Fields returned.
func (d *Document) Decode(v any, forms Forms) *Fields {
	root := d.root()
	decoder := &Decoder{forms: forms, lines: map[string]int{"": root.Line}}
	decoder.Struct(root, "", reflect.ValueOf(v).Elem())
	fields := &Fields{file: d.file, lines: decoder.lines, problems: decoder.problems, more: decoder.more, isCut: decoder.isCut}
	fields.SkipWrong()
	return fields
}

func (d *Document) root() *yaml.Node { return d.node.Content[0] }

func (d *Document) read(text []byte) *Problem {
	if problem := tooMany(text); problem != nil {
		return problem
	}
	reader := yaml.NewDecoder(bytes.NewReader(plaintext.Trim(text)))
	err := reader.Decode(&d.node)
	if errors.Is(err, io.EOF) || err == nil && IsNull(d.root()) {
		message := "found an empty file, wanted a " + d.kind.Name
		if d.kind.Hint != "" {
			message += "; " + d.kind.Hint
		}
		return &Problem{1, "", message}
	}
	if err != nil {
		line := 1
		if other := plaintext.Check(text); other != nil { // which says where, and what to do
			place, message, _ := strings.Cut(other.Error(), ": ")
			_, _ = fmt.Sscanf(place, "line %d", &line) // it has that form
			return &Problem{line, "", message}
		}
		message := strings.TrimPrefix(err.Error(), "yaml: ")
		if n, _ := fmt.Sscanf(message, "line %d:", &line); n == 1 {
			_, message, _ = strings.Cut(message, ": ")
		}
		line, message = placed(line, message, strings.Split(string(bytes.TrimRight(text, "\r\n")), "\n"))
		return &Problem{line, "", "not YAML: " + message}
	}
	var second yaml.Node
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		return &Problem{max(1, second.Line), "", "found more than one document, wanted one " + d.kind.Name + " a file"}
	}
	return nil
}

// refused finds what no file may be made of.
func (d *Document) refused() *Problem {
	root := d.root()
	if alias := findAlias(root); alias != nil {
		return &Problem{alias.Line, "", fmt.Sprintf("found the alias *%s, wanted the values themselves", alias.Value)}
	}
	if root.Kind != yaml.MappingNode {
		found := describe(root)
		if root.Kind == yaml.ScalarNode {
			found = "a text" // of another kind of file, which may hold passwords, such as a table of users
		}
		return &Problem{root.Line, "", fmt.Sprintf("found %s, wanted a %s: a mapping of names to values", found, d.kind.Name)}
	}
	return nil
}

func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, c := range n.Content {
		if a := findAlias(c); a != nil {
			return a
		}
	}
	return nil
}

// placed returns the line of what is not YAML, and its message with what most likely is wrong. yaml.v3 counts the lines of what its
// parser, not its scanner, does not expect from 0.
func placed(line int, message string, lines []string) (int, string) {
	if _, after, ok := strings.Cut(message, "unknown anchor '"); ok { // yaml.v3 does not say where
		name, _, _ := strings.Cut(after, "'")
		for i, l := range lines {
			if strings.Contains(l, "*"+name) {
				return i + 1, message + "; a value that begins with * stands in quotes"
			}
		}
	}
	if !strings.HasPrefix(message, "did not find expected ") {
		return line, message
	}
	line = min(line+1, len(lines))
	if strings.HasSuffix(message, "'}'") && strings.Contains(lines[line-1], "${") {
		message += `; between { and } a value with ${...} stands in quotes: {Cookie: "sid=${sid}"}`
	}
	return line, message
}
