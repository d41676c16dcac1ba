package cmd_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// readPage returns a page of the repository, by its path from the root.
func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every link in a page leads to a file, and to a heading where it names one.
func TestLinks(t *testing.T) {
	t.Parallel()
	pages := manual(t)
	for _, name := range []string{"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"} {
		pages[filepath.Join("..", name)] = readPage(t, name)
	}
	link, found := regexp.MustCompile(`\]\(([^)\s]+)\)`), 0
	for page, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			name, heading, toHeading := strings.Cut(m[1], "#")
			if strings.Contains(name, "://") {
				continue
			}
			found++
			target := page
			if name != "" {
				target = filepath.Join(filepath.Dir(page), name)
			}
			there, err := os.ReadFile(target)
			if err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			} else if toHeading && !slices.Contains(headings(string(there)), heading) {
				t.Errorf("%s links to %s: found the headings %q", page, m[1], headings(string(there)))
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d links, wanted those of the README and more", found)
	}
}

// headings returns the anchors of a page's headings, as GitHub makes them.
func headings(page string) (anchors []string) {
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		anchors = append(anchors, strings.ReplaceAll(words, " ", "-"))
	}
	return anchors
}

// The files, tests and make targets that CONTRIBUTING.md names are there.
func TestContributing(t *testing.T) {
	t.Parallel()
	page, makefile := readPage(t, "CONTRIBUTING.md"), readPage(t, "Makefile")
	for _, m := range regexp.MustCompile("(?:`| )((?:\\./)?[.a-z]+(?:/[\\w.-]+)+)").FindAllStringSubmatch(page, -1) {
		name := strings.TrimSuffix(strings.TrimSuffix(m[1], "..."), ".")
		if strings.HasSuffix(name, "/NAME.txtar") {
			name = filepath.Dir(name)
		}
		if _, err := os.Stat(filepath.Join("..", name)); err != nil {
			t.Errorf("CONTRIBUTING.md names %s: %v", m[1], err)
		}
	}
	tests := testNames(t)
	for _, name := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(page, -1) {
		if !slices.ContainsFunc(tests, func(n string) bool { return strings.HasPrefix(n, name) }) {
			t.Errorf("CONTRIBUTING.md names %s, which no test is called", name)
		}
	}
	targets := regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(makefile, -1)
	for _, m := range regexp.MustCompile("`make ([a-z -]+)`").FindAllStringSubmatch(page, -1) {
		for name := range strings.FieldsSeq(m[1]) {
			if !slices.ContainsFunc(targets, func(m []string) bool { return m[1] == name }) {
				t.Errorf("CONTRIBUTING.md names make %s, which the Makefile does not have", name)
			}
		}
	}
}

// testNames returns the names of all tests of the module.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, dir := range sourceDirs(t, "..") {
		for _, file := range goFiles(t, filepath.Join("..", dir)) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// docs/dependencies.md has a row for each direct dependency, and names the packages that import it.
func TestDependencies(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`(?m)^\| ([^|]*[./][^|]*) \| ([^|]+) \| ([^|]+) \|$`)
	rows := map[string]string{} // used by, of each module
	page, _, _ := strings.Cut(readPage(t, "docs/dependencies.md"), "\ndeploy/ has")
	for _, m := range row.FindAllStringSubmatch(page, -1) {
		rows[m[1]] = m[2]
	}
	direct := regexp.MustCompile(`(?m)^\s+(\S+) v\S+$`)
	var modules []string
	for _, m := range direct.FindAllStringSubmatch(readPage(t, "go.mod"), -1) {
		modules = append(modules, m[1])
	}
	if found := slices.Sorted(maps.Keys(rows)); len(modules) < 20 || !slices.Equal(found, slices.Sorted(slices.Values(modules))) {
		t.Errorf("docs/dependencies.md has rows for %q, wanted %q", found, modules)
	}
	for module, users := range importers(t, modules) {
		text := strings.Join(users, ", ")
		if len(users) == 0 {
			text = "tests"
		}
		if rows[module] != text {
			t.Errorf("docs/dependencies.md says that %s is used by %q, wanted %q", module, rows[module], text)
		}
	}
}

// importers returns the packages that import a package of each module, from the module's root, without their tests.
func importers(t *testing.T, modules []string) map[string][]string {
	t.Helper()
	users := map[string][]string{}
	for _, m := range modules {
		users[m] = nil
	}
	for _, p := range packages(t) {
		for _, m := range modules {
			if slices.ContainsFunc(p.Imports, func(i string) bool { return within(i, m+"/...") }) {
				users[m] = append(users[m], strings.TrimPrefix(p.ImportPath, "fsctl/"))
			}
		}
	}
	return users
}

// An Example without its output is compiled and not run.
func TestExamplesShowOutput(t *testing.T) {
	t.Parallel()
	found := 0
	for _, dir := range sourceDirs(t, "..") {
		for _, name := range goFiles(t, filepath.Join("..", dir)) {
			if !strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range doc.Examples(file) {
				found++
				if e.Output == "" {
					t.Errorf("%s: Example%s has no output, so go test does not run it", name, e.Name)
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d examples, wanted those of scenarios, plan, loadgen and report", found)
	}
}

// The figures that the README explains are those of the output that it shows above.
func TestFiguresInTheREADME(t *testing.T) {
	t.Parallel()
	shown, rest, _ := strings.Cut(readPage(t, "README.md"), "## Try it")
	_, explained, _ := strings.Cut(rest, "## Read it from the top")
	explained, _, ok := strings.Cut(explained, "      $ fsctl")
	if !ok {
		t.Fatal("README.md does not explain its output")
	}
	const scale, quantile = "1 %", "95 %"
	for _, figure := range regexp.MustCompile(`\d[\d.,]*\d[kMG]?|\d`).FindAllString(strings.NewReplacer(" "+scale, "", quantile, "").Replace(explained), -1) {
		if !regexp.MustCompile(`(^|[^\d.,])` + regexp.QuoteMeta(figure) + `([^\d,]|$)`).MatchString(shown) {
			t.Errorf("README.md explains %s, which is in none of the output above", figure)
		}
	}
}
