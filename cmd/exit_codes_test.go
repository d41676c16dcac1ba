package cmd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fsctl/report/exitcode"
)

// notScripted lists the exit codes that no script brings about, with the test that does, since a script cannot.
func notScripted() map[int]string {
	return map[int]string{
		exitcode.Interrupted: "TestInterrupt",         // a signal in the middle of a run
		exitcode.AgentLost:   "TestFleetLosesAnAgent", // an agent that is killed
	}
}

// Every exit code is brought about by a script, so that the page lists none that cannot occur. With -v it says by which.
func TestExitCodesAreProvoked(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	by := map[int][]string{}
	for _, file := range scripts {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^exec code ([0-9]+) fsctl `).FindAllStringSubmatch(string(text), -1) {
			n, _ := strconv.Atoi(m[1]) // digits
			if name := filepath.Base(file); !slices.Contains(by[n], name) {
				by[n] = append(by[n], name)
			}
		}
	}
	tests := sources(t, "*_test.go")
	listed := notScripted()
	for _, c := range exitcode.All() {
		test, isListed := listed[c.Code]
		switch found := by[c.Code]; {
		case len(found) > 0 && isListed:
			t.Errorf("%d (%s): %s brings it about: take it off the list", c.Code, c.Name, strings.Join(found, ", "))
		case len(found) > 0:
			t.Logf("%d (%s): %s", c.Code, c.Name, strings.Join(found, ", "))
		case !isListed:
			t.Errorf("%d (%s): no script brings it about: write one with exec code %d fsctl ..., or list the test that does", c.Code, c.Name, c.Code)
		case !strings.Contains(tests, "func "+test+"("):
			t.Errorf("%d (%s): there is no test %s", c.Code, c.Name, test)
		default:
			t.Logf("%d (%s): %s", c.Code, c.Name, test)
		}
		delete(by, c.Code)
	}
	for code, found := range by {
		t.Errorf("%s bring about %d, which the table of exit codes lacks", strings.Join(found, ", "), code)
	}
}

func sources(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// The product ends with codes of the table alone: it uses each of them by its name, and no number in its place.
func TestExitCodesAreOfTheTable(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, dir := range sourceDirs(t, "..") {
		if dir == "bench" || dir == "report/exitcode" {
			continue // another program; the table
		}
		for _, name := range goFiles(t, filepath.Join("..", dir)) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && isName(s.X, "exitcode") {
					used[s.Sel.Name] = true
				}
				if what := codeByNumber(n); what != "" {
					t.Errorf("%s: %s is given a number, wanted a name of the package exitcode", name, what)
				}
				return true
			})
		}
	}
	table, err := parser.ParseFile(token.NewFileSet(), "../report/exitcode/exitcode.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(table, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && !used[v.Names[0].Name] {
			t.Errorf("nothing ends with exitcode.%s", v.Names[0].Name)
		}
		return true
	})
}

// codeByNumber names the place where an exit code is written as a number, or returns nothing.
func codeByNumber(n ast.Node) string {
	isNumber := func(e ast.Expr) bool { l, ok := e.(*ast.BasicLit); return ok && l.Kind == token.INT }
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && isName(f.X, "os") && f.Sel.Name == "Exit" && isNumber(n.Args[0]) {
			return "os.Exit"
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if s, ok := left.(*ast.SelectorExpr); ok && s.Sel.Name == "ExitCode" && i < len(n.Rhs) && isNumber(n.Rhs[i]) {
				return "ExitCode"
			}
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			field, ok := e.(*ast.KeyValueExpr)
			if ok && isName(field.Key, "ExitCode") && isNumber(field.Value) {
				return "ExitCode"
			}
			if isName(n.Type, "verdictError") && isNumber(e) {
				return "verdictError"
			}
		}
	}
	return ""
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}
