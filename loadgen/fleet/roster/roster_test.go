package roster

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// fleet drives a roster by what agents say at instants that a test chooses.
type fleet struct {
	*Roster
	t   *testing.T
	now time.Time
	t0  time.Time
}

// beat is how often a test calls Watch.
const beat = 250 * time.Millisecond

func newFleet(t *testing.T, o Options) *fleet {
	t.Helper()
	o.Version, o.PlanHash = "test", "mine"
	return &fleet{Roster: New(o), t: t, now: time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)}
}

// even is an assignment of equal shares.
func even(slots int) Assignment {
	return Assignment{Shares: must(NewShares(slices.Repeat([]float64{1}, slots)))}
}

// start sets T0 to now, with equal shares.
func (f *fleet) start() {
	f.t0 = f.now
	f.Start(f.t0, Assignment{Shares: must(f.Shares())})
}

// says has an agent report.
func (f *fleet) says(slot int, instance string, s State, change ...func(*Heartbeat)) Reply {
	f.t.Helper()
	h := Heartbeat{Instance: instance, Epoch: 1, State: s, Version: "test", Host: "host", Capacity: 1}
	for _, c := range change {
		c(&h)
	}
	reply := f.Report(f.now, slot, h)
	if reply.Refused != "" {
		f.t.Fatalf("slot %d, %s: %s", slot, s, reply.Refused)
	}
	return reply
}

// pass lets time pass, in which the given slots' agents report and all others are silent.
func (f *fleet) pass(d time.Duration, reporting ...int) {
	for end := f.now.Add(d); f.now.Before(end); {
		f.now = f.now.Add(beat)
		for _, number := range reporting {
			f.Report(f.now, number, f.slots[number-1].Heartbeat)
		}
		f.Watch(f.now)
	}
}

func (f *fleet) isLost(slot int) bool {
	return f.Agents()[slot-1].Lost
}

// TestLease: an agent that is silent is suspected, then lost, and is back as soon as it reports.
func TestLease(t *testing.T) {
	f := newFleet(t, Options{Slots: 2, OnLoss: OnLossAccount})
	f.Watch(f.now)
	f.says(1, "one", Armed)
	f.says(2, "two", Armed)
	f.start()
	f.Drain()
	f.pass(suspectAfter-beat, 2)
	if c := f.Drain(); len(c.Log) > 0 || len(c.Slots) > 0 {
		t.Errorf("%+v within %v of silence", c, suspectAfter-beat)
	}
	f.pass(beat, 2)
	if c := f.Drain(); !slices.Equal(c.Log, []string{"agent 1 (host) is silent"}) || f.isLost(1) {
		t.Errorf("%+v after %v of silence", c, suspectAfter)
	}
	f.pass(lostAfter-suspectAfter, 2)
	want := "agent 1 (host) is lost: nothing heard for 4 s; its users are not sent unless another agent takes its slot"
	if c := f.Drain(); !slices.Equal(c.Log, []string{want}) || !slices.Equal(c.Slots, []SlotChange{{1, true}}) || !c.Woken || !f.isLost(1) {
		t.Errorf("%+v after %v of silence", c, lostAfter)
	}
	f.says(1, "one", Sending)
	if c := f.Drain(); !slices.Equal(c.Log, []string{"agent 1 (host) is back"}) || !slices.Equal(c.Slots, []SlotChange{{1, false}}) || f.isLost(1) {
		t.Errorf("%+v once it reports again", c)
	}
}

// TestPauseOfTheCoordinator: silence while the coordinator itself did not run does not count.
func TestPauseOfTheCoordinator(t *testing.T) {
	f := newFleet(t, Options{Slots: 1})
	f.says(1, "one", Armed)
	f.Watch(f.now)
	f.now = f.now.Add(3*lostAfter - beat)
	for pause := f.now; f.now.Sub(pause) < lostAfter; {
		if f.pass(beat); f.isLost(1) {
			t.Fatalf("lost %v after a pause", f.now.Sub(pause))
		}
	}
	if f.pass(beat); !f.isLost(1) {
		t.Error("not lost, though silent all the time since")
	}
}

