package record

import (
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"fsctl/loadgen/record/orders"
)

// records draws a record as an agent leaves it.
func records() *rapid.Generator[*Record] {
	name := rapid.SampledFrom([]string{"browse", "order"})
	number := rapid.Uint64Range(0, 1000)
	seconds := rapid.Float64Range(0, 1000)
	load := rapid.Custom(func(t *rapid.T) Load { return Load{number.Draw(t, "requests"), seconds.Draw(t, "seconds")} })
	order := rapid.Custom(func(t *rapid.T) Order {
		return Order{
			ID:   rapid.SampledFrom([]string{"1", "2"}).Draw(t, "id"),
			User: name.Draw(t, "user"),
			At:   testT0().Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "at"))),
		}
	})
	return rapid.Custom(func(t *rapid.T) *Record {
		r := New(testManifest())
		for range rapid.IntRange(0, 4).Draw(t, "intervals") {
			r.Add(Interval{
				Second: rapid.IntRange(-2, 2).Draw(t, "second"),
				Packed: map[Tag]Packed{
					{ResponseTime, name.Draw(t, "step"), OutcomeOK}: packedOf(t, rapid.SliceOfN(rapid.Int64Range(0, HighestValue), 0, 5).Draw(t, "values")),
				},
				Steps: map[string]*Counters{name.Draw(t, "step"): {
					Due:    number.Draw(t, "due"),
					Errors: map[string]uint64{"reset": number.Draw(t, "resets")},
					Quiet:  load.Draw(t, "quiet"),
					Full:   load.Draw(t, "full"),
				}},
				Generator: &Generator{CPUSeconds: seconds.Draw(t, "cpu"), Busy: 2, BacklogSeconds: seconds.Draw(t, "backlog"),
					IdleCPUSeconds: seconds.Draw(t, "idle"), MaxGCPauseSeconds: seconds.Draw(t, "pause"), MemoryBytes: number.Draw(t, "memory")},
			})
		}
		r.Ledger.Add(Ledger{
			Told:  rapid.SliceOfN(order, 0, 3).Draw(t, "told"),
			Stock: rapid.MapOfN(name, rapid.IntRange(1, 9), 0, 2).Draw(t, "stock"),
			Read:  rapid.Bool().Draw(t, "read"),
			Error: rapid.SampledFrom([]string{"", "", "gone", "refused"}).Draw(t, "error"),

			Baseline:      orders.ListOf(rapid.SliceOfN(order, 0, 3).Draw(t, "baseline")...),
			BaselineStock: rapid.MapOfN(name, rapid.IntRange(1, 9), 0, 2).Draw(t, "baseline stock"),
			BaselineRead:  rapid.Bool().Draw(t, "baseline read"),
			BaselineUsers: rapid.IntRange(0, 3).Draw(t, "baseline users"),
		})
		return r
	})
}

func packedOf(t rapid.TB, values []int64) Packed {
	t.Helper()
	h := NewSparse()
	for _, value := range values {
		if err := h.RecordValue(value); err != nil {
			t.Fatal(err)
		}
	}
	return NewPacker().PackSparse(h)
}

func merged(parts ...*Record) *Record {
	sum := New(testManifest())
	for _, part := range parts {
		sum.Merge(part)
	}
	return sum
}

func TestMergeIsExactInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := records().Draw(t, "a"), records().Draw(t, "b"), records().Draw(t, "c")
		all := merged(a, b, c)
		for name, other := range map[string]*Record{
			"(a+b)+c":      merged(merged(a, b), c),
			"a+(b+c)":      merged(a, merged(b, c)),
			"c+b+a":        merged(c, b, a),
			"with nothing": merged(merged(), all, merged()),
		} {
			if diff := differ(all, other); diff != "" {
				t.Fatalf("a+b+c and %s differ in %s", name, diff)
			}
		}
		checkRecord(t, all)
		want := library(Packed{}) // adds up as the library does
		for _, part := range []*Record{a, b, c} {
			want.Merge(library(part.Packed(Everything, nil)))
		}
		if got := all.Packed(Everything, nil); !library(got).Equals(want) || got.Count() != want.TotalCount() {
			t.Fatal("the merged histogram is not the merge of the histograms")
		}
	})
}

