package scenarios

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fsctl/scenarios/threshold"
)

const journeysReference = "testdata/journeys/shop-checkout.yaml"

// The scenario with every form of requests, users, values and flow is valid with its files beside it, reads the same again, and needs
// each of them.
func TestReferenceOfJourneys(t *testing.T) {
	sc, err := Load(journeysReference)
	if err != nil {
		t.Fatal(err)
	}
	if names := sc.Files(); !slices.Equal(names, []string{"avatar.png", "blob.bin"}) {
		t.Errorf("it sends the files %q", names)
	}
	if names := sc.CounterNames(); !slices.Equal(names, []string{"risk_checks"}) {
		t.Errorf("its counters are %q", names)
	}
	kinds := map[string]threshold.Kind{}
	for _, l := range sc.Thresholds {
		kinds[l.Name] = l.Thresholds[0].Kind
	}
	want := map[string]threshold.Kind{"group_duration{group:checkout}": threshold.Trend, "abandoned": threshold.Share, "risk_checks": threshold.Counter}
	for name, kind := range want {
		if kinds[name] != kind {
			t.Errorf("threshold %s is a %q, wanted a %q", name, kinds[name], kind)
		}
	}
	if warnings := sc.Warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], "nothing sets page") {
		t.Errorf("warnings are %q, wanted one of the page", warnings)
	}
	if _, err := ParseRun("elsewhere/scenario.yaml", sc.Document); err != nil {
		t.Errorf("a run of it cannot be read without its files: %v", err)
	}
	files := map[string][]byte{}
	for _, name := range []string{"users.csv", "avatar.png", "blob.bin"} {
		if files[name], err = os.ReadFile("testdata/journeys/" + name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ParseWithFiles("scenario.yaml", sc.Document, files); err != nil {
		t.Errorf("with its files in memory: %v", err)
	}
	for name := range files {
		data := files[name]
		delete(files, name)
		if _, err := ParseWithFiles("scenario.yaml", sc.Document, files); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v, wanted an error that names it", name, err)
		}
		files[name] = data
	}
}
