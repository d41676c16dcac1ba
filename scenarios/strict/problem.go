package strict

import (
	"fmt"
	"strings"

	"fsctl/scenarios/quantity"
)

// Problem is one thing wrong with a file.
type Problem struct {
	Line    int    // in the file; 0 for a value set on the command line, -1 for one that was read from no text
	Field   string // path of names, such as steps.order.share
	Message string // what was found, and what was wanted
}

// Error is everything wrong with a file.
type Error struct {
	File     string
	Problems []Problem
	More     int    // problems beside these, which are not listed
	Hint     string // what can be done about one of them; empty for nothing in particular
}

// Error lists the problems, one a line: file, line, field, found, wanted.
func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch {
		case p.Line > 0:
			fmt.Fprintf(&b, "%s:%d: ", e.File, p.Line)
		case p.Line == 0:
			b.WriteString(e.File + " (set on the command line): ")
		case e.File != "":
			b.WriteString(e.File + ": ")
		}
		if p.Field != "" {
			b.WriteString(p.Field + ": ")
		}
		b.WriteString(p.Message)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\nand %s more", quantity.Of(e.More, "problem"))
	}
	return b.String()
}
