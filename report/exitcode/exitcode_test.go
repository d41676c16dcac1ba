package exitcode

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write docs/exit-codes.md anew")

const pageFile = "../../docs/exit-codes.md"

// TestPage holds docs/exit-codes.md to the table, and writes it with -update.
func TestPage(t *testing.T) {
	var page bytes.Buffer
	page.WriteString("# Exit codes\n\n" +
		"Every command of fsctl ends with one of these. `fsctl help exit-codes` prints them. " +
		"A test writes this page (`go test ./report/exitcode -run TestPage -update`) and fails when it is stale.\n\n" +
		"| code | name | meaning |\n|--:|---|---|\n")
	for _, c := range All() {
		fmt.Fprintf(&page, "| %d | %s | %s |\n", c.Code, c.Name, c.Meaning)
	}
	page.WriteString("\n" + Order + "\n\n" +
		"99, 104, 105 and 108 are k6's. [The verdict](verdict.md) says how a run is judged, " +
		"[infeasible plans](model.md#infeasible-plans) what 114 is about.\n")
	if *update {
		if err := os.WriteFile(pageFile, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, page.Bytes()) {
		t.Errorf("%s is stale: write it with go test ./report/exitcode -run TestPage -update", pageFile)
	}
}

// TestAll wants every constant in the table, and each code and name once.
func TestAll(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exitcode.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if ok && v.Names[0].Name != "Order" {
			constants++
		}
		return true
	})
	all := All()
	if len(all) != constants {
		t.Errorf("found %d codes in the table and %d constants", len(all), constants)
	}
	if !slices.IsSortedFunc(all, func(a, b Code) int { return a.Code - b.Code }) {
		t.Error("the codes do not rise")
	}
	seen := map[any]bool{}
	for _, c := range all {
		if seen[c.Code] || seen[c.Name] || c.Meaning == "" {
			t.Errorf("found %+v, wanted a code and a name of its own, and a meaning", c)
		}
		seen[c.Code], seen[c.Name] = true, true
	}
}
