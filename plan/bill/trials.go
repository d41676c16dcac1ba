package bill

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"fsctl/plan/model"
)

// kind is a figure of a share.
type kind int

const (
	instances kind = iota
	pods
	executions
	calls
	work // of a service, by which trials are ranked; not a figure of a share
)

// column is one figure of one service over the trials.
type column struct {
	kind    kind
	service int
	figure  model.Figure
}

// columns lists what differs between trials: the instances of every service, its work, the pods of those with an autoscaler, and the time
// and the calls of functions. The work is what its calls ask for, before anything is rounded up: rate x demand, and rate / capacity.
func columns(m *model.Model) (list []column) {
	for i := range m.Services {
		if s := &m.Services[i]; s.Called {
			path := "services." + s.Name
			add := func(k kind, field string, read func(x *model.Case) float64) {
				list = append(list, column{k, i, model.Figure{Field: path + field, Needs: i, Read: read}})
			}
			add(instances, ".instances", func(x *model.Case) float64 { return x.Sizes[i].Instances })
			if s.Demand != model.Absent {
				add(work, ".work", func(x *model.Case) float64 { return x.Rates[i] * x.Values[s.Demand] })
			}
			if s.Capacity != model.Absent {
				add(work, ".load", func(x *model.Case) float64 { return x.Rates[i] / x.Values[s.Capacity] })
			}
			if m.Estate != nil && m.Estate.Autoscalers[i] != nil {
				add(pods, ".pods", func(x *model.Case) float64 { return m.Pods(x, i) })
			}
			if s.Kind == "function" {
				add(executions, ".execution_seconds", func(x *model.Case) float64 { return executionSeconds(m, x, i) })
				add(calls, ".calls", func(x *model.Case) float64 { return callsOf(m, x, i) })
			}
		}
	}
	return list
}

// Figures lists the figures of sizes that a plan has no estimates of, by their fields.
func Figures(m *model.Model) (list []model.Figure) {
	for _, c := range columns(m) {
		if c.kind != instances {
			list = append(list, c.figure)
		}
	}
	return list
}

// keepBudget is how many values of the trials may be kept: 256 MiB. Beyond it they are drawn again whenever they are needed.
const keepBudget = 1 << 25

// Kept lists the fields whose values in all trials [NewTrials] wants; none where they are too many to keep.
func Kept(m *model.Model, trials int) (fields []string) {
	list := columns(m)
	if len(list)*trials > keepBudget {
		return nil
	}
	for _, c := range list {
		fields = append(fields, c.figure.Field)
	}
	return fields
}

// Trials are the sizes that the trials of a model need.
type Trials struct {
	m       *model.Model
	o       model.Options
	n       int // trials
	columns []column
	kept    map[string][]float64
	sorted  map[string][]float64 // of those that are kept
	weights []float64            // of each service, see weights
	worked  []float64            // of all trials, rising: the level of their work
	needed  []float64            // of all trials, rising: the level of their sizes
}

// Level says how far out in its own trials each service of a size is: beyond the size of the service with the most weight lie so many of its
// trials, at least 1, and beyond that of another one as many times its weight.
type Level float64

// NewTrials ranks the trials.
//
// A size has one level e for all services: service i has the size of rank n - e w_i among its sizes in n trials. So the risk of being short is
// shared by what services cost: a dear one is near its own p95, and a cheap one is generous. The level of a trial is
//
//	e = least over i of (n - r_i) / w_i
//
//	r_i  rank of service i in the trial, from 0 in rising order, the lowest of equal ones
//	w_i  its weight, at most 1; see weights
//
// and no service of it is short in sizes of that level and below. The level of a share p is the one of rank ceil(p n) from the top, by
// the ranks of the services' work or of their sizes, whichever is lower. Ranks of work stay when all loads grow by a factor, so that
// more load never takes less of a service; those of the sizes are lower only where a size grows with something else than the work.
//
//	o     resolved
//	kept  values of the fields that [Kept] lists, in the order of the trials
//
// Derived; with one service whose size grows with its work it is the quantile of its need.
func NewTrials(m *model.Model, o model.Options, kept map[string][]float64) *Trials {
	return newTrials(m, o, kept, keepBudget)
}