// TestLinkOfTheCoordinator: silence while the coordinator's own link to the bus is down does not count.
func TestLinkOfTheCoordinator(t *testing.T) {
	f := newFleet(t, Options{Slots: 1})
	f.says(1, "one", Armed)
	f.Watch(f.now)
	f.SetLink(f.now, false)
	f.pass(time.Minute)
	f.SetLink(f.now, true)
	if f.pass(lostAfter - beat); f.isLost(1) {
		t.Error("lost, though the link has been up for less than an agent may be silent")
	}
	if f.pass(beat); !f.isLost(1) {
		t.Error("not lost, though silent all the time since")
	}
}

func awayOf(revisions []Revision) (away [][]int) {
	for _, r := range revisions {
		away = append(away, r.Away)
	}
	return away
}

// TestReassigning follows an assignment through a loss, a return and a replacement, and to another coordinator.
func TestReassigning(t *testing.T) {
	f := newFleet(t, Options{Slots: 3, OnLoss: OnLossReassign, LastEpoch: 10})
	for slot := range 3 {
		f.says(slot+1, fmt.Sprint("first ", slot+1), Armed)
	}
	f.start()
	if c := f.Drain(); !c.Revised || !c.Call || len(f.Assignment().Revisions) > 0 {
		t.Fatalf("%+v, %+v", c, f.Assignment())
	}
	for slot := range 3 {
		if r := f.says(slot+1, fmt.Sprint("first ", slot+1), Sending); len(r.Revisions) > 0 {
			t.Fatalf("slot %d is told %+v before anything happened", slot+1, r.Revisions)
		}
	}
	f.pass(lostAfter+2*beat, 1, 3)
	if c := f.Drain(); !c.Revised || !c.Call {
		t.Errorf("%+v after a loss, wanted the assignment kept and all agents called", c)
	}
	told := f.says(1, "first 1", Sending).Revisions
	if want := [][]int{{2}}; !slices.EqualFunc(awayOf(told), want, slices.Equal) || told[0].From < f.now.Sub(f.t0)+revisionLead-2*beat || told[0].From%time.Second != 0 {
		t.Fatalf("%+v after a loss, wanted slot 2 away from a whole second on that is ahead", told)
	}
	if r := f.says(1, "first 1", Sending, func(h *Heartbeat) { h.Revision = 1 }); len(r.Revisions) > 0 {
		t.Errorf("told %+v again", r.Revisions)
	}
	f.says(2, "first 2", Sending)
	f.pass(lostAfter+2*beat, 1, 3)
	second := func(h *Heartbeat) { h.Epoch = 0 }
	if r := f.says(2, "second 2", Joining, second); r.Epoch != 11 {
		t.Errorf("epoch %d for an agent that takes over, wanted a new one", r.Epoch)
	}
	if n := len(f.Assignment().Revisions); n != 3 {
		t.Errorf("%d revisions once another agent joined, wanted 3: it cannot send yet", n)
	}
	begin := f.says(2, "second 2", Armed, second).Begin
	if begin == nil || begin.From != f.now.Sub(f.t0)+replacementDelay {
		t.Fatalf("%+v, wanted a start for the agent that takes over", begin)
	}
	told = begin.Assignment.Revisions
	if want := [][]int{{2}, {}, {2}, {}}; !slices.EqualFunc(awayOf(told), want, slices.Equal) {
		t.Errorf("%+v, wanted away %v", told, want)
	}
	if !slices.IsSortedFunc(told, func(a, b Revision) int { return int(a.From - b.From) }) {
		t.Errorf("%+v is out of order", told)
	}

	other := newFleet(t, Options{Slots: 3, OnLoss: OnLossReassign})
	other.now = f.now
	other.TakeOver(other.now, f.t0, f.Assignment())
	other.says(1, "first 1", Sending)
	other.says(3, "first 3", Sending)
	other.pass(beat)
	other.EndTakeOver(other.now)
	told = other.says(1, "first 1", Sending, func(h *Heartbeat) { h.Revision = 4 }).Revisions
	if want := [][]int{{2}, {}, {2}, {}, {2}}; !slices.EqualFunc(awayOf(told), want, slices.Equal) {
		t.Errorf("%+v after another coordinator took over, wanted away %v", told, want)
	}
	other.says(2, "second 2", Sending)
	if told = other.says(1, "first 1", Sending).Revisions; len(told) != 6 || len(told[5].Away) > 0 {
		t.Errorf("%+v once all are back", told)
	}
}

