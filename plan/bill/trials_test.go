package bill

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"fsctl/plan/model"
	"fsctl/scenarios"
)

func modelOf(t testing.TB, text string) *model.Model {
	t.Helper()
	sc, err := scenarios.Parse("bill.yaml", []byte("apiVersion: fsctl/v1\nkind: Scenario\nname: bill\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.New(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// uncertain is a scenario of so many services whose demands vary on their own.
func uncertain(services int, more string) string {
	var b strings.Builder
	b.WriteString("workload: {requests: 86.4M, busy: {share: 100%, window: 24h}, peak: 1}\nsteps: {order: {share: 100%, transaction: true}}\nservices:\n")
	for i := range services {
		fmt.Fprintf(&b, "  - {name: s%d, kind: service, calls: {order: 1}, demand: [5ms, 10ms, 30ms], start: 0s, instance: {cores: %d}}\n", i, i%3+1)
	}
	return b.String() + more
}

func trialsOf(m *model.Model, n, budget int) *Trials {
	return newTrials(m, model.Options{Trials: n, Cores: 2}, nil, budget)
}

// A size at the level of p has no service short in a share p of the trials, counted trial by trial, and no more to spare than what is
// rounded up.
func TestLevelIsEnough(t *testing.T) {
	const n = 500
	m := modelOf(t, uncertain(8, ""))
	trials := trialsOf(m, n, keepBudget)
	for _, p := range []float64{0.5, 0.95, 0.99} {
		size, held := trials.Sizes([]Level{trials.Level(p)})[0], 0
		for trial := range n {
			x, enough := m.Trial(trial), true
			for i := range x.Sizes {
				enough = enough && x.Sizes[i].Instances <= size[i].Instances
			}
			if enough {
				held++
			}
		}
		if least := int(math.Ceil(p * n)); held < least || held > least+n/25 {
			t.Errorf("p%g: %d of %d trials have enough, want %d and hardly more", p*100, held, n, least)
		}
	}
}

// A service that costs next to nothing takes next to nothing of the risk: the dear one beside it is at its own p95.
func TestCheapServicesAreGenerous(t *testing.T) {
	m := modelOf(t, uncertain(1, "  - {name: cheap, kind: service, calls: {order: 1}, demand: [50us, 100us, 300us], start: 0s}\n"))
	trials := trialsOf(m, 4000, keepBudget)
	size := trials.Sizes([]Level{trials.Level(0.95)})[0]
	own, cheap := make([]float64, 4000), make([]float64, 4000)
	for trial := range own {
		x := m.Trial(trial)
		own[trial], cheap[trial] = x.Sizes[0].Instances, x.Sizes[1].Instances
	}
	slices.Sort(own)
	slices.Sort(cheap)
	if from, to := model.Rank(own, 0.949), model.Rank(own, 0.955); size[0].Instances < from || size[0].Instances > to {
		t.Errorf("%g instances of the dear one, want its own p95, %g to %g", size[0].Instances, from, to)
	}
	if least := model.Rank(cheap, 0.99); size[1].Instances < least {
		t.Errorf("%g instances of the cheap one, want at least its own p99, %g", size[1].Instances, least)
	}
}

// Eight equal services: with each at its own p95, two thirds of 1 - 0.95^8 of the trials fall short; with the split they do not.
func TestSplitOfEqualServices(t *testing.T) {
	m := modelOf(t, uncertain(8, ""))
	trials := trialsOf(m, 4000, keepBudget)
	own := Level(4000 - math.Ceil(0.95*4000) + 1)
	sizes := trials.Sizes([]Level{own, trials.Level(0.95)})
	risks := trials.Risks(NewTariff(m), sizes, nil)
	if want := 1 - math.Pow(0.95, 8); math.Abs(risks[0].NotEnough-want) > 0.04 {
		t.Errorf("%g of the trials are short with each service at its p95, want about %g", risks[0].NotEnough, want)
	}
	if got := risks[1].NotEnough; got > 0.05 || got < 0.04 {
		t.Errorf("%g of the trials are short with the split, want at most 5 %% and not far below", got)
	}
}

// Values that are too many to keep are drawn again, and give the same sizes and risks.
func TestDrawnAgainGivesTheSame(t *testing.T) {
	text := uncertain(5, "  - {name: f, kind: function, calls: {order: 1}, demand: [50ms, 100ms, 200ms]}\n"+
		"sale: {stock: 1000, margin: 2}\nestate: {pools: [{name: own, cores: 1k, price: 0.1, billing: on-demand}], functions: {gb_second: 0.01}, scaling: [{service: s1, policy: hpa, target: 50%, min: 1, max: 1000}]}\n")
	m := modelOf(t, text)
	orders := make([]float64, 300)
	for i := range orders {
		orders[i] = float64(i)
	}
	of := func(budget int) string {
		trials := trialsOf(m, len(orders), budget)
		low, high, bounded := trials.Interval(0.95)
		sizes := trials.Sizes([]Level{trials.Level(0.5), trials.Level(0.95), low, high})
		return fmt.Sprintf("%v %v %v %v", sizes, bounded, trials.Risks(NewTariff(m), sizes, orders), trials.Cores([]Level{low, high}))
	}
	if kept, again := of(keepBudget), of(0); kept != again {
		t.Errorf("drawn again\n%s\nwant\n%s", again, kept)
	}
}

// Ranks of order statistics against the binomial distribution summed term by term.
func TestRanksAgainstTheBinomial(t *testing.T) {
	for _, n := range []int{1, 10, 71, 72, 100, 368, 369, 1000, 10_000} {
		for _, p := range []float64{0.5, 0.95, 0.99} {
			below, sum := make([]float64, n+2), 0.0 // P(B < k)
			logN, _ := math.Lgamma(float64(n + 1))
			for k := range n + 1 {
				below[k] = sum
				a, _ := math.Lgamma(float64(k + 1))
				b, _ := math.Lgamma(float64(n - k + 1))
				sum += math.Exp(logN - a - b + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
			}
			below[n+1] = 1
			low, high := Ranks(n, p)
			if low < 1 || high < low || high > n+1 {
				t.Fatalf("%d trials, p %g: ranks %d and %d", n, p, low, high)
			}
			if below[low] > 0.0250001 && low > 1 || low < n && below[low+1] <= 0.0249999 {
				t.Errorf("%d trials, p %g: lower rank %d with P(B < r) %g, want the largest of at most 2.5 %%", n, p, low, below[low])
			}
			if below[high] < 0.9749999 || high > low && below[high-1] >= 0.9750001 {
				t.Errorf("%d trials, p %g: upper rank %d with P(B < s) %g, want the least of 97.5 %% or more", n, p, high, below[high])
			}
			if wanted := map[float64]int{0.95: 72, 0.99: 368}[p]; wanted > 0 && (high > n) != (n < wanted) {
				t.Errorf("%d trials, p %g: bounded %v, want it from %d trials on", n, p, high <= n, wanted)
			}
		}
	}
}