func newTrials(m *model.Model, o model.Options, kept map[string][]float64, budget int) *Trials {
	t := &Trials{m: m, o: o, n: o.Trials, columns: columns(m), kept: kept, sorted: map[string][]float64{}, weights: weights(m)}
	if m.Certain() {
		t.n = 1
	}
	t.keep(budget)
	t.worked, t.needed = make([]float64, t.n), make([]float64, t.n)
	for trial := range t.n {
		t.worked[trial], t.needed[trial] = float64(t.n), float64(t.n)
	}
	t.each(func(k kind) bool { return k == instances || k == work }, func(c *column, values []float64) {
		sorted, levels, w := t.inOrder(c, values), t.needed, t.weights[c.service]
		if sorted[0] == sorted[len(sorted)-1] {
			return
		}
		if c.kind == work {
			levels = t.worked
		}
		model.Parallel(t.n, o.Cores, 1<<12, func(from, to int) {
			for trial := from; trial < to; trial++ {
				rank, _ := slices.BinarySearch(sorted, values[trial])
				levels[trial] = min(levels[trial], float64(t.n-rank)/w)
			}
		})
	})
	slices.Sort(t.worked)
	slices.Sort(t.needed)
	return t
}

// leastWeight is the weight of services that cost next to nothing.
const leastWeight = 1.0 / 20

// weights returns the square root of what each service costs on a normal day beside the dearest one, at least leastWeight.
//
//	cost = the larger of rate x demand and rate / capacity x cores of an instance, both over the utilization
//
// It is that of work before it is rounded up, so that weights stay when the load grows; an execution of a function counts as a core. The
// least total would have weights near the cost itself for services that vary on their own, and equal ones for those that
// vary together; the root is between, and gives smaller totals than both for the built-in scenarios.
func weights(m *model.Model) []float64 {
	x := m.Typical()
	list, dearest := make([]float64, len(m.Services)), 0.0
	for i := range m.Services {
		s := &m.Services[i]
		if s.Demand != model.Absent {
			list[i] = x.Rates[i] * x.Values[s.Demand] / s.Utilization
		}
		if s.Capacity != model.Absent {
			list[i] = max(list[i], x.Rates[i]/(x.Values[s.Capacity]*s.Utilization)*s.InstanceCores)
		}
		if s.USL != nil {
			list[i] = max(list[i], x.Rates[i]/x.Values[s.USL.Gamma]*s.InstanceCores)
		}
		dearest = max(dearest, list[i])
	}
	for i := range list {
		if dearest > 0 {
			list[i] /= dearest
		}
		list[i] = max(math.Sqrt(list[i]), leastWeight)
	}
	return list
}

