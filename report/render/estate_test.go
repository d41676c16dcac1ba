package render

import (
	"io"
	"math"
	"strings"
	"testing"

	"fsctl/plan"
	"fsctl/plan/architectures"
)

func sampleEstate() *plan.EstatePlan {
	used := plan.Estimate{Mid: 25875, P95: 69603, P99: 92400}
	return &plan.EstatePlan{
		PoolCores: 150_000, ProvisionCores: plan.Estimate{Mid: 75875, P95: 119603, P99: 142400}, LeadSeconds: plan.Estimate{P95: 1583},
		Verdict: "100000 cores within 30m0s are enough", BindingLimit: "provision-rate",
		Pools: []plan.PoolPlan{
			{Name: "idc", Billing: "reserved", Cores: 50_000, UsedCores: plan.Estimate{Mid: 50_000, P95: 50_000, P99: 50_000}, Cost: &plan.Estimate{Mid: 24_000, P95: 24_000}},
			{Name: "cl|oud", Billing: "on-demand", Cores: 100_000, UsedCores: used, ProvisionSeconds: plan.Estimate{P95: 1253}, LeadSeconds: plan.Estimate{P95: 1583}, Cost: &plan.Estimate{Mid: 1260, P95: 4010}},
		},
	}
}

func sampleAutoscaling() *plan.Autoscaling {
	return &plan.Autoscaling{
		Step: "order", Growth: 90, Because: "order grows 90 times",
		Climbs: []plan.Climb{{TargetRatio: .5, Cycles: 7, Seconds: 315, SecondsWithNodes: 1995}, {TargetRatio: .95, Stuck: true}},
		Services: []plan.ServiceScaling{{Name: "live", Policy: "hpa", Growth: 1.357, Because: "late by 15s",
			Climbs: []plan.Climb{{TargetRatio: .6, Cycles: 1, Seconds: 15, SecondsWithNodes: 255}}}},
	}
}

func sampleArchitectures() *architectures.Comparison {
	return &architectures.Comparison{
		Scenario: "double|11", Assumptions: []string{"a core costs 0.04 an hour"},
		Architectures: []architectures.Architecture{
			{Name: "monolith", DatabaseReadsQPS: plan.Estimate{Mid: 6600}, ReadsPerNodeQPS: plan.Estimate{Mid: 6600}, SinglePoints: []string{"the one machine", "the one database"}, Gain: "nothing yet"},
			{Name: "cached", DatabaseReadsQPS: plan.Estimate{Mid: 1640}, ReadsPerNodeQPS: plan.Estimate{Mid: 820}, OrderBacklog: plan.Estimate{Mid: 98_611}, SinglePoints: []string{}, Gain: "75.2 % of the reads leave"},
		},
	}
}

// holds checks that every part is in the text, in that order.
func holds(t testing.TB, text string, parts ...string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		at := strings.Index(rest, part)
		if at < 0 {
			t.Errorf("no %q (in that order) in\n%s", part, text)
			continue
		}
		rest = rest[at+len(part):]
	}
}

func TestEstateUnderTheServices(t *testing.T) {
	p := samplePlan()
	plain := planText(t, p, Style{})
	p.Estate, p.Autoscaling = sampleEstate(), sampleAutoscaling()
	holds(t, planText(t, p, Style{}), "service", "pool", "used p95", "idc", "reserved", "24,000", "cl|oud", "25,900", "69,600", "20 min 53 s", "26 min 23 s",
		"together", "120,000", "estate: 100000 cores within 30m0s are enough; bound by provision-rate",
		"autoscaler", "step order", "90 x", "50 %", "7", "5 min 15 s", "33 min 15 s", "95 %", "never", "live", "1.36 x", "60 %", "autoscaler: order grows 90 times")
	if strings.Contains(plain, "autoscaler") || strings.Contains(plain, "estate:") {
		t.Errorf("an estate in a plan without one:\n%s", plain)
	}
	p.Estate.ShortCores = plan.Estimate{Mid: 1000, P95: 2000, P99: 3000}
	holds(t, planText(t, p, Style{}), "together", "short", "-", "1,000", "2,000", "3,000")
}

