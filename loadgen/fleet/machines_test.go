package fleet

import (
	"fmt"
	"testing"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/host"
	"fsctl/loadgen/record"
)

// TestTwoMachines has two processes on one machine, of which one has two slots, and a third on another: each machine's cores
// count once.
func TestTwoMachines(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	g := newGround(t, scenario, 4)
	on := func(machine string) *Process {
		return NewProcess(host.Identity{Machine: machine, Allowed: "0-1", Cores: 2})
	}
	pair := on("first")
	for i, p := range []*Process{pair, pair, on("first"), on("second")} {
		g.agent(t.Context(), i+1, func(o *AgentOptions) { o.Process = p })
	}
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun()), nil)
	g.agents.Wait()
	if end.Reason != record.Completed || counted(r).Done != 2*g.storm.Arrivals() || r.Manifest.Cores != 4 {
		t.Errorf("end %+v, %+v, %d cores, wanted all of it and 4 cores", end, counted(r), r.Manifest.Cores)
	}
	var meter record.Generator
	host.NewMeter().Read(&meter)
	for second, v := range r.Generators() {
		if v.FileLimit > 3*meter.FileLimit {
			t.Error(fmt.Sprintf("second %d: ", second), v.FileLimit, "file descriptors allowed, wanted those of three processes")
		}
	}
}
