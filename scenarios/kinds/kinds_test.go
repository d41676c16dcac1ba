package kinds

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/scenario.md anew")

// row is a field's cells in the manual.
func row(t *Table, f *Field) string {
	cells := []string{"`" + f.Name + "`"}
	for k, use := range f.By {
		cell := map[Use]string{None: "-", Optional: "yes", Required: "required", Simulated: "simulate"}[use]
		if needed := f.Needs[t.Kinds[k]]; needed != "" && use != None {
			cell = "with `" + needed + "`"
		}
		cells = append(cells, cell)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func markdown(t *Table) string {
	var b strings.Builder
	b.WriteString("| field | " + strings.Join(t.Kinds, " | ") + " |\n|---|" + strings.Repeat("---|", len(t.Kinds)) + "\n")
	for i := range t.Fields {
		b.WriteString(row(t, &t.Fields[i]))
	}
	return b.String()
}

// The manual's tables are those that scenarios are checked by.
func TestManualHasTheTables(t *testing.T) {
	const page = "../../docs/scenario.md"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	now := string(text)
	for heading, table := range map[string]*Table{"### Fields of a service": OfServices(), "### Fields of a policy": OfScaling()} {
		_, after, found := strings.Cut(now, heading+"\n")
		begin := strings.Index(after, "| field |")
		if !found || begin < 0 {
			t.Fatalf("%s has no %q with a table", page, heading)
		}
		old, _, _ := strings.Cut(after[begin:], "\n\n")
		now = strings.Replace(now, strings.TrimSuffix(old, "\n")+"\n", markdown(table), 1)
	}
	if now == string(text) {
		return
	}
	if !*update {
		t.Errorf("%s has other tables than scenarios are checked by: go test ./scenarios/kinds -update", page)
		return
	}
	if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every field says what it does for every kind, and needs a field of the same table.
func TestTablesAreWhole(t *testing.T) {
	for _, table := range []*Table{OfServices(), OfScaling(), OfPools(), OfPhases()} {
		names := map[string]bool{}
		for _, f := range table.Fields {
			if names[f.Name] || len(f.By) != len(table.Kinds) {
				t.Errorf("%s: there twice, or %d uses for %d kinds", f.Name, len(f.By), len(table.Kinds))
			}
			names[f.Name] = true
			if len(f.With(table.Kinds)) == 0 {
				t.Errorf("%s has an effect nowhere", f.Name)
			}
		}
		for _, f := range table.Fields {
			for kind, needed := range f.Needs {
				if table.Use(f.Name, kind) == None || !names[needed] || table.Use(needed, kind) == None {
					t.Errorf("%s needs %s at a %s, where one of them has no effect", f.Name, needed, kind)
				}
			}
		}
	}
	if table := OfServices(); table.Use("wait", Queue) != None || table.Use("nosuch", Queue) != Optional || table.Use("wait", "nosuch") != Optional {
		t.Error("a use that is not the table's")
	}
}
