package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
	"fsctl/report"
	"fsctl/scenarios"
)

// published is a message as the bus brings it.
type published struct {
	slot int
	data []byte
}

// fleet returns every message of the given logs, and the record they stand for.
func fleet(t rapid.TB, seconds map[logID]int, limitBytes int) (all []published, wanted *record.Record) {
	t.Helper()
	for id, count := range seconds {
		for _, data := range messagesOf(t, Key{testRun, id.slot, id.epoch}, count, limitBytes) {
			all = append(all, published{id.slot, data})
		}
	}
	return all, want(seconds)
}

func shuffled(seed uint64, all []published) []published {
	mixed := slices.Clone(all)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	return mixed
}

// However often and in whichever order messages come, the record is the sum of what the agents measured.
func TestRecordIsTheSumOfTheAgents(t *testing.T) {
	t.Parallel()
	root, run := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		seconds := map[logID]int{}
		slots := rapid.IntRange(1, 3).Draw(t, "slots")
		for slot := range slots {
			for epoch := range rapid.IntRange(1, 2).Draw(t, "epochs") {
				seconds[logID{slot + 1, uint64(epoch)}] = rapid.IntRange(0, 4).Draw(t, "seconds")
			}
		}
		limit := rapid.SampledFrom([]int{300, 1 << 20}).Draw(t, "limit")
		seed := rapid.Uint64().Draw(t, "seed")
		run++
		checkSum(t, filepath.Join(root, fmt.Sprint(run)), seconds, slots, limit, seed, rapid.IntRange(0, slots).Draw(t, "lost"))
	})
}

// TestValuesOfLostAgent is a case in which the histograms of a record were once not there when it was read.
func TestValuesOfLostAgent(t *testing.T) {
	t.Parallel()
	checkSum(t, filepath.Join(t.TempDir(), "run"), map[logID]int{{1, 0}: 1, {1, 1}: 0, {2, 0}: 2, {2, 1}: 2}, 2, 1<<20, 0x96a, 2)
}

// checkSum has the messages of logs, of so many seconds each, come twice in an order drawn from a seed, with an agent lost half-way, 0
// for none, and holds the record against what was measured.
func checkSum(t rapid.TB, dir string, seconds map[logID]int, slots, limitBytes int, seed uint64, lost int) {
	t.Helper()
	all, wanted := fleet(t, seconds, limitBytes)
	b := newRecording(t, dir, slots)
	for i, m := range slices.Concat(shuffled(seed, all), shuffled(seed+1, all)) {
		accept(t, b.collector, m.slot, m.data)
		if i == len(all)/2 && lost > 0 {
			if err := b.collector.SetLost(lost, true); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkComplete(t, b.collector, len(seconds))
	checkSame(t, b.close(t), wanted)
}

// A batch that is summed on the way is the same sum.
func TestManyAgentsAddUp(t *testing.T) {
	t.Parallel()
	whole, merged := record.New(testManifest()), record.New(testManifest())
	m := newMerger(func(i record.Interval) error { merged.Add(i); return nil })
	packer := record.NewPacker()
	for slot := range 2*batchSize + 5 {
		of := measure(slot, 1, 0)
		if slot%16 == 0 { // others are packed already
			of = of.whole()
		}
		interval := of.intervals[1]
		whole.Add(interval)
		packed := Pack(packer, interval)
		m.add(&packed)
	}
	if err := m.flush(0); err != nil {
		t.Fatal(err)
	}
	checkSame(t, merged, whole)
}

// What was dropped is asked for by number, and once it has come nothing more is.
func TestWhatIsDroppedIsMissing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := logID{1, 5}
		all, wanted := fleet(t, map[logID]int{id: rapid.IntRange(1, 12).Draw(t, "seconds")}, 400)
		got := record.New(testManifest())
		c := collectInto(t, got, 1)
		last := len(all) - 1
		dropped := rapid.SliceOfNDistinct(rapid.IntRange(0, last-1), 0, last, rapid.ID).Draw(t, "dropped")
		for number, m := range all {
			if !slices.Contains(dropped, number) {
				accept(t, c, 1, m.data)
			}
		}
		p := c.Progress()[0]
		if p.Complete != (len(dropped) == 0) || p.Snapshots != uint64(last-len(dropped)) {
			t.Fatalf("%d of %d snapshots came, and the log says %+v", last-len(dropped), last, p)
		}
		var asked []int
		for _, r := range p.Missing {
			for number := r.From; number < r.To; number++ {
				asked = append(asked, int(number))
				accept(t, c, 1, all[number].data)
			}
		}
		slices.Sort(dropped)
		if !slices.Equal(asked, dropped) {
			t.Fatalf("asked for %v, wanted %v", asked, dropped)
		}
		checkComplete(t, c, 1)
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		checkSame(t, got, wanted)
	})
}