// TestNotReassigning: with another policy a lost share stays its slot's.
func TestNotReassigning(t *testing.T) {
	f := newFleet(t, Options{Slots: 2, OnLoss: OnLossAccount})
	for slot := range 2 {
		f.says(slot+1, fmt.Sprint(slot), Armed)
	}
	f.start()
	f.says(1, "0", Sending)
	f.pass(lostAfter+2*beat, 2)
	if r := f.says(2, "1", Sending); len(r.Revisions) > 0 || !f.isLost(1) {
		t.Errorf("told %+v", r.Revisions)
	}
}

// TestStoppedAgentIsReplaceable: the share of an agent that was stopped while it sent is the others' at once, and another
// agent may claim its slot.
func TestStoppedAgentIsReplaceable(t *testing.T) {
	f := newFleet(t, Options{Slots: 2, OnLoss: OnLossReassign})
	f.says(1, "one", Armed)
	f.says(2, "two", Armed)
	f.start()
	if number, _, _ := f.Offer(f.now, "three", 0); number != 0 {
		t.Errorf("offered slot %d while all have agents", number)
	}
	f.says(2, "two", Sent, func(h *Heartbeat) { h.End = "interrupted" })
	if want := [][]int{{2}}; !slices.EqualFunc(awayOf(f.Assignment().Revisions), want, slices.Equal) {
		t.Errorf("%+v, wanted away %v", f.Assignment().Revisions, want)
	}
	if number, refused, ok := f.Offer(f.now, "three", 0); number != 2 || !ok {
		t.Errorf("offered slot %d (%s), wanted 2", number, refused)
	}
}

// TestOffersAreReserved: a slot that was offered to one agent is offered to no other for some seconds.
func TestOffersAreReserved(t *testing.T) {
	f := newFleet(t, Options{Slots: 1})
	offer := func(instance string) int {
		number, _, _ := f.Offer(f.now, instance, 0)
		return number
	}
	if offer("one") != 1 || offer("two") != 0 || offer("one") != 1 {
		t.Error("wanted the slot for one, and for one only")
	}
	if f.now = f.now.Add(reservedFor + 1); offer("two") != 1 {
		t.Error("wanted the slot for another one, since one has not come")
	}
	if _, refused, ok := f.Offer(f.now, "x", 2); refused != "keys are for slot 2, and the storm has 1" || !ok {
		t.Errorf("refused with %q", refused)
	}
	if f.Seal(); offer("two") != 0 {
		t.Error("offered a slot of a storm that is over")
	}
}

// TestTakeOverReservesSlots has a coordinator take over: the slots are those of the agents that report to it, and not of
// one that waits for a slot, until they would be lost anyway.
func TestTakeOverReservesSlots(t *testing.T) {
	f := newFleet(t, Options{Slots: 2})
	f.TakeOver(f.now, f.now, even(2))
	offer := func(slot int) (int, string) {
		number, refused, _ := f.Offer(f.now, "waiting", slot)
		return number, refused
	}
	if number, refused := offer(0); refused == "" {
		t.Errorf("offered slot %d to an agent that waits", number)
	}
	if r := f.says(1, "old", Sending, func(h *Heartbeat) { h.Epoch, h.PlanHash = 5, "mine" }); r.Epoch != 5 {
		t.Errorf("told %+v to the agent that has the slot", r)
	}
	f.now = f.now.Add(lostAfter + 1)
	_, first := offer(1)
	if second, _ := offer(2); first == "" || second != 2 {
		t.Errorf("offered %q and %d once no other is to come, wanted slot 2", first, second)
	}
}

