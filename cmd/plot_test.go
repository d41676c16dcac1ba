package cmd_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"github.com/tsenart/vegeta/v12/lib/plot"
)

// plotScenario has answers of two lengths on many connections, so that requests do not end in the order of their sending.
const plotScenario = `{apiVersion: fsctl/v1, kind: Scenario, name: plotted, workload: {requests: 1M}, steps: {item: {share: 100%, request: {url: /items/sku-1}}},
services: [{name: shop, kind: service, calls: {item: 1}, demand: 5ms, instance: {cores: 4}, running: 1}],
storm: {t0: 0s, phases: [{journey: visitor, from: T0, to: T0+2s, rate: 300/s}], lateness: {limit: 5s}}, journeys: {visitor: [item]},
thresholds: {response_time: "p(50)<5s"}}`

// TestVegetaPlots has vegeta's own decoder read results.bin of every kind of run, and its plot take all of it: numbers
// without a gap, in the order of sending.
func TestVegetaPlots(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0", "--service-time", "10ms", "--workers", "4")
	dir := t.TempDir()
	scenario, targets := filepath.Join(dir, "plotted.yaml"), filepath.Join(dir, "targets.txt")
	if err := errors.Join(os.WriteFile(scenario, []byte(plotScenario), 0o644), os.WriteFile(targets, []byte("GET "+target+"/items/sku-1\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	storm := []string{"attack", scenario, "--target", target, "--no-verdict"}
	for name, args := range map[string][]string{
		"wire":     slices.Concat(storm, []string{"--engine", "wire"}),
		"vegeta":   slices.Concat(storm, []string{"--engine", "vegeta"}),
		"targets":  {"attack", "--targets", targets, "--rate", "300/s", "--duration", "2s", "--no-verdict"},
		"search":   slices.Concat(storm, []string{"--find-capacity", "--from", "100/s", "--to", "200/s", "--settle", "0s", "--hold", "1s", "--precision", "100%"}),
		"rehearse": {"rehearse", scenario, "--target", target, "--duration", "1s"},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			fsctl(t, 0, slices.Concat(args, []string{"--raw", "--run", run})...)
			if n, missing := plotted(t, filepath.Join(run, "results.bin")); n < 100 || missing > 0 {
				t.Errorf("%d results, of which the plot lacks %d", n, missing)
			}
		})
	}
	t.Run("killed", func(t *testing.T) {
		run := filepath.Join(dir, "killed")
		c, out := start(t, run, scenario, "--target", target, "--raw", "--set", "storm.phases.0.to=T0+60s")
		raw := filepath.Join(run, "results.bin")
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if info, err := os.Stat(raw); err == nil && info.Size() > 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("no results within 30 s\n%s", out)
			}
		}
		_ = c.Process.Kill()
		_ = c.Wait()
		if n, missing := plotted(t, raw); n == 0 || missing == n { // from the first request in flight on
			t.Errorf("%d results, of which the plot lacks %d", n, missing)
		}
	})
}

// plotted reads results and plots them; missing are those behind a gap in the numbers, which vegeta's plot leaves out.
func plotted(t *testing.T, path string) (results, missing int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	page, decode := plot.New(), vegeta.NewDecoder(file)
	numbers := map[uint64]bool{}
	for {
		var r vegeta.Result
		if err := decode.Decode(&r); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if err := page.Add(&r); err != nil {
			t.Fatal(err)
		}
		numbers[r.Seq] = true
		results++
	}
	page.Close()
	var html bytes.Buffer
	if _, err := page.WriteTo(&html); err != nil || !bytes.Contains(html.Bytes(), []byte("<html>")) {
		t.Fatalf("plot of %d bytes, %v", html.Len(), err)
	}
	gap := uint64(0)
	for numbers[gap] {
		gap++
	}
	return results, results - int(gap)
}
