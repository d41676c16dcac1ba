package scenarios

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed builtin/*.yaml
var builtin embed.FS

//go:embed template.yaml
var template []byte

// Starter returns the text of a small scenario of that name to begin with, with comments.
func Starter(name string) []byte {
	return bytes.ReplaceAll(template, []byte("my-sale"), []byte(name))
}

// Builtin returns the names of the built-in scenarios, sorted.
func Builtin() []string {
	files, _ := fs.Glob(builtin, "builtin/*.yaml") // the pattern is well-formed
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(f, "builtin/"), ".yaml")
	}
	return names
}

// Read returns the text of a scenario: a built-in's name or a file's path.
// A path has a slash, ends in .yaml or .yml, or names a file that is there.
func Read(name string) (file string, text []byte, err error) {
	if text, err := builtin.ReadFile("builtin/" + name + ".yaml"); err == nil {
		return name, text, nil
	}
	info, err := os.Stat(name)
	isPath := strings.ContainsRune(name, '/') || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
	switch {
	case err == nil && info.IsDir():
		return "", nil, &UnknownError{name, "it is a directory"}
	case errors.Is(err, fs.ErrNotExist), err != nil && !isPath:
		return "", nil, &UnknownError{Name: name}
	}
	text, err = os.ReadFile(name)
	if err != nil {
		return "", nil, fmt.Errorf("read scenario: %w", err)
	}
	return name, text, nil
}

// UnknownError is a scenario that is neither built in nor a file.
type UnknownError struct {
	Name string
	Why  string // where there is something of that name that is no scenario
}

func (e *UnknownError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("read scenario %s: %s, wanted a file or one of %s", e.Name, e.Why, strings.Join(Builtin(), ", "))
	}
	return fmt.Sprintf("no scenario %q, wanted a file or one of %s%s", e.Name, strings.Join(Builtin(), ", "), didYouMean(e.Name, Builtin()))
}

// Load reads a built-in scenario or a file, sets the fields given as PATH=VALUE and validates it.
// The error is an *Error with every problem, an *UnknownError, or the file system's.
func Load(name string, set ...string) (*Scenario, error) {
	file, text, err := Read(name)
	if err != nil {
		return nil, err
	}
	return Parse(file, text, set...)
}

// Parse reads a scenario's text as Load does. Data files are looked for beside file.
func Parse(file string, text []byte, set ...string) (*Scenario, error) {
	return parseScenario(file, text, true, set)
}

// With returns the scenario with fields set, given as PATH=VALUE. No file is read again.
func (s *Scenario) With(set ...string) (*Scenario, error) {
	if len(set) == 0 {
		return s, nil
	}
	return parseScenario(s.File, s.Document, false, set)
}

// ParseRun reads the scenario of a run that is over as Parse does, but looks for no data files: a record does not hold
// them, and nothing is sent any more.
func ParseRun(file string, text []byte) (*Scenario, error) {
	return parseScenario(file, text, false, nil)
}

func parseScenario(file string, text []byte, files bool, set []string) (*Scenario, error) {
	document, problem := readDocument(text)
	if problem == nil {
		problem = refused(document)
	}
	if problem != nil {
		return nil, &Error{file, []Problem{*problem}}
	}
	if len(set) > 0 {
		if problems := applyAll(document.Content[0], set); len(problems) > 0 {
			return nil, &Error{file, problems}
		}
		if problem := refused(document); problem != nil {
			return nil, &Error{file, []Problem{*problem}}
		}
		var err error
		if text, err = yaml.Marshal(document); err != nil {
			return nil, fmt.Errorf("write scenario %s: %w", file, err)
		}
	}
	s := &Scenario{File: file, Document: text}
	root := document.Content[0]
	d := &decoder{lines: map[string]int{"": root.Line}}
	d.structure(root, "", reflect.ValueOf(s).Elem())
	s.setDefaults(d.lines)
	v := &validator{s: s, files: files, lines: d.lines, problems: d.problems}
	for _, p := range d.problems {
		v.unread = append(v.unread, p.Field)
	}
	if v.scenario(); len(v.problems) > 0 {
		return nil, &Error{file, v.problems}
	}
	return s, nil
}

// readDocument reads the one document of a file.
func readDocument(text []byte) (*yaml.Node, *Problem) {
	var document yaml.Node
	reader := yaml.NewDecoder(bytes.NewReader(text))
	err := reader.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && isNull(document.Content[0]) {
		return nil, &Problem{1, "", "found an empty file, wanted a scenario; see: fsctl scenarios new"}
	}
	if err != nil {
		line, message := 1, strings.TrimPrefix(err.Error(), "yaml: ")
		if n, _ := fmt.Sscanf(message, "line %d:", &line); n == 1 {
			_, message, _ = strings.Cut(message, ": ")
		}
		return nil, &Problem{line, "", "not YAML: " + message}
	}
	var second yaml.Node
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, &Problem{max(1, second.Line), "", "found more than one document, wanted one scenario a file"}
	}
	return &document, nil
}

// refused finds what no scenario may be made of.
func refused(document *yaml.Node) *Problem {
	root := document.Content[0]
	if alias := findAlias(root); alias != nil {
		return &Problem{alias.Line, "", fmt.Sprintf("found the alias *%s, wanted the values themselves", alias.Value)}
	}
	if root.Kind != yaml.MappingNode {
		return &Problem{root.Line, "", fmt.Sprintf("found %s, wanted a scenario: a mapping of names to values", describe(root))}
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
