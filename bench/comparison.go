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
	primary   *metric // the column whose range and ratio are shown
	reference string  // contender whose median the ratio sets against each row's; empty for none
	robust    bool    // what other programs do meanwhile does not matter

	// contenders returns the rows. It may measure, and may look at the comparisons that went before.
	contenders func(context.Context, *results) ([]contender, error)
}

// contender is one row of a comparison.
type contender struct {
	name    string
	measure func(context.Context) (sample, error)
}

// results are the comparisons that were made, in order.
type results struct {
	tables []*table
}

// table is a comparison with its samples, by contender.
type table struct {
	*comparison
	rows    []string
	samples map[string][]sample
}

// median returns the median of a contender's metric in a comparison; ok is false where it was not measured.
func (r *results) median(title, row string, m *metric) (value float64, ok bool) {
	for _, t := range r.tables {
		if t.title == title {
			s := t.summary(row, m)
			return s.median, s.count > 0
		}
	}
	return 0, false
}

// summary sums up a metric of a row.
func (t *table) summary(row string, m *metric) summary {
	var values []float64
	for _, s := range t.samples[row] {
		if v, ok := s[m]; ok {
			values = append(values, v)
		}
	}
	return summarise(values)
}

// runAll makes every comparison that is wanted. What fails is remarked on and left out; when ctx is done the
// results are those made so far.
func (b *bench) runAll(ctx context.Context) *results {
	r := &results{}
	for _, c := range b.comparisons() {
		if len(b.only) > 0 && !slices.Contains(b.only, c.name) {
			continue
		}
		contenders, err := c.contenders(ctx, r)
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
		}
		for round := range b.rounds {
			b.runRound(ctx, t, contenders, round)
		}
	}
	return r
}

// runRound measures each contender once. Every round begins with another one, so that what drifts in the
// machine does not always meet the same.
func (b *bench) runRound(ctx context.Context, t *table, contenders []contender, round int) {
	for i := range contenders {
		c := contenders[(round+i)%len(contenders)]
		what := fmt.Sprintf("%s, round %d of %d, %s", t.title, round+1, b.rounds, c.name)
		s, err := b.undisturbed(what, t.robust, func() (sample, error) { return c.measure(ctx) })
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.failed(what+": failed", err)
			continue
		}
		t.samples[c.name] = append(t.samples[c.name], s)
		fmt.Fprintf(b.progress, "%s: %s %s\n", what, t.primary.format(s[t.primary]), t.primary.title)
	}
}
