package host

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
)

// spend uses up some CPU of this process.
func spend() {
	for before := processCPU(); processCPU()-before < 2*time.Millisecond; {
	}
}

// TestSlotsOfOneProcess: storms begin and end at any time, and what the process used is with one of them in each second.
func TestSlotsOfOneProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const slots, seconds = 5, 6
		t0 := time.Now()
		var shared SharedMeter
		shares := map[int]*MeterShare{}
		var cpu, from time.Duration
		var counted float64
		for second := range seconds {
			opened := 0
			read := func(slot int) {
				var g record.Generator
				shares[slot].Read(&g, t0.Add(time.Duration(second+1)*time.Second+time.Duration(slot)*time.Millisecond), 0)
				counted += g.CPUSeconds
				if g.OpenFiles > 0 || g.MemoryBytes > 0 {
					opened++
				}
			}
			for slot := range slots {
				change := rapid.IntRange(0, 3).Draw(t, "change")
				switch {
				case shares[slot] == nil && change == 0:
					if len(shares) == 0 {
						from = processCPU()
					}
					shares[slot] = shared.Join()
				case shares[slot] != nil && change == 0: // it ends within the second
					read(slot)
					shares[slot].Leave()
					if delete(shares, slot); len(shares) == 0 {
						cpu += processCPU() - from
					}
				}
			}
			spend()
			for slot := range slots {
				if shares[slot] != nil {
					read(slot)
				}
			}
			if opened > 1 {
				t.Fatalf("second %d: memory and open files are counted %d times", second, opened)
			}
		}
		if len(shares) > 0 {
			cpu += processCPU() - from
		}
		if counted > cpu.Seconds()*1.01+1e-3 {
			t.Fatalf("counted %g s of CPU, and the process used %g s", counted, cpu.Seconds())
		}
	})
}

// TestSpareOfManySlots: time in which any slot stayed awake without work is idle.
func TestSpareOfManySlots(t *testing.T) {
	var shared SharedMeter
	a, b := shared.Join(), shared.Join()
	spend()
	var of, none record.Generator
	b.Read(&none, time.Now(), time.Millisecond/2)
	a.Read(&of, time.Now(), time.Millisecond/2)
	if math.Abs(of.SpareCPUSeconds-0.001) > 1e-9 || none.CPUSeconds+none.IdleCPUSeconds != 0 || none.FileLimit != 0 {
		t.Errorf("found %+v and %+v, wanted 1 ms to spare with the first", of, none)
	}
	a.Leave()
	a.Leave()
	spend()
	b.Read(&none, time.Now().Add(time.Second), 0)
	if none.CPUSeconds <= 0 || none.FileLimit == 0 {
		t.Errorf("found %+v, wanted the second one to read once the first has ended", none)
	}
}

// TestClaims: slots that each find enough do not find enough together.
func TestClaims(t *testing.T) {
	var c Claims
	need := func() []Need {
		return []Need{{Name: NeedFiles, Needed: 130, Own: 100, Available: 340, Because: "100 connections"}, {Name: NeedMemory, Needed: 10, Own: 5}}
	}
	var releases []func()
	for range 3 {
		release, err := c.Claim(need())
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	_, err := c.Claim(need())
	if want := "file descriptors: found 340, wanted 430: 100 connections; other slots of this process take 300"; err == nil || err.Error() != want {
		t.Errorf("%v, wanted %s", err, want)
	}
	releases[0]()
	releases[0]()
	if _, err := c.Claim(need()); err != nil {
		t.Errorf("%v, wanted room for one more", err)
	}
}
