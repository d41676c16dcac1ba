package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// measured returns the results of six rounds at a fixed rate: fsctl at 2 to 4 us, its older build at 2 % more,
// vegeta at 10 us but in the first round, wrk2 in two rounds.
func measured(t *testing.T) *results {
	t.Helper()
	b := &bench{server: &server{}}
	c := b.fixed(load{}, busiest)
	samples := map[string][]sample{"wrk2": {{requestCPU: 4e-6}, {requestCPU: 4e-6}, nil, nil, nil, nil}}
	for round, cpu := range []float64{2e-6, 4e-6, 3e-6, 2e-6, 3e-6, 4e-6} {
		samples["fsctl"] = append(samples["fsctl"], sample{requestCPU: cpu})
		samples["fsctl-old"] = append(samples["fsctl-old"], sample{requestCPU: 1.02 * cpu})
		vegeta := sample{requestCPU: 10e-6}
		if round == 0 {
			vegeta = nil
		}
		samples["vegeta"] = append(samples["vegeta"], vegeta)
	}
	return &results{tables: []*table{{comparison: c, rows: []string{"fsctl", "fsctl-old", "vegeta", "wrk2", "k6"}, samples: samples}}}
}

func wantLines(t *testing.T, got string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !strings.Contains(got, want) {
			t.Errorf("found no %q in\n%s", want, got)
		}
	}
}

func TestTable(t *testing.T) {
	wantLines(t, measured(t).tables[0].markdown(),
		"|  | CPU a request | 95 % interval | fsctl / this | 95 % interval |  | from start to end |",
		"| fsctl | 3 us | 2 us .. 4 us | - | - | - | - |",
		"| fsctl-old | 3.06 us | 2.04 us .. 4.08 us | 0.98 x | 0.98 x .. 0.98 x | better | - |",
		"| vegeta | 10 us | (10 us .. 10 us) | 0.3 x | (0.2 x .. 0.4 x) | too few rounds to say | - |",
		"| wrk2 | 4 us | (4 us .. 4 us) | 0.75 x | (0.5 x .. 1 x) | too few rounds to say | - |",
		"| k6 | - | - | - | - | not measured | - |",
	)
}

// The older build is set against the new one by ratios of the same round: they agree on 2 % although the rounds
// differ by half.
func TestBuildTable(t *testing.T) {
	r := measured(t)
	wantLines(t, buildTable(r),
		"| comparison | row | metric | fsctl | fsctl-old | new / old | 95 % interval |  |",
		"| Fixed rate of 10 % of the closed loop | fsctl | CPU a request | 3 us | 3.06 us | 0.98 x | 0.98 x .. 0.98 x | better |",
		"| response p99 | - | - | - | - | not measured |",
	)
	r.tables[0].rows = []string{"fsctl", "vegeta"}
	if got := buildTable(r); got != "" {
		t.Errorf("without an older build: found %q, wanted nothing", got)
	}
}

func TestGoals(t *testing.T) {
	r := measured(t)
	wantLines(t, goalTable(r),
		"CPU a request, against vegeta | at most 0.5 x | 0.3 x | (0.2 x .. 0.4 x) | too few rounds to say |",
		"CPU a request, against wrk2 | at most 1 x | 0.75 x | (0.5 x .. 1 x) | too few rounds to say |",
		"requests/s, against k6 | at least 8 x | - | - | not measured |",
	)
	for vegeta, want := range map[float64]string{
		10e-6: "at most 0.5 x | 0.3 x | 0.2 x .. 0.4 x | met |",
		7e-6:  "at most 0.5 x | 0.429 x | 0.286 x .. 0.571 x | ~ |",
		3e-6:  "at most 0.5 x | 1 x | 0.667 x .. 1.33 x | missed |",
	} {
		for round := range r.tables[0].samples["vegeta"] {
			r.tables[0].samples["vegeta"][round] = sample{requestCPU: vegeta}
		}
		wantLines(t, goalTable(r), want)
	}
}

func TestGoalIsJudgedAsItIsWritten(t *testing.T) {
	for value, want := range map[float64]string{0.9996: "1 x | 1 x .. 1 x | met", 0.9994: "0.999 x | 0.999 x .. 0.999 x | missed"} {
		e := estimateOf([]float64{value, value, value, value, value, value})
		g := goal{text: "t", wanted: 1, format: times, got: func(*results) estimate { return e }}
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
		t.Error("found a p50 that the peer did not report")
	}
}

func TestShownCommandNamesNoPath(t *testing.T) {
	got := shownCommand([]string{"bin/bench", "--rounds", "3", "--peer", "wrk2=/home/me/wrk", "--write", "docs/performance.md"})
	if want := "bench/run.sh --rounds 3 --peer wrk2=PATH --write docs/performance.md"; got != want {
		t.Errorf("found %q, wanted %q", got, want)
	}
}