// The report must not depend on what the bus did.
func TestReportIsTheSameBytesHoweverMessagesCame(t *testing.T) {
	t.Parallel()
	seconds := map[logID]int{{1, 1}: 8, {2, 1}: 3, {2, 2}: 5, {3, 9}: 6}
	all, wanted := fleet(t, seconds, 500)
	// Two buyers told of the same order: whom the report names must not depend on who came first.
	for number, user := range []string{"b", "a"} {
		told := []record.Order{{ID: "same", User: user, SKU: "sku-1", At: testT0()}}
		data, err := Encode(Snapshot{Key: Key{testRun, 4, 1}, Number: uint64(number), Told: told})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, published{4, data})
		wanted.Ledger.Add(record.Ledger{Told: told})
	}
	sale := scenarios.Scenario{Name: "live-drop", Sale: &scenarios.Sale{Items: 1, Stock: 1, PerUser: 1, SKU: "sku-1"},
		Invariants: []scenarios.Invariant{{Name: scenarios.NoOversell}, {Name: scenarios.OneOrderPerUser}, {Name: scenarios.NoLostOrder}}}
	var texts [][]byte
	root := t.TempDir()
	for i, messages := range [][]published{all, slices.Concat(all, all), shuffled(1, all), slices.Concat(shuffled(2, all), shuffled(3, all))} {
		b := newRecording(t, filepath.Join(root, fmt.Sprint(i), "run"), 4)
		for _, m := range messages {
			accept(t, b.collector, m.slot, m.data)
		}
		if err := b.writer.Stock(map[string]int{"sku-1": 1}); err != nil {
			t.Fatal(err)
		}
		r := b.close(t)
		checkSame(t, r, wanted)
		r.Dir = "run"
		text, err := json.Marshal(report.Judge(r, &sale, nil))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	for i, text := range texts {
		if !bytes.Equal(text, texts[0]) {
			t.Errorf("report %d differs:\n%s\nwanted\n%s", i, text, texts[0])
		}
	}
}

func TestContradictionsAreRefusedByName(t *testing.T) {
	t.Parallel()
	key := Key{testRun, 1, 7}
	messages := messagesOf(t, key, 3, 1<<20)
	encode := func(s Snapshot) []byte {
		data, err := Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	fin := func(change func(*Fin)) []byte {
		f, err := DecodeFin(messages[3])
		if err != nil {
			t.Fatal(err)
		}
		change(&f)
		return f.Encode()
	}
	for _, test := range []struct {
		name   string
		before [][]byte
		slot   int
		data   []byte
		want   string
	}{
		{"another snapshot", messages[:2], 1, encode(Snapshot{Key: key, Number: 1}), "snapshot 1 of " + testRun + "-1-7 differs"},
		{"another snapshot behind a gap", messages[2:3], 1, encode(Snapshot{Key: key, Number: 2}), "snapshot 2 of " + testRun + "-1-7 differs"},
		{"a forged slot", nil, 2, messages[0], "wanted run " + testRun + ", slot 2"},
		{"a slot that is none", nil, 3, encode(Snapshot{Key: Key{testRun, 3, 1}}), "slot 3 of 2"},
		{"another run", nil, 1, encode(Snapshot{Key: Key{"other", 1, 7}}), "log other-1-7"},
		{"a number of centuries", nil, 1, encode(Snapshot{Key: key, Number: highestNumber}), "wanted a number below"},
		{"a snapshot after the end", messages, 1, encode(Snapshot{Key: key, Number: 3}), "its fin said 3"},
		{"an end before what came", messages[2:3], 1, fin(func(f *Fin) { f.Snapshots = 2 }), "wanted over 2"},
		{"an end before the last", messages[:3], 1, fin(func(f *Fin) { f.Snapshots = 2 }), "wanted the 3 that have come"},
		{"another hash", messages[:3], 1, fin(func(f *Fin) { f.Hash[5]++ }), "its hash is not that"},
		{"other totals", messages[:3], 1, fin(func(f *Fin) { f.Totals.Sent++ }), "found totals"},
		{"another end", messages, 1, fin(func(f *Fin) { f.Hash[5]++ }), "differs from the one that came before"},
		{"a resend request", nil, 1, Resend{Key: key}.Encode(), "found a resend request, wanted a snapshot"},
		{"noise", nil, 1, []byte("hello"), "no message of a log"},
	} {
		c := collectInto(t, record.New(testManifest()), 2)
		for _, data := range test.before {
			accept(t, c, 1, data)
		}
		before := fmt.Sprint(c.Progress())
		err := c.Accept(test.slot, test.data)
		if _, refused := errors.AsType[*RefusedError](err); !refused || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, wanted a refusal that says %q", test.name, err, test.want)
		}
		after := fmt.Sprint(c.Progress())
		if len(test.before) > 0 && after != before {
			t.Errorf("%s changed what came from\n%s to\n%s", test.name, before, after)
		}
	}
}

