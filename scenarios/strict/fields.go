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
	more     int             // problems beyond those that are listed
	isCut    bool            // a part was too long to be read
	unread   map[string]bool // fields that could not be read, or whose first problem is enough: nothing more is said about them
	around   map[string]bool // the fields around those
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

// Line returns the line of a field, 0 where it is absent or was read from no text.
func (f *Fields) Line(path string) int { return max(0, f.lines[path]) }

// Problem adds what is wrong with a field, in a message that says what was found and what was wanted. It adds nothing about a
// field that could not be read.
func (f *Fields) Problem(path, format string, args ...any) {
	if f.IsUnread(path) {
		return
	}
	at := path
	for { // the field may be absent: the nearest around it that is there has the line
		if line, ok := f.lines[at]; ok {
			if len(f.problems) < mostProblems { // else without its text
				format = fmt.Sprintf(format, args...)
			}
			f.problems = add(f.problems, &f.more, Problem{line, path, format})
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
func (f *Fields) Skip(path string) {
	if f.unread == nil {
		f.unread, f.around = map[string]bool{}, map[string]bool{}
	}
	f.unread[path] = true
	for i := range path {
		if path[i] == '.' {
			f.around[path[:i]] = true
		}
	}
}

// SkipWrong leaves out all later problems of the fields that have one so far.
func (f *Fields) SkipWrong() {
	for _, p := range f.problems {
		f.Skip(p.Field)
	}
}

// IsUnread reports whether a field, or one around it, could not be read.
func (f *Fields) IsUnread(path string) bool {
	for i := range path {
		if (path[i] == '.' || path[i] == '[') && f.unread[path[:i]] {
			return true
		}
	}
	return f.unread[path]
}

// HasUnread reports whether something inside a field could not be read, so that nothing can be said of the whole.
func (f *Fields) HasUnread(path string) bool { return f.around[path] }

// Cut ends the reading: a part of the file is too long, and nothing can be said of the whole.
func (f *Fields) Cut() { f.isCut = true }

// IsFull reports whether looking for more problems would add nothing to the list: a part of the file could not be read, or as many
// problems are known as are listed.
func (f *Fields) IsFull() bool { return f.isCut || len(f.problems) >= mostProblems }

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
	return &Error{f.file, f.problems, f.more, f.hint}
}
