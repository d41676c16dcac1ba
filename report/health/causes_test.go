package health_test

import (
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/report"
	"fsctl/report/health"
)

func TestWhyRequestsAreLate(t *testing.T) {
	late := record.Counters{Due: 1000, Sent: 1000, Done: 1000, Late: 30}
	slow := record.Counters{Due: 1000, Sent: 1000, Done: 1000, Waited: 300, Quiet: load(100, 10), Full: load(300, 40)}
	for _, c := range []struct {
		name      string
		counters  record.Counters
		generator record.Generator
		cause     string // empty for a valid run
		says      string
	}{
		{"nothing wrong, a busy neighbour", record.Counters{Due: 1000, Sent: 1000, Done: 1000}, record.Generator{CPUSeconds: 0.5, OtherCPUSeconds: 1.5, MaxGCPauseSeconds: 0.2, ThrottledSeconds: 1}, "", ""},
		{"a few late, a busy neighbour", record.Counters{Due: 1000, Sent: 1000, Done: 1000, Late: 20}, record.Generator{CPUSeconds: 0.5, OtherCPUSeconds: 1.5}, "", ""},
		{"idle cores", late, record.Generator{CPUSeconds: 0.3, IdleCPUSeconds: 1.7}, health.FindingPacing, "only 0.3 of its 2 cores"},
		{"idle cores, long waits for one", late, record.Generator{CPUSeconds: 0.3, IdleCPUSeconds: 1.7, MaxSchedulerWaitSeconds: 0.06}, health.FindingPacing, "waited up to 60 ms for one"},
		{"busy by itself", late, record.Generator{CPUSeconds: 1.8, IdleCPUSeconds: 0.2}, health.FindingCPU, "used 1.8 of its 2 cores"},
		{"busy by itself, and long pauses", late, record.Generator{CPUSeconds: 1.8, OtherCPUSeconds: 0.2, MaxGCPauseSeconds: 0.3}, health.FindingCPU, "used 1.8 of its 2 cores"},
		{"full, others have little", late, record.Generator{CPUSeconds: 1.6, OtherCPUSeconds: 0.2, IdleCPUSeconds: 0.2}, health.FindingCPU, "used 1.6 of its 2 cores"},
		{"full by others", late, record.Generator{CPUSeconds: 0.7, OtherCPUSeconds: 1.1, IdleCPUSeconds: 0.2}, health.FindingNeighbour, "busy with other work, which used 1.1 of its 2 cores, and the generator got 0.7"},
		{"full by others, long pauses", late, record.Generator{CPUSeconds: 0.7, OtherCPUSeconds: 1.3, MaxGCPauseSeconds: 0.3}, health.FindingNeighbour, "1.3 of its 2 cores"},
		{"stolen", late, record.Generator{CPUSeconds: 0.7, OtherCPUSeconds: 0.1, StolenCPUSeconds: 1.1, IdleCPUSeconds: 0.1}, health.FindingNeighbour, "the hypervisor gave 1.1 of its 2 cores"},
		{"others busy, cores left", late, record.Generator{CPUSeconds: 0.4, OtherCPUSeconds: 1, IdleCPUSeconds: 0.6}, health.FindingPacing, "only 0.4 of its 2 cores"},
		{"stopped by the collector", late, record.Generator{CPUSeconds: 0.7, IdleCPUSeconds: 1.3, MaxGCPauseSeconds: 0.05}, health.FindingGC, "up to 50 ms"},
		{"the collector's usual pauses", late, record.Generator{CPUSeconds: 0.7, IdleCPUSeconds: 1.3, MaxGCPauseSeconds: 0.001}, health.FindingPacing, "only 0.7"},
		{"throttled", late, record.Generator{CPUSeconds: 1.8, OtherCPUSeconds: 0.2, ThrottledSeconds: 0.1}, health.FindingThrottled, "stopped the generator for 100 ms within 1 s"},
		{"throttled a little", late, record.Generator{CPUSeconds: 0.8, IdleCPUSeconds: 1.2, ThrottledSeconds: 0.09}, health.FindingPacing, "only 0.8"},
		{"the target queues", slow, record.Generator{CPUSeconds: 0.8, IdleCPUSeconds: 1.2}, "", ""},
		{"the target queues on the same full machine", slow, record.Generator{CPUSeconds: 0.8, OtherCPUSeconds: 1.2}, "", ""},
		{"throttled, slow answers", slow, record.Generator{CPUSeconds: 0.8, IdleCPUSeconds: 1.2, ThrottledSeconds: 0.5}, health.FindingThrottled, "slow to read the answers itself"},
	} {
		rec := record.New(manifest())
		rec.Add(record.Interval{Second: 1, Steps: map[string]*record.Counters{"order": &c.counters}, Generator: &c.generator})
		rec.Add(record.Interval{Second: 2, Generator: &record.Generator{CPUSeconds: 2, MaxGCPauseSeconds: 9, ThrottledSeconds: 9}}) // no request was late then
		h := report.Judge(rec, nil, nil).Health
		if h.Saturated != (c.cause != "") || h.Cause != c.cause {
			t.Errorf("%s: saturated %t by %q, wanted %q", c.name, h.Saturated, h.Cause, c.cause)
		}
		if c.cause != "" && !strings.Contains(h.Message(c.cause), c.says) {
			t.Errorf("%s: found %q, wanted %q in it", c.name, h.Message(c.cause), c.says)
		}
	}
}