// A fin that came before the last snapshots is held against them when they are there.
func TestEarlyFinIsHeldAgainstTheSnapshots(t *testing.T) {
	t.Parallel()
	key := Key{testRun, 1, 7}
	messages := messagesOf(t, key, 3, 1<<20)
	c := collectInto(t, record.New(testManifest()), 1)
	wrong, err := DecodeFin(messages[3])
	if err != nil {
		t.Fatal(err)
	}
	wrong.Totals.Done++
	accept(t, c, 1, wrong.Encode())
	accept(t, c, 1, messages[2])
	accept(t, c, 1, messages[0])
	err = c.Accept(1, messages[1])
	if _, refused := errors.AsType[*RefusedError](err); !refused || !strings.Contains(err.Error(), "found totals") {
		t.Errorf("the last snapshot under a wrong fin: error %v", err)
	}
	if p := c.Progress()[0]; p.Complete || p.Fin != nil || p.Snapshots != 3 {
		t.Errorf("under a wrong fin the log is %+v", p)
	}
	accept(t, c, 1, messages[3])
	checkComplete(t, c, 1)
}

// told encodes a snapshot that reports a whole second.
func told(t *testing.T, key Key, number, second int, more bool) []byte {
	t.Helper()
	data, err := Encode(Snapshot{Key: key, Number: uint64(number), Second: second, More: more,
		Intervals: []Interval{{Second: second, Generator: &record.Generator{Arrivals: 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Seconds are written when all live slots have reported them, or when the foremost is too far ahead.
func TestWhenSecondsAreWritten(t *testing.T) {
	t.Parallel()
	var written []string
	c, err := NewCollector(CollectorOptions{Run: testRun, Slots: 3, Patience: 4 * time.Second,
		Write: func(i record.Interval) error {
			written = append(written, fmt.Sprintf("%d:%d", i.Second, i.Generator.Arrivals))
			return nil
		}, Told: func(record.Order) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	one, two, three, successor := Key{testRun, 1, 1}, Key{testRun, 2, 1}, Key{testRun, 3, 1}, Key{testRun, 3, 2}
	for i, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return c.Accept(1, told(t, one, 0, 0, false)) }, ""},
		{func() error { return c.Accept(2, told(t, two, 0, 0, false)) }, ""},
		{func() error { return c.Accept(3, told(t, three, 0, 0, true)) }, ""}, // the rest is still to come
		{func() error { return c.Accept(3, told(t, three, 1, 0, false)) }, "0:4"},
		{func() error { return c.Accept(1, told(t, one, 2, 2, false)) }, ""}, // behind a gap
		{func() error { return c.Accept(2, told(t, two, 1, 1, false)) }, ""},
		{func() error { return c.Accept(1, told(t, one, 1, 1, false)) }, ""},
		{func() error { return c.SetLost(3, true) }, "1:2"},
		{func() error { return c.Accept(1, told(t, one, 3, 3, false)) }, ""},
		{func() error { return c.SetLost(3, false) }, ""},
		{func() error { return c.Accept(2, told(t, two, 2, 3, false)) }, ""},
		{func() error { return c.Accept(1, told(t, one, 4, 7, false)) }, "2:1 3:2"}, // four ahead of the rest: waited long enough
		{func() error { return c.Accept(3, told(t, three, 2, 1, false)) }, "1:1"},   // late
		{func() error { return c.Accept(2, told(t, two, 3, 9, false)) }, ""},
		{func() error { return c.Accept(3, told(t, successor, 0, 9, false)) }, "7:1"}, // another process has the slot
		{func() error { return c.Accept(1, told(t, one, 5, 9, false)) }, "9:3"},
		{func() error { return c.Accept(1, told(t, one, 6, 11, false)) }, ""},
		{func() error { return c.Accept(1, told(t, one, 7, 999, false)) }, "11:1"}, // its clock is wrong
		{func() error { return c.Accept(2, told(t, two, 4, 10, false)) }, ""},
		{func() error { return c.Accept(3, told(t, successor, 1, 10, false)) }, "10:2"}, // and the others are still written
		{c.Flush, "999:1"},
		{func() error { return c.SetLost(4, true) }, "error"},
	} {
		written = nil
		if err := step.do(); err != nil {
			written = []string{"error"}
		}
		if got := strings.Join(written, " "); got != step.want {
			t.Fatalf("step %d wrote %q, wanted %q", i, got, step.want)
		}
	}
}

// A record with a hole in it must not grow on.
func TestSinkThatFailsEndsTheCollector(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	messages := messagesOf(t, Key{testRun, 1, 7}, 8, 1<<20)
	for _, o := range []CollectorOptions{
		{Write: func(record.Interval) error { return full }, Told: func(record.Order) error { return nil }},
		{Write: func(record.Interval) error { return nil }, Told: func(record.Order) error { return full }},
	} {
		o.Run, o.Slots = testRun, 1
		c, err := NewCollector(o)
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		for _, data := range messages {
			failed = errors.Join(failed, c.Accept(1, data))
		}
		_, refused := errors.AsType[*RefusedError](failed)
		if again := c.Flush(); !errors.Is(failed, full) || refused || !errors.Is(again, full) || !errors.Is(c.Accept(1, messages[0]), full) {
			t.Errorf("errors %v and then %v, wanted that of the disk", failed, again)
		}
	}
	for _, o := range []CollectorOptions{{Run: "", Slots: 1}, {Run: testRun}} {
		if _, err := NewCollector(o); err == nil {
			t.Errorf("a collector of run %q with %d slots", o.Run, o.Slots)
		}
	}
}
