package tally

import (
	"testing"
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
)

// Requests without an answer waited for no first byte, and made no handshake where there was no connection: no time is recorded for
// what did not happen. An answer over a connection that was open took a handshake of 0.
func TestNoTimeOfWhatDidNotHappen(t *testing.T) {
	step := &journey.Step{Name: "a", Outcomes: []string{record.OutcomeOK, record.OutcomeFailed, record.OutcomeError}}
	for _, c := range []struct {
		name                string
		request             Request
		waiting, connecting int64 // how many are recorded
	}{
		{"answered", Request{Waiting: time.Millisecond}, 1, 1},
		{"answered on a new connection", Request{Waiting: time.Millisecond, Connecting: time.Millisecond}, 1, 1},
		{"refused", Request{Class: "refused"}, 0, 0},
		{"timed out", Request{Class: "timeout", Connecting: time.Millisecond}, 0, 1},
		{"reset in the answer's body", Request{Class: "reset", Waiting: time.Millisecond}, 1, 0},
	} {
		v := New(&journey.Compiled{Steps: []*journey.Step{step}}, Timings{waiting: true, connecting: true})
		c.request.Step, c.request.Done = step, time.Second
		if c.request.Class != "" {
			c.request.Outcome = journey.OutcomeError
		}
		v.Add(&c.request, time.Second)
		found := map[string]int64{}
		v.seconds[0][0][c.request.Outcome].each(func(metric string, h *record.Histogram) { found[metric] = h.Count() })
		if found[record.Waiting] != c.waiting || found[record.Connecting] != c.connecting || found[record.ResponseTime] != 1 {
			t.Errorf("%s: recorded %v, wanted waiting %d and connecting %d", c.name, found, c.waiting, c.connecting)
		}
	}
}
