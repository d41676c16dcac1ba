package cmd_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Doc comments are held to what a machine can see: that one is there and begins with the name, that it says how a function
// fails, in what unit or range a number is, and where a formula comes from. house_docs_words_test.go has the words and shows what passes.

// docExceptions lists by rule what may stand against it, and why.
func docExceptions() map[string]string {
	return map[string]string{}
}

const (
	ruleName   = "name"   // a comment that begins with the name
	ruleErrors = "errors" // what has an error says when
	ruleNumber = "number" // a number has a unit or a range
	ruleSource = "source" // a formula has a source
)

// docProblem is what a doc comment lacks.
type docProblem struct {
	at, rule, of  string // of is the name as in go doc: package directory, type, function
	found, wanted string
}

func (p docProblem) String() string {
	return fmt.Sprintf("%s: %s [%s]: found %s, wanted %s", p.at, p.of, p.rule, p.found, p.wanted)
}

// TestDocstrings holds the doc comments of everything exported to the rules. With -v it says how much it looked at.
func TestDocstrings(t *testing.T) {
	allowed, used, count := docExceptions(), map[string]bool{}, map[string]int{}
	for _, file := range documentedFiles(t) {
		for _, p := range file.problems() {
			key := p.rule + " " + p.of
			if allowed[key] != "" {
				used[key] = true
				continue
			}
			count[p.rule]++
			t.Error(p)
		}
	}
	for key := range allowed {
		if !used[key] {
			t.Errorf("%s keeps the rule now; take it out of docExceptions", key)
		}
	}
	functions, withError, withNumber := 0, 0, 0
	for _, f := range exportedFunctions(t) {
		functions++
		if f.fails {
			withError++
		}
		if f.numbers {
			withNumber++
		}
	}
	t.Logf("%d exported functions and methods, %d with an error, %d with a number; problems by rule: %v", functions, withError, withNumber, count)
}

var (
	docSeed  = flag.Uint64("docs.seed", 1, "seed by which TestDocstringSample draws")
	docCount = flag.Int("docs.count", 20, "how many TestDocstringSample draws")
)

// TestDocstringSample logs doc comments drawn by a seed, for a reader to judge:
// go test ./cmd -run TestDocstringSample -v -args -docs.seed 7
func TestDocstringSample(t *testing.T) {
	list := exportedFunctions(t)
	for _, i := range rand.New(rand.NewPCG(*docSeed, 0)).Perm(len(list))[:min(*docCount, len(list))] {
		t.Logf("%s\n%s\n%s", list[i].at, list[i].signature, list[i].doc)
	}
}

// documented is a source file without its functions' bodies, as the rules look at it.
type documented struct {
	set  *token.FileSet
	dir  string // of the package, from the root
	name string // from the root
	file *ast.File
}

func documentedFiles(t *testing.T) (files []documented) {
	t.Helper()
	for _, dir := range sourceDirs(t, "..") {
		for _, name := range goFiles(t, filepath.Join("..", dir)) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, documented{set, dir, strings.TrimPrefix(filepath.ToSlash(name), "../"), file})
		}
	}
	return files
}

// exportedFunction is an exported function, or method of an exported type.
type exportedFunction struct {
	at, signature, doc string
	fails, numbers     bool
}

func exportedFunctions(t *testing.T) (list []exportedFunction) {
	t.Helper()
	for _, file := range documentedFiles(t) {
		for _, d := range file.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || !ast.IsExported(receiver(f)) && f.Recv != nil {
				continue
			}
			name := f.Name.Name
			if f.Recv != nil {
				name = "(" + types.ExprString(f.Recv.List[0].Type) + ") " + name
			}
			signature := types.ExprString(f.Type)
			list = append(list, exportedFunction{file.at(f), "func " + name + strings.TrimPrefix(signature, "func"), f.Doc.Text(),
				returnsError(f.Type), numberTypes.MatchString(signature)})
		}
	}
	return list
}

func (d *documented) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", d.name, d.set.Position(n.Pos()).Line)
}

// problems returns what the file's doc comments lack.
func (d *documented) problems() (list []docProblem) {
	for _, decl := range d.file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			list = append(list, d.function(decl)...)
		case *ast.GenDecl:
			for _, s := range decl.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					list = append(list, d.typeSpec(decl, s)...)
				case *ast.ValueSpec:
					list = append(list, d.valueSpec(decl, s)...)
				}
			}
		}
	}
	return list
}

// knownMethods need no comment on a type that is not exported: their interface says what they do.
var knownMethods = regexp.MustCompile(`^(Error|Unwrap|Is|As|String|GoString|Write|Read|Close|Len|Less|Swap|Push|Pop|Timeout|Temporary|Ticks|` +
	`(Error|Fatal|Notice|Warn|Debug|Trace)f|Set|Type)$`)

// knownFailures return no error of their own, or one that their interface describes.
var knownFailures = regexp.MustCompile(`^(Unwrap|(Marshal|Unmarshal)(JSON|Text|YAML|Binary))$`)

