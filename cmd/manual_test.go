package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// shown is a command in a block of code of a page, with the output that the page shows beneath it.
type shown struct {
	text   string // joined where it goes on in another line, without its prompt and its exit code
	prompt bool   // it has one, so that it is run
	exit   int
	run    string // a run directory of testdata whose report the page shows, empty for the command's own output
	indent string
	first  int      // line of the output in the page, counted from 0
	output []string // without indentation
}

var (
	exitNote = regexp.MustCompile(`\s+# (?:exit ([0-9]+))?.*$`)
	// keptRun is a remark in a page: the report that it shows is that of a run in testdata/runs.
	keptRun = regexp.MustCompile(`^<!-- the report is that of (\S+) -->$`)
	// called matches a line that calls fsctl, be it behind a variable, a pipe or another command.
	called = regexp.MustCompile(`(?:^|[|;&(]|\b(?:sudo|time|exec|env|nohup)\b)\s*(?:[A-Z_]+=\S* +)*(?:fsctl|go run \.)(?:\s|$)`)
)

// commands returns the commands of a page's blocks of code: those with a prompt, and those that call fsctl without one.
func commands(page string) (list []*shown) {
	lines := strings.Split(page, "\n")
	run := ""
	for from := 0; from < len(lines); {
		if m := keptRun.FindStringSubmatch(lines[from]); m != nil {
			run = m[1]
		}
		to, fenced := blockAt(lines, from)
		if to == from {
			from++
			continue
		}
		begin, end := from, to
		if fenced {
			begin, end = from+1, to-1
		}
		found := commandsOf(lines, begin, end)
		for _, c := range found {
			c.run = run
		}
		if len(found) > 0 {
			run = ""
		}
		list, from = append(list, found...), to
	}
	return list
}

