//go:build unix

package stream

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// BenchmarkSnapshot is what a second costs an agent, and how large its snapshot is.
func BenchmarkSnapshot(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	single := func(sigma float64) []record.Interval {
		return []record.Interval{{Histograms: map[record.Tag]*record.Histogram{
			{Metric: record.ResponseTime, Step: "order", Outcome: record.OutcomeOK}: spread(b, random, 10_000, sigma)}}}
	}
	for name, intervals := range map[string][]record.Interval{
		"10000-in-20-series":   busy(b, 1),
		"10000-in-1-sigma-10%": single(0.1),
		"10000-in-1-sigma-30%": single(0.3),
		"10000-in-1-sigma-70%": single(0.7),
	} {
		b.Run(name, func(b *testing.B) {
			packer, s := record.NewPacker(), Snapshot{Key: Key{testRun, 1, 1}}
			var data []byte
			for b.Loop() {
				s.Intervals = s.Intervals[:0]
				for _, interval := range intervals {
					s.Intervals = append(s.Intervals, Pack(packer, interval))
				}
				var err error
				if data, err = Encode(s); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes/snapshot")
		})
	}
}

// cpuTime returns what this process has used of all cores: other work on the machine must not count.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// merge feeds a collector with so many agents for so many seconds, and returns the CPU time that it took.
func merge(b *testing.B, l *load, c *Collector, agents, seconds int) (took time.Duration) {
	b.Helper()
	messages := make([][]byte, agents)
	for second := range seconds {
		for i := range messages {
			messages[i] = l.snapshot(i+1, second)
		}
		start := cpuTime(b)
		for i, data := range messages {
			if err := c.Accept(i+1, data); err != nil {
				b.Fatal(err)
			}
		}
		took += cpuTime(b) - start
	}
	start := cpuTime(b)
	if err := c.Flush(); err != nil {
		b.Fatal(err)
	}
	return took + cpuTime(b) - start
}

// benchmarkMerge merges once an iteration, into nothing and into a record's files.
func benchmarkMerge(b *testing.B, agents, seconds int) {
	l := newLoad(b)
	collector := func(write func(record.Interval) error) *Collector {
		c, err := NewCollector(CollectorOptions{Run: testRun, Slots: agents, Write: write, Told: func(record.Order) error { return nil }})
		if err != nil {
			b.Fatal(err)
		}
		return c
	}
	report := func(b *testing.B, took time.Duration) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(took.Seconds()/float64(b.N), "cpu-s/run")
		b.ReportMetric(float64(seconds)*float64(b.N)/took.Seconds(), "fleet-s/cpu-s")
		b.ReportMetric(took.Seconds()*1e6/float64(b.N)/float64(seconds*agents), "cpu-us/snapshot")
	}
	b.Run("merge", func(b *testing.B) {
		var took time.Duration
		for range b.N {
			took += merge(b, l, collector(func(record.Interval) error { return nil }), agents, seconds)
		}
		report(b, took)
	})
	b.Run("merge-and-write", func(b *testing.B) {
		var took time.Duration
		var logBytes int64
		for i := range b.N {
			w, err := record.Create(filepath.Join(b.TempDir(), fmt.Sprint(i)), testManifest(), nil)
			if err != nil {
				b.Fatal(err)
			}
			took += merge(b, l, collector(w.Write), agents, seconds)
			start := cpuTime(b)
			if err := w.Close(record.End{Reason: record.Completed}); err != nil {
				b.Fatal(err)
			}
			took += cpuTime(b) - start
			log, err := os.Stat(filepath.Join(w.Dir(), "latency.hlog"))
			if err != nil {
				b.Fatal(err)
			}
			logBytes += log.Size()
		}
		report(b, took)
		b.ReportMetric(float64(logBytes)/float64(b.N)/1e6, "log-MB/run")
	})
}

// BenchmarkThousandAgents measures by how much a collector outruns a fleet of a thousand.
func BenchmarkThousandAgents(b *testing.B) { benchmarkMerge(b, 1000, 20) }

// BenchmarkHalfHour merges the half hour of a hundred agents. On one core, with all that a coordinator writes until
// the record is closed:
//
//	go test ./loadgen/fleet/log -run '^$' -bench HalfHour/merge-and-write -cpu 1 -benchtime 1x -count 3
func BenchmarkHalfHour(b *testing.B) { benchmarkMerge(b, 100, 1800) }
