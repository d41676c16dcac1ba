//go:build ignore

// Skips reads the output of go test -json and prints what go test itself would print: a line for each package, and the
// output of what failed. It fails if a test failed, or if one was skipped that is not in a list.
//
//	set -o pipefail; go test -json ./... | go run .ci/skips.go .ci/skips.txt
//
// A line of the list has the package or *, a regular expression that matches the whole name of a test, and the reason, which
// the test must have given with its skip. What follows a # at the begin of a line is a comment. An entry that matches nothing
// is fine: it depends on the machine.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ... | go run .ci/skips.go LIST")
		os.Exit(2)
	}
	allowed, err := readList(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	r := &reader{out: os.Stdout, allowed: allowed, packages: map[string]*tested{}, skips: map[string][]string{}}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if !r.finish() {
		os.Exit(1)
	}
}

// entry allows a skip.
type entry struct {
	pkg    string // or *
	test   *regexp.Regexp
	reason string
}

func readList(path string) (list []entry, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Fields(line)
		if len(fields) < 3 {
			return nil, fmt.Errorf("%s:%d: found %q, wanted a package, the pattern of a test's name and a reason", path, number, line)
		}
		pattern, err := regexp.Compile("^(?:" + fields[1] + ")$")
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		list = append(list, entry{fields[0], pattern, strings.Join(fields[2:], " ")})
	}
	return list, nil
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of what was built
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

// tested is a package while its tests run.
type tested struct {
	name    string
	order   []*test // as they began; the first one is the package itself, without a name
	byName  map[string]*test
	seconds float64
	isOver  bool
}

// test is a test, a subtest, a fuzz target or one of its seeds.
type test struct {
	name   string
	end    string // pass, fail or skip; empty for one that has not come to its end
	output []string
}

// reader reads the events of all packages.
type reader struct {
	out      io.Writer
	allowed  []entry
	packages map[string]*tested
	order    []*tested

	tests    int                 // that passed or failed
	skips    map[string][]string // names of tests by reason
	isFailed bool
}

func (r *reader) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test: %w", err)
		}
	}
}

// line reads a line. One that is no event is go test's own.
func (r *reader) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		fmt.Fprint(r.out, strings.TrimSuffix(line, "\n")+"\n")
		return
	}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
		return
	case "build-fail":
		r.isFailed = true
		return
	}
	p := r.of(e.Package)
	t := p.of(e.Test)
	switch e.Action {
	case "output":
		t.output = append(t.output, e.Output)
	case "pass", "fail", "skip":
		t.end = e.Action
		if e.Test == "" {
			p.seconds, p.isOver = e.Elapsed, true
			r.print(p)
		}
	}
}

func (r *reader) of(name string) *tested {
	p := r.packages[name]
	if p == nil {
		p = &tested{name: name, byName: map[string]*test{}}
		r.packages[name] = p
		r.order = append(r.order, p)
		p.of("")
	}
	return p
}

func (p *tested) of(name string) *test {
	t := p.byName[name]
	if t == nil {
		t = &test{name: name}
		p.byName[name] = t
		p.order = append(p.order, t)
	}
	return t
}

// print prints a package whose tests are over, or were cut off.
func (r *reader) print(p *tested) {
	whole := p.order[0]
	isFailed := !p.isOver || whole.end == "fail" || slices.ContainsFunc(p.order[1:], func(t *test) bool { return t.end == "fail" })
	for _, t := range p.order[1:] {
		switch {
		case t.end == "skip":
			r.skip(p, t)
		case t.end != "":
			r.tests++
		}
	}
	if !isFailed {
		for _, line := range whole.output {
			if strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "? ") {
				fmt.Fprint(r.out, line)
			}
		}
		return
	}
	r.isFailed = true
	for _, t := range p.order[1:] {
		output := withoutFrame(t.output)
		if t.end == "pass" || t.end == "skip" {
			output = withoutLogs(output)
		}
		fmt.Fprint(r.out, strings.Join(output, ""))
	}
	fmt.Fprint(r.out, strings.Join(whole.output, ""))
	if !p.isOver {
		fmt.Fprintf(r.out, "FAIL\t%s\tits tests did not come to their end\n", p.name)
	}
}

// frame is what -v prints around the output of tests that did not fail.
var frame = regexp.MustCompile(`^(=== (RUN|PAUSE|CONT|NAME) |\s*--- (PASS|SKIP): )`)

func withoutFrame(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), frame.MatchString)
}

// logged is the first line of what a test logged; others are indented further.
var logged = regexp.MustCompile(`^ {4,}\S+\.go:\d+: `)

// withoutLogs leaves out what tests logged that passed. What else there is was printed while they ran, and may belong to
// another test that failed: a data race, a panic.
func withoutLogs(lines []string) (others []string) {
	isLog := false
	for _, line := range lines {
		isLog = logged.MatchString(line) || isLog && (strings.HasPrefix(line, "        ") || strings.TrimSpace(line) == "")
		if !isLog {
			others = append(others, line)
		}
	}
	return others
}

// unlisted is the reason of skips that no entry allows.
const unlisted = "not in the list"

// skip notes a skipped test, which is a failure unless the list has it.
func (r *reader) skip(p *tested, t *test) {
	said := strings.Join(withoutFrame(t.output), "")
	for _, e := range r.allowed {
		if (e.pkg == "*" || e.pkg == p.name) && e.test.MatchString(t.name) && strings.Contains(said, e.reason) {
			r.skips[e.reason] = append(r.skips[e.reason], t.name)
			return
		}
	}
	r.isFailed = true
	r.skips[unlisted] = append(r.skips[unlisted], t.name)
	fmt.Fprintf(r.out, "--- SKIP: %s (%s), which the list of skips does not have\n%s", t.name, p.name, said)
}

// finish prints the summary and reports whether all is well.
func (r *reader) finish() bool {
	for _, p := range r.order {
		if !p.isOver {
			r.print(p)
		}
	}
	if len(r.order) == 0 {
		r.isFailed = true
	}
	slowest := slices.SortedFunc(slices.Values(r.order), func(a, b *tested) int { return cmp.Compare(b.seconds, a.seconds) })
	var times []string
	for _, p := range slowest[:min(5, len(slowest))] {
		times = append(times, fmt.Sprintf("%s %.1f s", p.name, p.seconds))
	}
	fmt.Fprintf(r.out, "%d tests run, %s; slowest: %s\n", r.tests, r.skipped(), strings.Join(times, ", "))
	return !r.isFailed
}

// skipped says how many tests were skipped, and which ones for which reason, as far as they are few.
func (r *reader) skipped() string {
	n := 0
	var reasons []string
	for _, reason := range slices.Sorted(maps.Keys(r.skips)) {
		names := r.skips[reason]
		n += len(names)
		what := fmt.Sprint(len(names))
		if len(names) <= 5 {
			what = strings.Join(slices.Sorted(slices.Values(names)), ", ")
		}
		reasons = append(reasons, reason+": "+what)
	}
	if n == 0 {
		return "none skipped"
	}
	return fmt.Sprintf("%d skipped (%s)", n, strings.Join(reasons, "; "))
}
