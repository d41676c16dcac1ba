package render

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
)

// plainTitles are titles of columns that need no explanation.
var plainTitles = strings.Split("10 to 90 %,agent,architecture,at its high,at its low,autoscaler,available,because of,by measured values,check,"+
	"cost,cost a day,db reads,db writes,demand,errors,expected,figure,found,from,got,growth,kind,limit,max,mean,measured by,measured field,needed,"+
	"note,on running nodes,p90,p99.9,pool,rejected,requests,run,service,share,size,step,symbol,target,threshold,time,times,unit,used,users,value,"+
	"wanted,what moves the cores,why,window,with new nodes", ",")

// glossary returns the terms that docs/glossary.md explains.
func glossary(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	var terms []string
	for line := range strings.SplitSeq(string(page), "\n") {
		head, explained, found := strings.Cut(line, "**: ")
		if !strings.HasPrefix(line, "- **") {
			continue
		}
		if !found || !strings.HasSuffix(explained, ".") {
			t.Errorf("%q is no term with its explanation", line)
		}
		for _, m := range regexp.MustCompile(`\*\*([^*]+)`).FindAllStringSubmatch(head, -1) {
			if text := m[1]; !strings.HasPrefix(text, ",") {
				terms = append(terms, text)
			}
		}
	}
	return terms
}

// literals visits the text of every string in the sources of a folder and those below, with the file and the
// key that it is the value of.
func literals(t *testing.T, folder string, visit func(file, key, text string)) {
	t.Helper()
	for _, file := range sources(t, folder) {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		keys := map[ast.Node]string{}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok {
					keys[n.Value] = key.Name
				}
			case *ast.BinaryExpr:
				keys[n.X] = keys[n]
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					visit(file, keys[n], text)
				}
			}
			return true
		})
	}
}

func sources(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources in %s: %v", folder, err)
	}
	return files
}

func TestGlossaryExplainsWhatIsPrinted(t *testing.T) {
	terms := glossary(t)
	if len(terms) < 40 {
		t.Fatalf("found %d terms: %q", len(terms), terms)
	}
	var printed strings.Builder
	column := regexp.MustCompile(` (in|p50|p95|p99|mid|before|now)$`)
	titles := 0
	for _, folder := range []string{"..", "../../plan"} {
		literals(t, folder, func(file, key, text string) {
			printed.WriteString(text + "\n")
			if key != "title" || text == "" {
				return
			}
			titles++
			term := strings.TrimSpace(text)
			explained := func(known string) bool { return known == term || strings.HasPrefix(known, term+" ") }
			for !slices.ContainsFunc(terms, explained) && column.MatchString(term) {
				term = column.ReplaceAllString(term, "")
			}
			if !slices.ContainsFunc(terms, explained) && !slices.Contains(plainTitles, term) {
				t.Errorf("%s: the column %q is neither in the glossary nor known to need no explanation", file, text)
			}
		})
	}
	if titles < 60 {
		t.Errorf("found %d titles of columns", titles)
	}
	for i, term := range terms {
		if !strings.Contains(strings.ToLower(printed.String()), strings.ToLower(term)) {
			t.Errorf("the glossary explains %q, which is printed nowhere", term)
		}
		if slices.Contains(terms[:i], term) {
			t.Errorf("the glossary explains %q twice", term)
		}
	}
}
