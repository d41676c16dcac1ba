package scenarios

import (
	"errors"
	"strings"
	"testing"

	"fsctl/scenarios/strict"
)

// Without a ledger an invariant would compare nothing with nothing. A run of an older version is read all the same.
func TestInvariantsWithoutALedger(t *testing.T) {
	text := strings.Replace(exampleText(t), "\nledger: {url", "\n# ledger: {url", 1)
	_, err := Parse("sale.yaml", []byte(text))
	invalid, ok := errors.AsType[*strict.Error](err)
	if !ok || len(invalid.Problems) != 1 || invalid.Problems[0].Field != "invariants" {
		t.Fatalf("found %v, wanted the problem of the invariants alone", err)
	}
	for _, way := range []string{`ledger: {url: "/`, "ledger: answers"} {
		if !strings.Contains(invalid.Hint, way) {
			t.Errorf("the hint %q does not name %s", invalid.Hint, way)
		}
	}
	if _, err := ParseRun("sale.yaml", []byte(text)); err != nil {
		t.Errorf("the same scenario of a run that is over: %v", err)
	}
	if _, err := Parse("sale.yaml", []byte(text), "ledger=answers"); err != nil {
		t.Errorf("the same with --set ledger=answers: %v", err)
	}
	if _, err := Parse("sale.yaml", []byte(text), "invariants=[]"); err != nil {
		t.Errorf("the same without invariants: %v", err)
	}
}

// What --set writes is the scenario that the run keeps.
func TestLedgerRoundTrip(t *testing.T) {
	for _, set := range []string{"ledger=answers", "ledger={answers: true, order_id: order_id}", "ledger.baseline=none", "ledger.url=/books"} {
		once := mustParse(t, exampleText(t), set)
		again, err := ParseRun("run.yaml", once.Document)
		if err != nil || *again.Ledger != *once.Ledger {
			t.Errorf("--set %s: %+v became %+v, %v", set, once.Ledger, again, err)
		}
		if err := once.Validate(); err != nil {
			t.Errorf("--set %s: %v", set, err)
		}
	}
}
