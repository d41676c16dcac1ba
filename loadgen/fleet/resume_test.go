package fleet

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/record"
)

// TestResumeLongAfterTheEnd: all agents are gone, and what they measured is on the bus. Another coordinator that takes over
// an hour later reads it to the end before it closes the record.
func TestResumeLongAfterTheEnd(t *testing.T) { // not beside storms, which its 20,000 messages would hold up
	if testing.Short() {
		t.Skip("20,000 messages take seconds")
	}
	const slots, seconds = 200, 100
	long := strings.Replace(strings.Replace(scenario, "to: T0+1200ms", "to: T0+100s", 1), "size: 10k", "size: 100k", 1)
	g := newGround(t, long, slots)
	c := g.coordinator(bus.NewRun())
	js := must(jetstream.New(c.Conn))
	must(js.CreateStream(t.Context(), jetstream.StreamConfig{Name: c.Run.Stream(), Subjects: c.Run.StoredSubjects(), Storage: jetstream.FileStorage}))
	h := record.NewSparse()
	for range 2 {
		_ = h.RecordValue(int64(time.Millisecond)) // within the range
	}
	answered := []stream.Series{{Tag: record.Tag{Metric: record.ResponseTime, Step: "browse", Outcome: record.OutcomeOK}, Histogram: record.NewPacker().PackSparse(h)}}
	for slot := range slots {
		for second := range seconds {
			i := stream.Interval{Second: second, Series: answered, Steps: []stream.StepCounters{{Step: "browse", Counters: record.Counters{Due: 2, Sent: 2, Done: 2}}}, Generator: &record.Generator{Arrivals: 2}}
			data := must(stream.Encode(stream.Snapshot{Key: stream.Key{Run: string(c.Run), Slot: slot + 1, Epoch: 1}, Number: uint64(second), Second: second, Intervals: []stream.Interval{i}}))
			must(js.PublishAsync(c.Run.RecordSubject(slot+1), data, jetstream.WithStallWait(time.Minute)))
		}
	}
	<-js.PublishAsyncComplete()
	ticket := Ticket{Run: c.Run, Start: &Start{PlanHash: c.hash, T0: time.Now().Add(-time.Hour).UnixNano(),
		Assignment: even(slots)}}
	t0, err := c.Resume(t.Context(), ticket, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	w := must(record.Create(dir, record.Manifest{Scenario: "test", Target: g.target.URL, Start: time.Now(), T0: t0, Agents: c.Agents()}, g.plan.Scenario))
	if end, err := c.Lead(t.Context(), w, g.storm, nil); err != nil || end.Reason != record.Completed {
		t.Errorf("end %+v, %v", end, err)
	}
	if n := counted(must(record.Open(dir))).Done; n != 2*slots*seconds {
		t.Errorf("%d requests in the record, wanted the %d on the bus", n, 2*slots*seconds)
	}
}

// even is an assignment of equal shares.
func even(slots int) roster.Assignment {
	return roster.Assignment{Shares: must(roster.NewShares(slices.Repeat([]float64{1}, slots)))}
}

// TestTicketFollowsTheAssignment: the ticket is stored when T0 is set and whenever the assignment changes, before an agent
// hears of that; another coordinator that takes over with it goes on with the same assignment.
func TestTicketFollowsTheAssignment(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 2)
	reassigning := func(o *CoordinatorOptions) { o.OnLoss = roster.OnLossReassign }
	c := g.coordinator(bus.NewRun(), reassigning)
	says(t, c, 1, "one", roster.Armed)
	says(t, c, 2, "two", roster.Armed)
	if _, err := c.SetT0(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	var ticket Ticket
	if err := c.Keep(func(v Ticket) error { ticket = v; return nil }); err != nil || len(ticket.Start.Assignment.Revisions) > 0 {
		t.Fatalf("%v, %+v", err, ticket)
	}
	says(t, c, 2, "two", roster.Sent, func(h *roster.Heartbeat) { h.End = record.Interrupted })
	if revisions := ticket.Start.Assignment.Revisions; len(revisions) != 1 || !slices.Equal(revisions[0].Away, []int{2}) {
		t.Errorf("the ticket has revisions %+v once an agent was stopped, wanted slot 2 away", revisions)
	}
	other := g.coordinator(ticket.Run, reassigning)
	says(t, other, 1, "one", roster.Sending)
	if _, err := other.Resume(t.Context(), ticket, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if told := says(t, other, 1, "one", roster.Sending).Revisions; len(told) != 1 || !slices.Equal(told[0].Away, []int{2}) {
		t.Errorf("%+v after another coordinator took over, wanted slot 2 away", told)
	}
}

// TestResumeOfAnotherStorm: a ticket of another plan, or of another number of agents, is an error before any agent is refused.
func TestResumeOfAnotherStorm(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 2)
	c := g.coordinator(bus.NewRun())
	two := even(2)
	for name, ticket := range map[string]Ticket{
		"no T0": {}, "another plan": {Start: &Start{PlanHash: "other", Assignment: two}},
		"three agents": {Start: &Start{PlanHash: c.hash, Assignment: even(3)}},
	} {
		if c.Fits(ticket) == nil {
			t.Errorf("%s: fits", name)
		}
	}
	if err := c.Fits(Ticket{Start: &Start{PlanHash: c.hash, Assignment: two}}); err != nil {
		t.Error(err)
	}
}

// TestCalledOffWhileArming: an agent that takes long to open its connections hears that the storm is called off.
func TestCalledOffWhileArming(t *testing.T) {
	t.Parallel()
	g := newGround(t, scenario, 1)
	c := g.coordinator(bus.NewRun())
	a := &agent{AgentOptions: AgentOptions{Slot: 1, Capacity: 1, Version: "test", Log: g.log}, instance: "one", run: c.Run, slot: 1, kick: make(chan struct{}, 1)}
	a.Conn = must(bus.Connect(t.Context(), g.connect(1, bus.Config{})))
	defer a.Conn.Close()
	a.status, a.answered = roster.Heartbeat{Instance: "one", State: roster.Joining, Version: "test", Host: "host", Capacity: 1}, time.Now()
	left := make(chan error, 1)
	go func() {
		left <- a.withHeartbeats(t.Context(), func(ctx context.Context) { <-ctx.Done() })
	}()
	for isThere := false; !isThere; time.Sleep(time.Millisecond) {
		missing, _, _ := c.missing(roster.Returned)
		isThere = len(missing) == 0
	}
	c.CallOff("enough")
	if err := <-left; err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("%v, wanted to hear that the storm is called off", err)
	}
}
