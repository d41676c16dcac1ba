package loadgen

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
		sample              sample
		waiting, connecting int64 // how many are recorded
	}{
		{"answered", sample{waiting: time.Millisecond}, 1, 1},
		{"answered on a new connection", sample{waiting: time.Millisecond, connecting: time.Millisecond}, 1, 1},
		{"refused", sample{class: "refused"}, 0, 0},
		{"timed out", sample{class: "timeout", connecting: time.Millisecond}, 0, 1},
		{"reset in the answer's body", sample{class: "reset", waiting: time.Millisecond}, 1, 0},
	} {
		v := newTally(&journey.Compiled{Steps: []*journey.Step{step}}, timings{waiting: true, connecting: true})
		c.sample.step, c.sample.done = step, time.Second
		if c.sample.class != "" {
			c.sample.Outcome = journey.OutcomeError
		}
		v.add(&c.sample, time.Second)
		found := map[string]int64{}
		v.seconds[0][0][c.sample.Outcome].each(func(metric string, h *record.Histogram) { found[metric] = h.Count() })
		if found[record.Waiting] != c.waiting || found[record.Connecting] != c.connecting || found[record.ResponseTime] != 1 {
			t.Errorf("%s: recorded %v, wanted waiting %d and connecting %d", c.name, found, c.waiting, c.connecting)
		}
	}
}
