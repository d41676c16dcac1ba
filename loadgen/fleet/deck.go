package fleet

import (
	"errors"
	"sync"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// deck puts what the storm measures on the stream.
type deck struct {
	sender        *stream.Sender
	sharesMachine bool

	mu   sync.Mutex
	told []record.Order
}

// Told keeps an order until the second's end.
func (d *deck) Told(o record.Order) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, o)
	return nil
}

// WriteAll puts seconds and the orders since on the stream.
func (d *deck) WriteAll(intervals []record.Interval) error {
	d.mu.Lock()
	told := d.told
	d.told = nil
	d.mu.Unlock()
	for _, i := range intervals {
		if g := i.Generator; g != nil && d.sharesMachine {
			g.OtherCPUSeconds, g.StolenCPUSeconds, g.IdleCPUSeconds = 0, 0, 0
		}
	}
	return d.sender.Send(intervals, told)
}

func (d *deck) finish() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.told) == 0 {
		return nil
	}
	return d.sender.Send(nil, d.told)
}

// Raw refuses: results of single requests stay on one machine.
func (d *deck) Raw(*vegeta.Result) error {
	return errors.New("raw results cannot be collected from agents")
}
