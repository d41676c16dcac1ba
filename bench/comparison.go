package main

import (
	"context"
	"fmt"
	"slices"
)

// comparison is one table: contenders that are measured in turn, the same number of rounds each.
type comparison struct {
	name      string // for --only
	title     string
	columns   []*metric
	primary   *metric   // the column whose interval and ratio are shown
	also      []*metric // more columns by which two builds of fsctl are compared
	reference string    // contender that each row is compared with; empty for none
	robust    bool      // what other programs do meanwhile does not matter

	// contenders returns the rows. It may measure.
	contenders func(context.Context) ([]contender, error)
}

// contender is one row of a comparison.
type contender struct {
	name    string
	joins   bool // measured right before or after the row above it
	measure func(context.Context) (sample, error)
}

// results are the comparisons that were made, in order.
type results struct {
	tables []*table
}

// table is a comparison with its samples.
type table struct {
	*comparison
	rows    []string
	samples map[string][]sample // of each row, by round; nil where the measurement failed
}

// find returns the table with a title, or nil if it was not made.
func (r *results) find(title string) *table {
	for _, t := range r.tables {
		if t.title == title {
			return t
		}
	}
	return nil
}

// estimate returns the median of a metric of a row, in the metric's unit.
func (t *table) estimate(row string, m *metric) estimate {
	var values []float64
	for _, s := range t.samples[row] {
		if v, ok := s[m]; ok {
			values = append(values, v)
		}
	}
	return estimateOf(values)
}

// ratio returns how a metric of one row compares with that of another: the median of the ratios round by round.
//
// A machine is faster in one minute than in the next, for all that runs on it. Two measurements of the same
// round have most of that in common, so that their ratio is steadier than either. Of the medians of all rounds,
// or of a bootstrap that draws from each row for itself, it would be part of the difference. For the same reason
// significance is whether this interval holds 1, and not the Mann-Whitney test of benchmath, which takes the two
// rows for independent.
//
// Source: Kalibera and Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013 (the repetition at the highest
// level, here the round, is the unit); Conover, Practical Nonparametric Statistics, 3rd edition, section 3.4
// (matched pairs).
func (t *table) ratio(row, to string, m *metric) estimate {
	var ratios []float64
	for round := range min(len(t.samples[row]), len(t.samples[to])) {
		a, measured := t.samples[row][round][m]
		b, also := t.samples[to][round][m]
		switch {
		case !measured || !also || a < 0 || b < 0: // memory below that of one user is noise
		case a == b:
			ratios = append(ratios, 1)
		default:
			ratios = append(ratios, a/b) // infinite where b alone is 0
		}
	}
	return estimateOf(ratios)
}

// runAll makes every comparison that is wanted. What fails is remarked on and left out; when ctx is done the
// results are those made so far.
func (b *bench) runAll(ctx context.Context) *results {
	r := &results{}
	for _, c := range b.comparisons() {
		if len(b.only) > 0 && !slices.Contains(b.only, c.name) {
			continue
		}
		contenders, err := c.contenders(ctx)
		if ctx.Err() != nil {
			return r
		}
		if err != nil {
			b.failed("left out "+c.title, err)
			continue
		}
		t := &table{comparison: c, samples: map[string][]sample{}}
		r.tables = append(r.tables, t)
		for _, contender := range contenders {
			t.rows = append(t.rows, contender.name)
			t.samples[contender.name] = make([]sample, b.rounds)
		}
		for round := range b.rounds {
			b.runRound(ctx, t, contenders, round)
		}
	}
	return r
}

// runRound measures each contender once.
func (b *bench) runRound(ctx context.Context, t *table, contenders []contender, round int) {
	for _, c := range turns(contenders, round) {
		what := fmt.Sprintf("%s, round %d of %d, %s", t.title, round+1, b.rounds, c.name)
		s, err := b.undisturbed(what, t.robust, func() (sample, error) { return c.measure(ctx) })
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.failed(what+": failed", err)
			continue
		}
		t.samples[c.name][round] = s
		fmt.Fprintf(b.progress, "%s: %s %s\n", what, t.primary.format(s[t.primary]), t.primary.title)
	}
}

// turns returns the order in which a round measures contenders, so that what drifts in the machine does not
// always meet the same: every second round runs backwards, and every two rounds begin with another one. Those
// that join stay side by side, so that each is the first of the two in every second round.
func turns(contenders []contender, round int) []contender {
	var groups [][]contender
	for i, c := range contenders {
		if c.joins && i > 0 {
			last := &groups[len(groups)-1]
			*last = append(*last, c)
			continue
		}
		groups = append(groups, []contender{c})
	}
	if len(groups) == 0 {
		return nil
	}
	first := round / 2 % len(groups)
	order := slices.Concat(slices.Concat(groups[first:], groups[:first])...)
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}