// inOrder returns the values of a column in rising order.
func (t *Trials) inOrder(c *column, values []float64) []float64 {
	if sorted := t.sorted[c.figure.Field]; sorted != nil {
		return sorted
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	if t.kept != nil {
		t.sorted[c.figure.Field] = sorted
	}
	return sorted
}

// keep draws the values that are missing, where they may be kept.
func (t *Trials) keep(budget int) {
	var missing []model.Figure
	for _, c := range t.columns {
		if t.kept[c.figure.Field] == nil {
			missing = append(missing, c.figure)
		}
	}
	switch {
	case len(missing) == 0:
		return
	case t.m.Certain():
		mid := t.m.Trial(0)
		t.kept = map[string][]float64{}
		for _, c := range t.columns {
			t.kept[c.figure.Field] = []float64{c.figure.Read(mid)}
		}
	case len(t.columns)*t.n > budget:
		t.kept = nil
	default:
		t.kept = map[string][]float64{}
		var all []model.Figure
		for _, c := range t.columns {
			all = append(all, c.figure)
		}
		t.m.Sample(all, t.o, func(group []model.Figure, samples [][]float64) {
			for i, f := range group {
				t.kept[f.Field] = samples[i]
			}
		})
	}
}

// each calls do with the values of every column of some kinds in all trials, which it must not change.
func (t *Trials) each(of func(kind) bool, do func(c *column, values []float64)) {
	var list []*column
	var figures []model.Figure
	for i := range t.columns {
		if c := &t.columns[i]; of(c.kind) {
			list, figures = append(list, c), append(figures, c.figure)
		}
	}
	if t.kept != nil {
		for _, c := range list {
			do(c, t.kept[c.figure.Field])
		}
		return
	}
	next := 0
	t.m.Sample(figures, t.o, func(group []model.Figure, samples [][]float64) {
		for i := range group {
			do(list[next], samples[i])
			samples[i] = nil
			next++
		}
	})
}

func ofShares(k kind) bool { return k != work }

// Level returns the level at which at least a share p of the trials, above 0 and at most 1, has no service short. Formula: [NewTrials].
func (t *Trials) Level(p float64) Level {
	return t.level(max(1, int(math.Ceil(p*float64(t.n)-1e-9))))
}

// level returns the level of a rank from the top, from 1.
func (t *Trials) level(rank int) Level { return Level(min(t.worked[t.n-rank], t.needed[t.n-rank])) }

// index returns where a level is in the values of service i in rising order.
func (t *Trials) index(level Level, i int) int {
	const rounding = 1e-6
	return min(t.n-1, max(0, int(float64(t.n)-float64(level)*t.weights[i]+rounding)))
}

// certainty is how sure an interval is.
const certainty = 0.95

// Interval returns the levels between which that of a share p, above 0 and below 1, lies with 95 % confidence: those of the ranks r and s
// with
//
//	P(B < r) <= 2.5 %,  P(B >= s) <= 2.5 %,  B the number of n trials that have none short at the true level: binomial(n, p)
//
// bounded is false where the trials are too few for an upper one, which is the last then.
// Source: order statistics, David and Nagaraja, Order Statistics, 2003, section 7.1.
func (t *Trials) Interval(p float64) (low, high Level, bounded bool) {
	r, s := Ranks(t.n, p)
	if s > t.n {
		return t.level(r), t.level(t.n), false
	}
	return t.level(r), t.level(s), true
}

// Ranks returns the ranks, from 1, of the order statistics of n values between which the quantile of p lies with 95 % confidence. The upper
// one is n + 1 where n values are too few. Formula and source: [Trials.Interval].
func Ranks(n int, p float64) (low, high int) {
	below := func(k int) float64 { // P(B < k)
		switch {
		case k <= 0:
			return 0
		case k > n:
			return 1
		}
		return mathext.RegIncBeta(float64(n-k+1), float64(k), 1-p)
	}
	least := func(enough func(k int) bool) int { // in 0..n+1, where the last is enough
		from, to := -1, n+1
		for to-from > 1 {
			if mid := from + (to-from)/2; enough(mid) {
				to = mid
			} else {
				from = mid
			}
		}
		return to
	}
	tail := (1 - certainty) / 2
	low = max(1, least(func(k int) bool { return below(k) > tail })-1)
	high = max(low, least(func(k int) bool { return below(k) >= 1-tail }))
	return low, high
}

// Sizes returns the size at each level.
func (t *Trials) Sizes(levels []Level) []Size {
	list := make([]Size, len(levels))
	for k := range list {
		list[k] = make(Size, len(t.m.Services))
	}
	hasPods := make([]bool, len(t.m.Services))
	t.at(ofShares, levels, func(c *column, values []float64) {
		for k, v := range values {
			s := &list[k][c.service]
			switch c.kind {
			case instances:
				s.Instances = v
				if !hasPods[c.service] {
					s.Pods = v
				}
			case pods:
				s.Pods, hasPods[c.service] = v, true
			case executions:
				s.Executions = v
			case calls:
				s.Calls = v
			}
		}
	})
	return list
}

// Cores returns the cores of all services at each level.
func (t *Trials) Cores(levels []Level) []float64 {
	sums := make([]float64, len(levels))
	t.at(func(k kind) bool { return k == instances }, levels, func(c *column, values []float64) {
		if s := &t.m.Services[c.service]; s.HasCores {
			for k, v := range values {
				sums[k] += v * s.InstanceCores
			}
		}
	})
	return sums
}

// at calls do with the values of every column at the levels.
func (t *Trials) at(of func(kind) bool, levels []Level, do func(c *column, values []float64)) {
	values := make([]float64, len(levels))
	t.each(of, func(c *column, trials []float64) {
		sorted := t.inOrder(c, trials)
		for k, level := range levels {
			values[k] = sorted[t.index(level, c.service)]
		}
		do(c, values)
	})
}
