package render

import (
	"bytes"
	"strings"
	"testing"

	"fsctl/plan"
)

func TestPlanDetails(t *testing.T) {
	pl := samplePlan()
	pl.Services[0].Details = []plan.Detail{
		{Name: "burst_seconds{aws-lambda}", Value: 24.63, Unit: "s", Note: "until all run"}, {Name: "cold_starts", Value: 3463, Unit: "instances"},
		{Name: "throttled_qps{quota}", Value: 3000, Unit: "1/s"}, {Name: "throttled_ratio{quota}", Value: 0.375, Unit: "ratio", Note: "a | b"},
	}
	var table, markdown bytes.Buffer
	if err := Plan(&table, pl, Style{Width: 120}); err != nil {
		t.Fatal(err)
	}
	if err := PlanMarkdown(&markdown, pl); err != nil {
		t.Fatal(err)
	}
	flat := strings.Join(strings.Fields(table.String()), " ")
	for _, want := range []string{"burst_seconds{aws-lambda} 24.6 s until all run cold_starts 3,460 instances throttled_qps{quota} 3k/s", "throttled_ratio{quota} 37.5 %"} {
		if !strings.Contains(flat, want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
	for _, want := range []string{"| `burst_seconds{aws-lambda}` | 24.6 s |  | until all run |", `a \| b`} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("no %q in\n%s", want, markdown.String())
		}
	}
}
