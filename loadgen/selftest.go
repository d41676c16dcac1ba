package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// Ability is what a machine was measured to send.
type Ability struct {
	RequestsPerSec float64       // that its usable cores can send, at most
	CPUPerRequest  time.Duration // of the generator alone, not of what answered
	UsableCores    float64       // that a generator may use up and still be punctual
}

// Cores returns how many cores a rate takes.
func (a Ability) Cores(requestsPerSec float64) float64 {
	return requestsPerSec * a.CPUPerRequest.Seconds()
}

// ErrNoSelfTest is a system on which SelfTest cannot tell the generator's CPU from that of what answers it.
var ErrNoSelfTest = errors.New("the self-test is for Linux only")

// selfTest keeps connections busy for a second by users who never stop to think.
const selfTest = `{apiVersion: fsctl/v1, kind: Scenario, name: self-test, workload: {requests: 1M},
steps: {item: {share: 100%, request: {url: "/items/sku-1?user=${arrival}"}}},
storm: {t0: 0s, phases: [{journey: busy, at: T0, users: 64}], drain: 2s},
journeys: {busy: [{repeat: {for: 1s, every: 1us, do: [item]}}]}}`

// selfTestConnections is one for each user of selfTest.
const selfTestConnections = 64

// SelfTest measures what this machine can send: the whole path of a storm, with an engine, but for the
// network. It sends small requests without TLS to a responder in this process, over loopback, for about a
// second, and takes away the CPU that the responder used. Larger requests and answers, TLS and the network
// cost more, so that it is an upper bound. Errors: ErrNoSelfTest, those of the file system for the record,
// and no answer at all.
func SelfTest(ctx context.Context, engine string) (Ability, error) {
	responder, err := newResponder(max(1, runtime.GOMAXPROCS(0)/2))
	if err != nil {
		return Ability{}, err
	}
	defer responder.close()
	before := processCPU()
	answered, err := sendSelfTest(ctx, engine, responder.address)
	if err != nil {
		return Ability{}, fmt.Errorf("self-test: %w", err)
	}
	spent := processCPU() - before - responder.cpu()
	if answered == 0 || spent <= 0 {
		return Ability{}, fmt.Errorf("self-test: found %d answers for %v of CPU, wanted some", answered, spent)
	}
	a := Ability{CPUPerRequest: spent / time.Duration(answered), UsableCores: usableCores()}
	a.RequestsPerSec = a.UsableCores * float64(answered) / spent.Seconds()
	return a, nil
}

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