func TestEstateInMarkdown(t *testing.T) {
	p := samplePlan()
	p.Estate, p.Autoscaling = sampleEstate(), sampleAutoscaling()
	holds(t, text(t, func(w io.Writer) error { return PlanMarkdown(w, p) }),
		"| pool | billing |", "| idc | reserved | 50,000 |", `| cl\|oud |`, "are enough; bound by", "| autoscaler |", "| step order | 90 x | 50 % | 7 |", "never", "order grows 90 times")
}

func TestArchitecturesAsTheyShouldLook(t *testing.T) {
	a := sampleArchitectures()
	got := text(t, func(w io.Writer) error { return Architectures(w, a, Style{}) })
	holds(t, got, "double|11 on one architecture", "db reads", "monolith", "6.6k/s", "2", "cached", "1.64k/s", "820/s", "98,600",
		"monolith: nothing yet", "stops with: the one machine; the one database", "cached: 75.2 %", "[1] a core costs")
	if strings.Count(got, "stops with") != 1 {
		t.Errorf("want what stops the one that stops:\n%s", got)
	}
	holds(t, text(t, func(w io.Writer) error { return ArchitecturesMarkdown(w, a) }),
		`## Architectures: double\|11`, "| architecture | db reads |", "| monolith | 6.6k/s |", "**monolith**: nothing yet. It stops with the one machine; the one database", "**cached**", "a core costs")
}

// Figures and names as no one should have them break no line at any width.
func TestEstateAtAnyWidth(t *testing.T) {
	long := strings.Repeat("抢购x", 60)
	p, a := samplePlan(), sampleArchitectures()
	p.Estate, p.Autoscaling = sampleEstate(), sampleAutoscaling()
	p.Estate.Pools = append(p.Estate.Pools, plan.PoolPlan{Name: long, Billing: "b\nb", Cores: math.Inf(1), UsedCores: plan.Estimate{P95: math.NaN()}})
	p.Estate.Verdict, p.Autoscaling.Because, p.Autoscaling.Step = long, long+" "+long, long
	a.Architectures = append(a.Architectures, architectures.Architecture{Name: "queued", Gain: long, SinglePoints: []string{long, "a\x1b[31mb"}, CPUCores: plan.Estimate{Mid: math.Inf(1)}})
	for _, width := range []int{1, 40, 80, 120, 200} {
		for _, got := range []string{
			planText(t, p, Style{Width: width, Color: true}),
			text(t, func(w io.Writer) error { return Architectures(w, a, Style{Width: width}) }),
		} {
			for line := range strings.SplitSeq(got, "\n") {
				if visible(line) > max(width, 40) {
					t.Errorf("width %d: a line of %d columns: %q", width, visible(line), line)
				}
			}
		}
	}
}

// The costs of pools and of what is no pool are shown, so that together they are the cost of the sale.
func TestCostsUnderThePools(t *testing.T) {
	p := samplePlan()
	p.Estate = sampleEstate()
	p.Totals.CostUnit, p.Totals.Cost = plan.CostInMoney, &plan.Estimate{Mid: 71.5, High: 90, P95: 81.5}
	p.Totals.CostParts = []plan.CostPart{{Name: "pool:idc"}, {Name: "beyond-pools", Cost: &plan.Estimate{}}, {Name: "function-time", Cost: &plan.Estimate{Mid: 57.5, High: 60, P95: 58.5}}, {Name: "function-calls"}}
	text := planText(t, p, Style{})
	holds(t, text, "cl|oud", "function-time", "57.5", "58.5", "function-calls", "-", "together", "71.5", "81.5")
	if strings.Contains(text, "beyond-pools") {
		t.Errorf("a part that costs nothing in\n%s", text)
	}
	p.Totals.CostUnit = plan.CostInCoreHours
	if text := planText(t, p, Style{}); strings.Contains(text, "function-time") || strings.Contains(text, "71.5") {
		t.Errorf("core-hours among costs of pools in\n%s", text)
	}
}
