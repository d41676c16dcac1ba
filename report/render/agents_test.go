package render

import (
	"strings"
	"testing"

	"fsctl/report"
)

func TestAgents(t *testing.T) {
	r := &report.Report{Agents: []report.Agent{
		{Name: "agent-1@a", ShareRatio: 0.5, Finished: true, PlannedArrivals: 1000, ReportedArrivals: 1000, T0SkewSeconds: 0.0002, OffsetSeconds: -2.9, BoundSeconds: 0.00001},
		{Name: "agent-2@b", ShareRatio: 0.5, Lost: true, PlannedArrivals: 1000, ReportedArrivals: 600, InDoubtArrivals: 50, UnsentArrivals: 350, InDoubtSeconds: 2, ExtraArrivals: 7, ExtraSeconds: 3},
	}}
	var page, md strings.Builder
	if err := Report(&page, r, Style{Width: 120}); err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&md, r); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"page": page.String(), "Markdown": md.String()} {
		for _, want := range []string{"agent-1@a", "-2.9 s", "600 of 1,000", "lost, 50 users of 2 s in doubt, 350 not sent, 7 of 3 s sent"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in:\n%s", name, want, text)
			}
		}
	}
}
