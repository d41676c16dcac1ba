package cmd_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// machineNumbers lists the files that may write a number without quantity, and why: what they write is not for people, or
// must be read back exactly. The number is that of the places in the file, so that a new one is thought about.
func machineNumbers() map[string]machineNumber {
	const (
		formula  = "a formula knows no units: its error repeats its arguments, for the one who calculates"
		typed    = "flags of fsctl as they are typed"
		exact    = "arithmetic: the number is rounded, not shown"
		readBack = "a text form that is read back exactly"
	)
	return map[string]machineNumber{
		"scenarios/quantity/write.go":            {5, "the one writer of numbers"},
		"scenarios/quantity/bounds.go":           {2, readBack},
		"scenarios/shop/faults.go":               {2, readBack},
		"scenarios/scenariotest/scenariotest.go": {5, readBack},
		"plan/queueing/autoscale.go":             {4, formula},
		"plan/queueing/erlang.go":                {2, formula},
		"plan/queueing/errors.go":                {2, formula},
		"plan/queueing/fluid.go":                 {4, formula},
		"plan/queueing/staffing.go":              {7, formula},
		"plan/model/graph.go":                    {20, "an error of ours: calls that come and go differ, and perhaps in the last digit only"},
		"plan/explain/draft.go":                  {3, readBack + ": Evaluate must give the plan's figure again"},
		"plan/explain/explain.go":                {3, "an error of ours: two figures differ, and perhaps in the last digit only"},
		"loadgen/search/ladder.go":               {1, exact},
		"report/render/chart/chart.go":           {2, "coordinates in SVG"},
		"report/render/junit.go":                 {1, "JUnit's form of seconds"},
		"cmd/plan.go":                            {2, typed},
		"cmd/fleet.go":                           {1, typed + "; settings of run.json"},
		"cmd/storm.go":                           {1, typed + "; settings of run.json"},
		"bench/estimate.go":                      {1, exact},
		"bench/peers.go":                         {12, typed + ", and flags of other programs"},
	}
}

type machineNumber struct {
	places int
	why    string
}

// TestNumbersGoThroughQuantity looks in all code for numbers with a decimal point and for times that are written without
// package quantity: %g, %f and %e of a number, %v and %s of a time.Duration, its String, and strconv.FormatFloat.
func TestNumbersGoThroughQuantity(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for _, p := range typedPackages(t) {
		for _, file := range p.files {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				for _, what := range p.numbersWritten(call) {
					at := p.fset.Position(call.Pos())
					name, err := filepath.Rel(p.root, at.Filename)
					if err != nil {
						t.Fatal(err)
					}
					found[filepath.ToSlash(name)] = append(found[filepath.ToSlash(name)], fmt.Sprintf("line %d: %s", at.Line, what))
				}
				return true
			})
		}
	}
	allowed := machineNumbers()
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if len(found[name]) != allowed[name].places {
			t.Errorf("%s: found %d places, wanted %d: write it with quantity, or say why not in machineNumbers:\n  %s", name,
				len(found[name]), allowed[name].places, strings.Join(found[name], "\n  "))
		}
	}
	for name := range allowed {
		if len(found[name]) == 0 {
			t.Errorf("%s: writes no number any more; take it out of machineNumbers", name)
		}
	}
}

// verbs matches what a format string takes an argument for, and %%.
var verbs = regexp.MustCompile(`%[-+# 0]*[0-9]*(?:\.[0-9]+)?([a-zA-Z%])`)

// numbersWritten says which numbers a call writes.
func (p *typedPackage) numbersWritten(call *ast.CallExpr) []string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		switch function, _ := p.info.Uses[f.Sel].(*types.Func); {
		case function == nil:
		case function.FullName() == "strconv.FormatFloat", function.FullName() == "(time.Duration).String":
			return []string{function.FullName()}
		}
	}
	signature, ok := p.info.TypeOf(call.Fun).(*types.Signature)
	if !ok || !signature.Variadic() || call.Ellipsis.IsValid() {
		return nil
	}
	first := signature.Params().Len() - 1 // of the arguments that the format takes
	if first < 1 || len(call.Args) <= first {
		return nil
	}
	format := p.info.Types[call.Args[first-1]].Value
	if format == nil || format.Kind() != constant.String {
		return nil
	}
	var list []string
	next := first
	for _, verb := range verbs.FindAllStringSubmatch(constant.StringVal(format), -1) {
		if verb[1] == "%" || next >= len(call.Args) {
			continue
		}
		of := p.info.TypeOf(call.Args[next])
		next++
		isTime := of.String() == "time.Duration"
		if strings.Contains("gGfFeE", verb[1]) || isTime && strings.Contains("vs", verb[1]) {
			list = append(list, verb[0]+" of "+of.String())
		}
	}
	return list
}

// typedPackage is a package of the product with the types of its expressions, without its tests.
type typedPackage struct {
	root  string
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
}

// typedPackages checks the types of every package of the product, with what the compiler has left of those they import.
func typedPackages(t *testing.T) []typedPackage {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f",
		`{{.ImportPath}}|{{.Export}}|{{.Dir}}|{{if .Module}}{{if .Module.Main}}{{.Module.Dir}}|{{join .GoFiles "|"}}{{end}}{{end}}`, "fsctl/...")
	var problems bytes.Buffer
	list.Stderr = &problems
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, problems.String())
	}
	exports := map[string]string{}
	fset := token.NewFileSet()
	check := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	var house [][]string
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		exports[fields[0]] = fields[1]
		if fields[3] != "" {
			house = append(house, fields)
		}
	}
	var packages []typedPackage
	for _, fields := range house {
		p := typedPackage{root: fields[3], fset: fset, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
		for _, name := range fields[4:] {
			file, err := parser.ParseFile(fset, filepath.Join(fields[2], name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			p.files = append(p.files, file)
		}
		if _, err := check.Check(fields[0], fset, p.files, p.info); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	return packages
}