func (d *documented) function(f *ast.FuncDecl) (list []docProblem) {
	if !f.Name.IsExported() {
		return nil
	}
	name, on := f.Name.Name, receiver(f)
	if f.Recv != nil && !ast.IsExported(on) && knownMethods.MatchString(name) {
		return nil
	}
	of := name
	if on != "" {
		of = on + "." + name
	}
	return d.signature(f, of, f.Doc.Text(), f.Type)
}

// signature applies the rules to a function, or a method of an interface.
func (d *documented) signature(at ast.Node, of, doc string, f *ast.FuncType) (list []docProblem) {
	name := of[strings.LastIndex(of, ".")+1:]
	add := func(rule, found, wanted string) {
		list = append(list, docProblem{d.at(at), rule, d.dir + " " + of, found, wanted})
	}
	if !strings.HasPrefix(doc, name+" ") {
		add(ruleName, quoteStart(doc), "a comment that begins with "+name)
	}
	if returnsError(f) && !knownFailures.MatchString(name) && !saysFailure(doc) {
		add(ruleErrors, quoteStart(doc), "what error comes when")
	}
	for _, what := range missingNumbers(name, doc, f) {
		add(ruleNumber, what+" without unit or range", "either of them beside its name, or a unit at the end of the name")
	}
	formulas := d.dir == "plan/queueing" || d.dir == "plan/model"
	if (hasFormula(doc, formulas) || d.dir == "plan/queueing" && name != "Error") && !namesSource.MatchString(doc) {
		add(ruleSource, "no source", `"Source: ...", "derived ..." or "by definition"`)
	}
	return list
}

func (d *documented) typeSpec(g *ast.GenDecl, s *ast.TypeSpec) (list []docProblem) {
	if !s.Name.IsExported() {
		return nil
	}
	name, doc := s.Name.Name, s.Doc.Text()
	if doc == "" {
		doc = g.Doc.Text()
	}
	first := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(doc, "A "), "An "), "The ")
	if !strings.HasPrefix(first, name+" ") {
		list = append(list, docProblem{d.at(s), ruleName, d.dir + " " + name, quoteStart(doc), "a comment that begins with " + name})
	}
	if hasFormula(doc, d.dir == "plan/queueing" || d.dir == "plan/model") && !namesSource.MatchString(doc) {
		list = append(list, docProblem{d.at(s), ruleSource, d.dir + " " + name, "no source", `"Source: ...", "derived ..." or "by definition"`})
	}
	switch of := s.Type.(type) {
	case *ast.StructType:
		for _, field := range of.Fields.List {
			list = append(list, d.field(name, doc, field)...)
		}
	case *ast.InterfaceType:
		for _, m := range of.Methods.List {
			f, ok := m.Type.(*ast.FuncType)
			if !ok || len(m.Names) == 0 || !m.Names[0].IsExported() {
				continue
			}
			list = append(list, d.signature(m, name+"."+m.Names[0].Name, m.Doc.Text()+m.Comment.Text(), f)...)
		}
	}
	return list
}

// field wants unit or range of a number in an exported struct.
func (d *documented) field(of, typeDoc string, f *ast.Field) (list []docProblem) {
	kind := types.ExprString(f.Type)
	if !numberTypes.MatchString(kind) || strings.HasPrefix(kind, "func") {
		return nil
	}
	doc := f.Doc.Text() + "\n" + f.Comment.Text()
	for _, n := range f.Names {
		switch {
		case !n.IsExported(), carriesUnit(n.Name), saysUnit(doc), saysUnitOf(typeDoc, n.Name):
		case !floatTypes.MatchString(kind) && (counts(n.Name) || strings.TrimSpace(doc) != ""):
		default:
			list = append(list, docProblem{d.at(n), ruleNumber, d.dir + " " + of + "." + n.Name, kind + " without unit or range",
				"either of them in its comment, or a unit at the end of the name"})
		}
	}
	return list
}

func (d *documented) valueSpec(g *ast.GenDecl, s *ast.ValueSpec) (list []docProblem) {
	doc := s.Doc.Text() + s.Comment.Text() + g.Doc.Text()
	for i, n := range s.Names {
		if !n.IsExported() {
			continue
		}
		if strings.TrimSpace(doc) == "" {
			list = append(list, docProblem{d.at(n), ruleName, d.dir + " " + n.Name, "no comment", "one, of its own or of its group"})
		}
		if i >= len(s.Values) || g.Tok != token.CONST || carriesUnit(n.Name) || saysUnit(doc) {
			continue
		}
		if l, ok := s.Values[i].(*ast.BasicLit); ok && (l.Kind == token.INT || l.Kind == token.FLOAT) {
			list = append(list, docProblem{d.at(n), ruleNumber, d.dir + " " + n.Name, l.Value + " without a unit", "one in its comment or at the end of its name"})
		}
	}
	return list
}

// receiver returns the type that a method is of, empty for a function.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*"), "[")
	return name
}

func returnsError(f *ast.FuncType) bool {
	return f.Results != nil && slices.ContainsFunc(f.Results.List, func(r *ast.Field) bool { return types.ExprString(r.Type) == "error" })
}

func quoteStart(doc string) string {
	line, _, _ := strings.Cut(doc, "\n")
	if line == "" {
		return "no comment"
	}
	return fmt.Sprintf("%q", line)
}
