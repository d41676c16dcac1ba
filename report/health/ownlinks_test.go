package health_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/record"
	"fsctl/report"
	"fsctl/report/health"
)

// TestUsersWhoWaitForAConnectionOfTheirOwn has requests wait where each user holds a connection: it is the target's doing where most of these
// had a request in flight with a target that queued, and that of the maximum where users were thinking.
func TestUsersWhoWaitForAConnectionOfTheirOwn(t *testing.T) {
	slow, fast := record.Counters{Waited: 300, Quiet: load(100, 10), Full: load(300, 40)}, record.Counters{Waited: 300, Quiet: load(100, 10), Full: load(300, 10)}
	for _, c := range []struct {
		name     string
		counters record.Counters
		busy     int
		cause    string
		says     string
	}{
		{"the target queues", slow, 90, health.FindingTargetLimited, "the target queued: with all 100 connections held by users a request took 40 ms"},
		{"the target is slow, but users think", slow, 10, health.FindingConnections, "all 100 connections were held by users, most of whom were between two requests: 30 % of the requests waited for one (2 % is allowed); --max-connections 455 would have carried the load"},
		{"users think", fast, 10, health.FindingConnections, "--max-connections 455 would have carried the load"},
		{"many requests at once", fast, 90, health.FindingConnections, "all 100 connections were held by users, while the target answered as fast as in quiet moments"},
		{"a connection for everyone", record.Counters{Waited: 10, Quiet: load(100, 10), Full: load(300, 10)}, 10, "", ""},
	} {
		m := manifest()
		m.Connections, m.MaxConnections, m.PerUser = 0, 100, true
		rec := record.New(m)
		c.counters.Due, c.counters.Sent, c.counters.Done = 1000, 800, 800
		// 414 users are there: some think, some have a request in flight, and 200 have not begun. 414 + 2 sqrt(414) = 454.7.
		rec.Add(record.Interval{Second: 1, Steps: map[string]*record.Counters{"order": &c.counters}, Generator: &record.Generator{CPUSeconds: 0.3, Waiting: 214 - c.busy, Busy: c.busy, Connections: 100}})
		rec.Add(record.Interval{Second: 2, Steps: map[string]*record.Counters{"order": {Sent: 200, Done: 200}}, Generator: &record.Generator{CPUSeconds: 0.3, Waiting: 300, Connections: 100}})
		r := report.Judge(rec, nil, nil)
		if c.cause == "" && len(r.Health.Findings) > 0 || c.cause != "" && (!slices.Equal(codes(r), []string{c.cause}) || !strings.Contains(r.Health.Findings[0].Message, c.says)) {
			t.Errorf("%s: findings %q, wanted %q saying %q", c.name, r.Health.Findings, c.cause, c.says)
		}
		if c.cause == health.FindingConnections && (len(r.Recommendations) != 1 || r.Recommendations[0].Setting != "attack.max-connections" || r.Recommendations[0].Value != "455" || !strings.Contains(r.Recommendations[0].Because, "so many users were there at once")) {
			t.Errorf("%s: recommendations %+v, wanted attack.max-connections 455", c.name, r.Recommendations)
		}
	}
}

// TestUsersWhoWaitAreNoStall has a target that is asked nothing for a while, since every connection is held by a user who thinks; and one that
// is asked and does not answer.
func TestUsersWhoWaitAreNoStall(t *testing.T) {
	for _, c := range []struct {
		perUser bool
		sent    uint64 // of 50 that are due while the target gives no sign of life
		stalls  int
	}{{true, 0, 0}, {true, 40, 1}, {false, 0, 1}} {
		m := manifest()
		m.Connections, m.MaxConnections, m.PerUser = 0, 100, c.perUser
		rec := record.New(m)
		add := func(second int, due, sent, done uint64) {
			g := &record.Generator{}
			if done > 0 {
				g.Answers.Include(time.Duration(second)*time.Second + time.Millisecond)
				g.Answers.Include(time.Duration(second)*time.Second + 900*time.Millisecond)
			}
			rec.Add(record.Interval{Second: second, Steps: map[string]*record.Counters{"order": {Due: due, Sent: sent, Done: done}}, Generator: g})
		}
		add(0, 110, 100, 100)
		for second := 1; second <= 4; second++ {
			add(second, 10, c.sent/4, 0)
		}
		add(5, 0, 50-c.sent, 50)
		if found := health.Stalls(rec); len(found) != c.stalls {
			t.Errorf("own connections %t, %d sent: found the stalls %+v, wanted %d", c.perUser, c.sent, found, c.stalls)
		}
	}
}