func TestMergeLeavesTheOtherAlone(t *testing.T) {
	a, b := live(testInterval(0)), live(testInterval(0))
	a.Merge(b)
	a.Add(testInterval(0))
	if diff := differ(b, live(testInterval(0))); diff != "" {
		t.Errorf("the merged record changed in %s", diff)
	}
	a = live(testInterval(0))
	a.Merge(a)
	if diff := differ(a, live(testInterval(0), testInterval(0))); diff != "" {
		t.Errorf("a record merged with itself is not twice itself, in %s", diff)
	}
}

func TestWindows(t *testing.T) {
	r := live(testInterval(-1), testInterval(0), testInterval(1), testInterval(1))
	response := func(tag Tag) bool { return tag.Metric == ResponseTime && tag.Outcome == OutcomeOK }
	of := func(second int) int64 { return int64(10 + second&7) }
	for _, test := range []struct {
		window Window
		want   int64
		due    uint64
	}{
		{Everything, of(-1) + of(0) + 2*of(1), 4 * 9},
		{Window{-1, 2}, of(-1) + of(0) + 2*of(1), 4 * 9},
		{Window{0, 1}, of(0), 9},
		{Window{0, 2}, of(0) + 2*of(1), 3 * 9},
		{Window{math.MinInt, 0}, of(-1), 9},
		{Window{5, 9}, 0, 0},
		{Window{1, 1}, 0, 0},
		{Window{1, 0}, 0, 0},
	} {
		h := r.Packed(test.window, response)
		if h.Count() != test.want || r.Count(test.window, response) != test.want {
			t.Errorf("%v: histogram of %d, count of %d, wanted %d", test.window, h.Count(), r.Count(test.window, response), test.want)
		}
		if due := r.Counters(test.window, "order").Due; due != test.due {
			t.Errorf("%v: %d due, wanted %d", test.window, due, test.due)
		}
	}
}

func TestEmptyRecord(t *testing.T) {
	for name, r := range map[string]*Record{"zero": {}, "new": New(testManifest())} {
		checkRecord(t, r)
		if _, _, ok := r.Seconds(); ok || len(r.Tags()) != 0 || r.Packed(Everything, nil).Count() != 0 {
			t.Errorf("%s: not empty", name)
		}
		r.Merge(live(testInterval(3)))
		if diff := differ(r, live(testInterval(3))); diff != "" {
			t.Errorf("%s: merging into it differs in %s", name, diff)
		}
	}
}

func TestAnswersAreTheCallersOwn(t *testing.T) {
	r := live(testInterval(0))
	r.CountersAt(0)["order"].Errors["timeout"] = 99
	sum := r.Counters(Everything, "")
	sum.Errors["timeout"] = 99
	if diff := differ(r, live(testInterval(0))); diff != "" {
		t.Errorf("changing an answer changed the record in %s", diff)
	}
}

func TestLedgerOfAgents(t *testing.T) {
	shop := Ledger{Sold: orders.ListOf(Order{ID: "1"}), Stock: map[string]int{"s": 3}, Read: true}
	agent := Ledger{Told: []Order{{ID: "1"}}}
	failed := Ledger{Error: "gone"}
	sum := agent
	sum.Add(shop)
	want := Ledger{Told: agent.Told, Sold: shop.Sold, Stock: map[string]int{"s": 3}, Read: true}
	if !reflect.DeepEqual(sum, want) {
		t.Errorf("sum is %+v, wanted %+v", sum, want)
	}
	sum.Add(failed)
	sum.Add(shop)
	if sum.Read || sum.Error != "gone" {
		t.Errorf("a ledger that failed is read %v with error %q", sum.Read, sum.Error)
	}
}

func TestParseTag(t *testing.T) {
	for text, good := range map[string]bool{
		"response_time.order.ok": true, "a.b.c": true, "": false, "a.b": false, "a.b.c.d": false, "a..c": false,
		"a.b c.d": false, "a.b,c.d": false, "a.b.c\n": false, "messzeit.käufe.ok": true,
	} {
		tag, err := ParseTag(text)
		if (err == nil) != good || good && tag.String() != text {
			t.Errorf("%q: %+v, %v", text, tag, err)
		}
	}
}