// TestRefusals: an agent that may not take part gets the reason, and so does the user.
func TestRefusals(t *testing.T) {
	sound := Heartbeat{Instance: "i", Host: "h", Version: "test", Capacity: 1, PlanHash: "mine", State: Armed, Bound: time.Millisecond}
	for name, test := range map[string]struct {
		change func(*Heartbeat)
		want   string
	}{
		"nothing":          {func(*Heartbeat) {}, ""},
		"another plan":     {func(h *Heartbeat) { h.PlanHash = "other" }, "the agent has plan other"},
		"another version":  {func(h *Heartbeat) { h.Version = "v" }, "use the same version everywhere"},
		"no host":          {func(h *Heartbeat) { h.Host = "" }, "not text"},
		"control sequence": {func(h *Heartbeat) { h.Host = "a\x1b[2Jb" }, "not text"},
		"long host":        {func(h *Heartbeat) { h.Host = strings.Repeat("h", 256) }, "not text"},
		"no UTF-8":         {func(h *Heartbeat) { h.Host = "\xff" }, "not text"},
		"no capacity":      {func(h *Heartbeat) { h.Capacity = 0 }, "found capacity 0"},
		"NaN":              {func(h *Heartbeat) { h.Capacity = math.NaN() }, "found capacity NaN"},
		"vast capacity":    {func(h *Heartbeat) { h.Capacity = 2 * MostCapacity }, "wanted above 0"},
		"loose clock":      {func(h *Heartbeat) { h.Bound = time.Second }, "--max-skew"},
		"stranger leaves":  {func(h *Heartbeat) { h.State = Withdrawn }, "another agent has the slot"},
	} {
		f := newFleet(t, Options{Slots: 1, MaxSkew: 20 * time.Millisecond})
		h := sound
		test.change(&h)
		reply := f.Report(f.now, 1, h)
		if got := reply.Refused; (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, wanted %q", name, got, test.want)
		}
		missing, _ := f.Missing(Gathered)
		if lines := f.Drain().Log; test.want != "" && (len(lines) != 1 || !strings.Contains(missing[0], test.want)) {
			t.Errorf("%s: the log has %q, and missing is %q", name, lines, missing)
		}
	}
	f := newFleet(t, Options{Slots: 1})
	f.says(1, "one", Armed)
	if reply := f.Report(f.now, 1, sound); reply.Refused != "another agent has the slot" {
		t.Errorf("%+v for a second agent", reply)
	}
	if reply := f.Report(f.now, 2, sound); reply.Refused == "" {
		t.Errorf("%+v for a slot that there is not", reply)
	}
}

// TestReadyAgentsAreQuiet: an agent that knows T0 gets it once, not as often as it reports.
func TestReadyAgentsAreQuiet(t *testing.T) {
	f := newFleet(t, Options{Slots: 1})
	if r := f.says(1, "one", Armed); r.Begin != nil || !r.NeedsPlan {
		t.Errorf("%+v before T0 is set", r)
	}
	f.start()
	if f.says(1, "one", Armed).Begin == nil {
		t.Error("no T0 for an agent that does not know it")
	}
	if f.says(1, "one", Ready).Begin != nil {
		t.Error("T0 again for an agent that knows it")
	}
}

// TestBarriers walks a slot through a run: which barriers it meets in each state.
func TestBarriers(t *testing.T) {
	f := newFleet(t, Options{Slots: 1})
	check := func(what string, met ...Barrier) {
		t.Helper()
		for b := Returned; b <= Released; b++ {
			missing, err := f.Missing(b)
			if isMet := len(missing) == 0 && err == nil; isMet != slices.Contains(met, b) {
				t.Errorf("%s: barrier %d is met: %v (%v, %v)", what, b, isMet, missing, err)
			}
		}
	}
	check("vacant", Stopped)
	f.says(1, "one", Joining)
	check("joining", Returned)
	f.says(1, "one", Armed)
	check("armed", Returned, Gathered)
	f.says(1, "one", Ready)
	check("ready", Returned, Gathered, Acknowledged)
	f.says(1, "one", Sending)
	check("sending", Returned, Acknowledged)
	f.says(1, "one", Done)
	check("done", Returned, Released)
	f.StopSent(1)
	check("told to stop", Returned, Stopped, Released)
	f.says(1, "one", Withdrawn)
	check("withdrawn", Returned, Stopped, Released)
	f.says(1, "two", Failed, func(h *Heartbeat) { h.Problem = "no files" })
	if _, err := f.Missing(Acknowledged); err == nil || err.Error() != "agent 1 (host): no files" {
		t.Errorf("error %v of an agent that cannot take part", err)
	}
	if missing, err := f.Missing(Gathered); err != nil || !slices.Equal(missing, []string{"slot 1 has no agent: the one on host cannot take part"}) {
		t.Errorf("%v, %v: wanted the slot to wait for another agent", missing, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
