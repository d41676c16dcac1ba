package render

import (
	"io"
	"math"
	"strings"
	"testing"

	"fsctl/plan"
)

func uncertainPlan() *plan.Plan {
	p := samplePlan()
	p.Tornado = []plan.Influence{
		{Input: "services.shop.demand", Low: 60, High: 160, Swing: 100, Share: .8},
		{Input: "workload.peak", Low: 80, High: 130, Swing: 50, Share: .15},
		{Input: "services.gateway.demand", Low: 101, High: 103, Swing: 2},
	}
	p.Candidates = []plan.Candidate{
		{Name: "mid", CPUCores: 101.55, Instances: 45, NotEnoughRatio: .5, ShortfallCores: 12, SurplusCores: 5, Cost: new(102.0), Regret: 17},
		{Name: "p50", CPUCores: 101.55, Instances: 45, NotEnoughRatio: .5, ShortfallCores: 12, SurplusCores: 5, Cost: new(102.0), Regret: 17},
		{Name: "p95", CPUCores: 162, Instances: 72, NotEnoughRatio: .05, ShortfallCores: 1, SurplusCores: 60, Cost: new(162.0), Regret: 61},
		{Name: "p99", CPUCores: 213, Instances: 95, NotEnoughRatio: .01, ShortfallCores: .1, SurplusCores: 110, Cost: new(213.0), Regret: 110, Rejected: []string{"cores", "cost"}},
	}
	p.Recommendation = plan.Recommendation{Candidate: "p95", Because: "least regret", CostUnit: plan.CostInCoreHours, RegretUnit: plan.RegretInCores}
	return p
}

// lines returns the lines from the one that begins so up to the next empty one.
func lines(t testing.TB, text, begin string) string {
	t.Helper()
	_, rest, found := strings.Cut("\n"+text, "\n"+begin)
	if !found {
		t.Fatalf("no line begins with %q in\n%s", begin, text)
	}
	block, _, _ := strings.Cut(begin+rest, "\n\n")
	return block
}

func TestTornadoAndCandidatesAsTheyShouldLook(t *testing.T) {
	got := planText(t, uncertainPlan(), Style{Width: 80})
	if block, want := lines(t, got, "what moves"), `what moves the cores     at its low  at its high  swing  variance
services.shop.demand             60          160    100      80 %  #############
workload.peak                    80          130     50      15 %  #######
services.gateway.demand         101          103      2     small  #`; block != want {
		t.Errorf("tornado:\n%s\nwanted:\n%s", block, want)
	}
	if block, want := lines(t, got, "size"), `size  cores  instances     not  cores  cores  core-hours  regret
                        enough  short   idle                  in
                                                           cores
mid     102         45    50 %     12      5         102      17
p95     162         72     5 %      1     60         162      61  recommended
p99     213         95     1 %    0.1    110         213     110  over the limit
                                                                  of cores, cost
p95: least regret`; block != want {
		t.Errorf("candidates:\n%s\nwanted:\n%s", block, want)
	}
}

func TestTornadoAtAnyWidth(t *testing.T) {
	nasty := uncertainPlan()
	long := strings.Repeat("抢购x", 60)
	nasty.Tornado = append(nasty.Tornado, plan.Influence{Input: long + "|`\x1b\n", Low: math.NaN(), High: math.Inf(1), Swing: math.Inf(1), Share: math.NaN()})
	nasty.Candidates = append(nasty.Candidates, plan.Candidate{Name: long, CPUCores: math.Inf(1), Regret: math.NaN(), Rejected: []string{long}})
	nasty.Recommendation.Because = long + "\n" + long
	for _, width := range []int{0, 30, 40, 60, 80, 100, 120, 200} {
		s := Style{Width: width}
		for name, p := range map[string]*plan.Plan{"plan": uncertainPlan(), "nasty plan": nasty} {
			got := planText(t, p, s)
			for line := range strings.SplitSeq(got, "\n") {
				if visible(line) > s.width() {
					t.Errorf("%s at width %d: a line of %d columns: %q", name, width, visible(line), line)
				}
			}
			if strings.ContainsAny(got, "\x1b\x00\t") || strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
				t.Errorf("%s at width %d has signs it must not have:\n%s", name, width, got)
			}
		}
	}
}

func TestNoBarsWithoutRoom(t *testing.T) {
	if block := lines(t, planText(t, uncertainPlan(), Style{Width: 70}), "what moves"); strings.Contains(block, "#") {
		t.Errorf("bars where no room is:\n%s", block)
	}
}

func TestOnlyTheFirstInputsAreShown(t *testing.T) {
	p := uncertainPlan()
	for range 10 {
		p.Tornado = append(p.Tornado, plan.Influence{Input: "services.other.demand", Swing: 1})
	}
	if block := lines(t, planText(t, p, Style{}), "what moves"); strings.Count(block, "services.other") != 5 || !strings.Contains(block, "not shown: 5 inputs that matter less") {
		t.Errorf("found\n%s\nwanted 8 inputs and that there are 5 more", block)
	}
}

func TestTornadoInMarkdown(t *testing.T) {
	got := text(t, func(w io.Writer) error { return PlanMarkdown(w, uncertainPlan()) })
	for _, want := range []string{
		"\n| what moves the cores | at its low | at its high | swing | variance |\n|---|--:|--:|--:|--:|\n| `services.shop.demand` | 60 | 160 | 100 | 80 % |\n",
		"\n| p95 | 162 | 72 | 5 % | 1 | 60 | 162 | 61 | recommended |\n",
		"| over the limit of cores, cost |\n",
		"\np95: least regret\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "| p50 | 102") {
		t.Errorf("p50 is the same size as mid, and is shown twice:\n%s", got)
	}
}
