package plan

import (
	"math"
	"slices"
	"sync"
)

// sampleBudget is how many values the trials may keep at once: 512 MiB. More columns or trials
// than that are drawn again, a group of columns at a time, which gives the same values.
const sampleBudget = 1 << 26

// blockTrials is the smallest share of the trials that is worth a goroutine.
const blockTrials = 256

// percentiles fills in P50, P95 and P99 of every column, and returns the trials of those to be kept,
// in the order of the trials; a plan without uncertain inputs has one.
//
// In each trial every input is drawn on its own, from the stream of the plan's seed and its name at
// the trial's number; the percentiles are order statistics of the trials, the value of rank
// ceil(p n). So they depend on neither the cores nor the budget.
func (m *model) percentiles(columns []column, trials, cores, budget int, keep ...*Estimate) [][]float64 {
	kept := make([][]float64, len(keep))
	if m.certain() {
		for _, c := range columns {
			c.into.P50, c.into.P95, c.into.P99 = c.into.Mid, c.into.Mid, c.into.Mid
		}
		for i, e := range keep {
			kept[i] = []float64{e.Mid}
		}
		return kept
	}
	at := max(1, budget/trials)
	for group := range slices.Chunk(columns, at) {
		samples := make([][]float64, len(group))
		for i := range samples {
			samples[i] = make([]float64, trials)
		}
		m.sample(group, samples, cores)
		for i := range group {
			if at := slices.Index(keep, group[i].into); at >= 0 {
				kept[at] = slices.Clone(samples[i])
			}
		}
		parallel(len(group), cores, 1, func(from, to int) {
			for i := from; i < to; i++ {
				slices.Sort(samples[i])
				into := group[i].into
				into.P50, into.P95, into.P99 = rank(samples[i], 0.5), rank(samples[i], 0.95), rank(samples[i], 0.99)
			}
		})
	}
	return kept
}

func (m *model) certain() bool {
	for i := range m.quantities {
		if !m.quantities[i].certain() {
			return false
		}
	}
	return true
}

// sample runs the trials and keeps the columns of each.
func (m *model) sample(columns []column, samples [][]float64, cores int) {
	services := m.needed(columns)
	parallel(len(samples[0]), cores, blockTrials, func(from, to int) {
		x := m.newPoint()
		for trial := from; trial < to; trial++ {
			for i := range m.quantities {
				x.values[i] = m.quantities[i].draw(uint64(trial))
			}
			m.rate(x)
			for _, i := range services {
				x.sizes[i] = m.size(x, i)
			}
			for i := range columns {
				samples[i][trial] = columns[i].read(x)
			}
		}
	})
}

// needed lists the services that the columns read the size of.
func (m *model) needed(columns []column) []int {
	var list []int
	for i := range m.services {
		if slices.ContainsFunc(columns, func(c column) bool { return c.needs == i || c.needs == allServices }) {
			list = append(list, i)
		}
	}
	return list
}

// parallel splits 0..n-1 into blocks of at least the given length, one for each core.
func parallel(n, cores, least int, do func(from, to int)) {
	block := max(least, (n+cores-1)/cores)
	var group sync.WaitGroup
	for from := 0; from < n; from += block {
		group.Go(func() { do(from, min(n, from+block)) })
	}
	group.Wait()
}

// rank returns the order statistic of rank ceil(p n) of sorted values.
func rank(sorted []float64, p float64) float64 {
	return sorted[max(1, int(math.Ceil(p*float64(len(sorted))-1e-9)))-1]
}
