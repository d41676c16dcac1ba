package fleet

import (
	"crypto/rand"
	"sync"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/host"
)

// Process is what the agents of one process share: their machine, and what they use of it.
type Process struct {
	id     host.Identity
	name   string // drawn at random
	claims host.Claims

	mu     sync.Mutex
	meters map[bus.Run]*host.SharedMeter
}

// NewProcess returns that of a process which runs where id says: host.Identify.
func NewProcess(id host.Identity) *Process {
	return &Process{id: id, name: rand.Text()[:8], meters: map[bus.Run]*host.SharedMeter{}}
}

// meter returns the one that the slots of a run share: each run's record has what the whole process used.
func (p *Process) meter(run bus.Run) *host.SharedMeter {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.meters[run] == nil {
		p.meters[run] = &host.SharedMeter{}
	}
	return p.meters[run]
}

// machine is what the roster is told of the process.
func (p *Process) machine() roster.Machine {
	return roster.Machine{Name: p.id.Machine, Process: p.name, Group: p.id.Group, HasQuota: p.id.HasQuota, Allowed: p.id.Allowed}
}

// origin is what the record is told of it.
func (p *Process) origin() stream.Origin {
	return stream.Origin{Place: p.id.Place(), Group: p.id.Group, Process: p.name}
}
