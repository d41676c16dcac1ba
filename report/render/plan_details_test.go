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

func TestWhatIsUnknownIsADash(t *testing.T) {
	for _, c := range []struct {
		s    plan.Service
		want string
	}{
		{plan.Service{Kind: "service", WaitProbability: 0.00661, ResponseSeconds: plan.Response{P99: 1}}, "0.661 %"},
		{plan.Service{Kind: "service", WaitProbability: 8.19e-9, ResponseSeconds: plan.Response{P99: 1}}, "< 0.01 %"},
		{plan.Service{Kind: "service", ResponseSeconds: plan.Response{P99: 1}}, "< 0.01 %"},
		{plan.Service{Kind: "function", ResponseSeconds: plan.Response{P99: 1}}, "-"},
		{plan.Service{Kind: "queue", WaitProbability: 1}, "100 %"},
		{plan.Service{Kind: "cache"}, "-"},
	} {
		if got := waiting(&c.s); got != c.want {
			t.Errorf("%+v: the share of calls that wait is written %q, wanted %q", c.s, got, c.want)
		}
	}
	if running(&plan.Service{}) != "-" || running(&plan.Service{Running: 1000}) != "1,000" {
		t.Error("instances that run now are written wrongly")
	}
	for _, c := range []struct {
		excuse plan.Excuse
		want   string
	}{
		{plan.Excuse{Got: 3462.96, Limit: 100}, "3,460 100"}, {plan.Excuse{Got: 1004, Limit: 1000}, "1,004 1,000"}, {plan.Excuse{Bottleneck: "latency", Got: 0.061, Limit: 0.05}, "61 ms 50 ms"},
	} {
		if got := strings.Join(c.excuse.Row()[2:], " "); got != c.want {
			t.Errorf("%+v is written %q, wanted %q", c.excuse, got, c.want)
		}
	}
}

func TestHeadlineSaysWhatIsBusy(t *testing.T) {
	pl := &plan.Plan{Totals: plan.Totals{CPUCores: plan.Estimate{P95: 96}, BusyCores: plan.Estimate{P95: 66.13}, Instances: plan.Estimate{P95: 28}}}
	pl.Demand.PeakQPS = plan.Estimate{High: 9000, P95: 8451}
	if got, want := headline(pl), "8.45k/s at the day's peak (p95) needs 28 instances, 96 cores at 68.9 % utilization (66.1 busy)"; got != want {
		t.Errorf("headline %q, wanted %q", got, want)
	}
	if first := cards(pl)[0]; first.Name != "Day's peak, p95" || first.Value != "8.45k/s" {
		t.Errorf("first card %+v, wanted the figure of the headline", first)
	}
	pl.Demand.EventQPS, pl.Totals = plan.Estimate{High: 2e6, P95: 1.874e6}, plan.Totals{CPUCores: plan.Estimate{P95: 1}, Instances: plan.Estimate{P95: 1}}
	if got, want := headline(pl), "1.87M/s at the event (p95) needs 1 instance, 1 core"; got != want {
		t.Errorf("headline %q, wanted %q", got, want)
	}
	if first := cards(pl)[0]; first.Name != "Event, p95" || first.Value != "1.87M/s" {
		t.Errorf("first card %+v, wanted the figure of the headline", first)
	}
}
