package cmd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report"
)

// A shop of 3 workers of 20 ms holds 150 requests a second. The search passes half of that and fails at twice as
// much; at the capacity itself either may be. What it found can be reported again, and planned with.
func TestFindCapacity(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0", "--service-time", "20ms", "--workers", "3")
	dir := t.TempDir()
	run, scenario := filepath.Join(dir, "run"), filepath.Join(dir, "door.yaml")
	text := `{apiVersion: fsctl/v1, kind: Scenario, name: door, workload: {requests: 1M}, steps: {item: {share: 100%, request: {url: /items/sku-1}}},
services: [{name: shop, kind: service, calls: {item: 1}, demand: 5ms, instance: {cores: 3}, running: 1}],
storm: {t0: 0s, phases: [{journey: visitor, from: T0, to: T0+10s, rate: 75/s, spacing: even}], lateness: {limit: 5s}}, journeys: {visitor: [item]},
thresholds: {response_time: "p(50)<500ms", http_req_failed: "rate<1%"}}`
	if err := os.WriteFile(scenario, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out := fsctl(t, 0, "attack", scenario, "--target", target, "--find-capacity", "--from", "75/s", "--to", "300/s", "--settle", "0s", "--hold", "2s", "--precision", "100%", "--run", run)
	for _, want := range []string{"level 1: 75 users/s passed: ", "level 2: 150 users/s ", "PASS  the target holds ", "pass   75/s"} {
		if !strings.Contains(out, want) {
			t.Errorf("wanted %q in:\n%s", want, out)
		}
	}
	var rep report.Report
	fsctl(t, 0, "report", run, "--json", filepath.Join(dir, "out.json"), "--calibrate", filepath.Join(dir, "measured.yaml"))
	written, err := os.ReadFile(filepath.Join(dir, "out.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(written, &rep); err != nil {
		t.Fatal(err)
	}
	if c := rep.Capacity; c.RatePerSec < 70 || c.RatePerSec > 155 || c.FailsAskedPerSec != 2*c.AskedPerSec || c.LowerBound || c.QPS < 50 || c.QPS > 160 {
		t.Errorf("capacity %+v, the truth is 150/s", c)
	}
	rec, err := record.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.Manifest.Levels) != len(rep.Levels) || rec.Manifest.End.Reason != record.Completed || rec.Manifest.Settings["find_capacity"] == nil {
		t.Errorf("manifest %+v", rec.Manifest)
	}
	for i, l := range rec.Manifest.Levels {
		if v := rep.Levels[i]; l.Verdict != string(v.Verdict) || l.RatePerSec != v.RatePerSec || l.Why != v.Why {
			t.Errorf("level %+v was judged again as %+v", l, v)
		}
	}
}
