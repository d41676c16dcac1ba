package render

import (
	"strings"
	"testing"

	"fsctl/report"
)

func TestGroupsAreShown(t *testing.T) {
	r := &report.Report{Groups: []report.Group{
		{Name: "checkout", Times: 1200, Finished: 1100, Duration: &report.Distribution{P50: 0.4, P95: 1.25, P99: 2, Max: 3}}, {Name: "sign|in", Times: 1}}}
	var text, page strings.Builder
	if err := Report(&text, r, Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"group", "p95", "checkout", "1,200", "1.25 s"} {
		if !strings.Contains(text.String(), want) || !strings.Contains(page.String(), want) {
			t.Errorf("no %q in\n%s\n%s", want, text.String(), page.String())
		}
	}
	if !strings.Contains(page.String(), `sign\|in`) {
		t.Errorf("a name is not escaped:\n%s", page.String())
	}
}
