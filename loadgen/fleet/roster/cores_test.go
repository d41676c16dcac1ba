package roster

import (
	"fmt"
	"testing"
)

// TestCores counts cores that several agents share once.
func TestCores(t *testing.T) {
	type agent struct {
		machine, process, group, allowed string
		quota                            bool
		cores                            int
	}
	tenSlots := make([]agent, 10)
	for i := range tenSlots {
		tenSlots[i] = agent{machine: "a", process: "p", allowed: "0-3", cores: 2}
	}
	for name, c := range map[string]struct {
		agents []agent
		want   int
	}{
		"ten slots of one process":          {tenSlots, 2},
		"nothing known but hosts":           {[]agent{{cores: 4}, {cores: 4}}, 4},
		"three processes of one machine":    {[]agent{{machine: "a", process: "p", allowed: "0-1", cores: 2}, {machine: "a", process: "q", allowed: "0-1", cores: 2}, {machine: "a", process: "r", allowed: "0-1", cores: 2}}, 2},
		"two machines":                      {[]agent{{machine: "a", process: "p", allowed: "0-1", cores: 2}, {machine: "b", process: "q", allowed: "0-1", cores: 2}}, 4},
		"processes with cores of their own": {[]agent{{machine: "a", process: "p", allowed: "0-3", cores: 4}, {machine: "a", process: "q", allowed: "4-5,9", cores: 3}}, 7},
		"cores that overlap":                {[]agent{{machine: "a", process: "p", allowed: "0-3", cores: 4}, {machine: "a", process: "q", allowed: "2-5", cores: 4}}, 6},
		"processes of less than there is":   {[]agent{{machine: "a", process: "p", allowed: "0-7", cores: 2}, {machine: "a", process: "q", allowed: "0-7", cores: 3}}, 5},
		"quotas of their own":               {[]agent{{"a", "p", "g", "0-7", true, 2}, {"a", "q", "h", "0-7", true, 2}}, 4},
		"a quota that they share":           {[]agent{{"a", "p", "g", "0-7", true, 2}, {"a", "q", "g", "0-7", true, 2}}, 2},
		"lists that are none":               {[]agent{{machine: "a", allowed: "0-99999999", cores: 3}, {machine: "a", allowed: "x", cores: 2}}, 3},
	} {
		f := newFleet(t, Options{Slots: len(c.agents) + 1})
		for i, a := range c.agents {
			f.says(i+1, fmt.Sprint(i), Armed, func(h *Heartbeat) {
				h.Cores, h.Machine = a.cores, Machine{Name: a.machine, Process: a.process, Group: a.group, HasQuota: a.quota, Allowed: a.allowed}
			})
		}
		if n := f.Cores(); n != c.want {
			t.Errorf("%s: %d cores, wanted %d", name, n, c.want)
		}
	}
}
