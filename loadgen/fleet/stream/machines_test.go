package stream

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
)

// TestMachinesCountOnce draws what processes and their machines did in a second, has slots report it, and wants each
// machine's cores once.
func TestMachinesCountOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(name string) float64 { return float64(rapid.IntRange(0, 1000).Draw(t, name)) / 1000 }
		var want, sum record.Generator
		m := newMerger(func(i record.Interval) error { sum.Add(*i.Generator); return nil })
		late := rapid.Bool().Draw(t, "late")
		for machine := range rapid.IntRange(1, 3).Draw(t, "machines") {
			processes := rapid.IntRange(1, 4).Draw(t, "processes")
			other, idle, stolen := seconds("other"), seconds("idle"), seconds("stolen")
			cpu, spare := make([]float64, processes), make([]float64, processes)
			var all float64
			for i := range processes {
				cpu[i], spare[i] = seconds("cpu"), seconds("spare")
				all += cpu[i] + spare[i]
			}
			for i := range processes {
				g := record.Generator{CPUSeconds: cpu[i], SpareCPUSeconds: spare[i], OtherCPUSeconds: other + all - cpu[i] - spare[i],
					IdleCPUSeconds: idle + spare[i], StolenCPUSeconds: stolen, ThrottledSeconds: 0.25, OpenFiles: 3}
				origin := Origin{Place: fmt.Sprint("machine ", machine), Group: "all", Process: fmt.Sprint("process ", i)}
				reader := rapid.IntRange(0, 9).Draw(t, "slot that reads")
				for slot := range 10 {
					report := record.Generator{}
					if slot == reader {
						report = g
					}
					m.add(&Interval{Second: 7, Generator: &report, Origin: origin})
				}
				want.Add(record.Generator{CPUSeconds: cpu[i], SpareCPUSeconds: spare[i], IdleCPUSeconds: spare[i], OpenFiles: 3})
			}
			want.Add(record.Generator{OtherCPUSeconds: other, IdleCPUSeconds: idle, StolenCPUSeconds: stolen, ThrottledSeconds: 0.25})
		}
		if err := m.flush(7); err != nil {
			t.Fatal(err)
		}
		if late { // from an agent that was cut off: what its process used is added, and the machine's cores are not
			m.add(&Interval{Second: 7, Generator: &record.Generator{CPUSeconds: 0.5, OtherCPUSeconds: 1, IdleCPUSeconds: 1, StolenCPUSeconds: 1},
				Origin: Origin{Place: "machine 0", Process: "late"}})
			want.CPUSeconds += 0.5
			if err := m.flush(7); err != nil {
				t.Fatal(err)
			}
		}
		for name, v := range map[string][2]float64{"CPU": {sum.CPUSeconds, want.CPUSeconds}, "other": {sum.OtherCPUSeconds, want.OtherCPUSeconds},
			"idle": {sum.IdleCPUSeconds, want.IdleCPUSeconds}, "stolen": {sum.StolenCPUSeconds, want.StolenCPUSeconds},
			"throttled": {sum.ThrottledSeconds, want.ThrottledSeconds}, "files": {float64(sum.OpenFiles), float64(want.OpenFiles)}} {
			if math.Abs(v[0]-v[1]) > 1e-6 {
				t.Fatalf("%s: found %g, wanted %g", name, v[0], v[1])
			}
		}
	})
}

// TestHas is of numbers at and around the ends of ranges.
func TestHas(t *testing.T) {
	s := rangeSet{{2, 4}, {6, 7}}
	for n, want := range []bool{false, false, true, true, false, false, true, false} {
		if s.has(uint64(n)) != want {
			t.Errorf("%d: found %v", n, !want)
		}
	}
}
