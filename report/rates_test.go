package report

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record"
)

// vegetaResults writes results that were sent at the given instants and took so long, and reads them as a record.
func vegetaResults(t *testing.T, sent, took []time.Duration) *record.Record {
	t.Helper()
	path := filepath.Join(t.TempDir(), "results.bin")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	encode := vegeta.NewEncoder(file)
	start := time.Date(2026, 11, 11, 12, 0, 0, 345_678_901, time.UTC)
	for i := range sent {
		if err := encode.Encode(&vegeta.Result{Attack: "a", Seq: uint64(i), Code: 200, Timestamp: start.Add(sent[i]), Latency: took[i], URL: "http://shop.example/"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	rec, err := record.FromVegeta(path)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// evenly returns the instants of n requests at a rate.
func evenly(n int, perSec float64) (sent []time.Duration) {
	for i := range n {
		sent = append(sent, time.Duration(float64(i)/perSec*1e9))
	}
	return sent
}

// Of 69 answers in 10 ms and one in a second the 99th percentile is the 70th, and it is a second exactly.
func TestPercentileOfSeventyResults(t *testing.T) {
	took := make([]time.Duration, 70)
	for i := range took {
		took[i] = 10 * time.Millisecond
	}
	took[42] = time.Second
	r := Judge(vegetaResults(t, evenly(70, 100), took), nil, nil)
	d := r.Steps[0].ServiceTime
	if mean := (69*0.01 + 1) / 70; d.P99 != 1 || d.Max != 1 || math.Abs(d.Mean-mean) > 1e-12 || math.Abs(d.P95-0.01) > 1e-5 {
		t.Errorf("p95 %v, p99 %v, max %v, mean %v, wanted 0.01, 1, 1 and %v", d.P95, d.P99, d.Max, d.Mean, mean)
	}
}

// A rate is what was sent a second, whenever within a second the run began and ended.
func TestRatesOfRunsThatEndWithinASecond(t *testing.T) {
	for _, c := range []struct {
		n      int
		perSec float64
		took   time.Duration
	}{
		{600, 150, 10 * time.Millisecond}, {375, 150, time.Millisecond}, {330, 150, 40 * time.Millisecond}, {600, 150, 900 * time.Millisecond},
		{40, 8, 5 * time.Millisecond}, {5500, 1000, time.Millisecond}, {1700, 1000, time.Millisecond},
	} {
		took := make([]time.Duration, c.n)
		for i := range took {
			took[i] = c.took
		}
		r := Judge(vegetaResults(t, evenly(c.n, c.perSec), took), nil, nil)
		if got := r.Steps[0].AchievedQPS; got == nil || math.Abs(*got-c.perSec) > 1e-3*c.perSec {
			t.Errorf("%d at %v/s: achieved_qps is %v", c.n, c.perSec, got)
		}
		if got := r.Capacity.QPS; math.Abs(got-c.perSec) > 0.03*c.perSec {
			t.Errorf("%d at %v/s answered in %s: capacity is %v", c.n, c.perSec, c.took, got)
		}
	}
}

// One request has no rate, nor have two at one instant.
func TestNoRate(t *testing.T) {
	for _, sent := range [][]time.Duration{{0}, {0, 0, 0}} {
		r := Judge(vegetaResults(t, sent, make([]time.Duration, len(sent))), nil, nil)
		if r.Steps[0].AchievedQPS != nil {
			t.Errorf("%d at one instant: %v/s", len(sent), *r.Steps[0].AchievedQPS)
		}
		text, err := json.Marshal(r.Steps[0])
		var fields map[string]any
		if err != nil || json.Unmarshal(text, &fields) != nil || fields["achieved_qps"] != nil {
			t.Errorf("JSON says %s, %v", text, err)
		}
	}
}
