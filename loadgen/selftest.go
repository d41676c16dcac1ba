package loadgen

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"fsctl/loadgen/host"
	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// SelfTest measures what this machine can send: the whole path of a storm, with an engine, but for the network. The
// record is kept in a temporary folder. It fails as host.SelfTest does, and where no temporary file can be written.
func SelfTest(ctx context.Context, engine string) (host.Ability, error) {
	return host.SelfTest(ctx, func(ctx context.Context, address string) (uint64, error) { return sendSelfTest(ctx, engine, address) })
}

// selfTest keeps connections busy for a second by users who never stop to think.
const selfTest = `{apiVersion: fsctl/v1, kind: Scenario, name: self-test, workload: {requests: 1M},
steps: {item: {share: 100%, request: {url: "/items/sku-1?user=${arrival}"}}},
storm: {t0: 0s, phases: [{journey: busy, at: T0, users: 64}], drain: 2s},
journeys: {busy: [{repeat: {for: 1s, every: 1us, do: [item]}}]}}`

// selfTestConnections is one for each user of selfTest.
const selfTestConnections = 64

// sendSelfTest sends the self-test and returns how many requests were answered.
func sendSelfTest(ctx context.Context, engine, address string) (answered uint64, err error) {
	dir, err := os.MkdirTemp("", "fsctl-self-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	sc, err := scenarios.Parse("self-test", []byte(selfTest))
	if err != nil {
		return 0, err
	}
	storm, err := New(Options{Scenario: sc, Target: &url.URL{Scheme: "http", Host: address}, Connections: selfTestConnections, Engine: engine})
	if err != nil {
		return 0, err
	}
	m, err := storm.Manifest(time.Now())
	if err != nil {
		return 0, err
	}
	w, err := record.Create(filepath.Join(dir, "run"), m, sc.Document)
	if err != nil {
		return 0, err
	}
	_, err = storm.Run(ctx, w, m.T0, func(i record.Interval) error {
		for _, c := range i.Steps {
			answered += c.Done - c.Failed
		}
		return nil
	})
	return answered, errors.Join(err, ctx.Err())
}
