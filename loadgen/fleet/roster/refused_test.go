package roster

import (
	"slices"
	"testing"
	"time"
)

// TestRefused lists each agent that was not taken once, however often it tries, and its slot is free for another at once.
func TestRefused(t *testing.T) {
	f := newFleet(t, Options{Slots: 2, MaxSkew: time.Millisecond})
	for range 3 {
		f.Offer(f.now, "old", 1)
		f.Report(f.now, 1, Heartbeat{Instance: "old", State: Joining, Version: "other", Host: "a", Capacity: 1})
		f.says(2, "full", Failed, func(h *Heartbeat) { h.Problem, h.Hint = "no\nroom", "make some" })
		f.pass(time.Minute) // it has left
	}
	f.Report(f.now, 2, Heartbeat{Instance: "loose", Epoch: 1, State: Armed, Version: "test", Host: "b", Capacity: 1, Bound: time.Second})
	f.TurnAway(1, "taken")
	want := []string{
		"agent 1 (a): this is fsctl other, and the coordinator's is test: use the same version everywhere",
		"agent 2 (host): no room (make some)",
		"agent 2 (b): its clock is known to 1 s only, and 1 ms is allowed (--max-skew)",
		"an agent for slot 1 alone: taken",
	}
	if got := f.Refused(); !slices.Equal(got, want) {
		t.Errorf("found %q\nwanted %q", got, want)
	}
	for slot := range 2 {
		if n, refused, _ := f.Offer(f.now, "new", slot+1); n != slot+1 {
			t.Errorf("slot %d is not free: %s", slot+1, refused)
		}
	}
	f.says(1, "one", Armed)
	f.says(2, "two", Armed)
	if missing, err := f.Missing(Gathered); len(missing) > 0 || err != nil {
		t.Errorf("%v, %v: wanted all of them", missing, err)
	}
}
