package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// contendersOf makes contenders that are never measured; those whose name ends in -old join the one before.
func contendersOf(names ...string) []contender {
	var all []contender
	for _, name := range names {
		all = append(all, contender{name: name, joins: strings.HasSuffix(name, "-old")})
	}
	return all
}

func namesOf(contenders []contender) []string {
	var names []string
	for _, c := range contenders {
		names = append(names, c.name)
	}
	return names
}

func TestTurns(t *testing.T) {
	for round, want := range []string{"a a-old b c", "c b a-old a", "b c a a-old", "a-old a c b", "c a a-old b", "b a-old a c", "a a-old b c"} {
		if got := strings.Join(namesOf(turns(contendersOf("a", "a-old", "b", "c"), round)), " "); got != want {
			t.Errorf("round %d: found %q, wanted %q", round, got, want)
		}
	}
	if got := turns(nil, 3); len(got) != 0 {
		t.Errorf("nothing: found %v", got)
	}
}

// Whatever else is measured, every contender has one turn a round, and two builds are neighbours that take turns
// in being first.
func TestBuildsAlternate(t *testing.T) {
	for _, others := range [][]string{nil, {"b"}, {"b", "c"}, {"b", "b-old"}, {"b", "c", "d", "e", "f"}} {
		all := append([]string{"a", "a-old"}, others...)
		for round := range 12 {
			got := namesOf(turns(contendersOf(all...), round))
			current, old := slices.Index(got, "a"), slices.Index(got, "a-old")
			if want := 1 - 2*(round%2); old-current != want {
				t.Errorf("%v, round %d: found %v, wanted a-old %+d place from a", all, round, got, want)
			}
			if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(all))) {
				t.Errorf("%v, round %d: found %v, wanted each once", all, round, got)
			}
		}
	}
}

// A measurement that fails leaves a gap, so that the others are still compared with those of the same round.
func TestRatioIsOfTheSameRound(t *testing.T) {
	b := &bench{options: options{rounds: 7}, notes: notes{progress: io.Discard}, server: &server{worker: os.Getpid()}}
	broken := errors.New("broken")
	speed := []float64{100, 200, 50, 400, 120, 90, 300} // of the machine
	measures := func(name string, ratio float64, fails int) contender {
		round := -1
		return contender{name: name, measure: func(context.Context) (sample, error) {
			if round++; round == fails {
				return nil, broken
			}
			return sample{requestRate: ratio * speed[round]}, nil
		}}
	}
	contenders := []contender{measures("fsctl", 0.97, 1), measures("fsctl-old", 1, -1)}
	table := &table{comparison: &comparison{primary: requestRate, robust: true},
		samples: map[string][]sample{"fsctl": make([]sample, 7), "fsctl-old": make([]sample, 7)}}
	for round := range b.rounds {
		b.runRound(t.Context(), table, contenders, round)
	}
	got := table.ratio("fsctl", "fsctl-old", requestRate)
	if math.Abs(got.low-0.97) > 1e-9 || math.Abs(got.high-0.97) > 1e-9 || got.rounds != 6 {
		t.Errorf("found %+v, wanted 0.97 in the six rounds that have both", got)
	}
	if len(b.remarks) != 1 || !strings.Contains(b.remarks[0], "round 2 of 7, fsctl: failed") {
		t.Errorf("found remarks %q, wanted one of the failure", b.remarks)
	}
}

// A share that falls to nothing is a measurement like any other: it is not left out.
func TestRatioOfZero(t *testing.T) {
	shares := func(values ...float64) (all []sample) {
		for _, v := range values {
			all = append(all, sample{onTimeShare: v})
		}
		return all
	}
	table := &table{samples: map[string][]sample{
		"some": shares(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5),
		"none": shares(0, 0, 0, 0, 0, 0, 0),
		"most": shares(0.5, 0.5, 0.5, 0.5, 0, 0.5, 0.5),
	}}
	for _, test := range []struct{ row, to, center, interval, verdict string }{
		{"none", "some", "0 x", "0 x .. 0 x", "worse"},
		{"some", "none", "∞ x", "∞ x .. ∞ x", "better"},
		{"none", "none", "1 x", "1 x .. 1 x", "~"},
		{"most", "some", "1 x", "0 x .. 1 x", "~"},
		{"some", "most", "1 x", "1 x .. ∞ x", "~"},
	} {
		e := table.ratio(test.row, test.to, onTimeShare)
		if got := [3]string{e.center(times), e.interval(times), e.improves(false)}; got != [3]string{test.center, test.interval, test.verdict} {
			t.Errorf("%s / %s: found %q, wanted %+v", test.row, test.to, got, test)
		}
	}
}

// Without a number on one side there is no ratio.
func TestRatioOfNothing(t *testing.T) {
	table := &table{samples: map[string][]sample{"a": {{requestRate: 1}, {requestRate: 2}, nil}, "b": {{requestRate: -1}, nil, {requestRate: 3}}}}
	for _, to := range []string{"b", "c"} {
		if got := table.ratio("a", to, requestRate); got.rounds != 0 {
			t.Errorf("a to %s: found %+v, wanted nothing", to, got)
		}
	}
}
