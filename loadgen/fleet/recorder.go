package fleet

import (
	"errors"
	"sync"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// recorder passes what an agent's storm measures to its sender.
type recorder struct {
	sender *stream.Sender

	mu   sync.Mutex
	told []record.Order // since the second before

	samples []record.Sample // the same, as many as a record keeps
	kept    []record.Sample // of all, as far as a record keeps them
}

// Told keeps an order until the second's end. The error is always nil.
func (r *recorder) Told(o record.Order) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, o)
	return nil
}

// Sample keeps a failed exchange until the second's end, if it is one that a record keeps. The error is always nil.
func (r *recorder) Sample(s record.Sample) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, isKept := record.KeepSample(r.kept, s)
	if r.kept = kept; isKept {
		r.samples, _ = record.KeepSample(r.samples, s)
	}
	return nil
}

// WriteAll sends seconds, and the orders and samples since the ones before. The error is that of
// stream.Sender.Send.
func (r *recorder) WriteAll(intervals []record.Interval) error {
	r.mu.Lock()
	told, samples := r.told, r.samples
	r.told, r.samples = nil, nil
	r.mu.Unlock()
	return r.sender.Send(intervals, told, samples...)
}

// finish sends the orders and samples that came after the last second.
func (r *recorder) finish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.told)+len(r.samples) == 0 {
		return nil
	}
	return r.sender.Send(nil, r.told, r.samples...)
}

// Raw refuses: results of single requests stay on one machine.
func (r *recorder) Raw(*vegeta.Result) error {
	return errors.New("raw results cannot be collected from agents")
}
