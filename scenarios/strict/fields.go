package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fields are the fields that a file has: the line of each, and what is wrong with them.
type Fields struct {
	OnlyFirst bool // report no second problem of a field

	file     string
	hint     string
	lines    map[string]int
	problems []Problem
	unread   []string // fields that could not be read, or whose first problem is enough: nothing more is said about them
}

// noLine is the line of a field that was read from no text.
const noLine = -1

// NoFields returns the fields of what a program made: they have no lines.
func NoFields(file string) *Fields { return &Fields{file: file, lines: map[string]int{"": noLine}} }

// Has reports whether the file has a field, by its path of names.
func (f *Fields) Has(path string) bool {
	_, present := f.lines[path]
	return present
}

// Problem adds what is wrong with a field, in a message that says what was found and what was wanted. It adds nothing about a
// field that could not be read.
func (f *Fields) Problem(path, format string, args ...any) {
	if f.IsUnread(path) {
		return
	}
	at := path
	for { // the field may be absent: the nearest around it that is there has the line
		if line, ok := f.lines[at]; ok {
			f.problems = append(f.problems, Problem{line, path, fmt.Sprintf(format, args...)})
			break
		}
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	if f.OnlyFirst {
		f.Skip(path)
	}
}

// Hint says what can be done about a problem that was added. The first hint holds.
func (f *Fields) Hint(text string) { f.hint = cmp.Or(f.hint, text) }

// Skip leaves out all later problems of a field and of what is in it.
func (f *Fields) Skip(path string) { f.unread = append(f.unread, path) }

// SkipWrong leaves out all later problems of the fields that have one so far.
func (f *Fields) SkipWrong() {
	for _, p := range f.problems {
		f.Skip(p.Field)
	}
}

// IsUnread reports whether a field, or one around it, could not be read.
func (f *Fields) IsUnread(path string) bool {
	return slices.ContainsFunc(f.unread, func(u string) bool {
		return path == u || strings.HasPrefix(path, u+".") || strings.HasPrefix(path, u+"[")
	})
}

// HasUnread reports whether something inside a field could not be read, so that nothing can be said of the whole.
func (f *Fields) HasUnread(path string) bool {
	return slices.ContainsFunc(f.unread, func(u string) bool { return strings.HasPrefix(u, path+".") })
}

// Sort puts the problems in the order of their lines, each once.
func (f *Fields) Sort() {
	slices.SortStableFunc(f.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	f.problems = slices.Compact(f.problems)
}

// Err returns an *[Error] with every problem, or nil where there is none.
func (f *Fields) Err() error {
	if len(f.problems) == 0 {
		return nil
	}
	return &Error{f.file, f.problems, f.hint}
}
