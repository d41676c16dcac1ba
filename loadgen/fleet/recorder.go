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
	sender        *stream.Sender
	sharesMachine bool

	mu   sync.Mutex
	told []record.Order // since the second before
}

// Told keeps an order until the second's end. The error is always nil.
func (r *recorder) Told(o record.Order) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, o)
	return nil
}

// WriteAll sends seconds and the orders since the ones before. The error is that of
// stream.Sender.Send.
func (r *recorder) WriteAll(intervals []record.Interval) error {
	r.mu.Lock()
	told := r.told
	r.told = nil
	r.mu.Unlock()
	for _, i := range intervals {
		if g := i.Generator; g != nil && r.sharesMachine {
			g.OtherCPUSeconds, g.StolenCPUSeconds, g.IdleCPUSeconds = 0, 0, 0
		}
	}
	return r.sender.Send(intervals, told)
}

// finish sends the orders that came after the last second.
func (r *recorder) finish() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.told) == 0 {
		return nil
	}
	return r.sender.Send(nil, r.told)
}

// Raw refuses: results of single requests stay on one machine.
func (r *recorder) Raw(*vegeta.Result) error {
	return errors.New("raw results cannot be collected from agents")
}
