package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// measured returns the results of two rounds at a fixed rate: fsctl at 2 and 4 us, vegeta at 10 us once.
func measured(t *testing.T) *results {
	t.Helper()
	b := &bench{server: &server{}}
	c := b.fixed(load{}, busiest)
	return &results{tables: []*table{{comparison: c, rows: []string{"fsctl", "vegeta", "k6"}, samples: map[string][]sample{
		"fsctl":  {{requestCPU: 2e-6}, {requestCPU: 4e-6}},
		"vegeta": {{requestCPU: 10e-6}},
	}}}}
}

func TestTable(t *testing.T) {
	got := measured(t).tables[0].markdown()
	for _, want := range []string{
		"|  | CPU a request | from .. to | ratio | from start to end |",
		"| fsctl | 3 us | 2 us .. 4 us | 1 x | - |",
		"| vegeta | 10 us | 10 us .. 10 us | 3.33 x | - |",
		"| k6 | - | - | - | - |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("found no %q in\n%s", want, got)
		}
	}
}

func TestGoals(t *testing.T) {
	r := measured(t)
	got := goalTable(r)
	for _, want := range []string{
		"CPU a request, against vegeta | at most 0.50 x | 0.30 x | met |",
		"CPU a request, against wrk2 | at most 1.00 x | - | not measured |",
		"requests/s, against k6 | at least 8.00 x | - | not measured |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("found no %q in\n%s", want, got)
		}
	}
	r.tables[0].samples["vegeta"] = []sample{{requestCPU: 5e-6}}
	if got, want := goalTable(r), "at most 0.50 x | 0.60 x | missed |"; !strings.Contains(got, want) {
		t.Errorf("found no %q in\n%s", want, got)
	}
}

func TestGoalIsJudgedAsItIsWritten(t *testing.T) {
	for value, want := range map[float64]string{0.9951: "1.00 x | met", 0.9949: "0.99 x | missed"} {
		g := goal{text: "t", wanted: 1, unit: timesUnit, got: func(*results) (float64, bool) { return value, true }}
		if got := g.judge(nil); !strings.Contains(got, want) {
			t.Errorf("%v: found %q, wanted %q", value, got, want)
		}
	}
}

func TestReplaceFigures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("before\n" + beginMarker + "old\n" + endMarker + "after\n")
	for _, text := range []string{"new\n", "newer\n"} {
		if err := replaceFigures(path, text); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if want := "before\n" + beginMarker + "\n" + text + "\n" + endMarker + "after\n"; err != nil || string(got) != want {
			t.Errorf("found %q (%v), wanted %q", got, err, want)
		}
	}
	write("no markers\n")
	if err := replaceFigures(path, "new\n"); err == nil {
		t.Error("wrote into a page without markers, wanted an error")
	}
}

func TestFigures(t *testing.T) {
	begin := time.Now()
	from := instant{at: begin, requests: 100, generator: time.Second, server: time.Second}
	to := instant{at: begin.Add(2 * time.Second), requests: 40_100, generator: 2 * time.Second, server: 1500 * time.Millisecond}
	got := figures(from, to, ownReport{service: quantiles{p99: time.Millisecond}}, 30*time.Microsecond)
	for m, want := range map[*metric]float64{requestRate: 20_000, coreRate: 40_000, requestCPU: 25e-6, wholeCPU: 30e-6,
		generatorBusy: 0.5, serverBusy: 0.25, serviceP99: 0.001} {
		if got[m] != want {
			t.Errorf("%s: found %v, wanted %v", m.title, got[m], want)
		}
	}
	if _, ok := got[serviceP50]; ok {
		t.Error("found a p50 that the peer did not tell")
	}
}

func TestShownCommandNamesNoPath(t *testing.T) {
	got := shownCommand([]string{"bin/bench", "--rounds", "3", "--peer", "wrk2=/home/me/wrk", "--write", "docs/performance.md"})
	if want := "bench/run.sh --rounds 3 --peer wrk2=PATH --write docs/performance.md"; got != want {
		t.Errorf("found %q, wanted %q", got, want)
	}
}
