package loadgen

import (
	"testing"
	"time"

	"fsctl/scenarios/arrivals"
)

// TestSleepCountsWhatWasMissed: a machine that sleeps spoils what would have been due, and all that follows where T0 is an instant of
// others too; a sleep in which nothing was to be done spoils nothing.
func TestSleepCountsWhatWasMissed(t *testing.T) {
	const storm = `
steps: {a: {share: 100%, request: {url: /}}}
storm: {t0: 1s, phases: [{journey: j, from: T0, to: T0+10s, rate: 10/s, spacing: even}]}
journeys: {j: [a]}
`
	all := func(arrivals.Arrival) bool { return true }
	for _, c := range []struct {
		name       string
		now, slept time.Duration
		owns       func(arrivals.Arrival) bool
		least      uint64
		most       uint64
	}{
		{"within the storm", 2 * time.Second, 3 * time.Second, nil, 29, 31},
		{"before it, and over", -time.Hour, time.Minute, nil, 0, 0},
		{"before it, beside other agents", -time.Hour, time.Minute, all, 1, 1},
		{"from before it into it", -time.Minute, 61 * time.Second, nil, 9, 11},
		{"no sleep", 2 * time.Second, 0, nil, 0, 0},
	} {
		s := compile(t, storm, func(o *Options) { o.Owns = c.owns })
		s.shards = 1
		v := newShard(s, 0, time.Now().Add(-c.now))
		v.beat(c.slept)
		var got uint64
		for _, g := range v.seconds.tally.Gaps {
			got += g.Requests
			if length := g.Length(); length < c.slept.Seconds()-1e-6 || length > c.slept.Seconds()+1e-6 {
				t.Errorf("%s: gap of %g s, wanted %v", c.name, length, c.slept)
			}
		}
		if got < c.least || got > c.most {
			t.Errorf("%s: %d requests missed, wanted %d to %d", c.name, got, c.least, c.most)
		}
	}
}
