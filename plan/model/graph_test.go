package model

import (
	"strings"
	"testing"
)

// The check finds calls that come from nowhere, those that are lost, and those that are refused but never came.
func TestConservedFindsWhatIsLost(t *testing.T) {
	const services = `services=[{name: c, kind: cache, hit: 50%, misses: d, capacity: 1k/s, calls: {read: 1}}, {name: q, kind: queue, calls: {transaction: 1}, capacity: 100/s, drain: 10s, to: d},
 {name: d, kind: database, capacity: 1k/s, writes: 50%, calls: {read: 1}}, {name: f, kind: function, calls: {read: 1}, demand: 1s, max_instances: 10}]`
	for name, c := range map[string]struct {
		spoil func(*Case)
		want  string
	}{
		"nothing":      {func(*Case) {}, ""},
		"a miss":       {func(x *Case) { x.Loads[1].Services[2] *= 0.999 }, "event load: services.d: "},
		"of a queue":   {func(x *Case) { x.Loads[1].Queued[2] += 1 }, "of queues arrive"},
		"out of it":    {func(x *Case) { x.Loads[1].Out[1] = 2 * x.Loads[1].Services[1] }, "services.q: "},
		"steps' calls": {func(x *Case) { x.Loads[0].Direct[0] = 0 }, "day load: services.c: "},
		"orders":       {func(x *Case) { x.Loads[0].Orders[0] = 2 * x.Loads[0].Services[0] }, "of transactions"},
		"too long":     {func(x *Case) { x.Loads[1].Totals[0] = -1 }, "are expected in all"},
		"executions":   {func(x *Case) { x.Sizes[3].Instances = 11 }, "11 executions for an account that allows 10"},
	} {
		m, err := New(flags(t, "workload.event={read: 5, transaction: 60}", services), 1)
		if err != nil {
			t.Fatal(err)
		}
		corners, err := m.Corners()
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(corners.Mid)
		err = m.Conserved(corners.Mid)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
