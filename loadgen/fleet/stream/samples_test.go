package stream

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/record"
)

func sampleAt(slot, second int, reason string) record.Sample {
	return record.Sample{Step: "order", Reason: reason, AtSeconds: float64(second) + float64(slot)/10, Method: "GET", URL: "/x", StatusLine: "HTTP/1.1 404 Not Found", Status: 404,
		Headers: []string{"A: b"}, Body: strings.Repeat("b", 200), Wanted: "a status below 400", Found: "status 404"}
}

// samplesInto returns a collector of samples alone.
func samplesInto(t rapid.TB, list *[]record.Sample, slots int) *Collector {
	t.Helper()
	c, err := NewCollector(CollectorOptions{Run: testRun, Slots: slots, Write: func(record.Interval) error { return nil }, Told: func(record.Order) error { return nil },
		Sample: func(s record.Sample) error { *list, _ = record.KeepSample(*list, s); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSamplesArriveOnce sends the samples of three agents in any order, some messages twice, split or not.
func TestSamplesArriveOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want, got []record.Sample
		var all []published
		for slot := 1; slot <= 3; slot++ {
			var number uint64
			for second := range 4 {
				s := Snapshot{Key: Key{testRun, slot, 1}, Number: number, Second: second}
				for i := range rapid.IntRange(0, 4).Draw(t, "samples") {
					v := sampleAt(slot, second, fmt.Sprint("check: ", i))
					s.Samples = append(s.Samples, v)
					want, _ = record.KeepSample(want, v)
				}
				parts, err := EncodeParts(s, rapid.SampledFrom([]int{700, 1 << 20}).Draw(t, "limit"))
				if err != nil {
					t.Fatal(err)
				}
				for _, data := range parts {
					all = append(all, published{slot: slot, data: data})
				}
				number += uint64(len(parts))
			}
		}
		again := all[:rapid.IntRange(0, len(all)).Draw(t, "again")]
		c := samplesInto(t, &got, 3)
		for _, m := range rapid.Permutation(append(all, again...)).Draw(t, "order") {
			accept(t, c, m.slot, m.data)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("found %+v, wanted %+v", got, want)
		}
	})
}

// TestNoAgentFloodsTheRecord has an agent send what no agent makes.
func TestNoAgentFloodsTheRecord(t *testing.T) {
	t.Parallel()
	var got []record.Sample
	count := 0
	c := samplesInto(t, &got, 1)
	c.o.Sample = func(s record.Sample) error { count++; got, _ = record.KeepSample(got, s); return nil }
	many := Snapshot{Key: Key{testRun, 1, 1}}
	for i := range record.MostSamples + 1 {
		many.Samples = append(many.Samples, sampleAt(1, 0, fmt.Sprint(i)))
	}
	large := Snapshot{Key: Key{testRun, 1, 1}, Samples: []record.Sample{sampleAt(1, 0, "x")}}
	large.Samples[0].Error = strings.Repeat("e", mostSampleBytes)
	nameless := Snapshot{Key: Key{testRun, 1, 1}, Samples: []record.Sample{{Step: "order"}}}
	for name, s := range map[string]Snapshot{"too many": many, "too large": large, "no reason": nameless} {
		var refused *RefusedError
		if err := c.Accept(1, encode(s)); !errors.As(err, &refused) {
			t.Errorf("%s: %v, wanted a refusal", name, err)
		}
	}
	for number := range uint64(20) {
		s := Snapshot{Key: Key{testRun, 1, 1}, Number: number, Second: int(number)}
		for i := range record.MostSamples {
			v := sampleAt(1, -int(number), fmt.Sprint("r", i))
			v.Body = "\x1b[2J\u202e"
			s.Samples = append(s.Samples, v)
		}
		accept(t, c, 1, encode(s))
	}
	if count != mostFromSlot || len(got) != record.MostSamples || got[0].Body != `\x1b[2J\u{202e}` {
		t.Errorf("%d samples were taken, %d kept, the first with body %q", count, len(got), got[0].Body)
	}
}

// TestSamplesThatDoNotFitCostNothingElse: a bus may take small messages only.
func TestSamplesThatDoNotFitCostNothingElse(t *testing.T) {
	t.Parallel()
	box, err := openOutbox(t.TempDir(), Key{testRun, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	large, small := sampleAt(1, 0, "large"), sampleAt(1, 0, "small")
	large.Body = strings.Repeat("b", 4000)
	if err := box.append(nil, nil, []record.Sample{large, small, {Step: "no step"}}, 2000); err != nil {
		t.Fatal(err)
	}
	data, err := box.spool.Read(0)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := Decode(data); err != nil || len(s.Samples) != 1 || !reflect.DeepEqual(s.Samples[0], small) {
		t.Errorf("found %+v (%v), wanted the small one", s.Samples, err)
	}
	if err := box.spool.Close(); err != nil {
		t.Error(err)
	}
}
