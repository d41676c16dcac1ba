package stream

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
)

func TestMain(m *testing.M) {
	if order := os.Getenv(publishAgents); order != "" { // see BenchmarkThousandAgentsOnTheBus
		if err := publish(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	loadtest.Waiting(4) // for what becomes of the bus
	goleak.VerifyTestMain(m)
}

const testRun = "k3Jx82hd"

func testT0() time.Time { return time.Date(2026, 11, 10, 16, 0, 0, 0, time.UTC) }

// measured is what an agent's storm gives in one second.
type measured struct {
	intervals []record.Interval
	told      []record.Order
}

// measure returns what the agent of a slot measures in a second: numbers drawn from slot, epoch and second.
// A part of the answers belongs to requests that were due in the second before. It is shared and must not be changed.
func measure(slot int, epoch uint64, second int) measured {
	type key struct {
		logID
		second int
	}
	of := key{logID{slot, epoch}, second}
	if m, ok := known.Load(of); ok {
		return m.(measured)
	}
	random := rand.New(rand.NewPCG(uint64(slot)<<32|epoch, uint64(second+1000)))
	packer := record.NewPacker()
	var m measured
	done := map[string]uint64{}
	for _, due := range []int{second - 1, second} {
		interval := record.Interval{Second: due, Packed: map[record.Tag]record.Packed{}}
		for _, step := range []string{"browse", "order"} {
			h := record.NewSparse()
			for range random.IntN(20) {
				_ = h.RecordValue(1_000_000 + random.Int64N(50_000_000)) // within the range
			}
			packed := packer.PackSparse(h)
			interval.Packed[record.Tag{Metric: record.ResponseTime, Step: step, Outcome: record.OutcomeOK}] = packed
			done[step] += uint64(packed.Count())
		}
		m.intervals = append(m.intervals, interval)
	}
	now := &m.intervals[1]
	failed := 1 + random.Uint64N(3)
	h := record.NewSparse()
	for range failed {
		_ = h.RecordValue(int64(time.Second)) // within the range
	}
	now.Packed[record.Tag{Metric: record.ResponseTime, Step: "order", Outcome: record.OutcomeError}] = packer.PackSparse(h)
	now.Generator = &record.Generator{CPUSeconds: random.Float64(), Arrivals: random.Uint64N(100), MaxLatenessSeconds: random.Float64(), Busy: 3}
	now.Steps = map[string]*record.Counters{"order": {
		Due: random.Uint64N(50), Sent: random.Uint64N(50), Done: done["order"] + failed, Failed: failed, Errors: map[string]uint64{"timeout": failed},
		Quiet:   record.Load{Requests: done["order"], Seconds: random.Float64()},
		Counted: map[string]float64{"risk_checks": float64(random.IntN(1000)), "score": float64(random.IntN(3_000_000)) / 1e6},
	}, "browse": {Done: done["browse"], GivenUp: random.Uint64N(4), Counted: map[string]float64{"listed": 0.1}}}
	if n := random.Uint64N(failed); n > 0 {
		now.Steps["order"].Errors = map[string]uint64{"timeout": failed - n, "abandoned": n}
	}
	buyers := record.Journey{Users: now.Generator.Arrivals + random.Uint64N(9), Finished: random.Uint64N(9), Ended: map[string]uint64{"sold_out": 1 + random.Uint64N(4)},
		Left: map[record.Left]uint64{{Step: "browse", After: "abandoned"}: 1 + random.Uint64N(4), {Step: "pay", Variable: "order_id", After: "failed"}: 2}}
	buyers.Ready = buyers.Users - now.Generator.Arrivals
	buyers.NotReady = random.Uint64N(buyers.Ready + 1)
	now.Generator.Iterations = buyers.Finished + buyers.Ended["sold_out"] + buyers.Left[record.Left{Step: "browse", After: "abandoned"}] + 2
	now.Generator.Journeys = map[string]record.Journey{"buyer": buyers}
	for _, how := range []string{record.OutcomeFinished, "ended"} {
		group := record.NewSparse()
		for range 1 + random.IntN(5) {
			_ = group.RecordValue(1_000_000 + random.Int64N(9_000_000_000)) // within the range
		}
		m.intervals[0].Packed[record.Tag{Metric: record.GroupDuration, Step: "checkout", Outcome: how}] = packer.PackSparse(group)
	}
	for i := range random.IntN(3) {
		m.told = append(m.told, record.Order{ID: fmt.Sprintf("o-%d-%d-%d", slot, second, i), User: "u", SKU: "sku-1", Quantity: 1,
			At: testT0().Add(time.Duration(second)*time.Second + time.Duration(random.Int64N(1e9)))})
	}
	known.Store(of, m)
	return m
}

// known are the seconds that were measured already: tests ask for the same ones thousands of times.
var known sync.Map

// whole returns what was measured with its histograms as a storm has them, before they are packed.
func (m measured) whole() measured {
	w := measured{told: m.told}
	for _, interval := range m.intervals {
		interval.Histograms = map[record.Tag]*record.Histogram{}
		for tag, packed := range interval.Packed {
			h := record.NewHistogram()
			packed.AddTo(h)
			interval.Histograms[tag] = h
		}
		interval.Packed = nil
		w.intervals = append(w.intervals, interval)
	}
	return w
}

// messagesOf encodes what the agent of a slot measures from T0 on as it comes off a log, with its Fin last.
func messagesOf(t rapid.TB, key Key, seconds, limitBytes int) [][]byte {
	t.Helper()
	packer, hasher := record.NewPacker(), newHasher()
	var messages [][]byte
	var totals record.Counters
	for second := range seconds {
		m := measure(key.Slot, key.Epoch, second)
		s := Snapshot{Key: key, Number: uint64(len(messages)), Second: second, Told: m.told}
		for _, interval := range m.intervals {
			s.Intervals = append(s.Intervals, Pack(packer, interval))
		}
		parts, err := EncodeParts(s, limitBytes)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, parts...)
		totals.Add(totalsOf(s.Intervals))
	}
	for _, data := range messages {
		hasher.add(digestOf(data))
	}
	return append(messages, Fin{Key: key, Snapshots: uint64(len(messages)), Totals: totals, Hash: hasher.hash()}.Encode())
}

// want is the record of what agents measured: slots with their epochs, for so many seconds.
func want(seconds map[logID]int) *record.Record {
	r := record.New(testManifest())
	for id, count := range seconds {
		for second := range count {
			m := measure(id.slot, id.epoch, second)
			for _, interval := range m.intervals {
				r.Add(interval)
			}
			r.Ledger.Add(record.Ledger{Told: m.told})
		}
	}
	return r
}

func testManifest() record.Manifest {
	return record.Manifest{Scenario: "live-drop", Start: testT0().Add(-3 * time.Second), T0: testT0(), PlannedArrivals: 1000, Cores: 2, Connections: 8,
		Agents: []record.Agent{{Name: "a", ShareRatio: 1, Finished: true}}}
}

// recording is a record that a collector writes.
type recording struct {
	writer    *record.Writer
	collector *Collector
}

func newRecording(t rapid.TB, dir string, slots int) *recording {
	t.Helper()
	writer, err := record.Create(dir, testManifest(), []byte("name: live-drop\n"))
	if err != nil {
		t.Fatal(err)
	}
	collector, err := NewCollector(CollectorOptions{Run: testRun, Slots: slots, Write: writer.Write, Told: writer.Told})
	if err != nil {
		t.Fatal(err)
	}
	return &recording{writer, collector}
}

// close ends the record and reads it.
func (b *recording) close(t rapid.TB) *record.Record {
	t.Helper()
	if err := errors.Join(b.collector.Flush(), b.writer.Close(record.End{At: testT0(), Reason: record.Completed})); err != nil {
		t.Fatal(err)
	}
	r, err := record.Open(b.writer.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// collectInto returns a collector whose record stays in memory.
func collectInto(t rapid.TB, r *record.Record, slots int) *Collector {
	t.Helper()
	c, err := NewCollector(CollectorOptions{Run: testRun, Slots: slots,
		Write: func(i record.Interval) error { r.Add(i); return nil },
		Told:  func(o record.Order) error { r.Ledger.Add(record.Ledger{Told: []record.Order{o}}); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func accept(t rapid.TB, c *Collector, slot int, data []byte) {
	t.Helper()
	if err := c.Accept(slot, data); err != nil {
		t.Fatal(err)
	}
}

// checkSame fails at the first difference between two records: in any bucket, counter, gauge or order.
func checkSame(t rapid.TB, got, want *record.Record) {
	t.Helper()
	if tags, wanted := got.Tags(), want.Tags(); !slices.Equal(tags, wanted) {
		t.Fatalf("tags are %v, wanted %v", tags, wanted)
	}
	first, last, _ := got.Seconds()
	if f, l, _ := want.Seconds(); f != first || l != last {
		t.Fatalf("seconds are %d to %d, wanted %d to %d", first, last, f, l)
	}
	for second := first; second <= last; second++ {
		w := record.Window{From: second, To: second + 1}
		for _, tag := range want.Tags() {
			match := func(other record.Tag) bool { return other == tag }
			if g, h := got.Packed(w, match), want.Packed(w, match); !g.Equal(h) {
				t.Fatalf("second %d, %s: %d values, wanted the same %d", second, tag, g.Count(), h.Count())
			}
		}
		if g, h := got.CountersAt(second), want.CountersAt(second); !reflect.DeepEqual(g, h) {
			t.Fatalf("second %d: counters %+v, wanted %+v", second, g, h)
		}
	}
	if g, h := got.Packed(record.Everything, nil), want.Packed(record.Everything, nil); !g.Equal(h) {
		t.Fatalf("%d values in all, %+v, wanted the same %d, %+v", g.Count(), g.Figures(), h.Count(), h.Figures())
	}
	if g, h := maps.Collect(got.Generators()), maps.Collect(want.Generators()); !reflect.DeepEqual(g, h) {
		t.Fatalf("generators %+v, wanted %+v", g, h)
	}
	if len(got.Ledger.Told)+len(want.Ledger.Told) > 0 && !reflect.DeepEqual(got.Ledger.Told, want.Ledger.Told) {
		t.Fatalf("told %+v, wanted %+v", got.Ledger.Told, want.Ledger.Told)
	}
}

func checkComplete(t rapid.TB, c *Collector, logs int) {
	t.Helper()
	all := c.Progress()
	for _, p := range all {
		if !p.Complete || len(p.Missing) > 0 {
			t.Fatalf("log %s: complete %v, missing %v, fin %+v", p.Key, p.Complete, p.Missing, p.Fin)
		}
	}
	if len(all) != logs {
		t.Fatalf("%d logs came, wanted %d", len(all), logs)
	}
}

// checkMeasured fails unless messages are all of what was measured, and nothing else.
func checkMeasured(t *testing.T, all []published, seconds map[logID]int) {
	t.Helper()
	got := record.New(testManifest())
	c := collectInto(t, got, 1)
	for _, m := range all {
		accept(t, c, m.slot, m.data)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	checkComplete(t, c, len(seconds))
	checkSame(t, got, want(seconds))
}
