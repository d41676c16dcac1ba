package main

import (
	"fmt"
	"io"
	"strings"
)

// notes are what is said while measuring, and what of it belongs beside the figures.
type notes struct {
	progress io.Writer
	remarks  []string
}

// remarkf notes something that a reader of the figures has to know.
func (n *notes) remarkf(format string, args ...any) {
	remark := fmt.Sprintf(format, args...)
	fmt.Fprintln(n.progress, "note:", remark)
	n.remarks = append(n.remarks, remark)
}

// failed notes what is missing from the figures. Why is only for the user of this machine: it may name files and
// hosts of the machine.
func (n *notes) failed(what string, why error) {
	n.remarkf("%s", what)
	fmt.Fprintln(n.progress, "  because:", strings.ReplaceAll(why.Error(), "\n", "\n  "))
}
