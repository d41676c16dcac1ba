package fleet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// hears keeps what an agent or a coordinator says.
type hears struct {
	mu    sync.Mutex
	lines []string
}

func (h *hears) has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.lines, func(l string) bool { return strings.Contains(l, text) })
}

func (h *hears) log(g *ground) func(string, ...any) {
	return func(format string, args ...any) {
		h.mu.Lock()
		h.lines = append(h.lines, fmt.Sprintf(format, args...))
		h.mu.Unlock()
		g.log(format, args...)
	}
}

// TestCalledOff: agents of a storm that does not begin hear of it before its coordinator is gone, and take part in the next.
func TestCalledOff(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	g := newGround(t, scenario, 2)
	first := g.coordinator(bus.NewRun())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for slot := range 2 {
		g.agent(ctx, slot+1)
	}
	if err := first.Gather(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	first.CallOff("the user has changed their mind")
	if missing, _, _ := first.missing(roster.Stopped); len(missing) > 0 {
		t.Errorf("not told: %v", missing)
	}
	g.listening[first]() // it is gone
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun()), nil)
	if end.Reason != record.Completed || counted(r).Done != 2*g.storm.Arrivals() {
		t.Errorf("end %+v, %+v: wanted the whole of the second storm", end, counted(r))
	}
	cancel()
	g.agents.Wait()
}

// TestLeaves: a slot whose agent is stopped while the others gather waits for another one.
func TestLeaves(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 2)
	var said hears
	c := g.coordinator(bus.NewRun(), func(o *CoordinatorOptions) { o.Log = said.log(g) })
	ctx, stop := context.WithCancel(t.Context())
	g.agent(ctx, 1)
	gathered := make(chan error, 1)
	go func() { gathered <- c.Gather(t.Context(), time.Minute) }()
	for isReady := false; !isReady; time.Sleep(time.Millisecond) {
		missing, _, _ := c.missing(roster.Gathered)
		isReady = len(missing) == 1
	}
	stop()
	g.agents.Wait()
	if !said.has("has left") {
		t.Error("the log does not say that it left")
	}
	for slot := range 2 {
		g.agent(t.Context(), slot+1)
	}
	if err := <-gathered; err != nil {
		t.Fatal(err)
	}
	c.CallOff("that is all")
}

// TestCalledOffAtTheLastMoment: where the storm is called off once its agents only wait for T0, there is no stream to hand
// anything over to. They go on to the next storm soon, not after --linger, and leave no spool.
func TestCalledOffAtTheLastMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for a T0")
	}
	t.Parallel()
	g := newGround(t, scenario, 1)
	c := g.coordinator(bus.NewRun())
	var said hears
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	g.agent(ctx, 1, func(o *AgentOptions) { o.Log, o.Local.Dir = said.log(g), dir })
	if err := c.Gather(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SetT0(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for isOpen := false; !isOpen; time.Sleep(time.Millisecond) {
		keys, _ := stream.Spools(dir)
		isOpen = len(keys) > 0
	}
	c.CallOff("another agent does not know T0")
	for until := time.Now().Add(30 * time.Second); !said.has("called off: another agent"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the agent still offers what it measured of a storm that did not begin")
		}
	}
	stop()
	g.agents.Wait()
	if keys, err := stream.Spools(dir); err != nil || len(keys) > 0 {
		t.Errorf("spools %v, %v: wanted none", keys, err)
	}
}

// TestStoppedAgent: one that is stopped while it sends hands over what it has. Its slot counts as lost, and with that
// policy the others send its share.
func TestStoppedAgent(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	long := strings.Replace(scenario, "to: T0+1200ms", "to: T0+9s", 1)
	g := newGround(t, long, 3)
	ctx, stop := context.WithCancel(t.Context())
	for slot := range 2 {
		g.agent(t.Context(), slot+1)
	}
	g.agent(ctx, 3, func(o *AgentOptions) { o.Linger = time.Minute })
	c := g.coordinator(bus.NewRun(), func(o *CoordinatorOptions) { o.OnLoss = roster.OnLossReassign })
	end, r := g.lead(t.Context(), c, func(i record.Interval) error {
		if i.Second == 1 {
			stop()
		}
		return nil
	})
	g.agents.Wait()
	stopped := r.Manifest.Agents[2]
	if end.Reason != record.Completed || !stopped.Finished || !stopped.Lost || stopped.UnsentArrivals == 0 || stopped.ReportedArrivals == 0 || stopped.InDoubtArrivals > 0 {
		t.Errorf("%+v, %+v: wanted a part of its share", end, stopped)
	}
	for _, a := range r.Manifest.Agents[:2] {
		if a.Lost || a.ReportedArrivals != a.PlannedArrivals || a.PlannedArrivals <= stopped.PlannedArrivals {
			t.Errorf("%+v, wanted its own share and a part of the other", a)
		}
	}
	if !slices.ContainsFunc(g.left, func(err error) bool {
		unsealed, ok := errors.AsType[*UnsealedError](err)
		return ok && unsealed.Stopped
	}) {
		t.Errorf("agents ended with %v, wanted one to say that it was stopped", g.left)
	}
}

// TestFilesOfOneSpool has many agents with one spool, whose feeder reads a file: no agent reads what another is writing.
func TestFilesOfOneSpool(t *testing.T) {
	t.Parallel()
	text := strings.Replace(scenario, `{from: sequence, size: 10k, fields: {token: "t${n}"}}`, "{from: csv, file: users.csv}", 1)
	rows := []byte("id2,token\n" + strings.Repeat("a,b\n", 20_000))
	g := newGround(t, scenario, 8)
	g.plan.Scenario, g.plan.Files = []byte(text), map[string][]byte{"users.csv": rows}
	spool := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	for slot := range 8 {
		g.agent(ctx, slot+1, func(o *AgentOptions) { o.Local.Dir = spool })
	}
	c := g.coordinator(bus.NewRun())
	if err := c.Gather(t.Context(), 30*time.Second); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(spool, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v stays in the spool, %v", left, err)
	}
	cancel()
	g.agents.Wait()
}
