package dryrun

import (
	"strings"
	"testing"
)

func TestDryRunEndsAsTheAttackWould(t *testing.T) {
	machine := &SelfTest{MaxQPS: 100_000, CPUSecondsPerRequest: 17e-6, UsableCores: 1.7}
	files := func(ok bool) Check { return Check{Name: "file descriptors", Needed: 5000, Available: 1024, OK: ok} }
	for _, c := range []struct {
		name   string
		run    Result
		code   int
		agents int
		checks int
		says   string
	}{
		{"enough of everything", Result{PeakQPS: 50_000, SelfTest: machine, Checks: []Check{files(true)}}, 0, 1, 2, "this machine can send it"},
		{"just enough", Result{PeakQPS: 100_000, SelfTest: machine, Checks: []Check{files(true)}}, 0, 1, 2, "can just send it: the peak of about 100k/s takes 100 % of the CPU"},
		{"too fast", Result{PeakQPS: 250_000, SelfTest: machine, Checks: []Check{files(true)}}, 111, 3, 2, "about 250k/s it needs 4.25 cores and may use 1.7; use 3 agents"},
		{"too many connections", Result{PeakQPS: 10, SelfTest: machine, Checks: []Check{files(false)}}, 104, 1, 2, "not enough of file descriptors"},
		{"too much of both", Result{PeakQPS: 250_000, SelfTest: machine, Checks: []Check{files(false)}}, 104, 3, 2, "not enough of file descriptors"},
		{"no self-test", Result{PeakQPS: 250_000, Checks: []Check{files(true)}}, 0, 0, 1, "as far as can be known"},
		{"no rate yet", Result{SelfTest: machine, Checks: []Check{files(true)}}, 0, 0, 1, "as far as can be known"},
	} {
		d := c.run
		d.Decide()
		if d.ExitCode != c.code || d.AgentsNeeded != c.agents || len(d.Checks) != c.checks || !strings.Contains(d.Reason, c.says) {
			t.Errorf("%s: found %+v, wanted exit code %d, %d agents, %d checks and %q", c.name, d, c.code, c.agents, c.checks, c.says)
		}
	}
}
