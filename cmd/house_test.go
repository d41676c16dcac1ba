package cmd_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// What the source may grow to. Tests count in files alone.
const (
	mostFiles         = 25 // of a package without its tests; cmd has one a command
	mostPackageLines  = 3500
	mostCommandLines  = 4500 // of cmd
	mostFileLines     = 450  // of a test too
	mostFunctionLines = 70   // unless it is a table
	tableShare        = 0.6  // of a function's lines that one literal takes up, so that it is a table
)

// measured is a package as it stands in the source.
type measured struct {
	dir      string // from the root, "." for it
	name     string
	sentence string // the first of its documentation
	files    int
	lines    int
}

// TestHouse holds the source to its limits. With -v it prints the packages with their files, lines and sentence.
func TestHouse(t *testing.T) {
	t.Parallel()
	var house []*measured
	for _, dir := range sourceDirs(t, "..") {
		m := &measured{dir: dir}
		for _, file := range goFiles(t, filepath.Join("..", dir)) {
			m.add(t, file)
		}
		m.check(t)
		house = append(house, m)
	}
	if len(house) < 15 {
		t.Errorf("found %d packages, wanted the product's", len(house))
	}
	var tree strings.Builder
	for _, m := range house {
		depth := strings.Count(m.dir, "/")
		if m.dir != "." {
			depth++
		}
		fmt.Fprintf(&tree, "%-26s %3d files %6d lines  %s\n", strings.Repeat("  ", depth)+path.Base(m.dir), m.files, m.lines, m.sentence)
	}
	t.Log("\n" + tree.String())
}

// sourceDirs returns the directories of the module that hold Go files, each after the one it is in.
func sourceDirs(t *testing.T, root string) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		_, other := os.Stat(filepath.Join(name, "go.mod"))
		if rel != "." && (other == nil || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if found, err := filepath.Glob(filepath.Join(name, "*.go")); err != nil || len(found) == 0 {
			return err
		}
		dirs = append(dirs, filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

func goFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// add measures a file of the package.
func (m *measured) add(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	shown, lines := strings.TrimPrefix(filepath.ToSlash(name), "../"), bytes.Count(text, []byte("\n"))
	if lines > mostFileLines {
		t.Errorf("%s has %d lines, wanted at most %d", shown, lines, mostFileLines)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if n := linesOf(set, f); n > mostFunctionLines && !isTable(set, f) {
			t.Errorf("%s: %s has %d lines, wanted at most %d, or a table", shown, f.Name.Name, n, mostFunctionLines)
		}
	}
	if strings.HasSuffix(name, "_test.go") {
		return
	}
	m.name, m.files, m.lines = file.Name.Name, m.files+1, m.lines+lines
	if file.Doc != nil {
		if m.sentence != "" {
			t.Errorf("%s documents the package, which another file does too", shown)
		}
		m.sentence = new(doc.Package).Synopsis(file.Doc.Text())
	}
}

// check finds what is too large, or undocumented, of a whole package.
func (m *measured) check(t *testing.T) {
	t.Helper()
	if m.files == 0 {
		return // tests alone
	}
	if m.files > mostFiles && m.dir != "cmd" {
		t.Errorf("%s has %d files, wanted at most %d", m.dir, m.files, mostFiles)
	}
	most := mostPackageLines
	if m.dir == "cmd" {
		most = mostCommandLines
	}
	if m.lines > most {
		t.Errorf("%s has %d lines, wanted at most %d", m.dir, m.lines, most)
	}
	if want := "Package " + m.name + " "; m.name != "main" && !strings.HasPrefix(m.sentence, want) {
		t.Errorf("%s is documented by %q, wanted a sentence that begins with %q", m.dir, m.sentence, want)
	}
	if m.name == "main" && !strings.HasPrefix(m.sentence, "Command ") {
		t.Errorf("%s is documented by %q, wanted a sentence that begins with Command", m.dir, m.sentence)
	}
}

func linesOf(set *token.FileSet, n ast.Node) int {
	return set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1
}

// isTable reports whether most of a function is one literal.
func isTable(set *token.FileSet, f *ast.FuncDecl) bool {
	longest := 0
	ast.Inspect(f.Body, func(n ast.Node) bool {
		l, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		longest = max(longest, linesOf(set, l))
		return false
	})
	return float64(longest) >= tableShare*float64(linesOf(set, f))
}

// TestCommandsHaveNoState wants no variable of a package in the commands, and settings read in one file.
func TestCommandsHaveNoState(t *testing.T) {
	t.Parallel()
	for _, name := range goFiles(t, ".") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				t.Errorf("%s has a variable of the package: the tree of commands is made by New, as often as it is called", name)
			}
		}
		for _, i := range file.Imports {
			if strings.Trim(i.Path.Value, `"`) == "github.com/spf13/viper" && name != "config.go" {
				t.Errorf("%s imports viper: settings are read in config.go", name)
			}
		}
	}
}

func TestIsTable(t *testing.T) {
	t.Parallel()
	line := strings.Repeat("\t1,\n", 20)
	statement := strings.Repeat("\tf()\n", 20)
	for body, want := range map[string]bool{
		"\treturn []int{\n" + line + "\t}\n":                                       true,
		statement + "\treturn []int{\n" + line + "\t}\n":                           false,
		"\tfor range []int{\n" + line + "\t} {\n\tf()\n\tf()\n\t}\n\treturn nil\n": true,
		statement + "\treturn nil\n":                                               false,
	} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "x.go", "package x\nfunc f() []int {\n"+body+"}\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := isTable(set, file.Decls[0].(*ast.FuncDecl)); got != want {
			t.Errorf("found %v, wanted %v of\n%s", got, want, body)
		}
	}
}
