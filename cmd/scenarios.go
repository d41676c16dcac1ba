package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/record/atomicfile"
	"fsctl/plan"
	"fsctl/scenarios"
	"fsctl/scenarios/schema"
)

func newScenarios(s Streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "scenarios",
		Short: "List, show, write and check scenarios",
		Long: "A scenario describes a sale: how many people come, what they do, the services behind it, and what must hold.\n" +
			"Some are built in; your own are YAML files.",
		Example: "  fsctl scenarios list\n  fsctl scenarios new my-sale.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "List the built-in scenarios", Args: cobra.NoArgs, Example: "  fsctl scenarios list",
			RunE: func(*cobra.Command, []string) error { return listScenarios(s.Out) }},
		&cobra.Command{Use: "show SCENARIO", Short: "Print the text of a scenario", Args: cobra.ExactArgs(1), ValidArgsFunction: completeScenario, Example: "  fsctl scenarios show taobao-double11 > my-sale.yaml",
			RunE: func(_ *cobra.Command, args []string) error { return showScenario(s.Out, args[0]) }},
		&cobra.Command{Use: "new FILE", Short: "Write a scenario to begin with", Args: cobra.ExactArgs(1), Example: "  fsctl scenarios new my-sale.yaml",
			RunE: func(_ *cobra.Command, args []string) error { return newScenario(s.Err, args[0]) }},
		&cobra.Command{Use: "validate FILE...", Short: "Check scenario files and list every problem", Args: cobra.MinimumNArgs(1), ValidArgsFunction: completeScenario, Example: "  fsctl scenarios validate my-sale.yaml",
			RunE: func(_ *cobra.Command, args []string) error { return validateScenarios(s.Out, s.Err, args) }},
		&cobra.Command{Use: "schema", Short: "Print the JSON Schema of scenario files, for editors", Args: cobra.NoArgs, Example: "  fsctl scenarios schema > scenario.schema.json",
			RunE: func(*cobra.Command, []string) error { return writeSchema(s.Out) }},
	)
	return c
}

func completeScenario(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return scenarios.Builtin(), cobra.ShellCompDirectiveDefault
}

func listScenarios(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, name := range scenarios.Builtin() {
		sc, err := scenarios.Load(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\n", name, sc.Description)
	}
	return table.Flush()
}

func showScenario(w io.Writer, name string) error {
	_, text, err := scenarios.Read(name)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// newScenario writes a scenario to a new file. A file that could not be written whole is removed; a device or pipe is written through.
func newScenario(log io.Writer, path string) error {
	if path == "" || path == "-" {
		return &hinted{usagef("found %q, wanted a file to write the scenario to", path), "for example: fsctl scenarios new my-sale.yaml; /dev/stdout is standard output"}
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return atomicfile.Write(path, atomicfile.Options{}, func(w io.Writer) error {
			_, err := w.Write(scenarios.Starter(scenarioName("")))
			return err
		})
	}
	if !strings.HasSuffix(path, ".yaml") && !strings.HasSuffix(path, ".yml") {
		path += ".yaml"
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return &hinted{usagef("%s exists, and is not overwritten", path), "choose another name"}
	} else if err != nil {
		return fmt.Errorf("write scenario: %w", err)
	}
	_, err = file.Write(scenarios.Starter(scenarioName(path)))
	if err = errors.Join(err, file.Close()); err != nil {
		_ = os.Remove(path) // the failure that is returned matters more
		return fmt.Errorf("write scenario %s: %w", path, err)
	}
	fmt.Fprintf(log, "wrote %s; try it with: fsctl rehearse %s; then change it to your shop, and: fsctl try %s --target URL\n", path, path, path)
	return nil
}

// scenarioName makes a scenario's name of a file's: characters that a name may not have become dashes.
func scenarioName(path string) string {
	base := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".yaml"), ".yml"))
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, base)
	if name = strings.Trim(name, "-_"); name == "" {
		return "my-sale"
	}
	return name
}

func validateScenarios(w, notes io.Writer, names []string) error {
	var all []error
	for _, name := range names {
		sc, err := scenarios.Load(name)
		if err != nil {
			all = append(all, err)
			continue
		}
		if err := plan.Check(sc); err != nil {
			all = append(all, err)
			continue
		}
		warn(notes, sc)
		for _, w := range plan.LoadWarnings(sc) {
			fmt.Fprintf(notes, "fsctl: warning: %s: %s\n", cmp.Or(sc.File, name), w.Message)
		}
		_, err = fmt.Fprintf(w, "%s: valid\n", name)
		all = append(all, err)
	}
	return errors.Join(all...)
}

func writeSchema(w io.Writer) error {
	text, err := schema.Text()
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// warn says what is hardly meant in a valid scenario.
func warn(notes io.Writer, sc *scenarios.Scenario) {
	for _, warning := range sc.Warnings() {
		fmt.Fprintln(notes, "fsctl: warning: "+sc.File+": "+warning)
	}
	for _, place := range compose.LiteralCredentials(sc) {
		fmt.Fprintf(notes, "fsctl: hint: %s: %s has a credential in clear, which stays in the run's scenario.yaml: name it ${env.NAME}, and give it by the environment\n", sc.File, place)
	}
}
