package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fsctl/report/exitcode"
)

// newExitCodes returns a help topic, fsctl help exit-codes.
func newExitCodes() *cobra.Command {
	var text strings.Builder
	text.WriteString("Every command ends with one of these exit codes:\n\n")
	for _, c := range exitcode.All() {
		fmt.Fprintf(&text, "  %3d  %-11s  %s\n", c.Code, c.Name, c.Meaning)
	}
	text.WriteString("\n" + strings.ReplaceAll(exitcode.Order, ". ", ".\n"))
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What each exit code means",
		Long:  text.String(),
	}
}
