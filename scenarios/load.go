package scenarios

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/strict"
)

//go:embed builtin/*.yaml
var builtin embed.FS

//go:embed template.yaml
var starterText []byte

// Starter returns the text of a small scenario of that name to begin with, with comments. The name is not checked.
func Starter(name string) []byte {
	return bytes.ReplaceAll(starterText, []byte("my-sale"), []byte(name))
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

// Read returns the text of a scenario: a built-in's name or a file's path. A path has a slash, ends in .yaml or .yml,
// or names a file that is there. The error is an *[UnknownError] for a name that is neither, or the file system's.
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
	text, err = inputfile.Read(name, inputfile.MostText)
	if err != nil {
		return "", nil, fmt.Errorf("read scenario: %w", err)
	}
	return name, text, nil
}

// UnknownError is a scenario that is neither built in nor a file.
type UnknownError struct {
	Name string // as it was given
	Why  string // where there is something of that name that is no scenario
}

// Error says which name has no scenario, and which names are like it.
func (e *UnknownError) Error() string {
	if e.Why != "" {
		return fmt.Sprintf("read scenario %s: %s, wanted a file or one of %s", e.Name, e.Why, strings.Join(Builtin(), ", "))
	}
	return fmt.Sprintf("no scenario %q, wanted a file or one of %s%s", e.Name, strings.Join(Builtin(), ", "), strict.DidYouMean(e.Name, Builtin()))
}

// Load reads a built-in scenario or a file, sets the fields given as PATH=VALUE and validates it.
// The error is a *[strict.Error] with every problem, an *[UnknownError], or the file system's.
func Load(name string, set ...string) (*Scenario, error) {
	file, text, err := Read(name)
	if err != nil {
		return nil, err
	}
	return Parse(file, text, set...)
}

// Parse reads a scenario's text as Load does. Data files are looked for beside file. The error is a *[strict.Error]
// with every problem, by line and field.
func Parse(file string, text []byte, set ...string) (*Scenario, error) {
	return parseScenario(file, text, validator{files: true}, set)
}

// ParseWithFiles reads a scenario's text as Parse does, with the data files given by the names that it has for them, and
// reads no other. It fails as Parse does, and where one is missing.
func ParseWithFiles(file string, text []byte, files map[string][]byte) (*Scenario, error) {
	if files == nil {
		files = map[string][]byte{}
	}
	return parseScenario(file, text, validator{files: true, given: files}, nil)
}

// With returns the scenario with fields set, given as PATH=VALUE. No file is read again. The error is a *[strict.Error]
// for a path that does not exist and for a scenario that is not valid with the values.
func (s *Scenario) With(set ...string) (*Scenario, error) {
	if len(set) == 0 {
		return s, nil
	}
	return parseScenario(s.File, s.Document, validator{}, set)
}

// ReadStrictly fills v, a pointer to a struct with yaml and jsonschema tags, from the text of a file of another kind, such as
// a calibration, as strictly as a scenario is read. Problems of single fields are in the Fields returned, the first of each
// field. The error is an *[strict.Error] for a text that is not one document with a mapping.
func ReadStrictly(file, kind string, text []byte, v any) (*strict.Fields, error) {
	document, err := strict.Read(file, strict.Kind{Name: kind}, text)
	if err != nil {
		return nil, err
	}
	fields := document.Decode(v, amount.Forms())
	fields.OnlyFirst = true
	return fields, nil
}

// ParseRun reads the scenario of a run that is over as Parse does, but looks for no data files, since a record does not
// hold them and nothing is sent any more, and takes invariants without a ledger, which older versions ran. The error is a *[strict.Error], as Parse has it.
func ParseRun(file string, text []byte) (*Scenario, error) {
	return parseScenario(file, text, validator{isOver: true}, nil)
}

func parseScenario(file string, text []byte, v validator, set []string) (*Scenario, error) {
	document, err := strict.Read(file, strict.Kind{Name: "scenario", Hint: "see: fsctl scenarios new"}, text)
	if err != nil {
		return nil, err
	}
	if len(set) > 0 {
		if err := document.Set(set); err != nil {
			return nil, err
		}
		if text, err = document.Text(); err != nil {
			return nil, err
		}
	}
	s := &Scenario{File: file, Document: text, files: v.given}
	fields := document.Decode(s, amount.Forms())
	v.Fields, v.s = fields, s
	if v.sizes(); fields.IsFull() {
		fields.Sort()
		return nil, fields.Err()
	}
	s.setDefaults(fields)
	if err := v.scenario(); err != nil {
		return nil, err
	}
	return s, nil
}
