package loadgen_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// A storm of 40 users within 200 ms, each of whom reads a page and then orders. It is sent open-loop, and what it measured is
// read back from its record.
func ExampleStorm_Run() {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
	}))
	defer shop.Close()
	target, err := url.Parse(shop.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	sale, err := scenarios.Parse("sale.yaml", []byte(`
apiVersion: fsctl/v1
kind: Scenario
name: sale
workload: {requests: 1M}
steps:
  item: {share: 50%, request: {url: "/items/1"}}
  order: {share: 50%, request: {method: POST, url: /orders}, outcome: {placed: status 201}}
storm:
  t0: 0s
  phases: [{journey: buyer, from: T0, to: T0+200ms, rate: 200/s, spacing: even}]
journeys: {buyer: [item, order]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	storm, err := loadgen.New(loadgen.Options{Scenario: sale, Target: target, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "sale")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	rec, err := send(storm, sale, filepath.Join(dir, "run"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, step := range rec.Steps() {
		n := rec.Counters(record.Everything, step)
		fmt.Printf("%s: %d due, %d sent, %d failed\n", step, n.Due, n.Sent, n.Failed)
	}
	placed := rec.Count(record.Everything, func(t record.Tag) bool { return t.Metric == record.ServiceTime && t.Outcome == "placed" })
	fmt.Println(rec.Manifest.End.Reason, placed, "orders placed")
	// Output:
	// item: 40 due, 40 sent, 0 failed
	// order: 40 due, 40 sent, 0 failed
	// completed 40 orders placed
}

// send sends a storm to its end and returns the record that it wrote into a new directory.
func send(storm *loadgen.Storm, sale *scenarios.Scenario, dir string) (*record.Record, error) {
	manifest, err := storm.Manifest(time.Now())
	if err != nil {
		return nil, err
	}
	writer, err := record.Create(dir, manifest, sale.Document)
	if err != nil {
		return nil, err
	}
	if _, err := storm.Run(context.Background(), writer, manifest.T0, nil); err != nil {
		return nil, err
	}
	return record.Open(dir)
}
