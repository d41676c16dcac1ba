package model

import (
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"
)

// Options say how a plan is tried. The zero value asks for the defaults.
type Options struct {
	Trials int    // Monte Carlo trials, 1 to 10 M; 0 for DefaultTrials
	Seed   uint64 // of the trials' random numbers
	Cores  int    // trials that run at once; 0 for as many as there are processors. It does not change the plan

	SizeFor string // the load that services are sized for: day, event or storm; empty, or Largest, for the one that asks for the most
}

// DefaultTrials is the number of trials, 1 to 10 M, where none is asked for.
const DefaultTrials = 10_000

const maxTrials = 10_000_000

// Resolved returns the options with what was left out: 10,000 trials, and as many cores as there are processors.
// Errors: *[InputError] for a number of trials outside 1 to 10 M.
func (o Options) Resolved() (Options, error) {
	if o.Trials == 0 {
		o.Trials = DefaultTrials
	}
	if o.Trials < 1 || o.Trials > maxTrials {
		return o, &InputError{Field: "trials", Found: strconv.Itoa(o.Trials), Wanted: "1 to " + strconv.Itoa(maxTrials)}
	}
	if o.Cores <= 0 {
		o.Cores = runtime.GOMAXPROCS(0)
	}
	return o, nil
}

// Estimate is a quantity of a plan. Low, Mid and High are its values with all inputs at their low, mid and high
// values at once, the corners, in its unit. P50, P95 and P99 come from the Monte Carlo trials, in which the
// inputs vary on their own: a share of 50, 95 and 99 % of the trials needs at most so much.
type Estimate struct {
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
}

// Mapped returns the estimate of a figure that never falls as this one rises: each of the six is that
// of the same case or trial.
func (e Estimate) Mapped(f func(float64) float64) Estimate {
	return Estimate{f(e.Low), f(e.Mid), f(e.High), f(e.P50), f(e.P95), f(e.P99)}
}

// Figure is one number of a case, of which a plan has an [Estimate].
type Figure struct {
	Field string // its path in the JSON, such as services.shop.instances
	Needs int    // index of the service that must have been sized, or AllServices, or NoService
	Read  func(*Case) float64
}

// What a figure needs to be sized before it is read.
const (
	NoService   = -1
	AllServices = -2
)

// Estimates holds the estimate of each figure by its field.
type Estimates map[string]Estimate

// Estimate returns the estimates of the figures, and of those whose fields are to be kept the values in
// all trials, in the order of the trials; a model without uncertain inputs has one.
//
// A limit that only the high case cannot meet is left out there; so Low is at most Mid, and High is at
// least Mid. In each trial every input is drawn on its own, from the stream of the model's seed and its
// name at the trial's number; the percentiles are order statistics of the trials, by definition the value of rank
// ceil(p n). So neither the cores nor the memory change them.
//
//	c     the model's corners
//	o     resolved
//	keep  fields of figures
func (m *Model) Estimate(figures []Figure, c Corners, o Options, keep ...string) (estimates Estimates, kept map[string][]float64) {
	return m.estimate(figures, c, o, sampleBudget, keep)
}

func (m *Model) estimate(figures []Figure, c Corners, o Options, budget int, keep []string) (Estimates, map[string][]float64) {
	all, kept := make(Estimates, len(figures)), map[string][]float64{}
	for _, f := range figures {
		mid := f.Read(c.Mid)
		all[f.Field] = Estimate{Low: min(f.Read(c.Low), mid), Mid: mid, High: max(f.Read(c.High), mid), P50: mid, P95: mid, P99: mid}
		if m.Certain() && slices.Contains(keep, f.Field) {
			kept[f.Field] = []float64{mid}
		}
	}
	if m.Certain() {
		return all, kept
	}
	m.sample(figures, o, budget, func(group []Figure, samples [][]float64) {
		for i, f := range group {
			if slices.Contains(keep, f.Field) {
				kept[f.Field] = slices.Clone(samples[i])
			}
		}
		Parallel(len(group), o.Cores, 1, func(from, to int) {
			for i := from; i < to; i++ {
				slices.Sort(samples[i])
			}
		})
		for i, f := range group {
			e := all[f.Field]
			e.P50, e.P95, e.P99 = Rank(samples[i], 0.5), Rank(samples[i], 0.95), Rank(samples[i], 0.99)
			all[f.Field] = e
		}
	})
	return all, kept
}

// sampleBudget is how many values the trials may keep at once: 512 MiB. More figures or trials than
// that are drawn again, a group of figures at a time, which gives the same values.
const sampleBudget = 1 << 26

// Sample calls each with one group of the figures after another and, for every figure of the group, its values in the order of
// the trials, in the figure's unit. The slices belong to each, which may change and keep them.
func (m *Model) Sample(figures []Figure, o Options, each func(group []Figure, samples [][]float64)) {
	m.sample(figures, o, sampleBudget, each)
}

func (m *Model) sample(figures []Figure, o Options, budget int, each func(group []Figure, samples [][]float64)) {
	for group := range slices.Chunk(figures, max(1, budget/o.Trials)) {
		samples := make([][]float64, len(group))
		for i := range samples {
			samples[i] = make([]float64, o.Trials)
		}
		m.run(group, samples, o.Cores)
		each(group, samples)
	}
}

// blockTrials is the smallest share of the trials that is worth a goroutine.
const blockTrials = 256

// run fills in the values of the figures in every trial.
func (m *Model) run(figures []Figure, samples [][]float64, cores int) {
	services := m.needed(figures)
	Parallel(len(samples[0]), cores, blockTrials, func(from, to int) {
		x := m.newCase()
		for trial := from; trial < to; trial++ {
			m.draw(x, trial)
			for _, i := range services {
				x.Sizes[i] = m.Size(x, i)
			}
			for i := range figures {
				samples[i][trial] = figures[i].Read(x)
			}
		}
	})
}

// needed lists the services that the figures read the size of.
func (m *Model) needed(figures []Figure) []int {
	var list []int
	for i := range m.Services {
		if slices.ContainsFunc(figures, func(f Figure) bool { return f.Needs == i || f.Needs == AllServices }) {
			list = append(list, i)
		}
	}
	return list
}

// Parallel splits 0..n-1 into blocks of at least the given length, one for each core, and returns when
// all are done. cores is at least 1; do is given blocks from (included) to to (excluded), at the same
// time.
func Parallel(n, cores, least int, do func(from, to int)) {
	block := max(least, (n+cores-1)/cores)
	var group sync.WaitGroup
	for from := 0; from < n; from += block {
		group.Go(func() { do(from, min(n, from+block)) })
	}
	group.Wait()
}

// Rank returns the order statistic of rank ceil(p n), by definition the nearest-rank quantile. sorted are n
// values in rising order, at least 1, of any unit; p is above 0 and at most 1.
func Rank(sorted []float64, p float64) float64 {
	return sorted[max(1, int(math.Ceil(p*float64(len(sorted))-1e-9)))-1]
}
