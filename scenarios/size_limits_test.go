package scenarios

import "testing"

func TestSizeLimitProblems(t *testing.T) {
	for _, b := range []badScenario{
		{"sale:\n", "limits: {cores: 0, instances: 0, cost: 0}\nsale:\n", []string{
			`@: limits.cores: found 0, wanted above 0`, `@: limits.cost: found 0`, `@: limits.instances: found 0`}},
		{"sale:\n", "limits: {core: 5}\nsale:\n", []string{`@: limits.core: unknown key, wanted one of cores, cost, instances (did you mean cores?)`}},
		{"sale:\n", "limits: {cores: -5}\nsale:\n", []string{`@: limits.cores: found "-5", wanted a count`}},
		{"sale:\n", "limits: {cost: [1, 2]}\nsale:\n", []string{`@: limits.cost: found a list, wanted a count`}},
		{"  items: 1\n", "  margin: 2e12\n", []string{`@: sale.margin: found 2000000000000, wanted at most 1T`}},
		{"  items: 1\n", "  margin: -1\n", []string{`@: sale.margin: found "-1", wanted a number`}},
	} {
		b.check(t)
	}
}

func TestSizeLimitsAreRead(t *testing.T) {
	sc := mustParse(t, exampleText(t), "limits.cores=10k", "limits.cost=2.5", "sale.margin=12.5")
	if l := sc.Limits; l == nil || *l.Cores != 10_000 || *l.Cost != 2.5 || l.Instances != nil {
		t.Errorf("limits %+v, want 10k cores, a cost of 2.5 and none on instances", l)
	}
	if sc.Sale.Margin != 12.5 {
		t.Errorf("margin %g, want 12.5", sc.Sale.Margin)
	}
	if sc := mustParse(t, exampleText(t)); sc.Limits != nil || sc.Sale.Margin != 0 {
		t.Errorf("limits %+v and margin %g, want none by default", sc.Limits, sc.Sale.Margin)
	}
}
