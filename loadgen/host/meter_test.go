package host

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"fsctl/loadgen/record"
)

func TestMeterSeesWhatIsUsed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // none but those that are asked for
	m := NewMeter()
	before := processCPU()
	runtime.GC()
	for processCPU() == before { // clocks of CPU time may be coarse
		runtime.GC()
	}
	var g record.Generator
	m.Read(&g)
	if g.CPUSeconds <= 0 || g.GCCycles == 0 || g.MaxGCPauseSeconds <= 0 || g.MemoryBytes == 0 {
		t.Errorf("found %+v, wanted CPU, collections with their pauses, and memory", g)
	}
	var next record.Generator
	m.Read(&next)
	if next.GCCycles != 0 || next.MaxGCPauseSeconds != 0 {
		t.Errorf("%d collections with pauses up to %g s since the last reading, wanted none", next.GCCycles, next.MaxGCPauseSeconds)
	}
	if runtime.GOOS != "linux" {
		return
	}
	if g.OpenFiles == 0 || g.FileLimit < g.OpenFiles {
		t.Errorf("%d file descriptors open of %d", g.OpenFiles, g.FileLimit)
	}
	for range 20 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
	}
	m.Read(&next)
	if next.OpenFiles < g.OpenFiles+20 {
		t.Errorf("%d file descriptors open, then 40 more: found %d", g.OpenFiles, next.OpenFiles)
	}
	if c := m.used.cores; c.busy <= 0 || c.idle <= 0 {
		t.Errorf("found %+v of the machine's cores", c)
	}
}

func TestLongestSinceTheLastReading(t *testing.T) {
	value := func() metrics.Value {
		s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
		metrics.Read(s)
		return s[0].Value
	}
	var b counts
	runtime.GC()
	if got := b.most(value()); got <= 0 {
		t.Errorf("the longest pause is %g s after a collection", got)
	}
	v := value()
	b.most(v)
	if got := b.most(v); got != 0 {
		t.Errorf("the longest of no new pause is %g s, wanted 0", got)
	}
	if got := b.most(metrics.Value{}); got != 0 {
		t.Errorf("the longest of an unknown metric is %g s, wanted 0", got)
	}
}

func TestTicksDoNotOverflow(t *testing.T) {
	if got := ticks(math.MaxUint64, 100); got <= 0 {
		t.Errorf("found %v, wanted the longest time there is", got)
	}
	if got := ticks(3, 100); got != 300 {
		t.Errorf("found %v, wanted 300 ns", got)
	}
}

func BenchmarkMeter(b *testing.B) {
	m := NewMeter()
	var g record.Generator
	for b.Loop() {
		m.Read(&g)
	}
}