// A request that found no port never reached the target, whatever the target's thresholds make of it.
func TestWhatTheGeneratorLacksIsItsFault(t *testing.T) {
	for _, c := range []struct {
		name      string
		errors    map[string]uint64
		generator record.Generator
		says      string // empty for a valid run
	}{
		{"refused by the target", map[string]uint64{"refused": 10}, record.Generator{OpenFiles: 1024, FileLimit: 1024}, ""},
		{"no port", map[string]uint64{"ports": 1}, record.Generator{OpenFiles: 500, FileLimit: 1024}, "1 request could not be sent: this machine had no free port or file descriptor"},
		{"no file descriptor", map[string]uint64{"ports": 10}, record.Generator{OpenFiles: 1020, FileLimit: 1024}, "10 requests could not be sent: up to 1,020 of 1,024 file descriptors were open"},
		{"no memory", map[string]uint64{"memory": 2}, record.Generator{}, "2 answers could not be judged: the generator had no memory left for large answers"},
		{"no count", map[string]uint64{"ports": 10}, record.Generator{}, "no free port or file descriptor"},
	} {
		rec := record.New(manifest())
		count := record.Counters{Due: 1000, Sent: 1000, Done: 1000, Failed: 10, Late: 500, Errors: c.errors}
		if c.says == "" {
			count.Late = 0
		}
		rec.Add(record.Interval{Second: 1, Steps: map[string]*record.Counters{"order": &count}, Generator: &c.generator})
		r := report.Judge(rec, require(t, "http_req_failed", "rate<0.1%"), nil)
		want := 111
		if c.says == "" {
			want = 99
		}
		if r.ExitCode != want || !strings.Contains(r.Reason, c.says) || c.says != "" && c.errors[r.Health.Cause] == 0 {
			t.Errorf("%s: exit code %d by %q (%s), wanted %d and %q", c.name, r.ExitCode, r.Health.Cause, r.Reason, want, c.says)
		}
	}
}

func TestMachineOverTheRun(t *testing.T) {
	rec := record.New(manifest())
	rec.Add(record.Interval{Second: 0, Generator: &record.Generator{OtherCPUSeconds: 0.5, StolenCPUSeconds: 0.25, IdleCPUSeconds: 1, ThrottledSeconds: 0.125,
		GCCycles: 2, MaxGCPauseSeconds: 0.001, MaxSchedulerWaitSeconds: 0.002, OpenFiles: 100, FileLimit: 1024, MemoryBytes: 50 << 20}})
	rec.Add(record.Interval{Second: 1, Generator: &record.Generator{OtherCPUSeconds: 0.5, GCCycles: 1, MaxGCPauseSeconds: 0.0005, OpenFiles: 90, FileLimit: 1024, MemoryBytes: 40 << 20}})
	want := health.Machine{OtherCPUSeconds: 1, StolenCPUSeconds: 0.25, IdleCPUSeconds: 1, ThrottledSeconds: 0.125, GCCycles: 3, MaxGCPauseSeconds: 0.001,
		MaxSchedulerWaitSeconds: 0.002, MaxOpenFiles: 100, FileLimit: 1024, MaxMemoryBytes: 50 << 20, LastMemoryBytes: 40 << 20}
	if got := report.Judge(rec, nil, nil).Health.Machine; got != want {
		t.Errorf("found %+v, wanted %+v", got, want)
	}
}