// blockAt returns the line after the block of code that begins at a line, or that line where none does.
func blockAt(lines []string, at int) (after int, fenced bool) {
	if fence := strings.TrimSpace(lines[at]); strings.HasPrefix(fence, "```") {
		for i := at + 1; i < len(lines); i++ {
			if strings.TrimSpace(lines[i]) == "```" {
				return i + 1, true
			}
		}
		return len(lines), true
	}
	if indentOf(lines[at]) < 4 || at > 0 && strings.TrimSpace(lines[at-1]) != "" && !strings.HasPrefix(lines[at-1], "<!--") {
		return at, false
	}
	for after = at; at < len(lines) && (indentOf(lines[at]) >= 4 || strings.TrimSpace(lines[at]) == ""); at++ {
		if strings.TrimSpace(lines[at]) != "" {
			after = at + 1
		}
	}
	return after, false
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// commandsOf returns the commands of a block, which is the lines [begin, end).
func commandsOf(lines []string, begin, end int) (list []*shown) {
	if begin >= end {
		return nil
	}
	indent := lines[begin][:indentOf(lines[begin])]
	var last *shown
	for i := begin; i < end; i++ {
		line := strings.TrimRight(strings.TrimPrefix(lines[i], indent), " ")
		text, prompt := strings.CutPrefix(line, "$ ")
		if !prompt && (last != nil || !called.MatchString(line)) {
			if last != nil {
				last.output = append(last.output, line)
			}
			continue
		}
		for strings.HasSuffix(text, `\`) && i+1 < end {
			i++
			text = strings.TrimSpace(strings.TrimSuffix(text, `\`)) + " " + strings.TrimPrefix(strings.TrimSpace(lines[i]), "> ")
		}
		c := &shown{prompt: prompt, indent: indent, first: i + 1}
		if m := exitNote.FindStringSubmatch(text); m != nil {
			c.exit, _ = strconv.Atoi(m[1]) // none is 0
		}
		c.text = exitNote.ReplaceAllString(text, "")
		list = append(list, c)
		if last = nil; prompt {
			last = c
		}
	}
	for _, c := range list {
		c.output = trimmed(c.output)
	}
	return list
}

// trimmed drops empty lines at the end.
func trimmed(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// elided is the line by which a page shortens what a command prints.
const elided = "..."

// segments cuts a page's lines where it shortens.
func segments(page []string) (list [][]string) {
	list = [][]string{nil}
	for _, line := range page {
		if line == elided {
			list = append(list, nil)
			continue
		}
		list[len(list)-1] = append(list[len(list)-1], line)
	}
	return list
}

// shows reports whether a page's lines are what a command printed, where the page shortens it.
func shows(page, printed []string) bool {
	parts := segments(page)
	for i, part := range parts {
		at := find(printed, part)
		switch {
		case i == len(parts)-1 && len(part) > 0 && len(printed) >= len(part): // the end
			if i > 0 {
				at = len(printed) - len(part)
			}
			return (i > 0 || at == 0 && len(printed) == len(part)) && slices.Equal(printed[at:], part)
		case at < 0 || i == 0 && len(part) > 0 && at != 0:
			return false
		}
		printed = printed[at+len(part):]
	}
	return len(parts[len(parts)-1]) == 0 && len(parts) > 1 || len(printed) == 0
}

// find returns where lines stand among others, or -1.
func find(all, lines []string) int {
	for at := 0; at+len(lines) <= len(all); at++ {
		if slices.Equal(all[at:at+len(lines)], lines) {
			return at
		}
	}
	return -1
}

// varying matches what differs between two runs of a command: numbers with their units, instants, names of runs.
var varying = regexp.MustCompile(`\b[0-9]{8}T[0-9.]+Z|(?:< )?\b[0-9]+(?:[0-9.,:]*[0-9])?(?:(?: ?(?:ns|us|ms|s|min|h|B|[kMGT]B?|%)(?:/s|\b))|/s| %)?`)

// masked returns lines as one text, without what is measured and without the layout that depends on it.
func masked(lines []string) string {
	text := strings.ReplaceAll(varying.ReplaceAllString(strings.Join(lines, " "), "#"), "T0+#", "T0") // an instant may be T0 itself
	return strings.Join(strings.Fields(text), " ")
}

// showsForm reports whether a page's lines have the form of what a command printed.
func showsForm(page, printed []string) bool {
	rest := masked(printed)
	parts := segments(page)
	for i, part := range parts {
		want := masked(part)
		at := strings.Index(rest, want)
		if i > 0 && i == len(parts)-1 {
			at = strings.LastIndex(rest, want)
		}
		if at < 0 || i == 0 && want != "" && at != 0 {
			return false
		}
		if rest = rest[at+len(want):]; i == len(parts)-1 && want != "" && strings.TrimSpace(rest) != "" {
			return false
		}
	}
	return true
}

// rewritten returns a page's lines anew from what a command printed, shortened where the page shortens.
func rewritten(page, printed []string) (lines []string) {
	if !slices.Contains(page, elided) {
		return printed
	}
	if shows(page, printed) {
		return page
	}
	after := true // the lines before belong on the page up to the next that is found
	for i := 0; i < len(page); i++ {
		if page[i] == elided {
			lines, after = append(lines, elided), false
			continue
		}
		to := i
		for to < len(page) && page[to] != elided {
			to++
		}
		at := find(printed, page[i:to])
		for _, same := range []func(string) bool{
			func(l string) bool { return l == page[i] },
			func(l string) bool { return masked([]string{l}) == masked([]string{page[i]}) },
		} {
			if at < 0 {
				at = slices.IndexFunc(printed, same)
			}
		}
		if at < 0 {
			continue // no longer printed
		}
		if after {
			lines = append(lines, printed[:at]...)
		}
		lines, printed, after = append(lines, printed[at]), printed[at+1:], true
	}
	if after {
		lines = append(lines, printed...)
	}
	return lines
}

// namedFile matches a fenced block of code that begins with the name of a file in a remark.
var namedFile = regexp.MustCompile("(?s)\n```yaml\n(# ([\\w.-]+\\.ya?ml)\n.*?\n)```\n")

// filesOf returns the files that a page shows, by their names.
func filesOf(page string) map[string]string {
	files := map[string]string{}
	for _, m := range namedFile.FindAllStringSubmatch(page, -1) {
		files[m[2]] = m[1]
	}
	return files
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
