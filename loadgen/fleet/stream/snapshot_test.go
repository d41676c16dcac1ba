package stream

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// fill gives every number of a struct a value of its own.
func fill(t *testing.T, v reflect.Value, from int) int {
	t.Helper()
	for i := range v.NumField() {
		switch f := v.Field(i); {
		case f.CanFloat():
			f.SetFloat(float64(from) + 0.1)
		case f.CanInt():
			f.SetInt(int64(-from))
		case f.CanUint():
			f.SetUint(uint64(from) << 40)
		case f.Type() == reflect.TypeFor[record.Levels]():
			f.Set(reflect.ValueOf(record.Levels{0: {Requests: 1, Seconds: 0.5}, 3: {Requests: 1 << 40, Seconds: 7}}))
		case f.Type() == reflect.TypeFor[[]record.Gap]():
			f.Set(reflect.ValueOf([]record.Gap{{From: -1.5, To: 2, Requests: 1}, {From: 3, To: 4.000000001, Requests: 1 << 40}}))
		case f.Type() == reflect.TypeFor[record.Span]():
			f.Set(reflect.ValueOf(record.Span{First: time.Duration(-from), Last: time.Duration(from) << 40, Known: true}))
		case f.Kind() == reflect.Struct:
			from = fill(t, f, from)
		case f.Type() == reflect.TypeFor[map[string]record.Journey]():
			f.Set(reflect.ValueOf(map[string]record.Journey{
				"bot":   {Users: math.MaxUint64, Ended: map[string]uint64{"sold_out": 1, "throttled": 1 << 40}},
				"buyer": {Users: 3, Ready: 2, NotReady: 1, Finished: 1, Left: map[record.Left]uint64{{Step: "pay", Variable: "token", After: "ok"}: 1, {Step: "pay", Variable: "id"}: 1 << 50}},
			}))
		case f.Type() == reflect.TypeFor[map[string]float64]():
			f.Set(reflect.ValueOf(map[string]float64{"revenue": 19.990001, "risk_checks": 1 << 40}))
		case f.Kind() == reflect.Map:
			f.Set(reflect.ValueOf(map[string]uint64{"reset": 1, "timeout": math.MaxUint64}))
		default:
			t.Fatalf("%s is %s, which no log holds yet", v.Type().Field(i).Name, f.Type())
		}
		from++
	}
	return from
}

// A field that the log forgets would be 0 in every record of a fleet.
func TestEveryFieldSurvives(t *testing.T) {
	t.Parallel()
	var counters record.Counters
	var generator record.Generator
	fill(t, reflect.ValueOf(&counters).Elem(), 1)
	fill(t, reflect.ValueOf(&generator).Elem(), 1)
	h := record.NewHistogram()
	if err := h.RecordValues(5_000_000, 7); err != nil {
		t.Fatal(err)
	}
	s := Snapshot{Key: Key{testRun, 3, 1 << 60}, Number: 9, Second: -4, More: true,
		Intervals: []Interval{{Second: -5}, {Second: -4, Generator: &generator, Origin: Origin{"place", "group", "process"}, Steps: []StepCounters{{"order", counters}},
			Series: []Series{{record.Tag{Metric: record.ResponseTime, Step: "order", Outcome: "placed"}, record.NewPacker().Pack(h)}}}},
		Told: []record.Order{
			{ID: "o1", User: "用户", SKU: "sku-1", Quantity: 2, Step: "order", At: testT0().In(time.FixedZone("", 8*3600)).Add(123456789)},
			{ID: "o2", At: testT0()}, {},
		},
	}
	data, err := Encode(s)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for i, order := range back.Told {
		if wanted := s.Told[i].At; order.At.Format(time.RFC3339Nano) != wanted.Format(time.RFC3339Nano) {
			t.Errorf("order %d was told at %s, wanted %s", i, order.At, wanted)
		}
		back.Told[i].At, s.Told[i].At = time.Time{}, time.Time{} // zones are told apart by their pointers
	}
	if !reflect.DeepEqual(back, s) {
		t.Errorf("came back as\n%+v, wanted\n%+v", back, s)
	}
	f := Fin{Key: s.Key, Snapshots: 7, Totals: counters, Hash: Hash{1, 2, 3}, Recovered: true}
	if back, err := DecodeFin(f.Encode()); err != nil || !reflect.DeepEqual(back, f) {
		t.Errorf("fin came back as %+v (%v), wanted %+v", back, err, f)
	}
	n := Resend{Key: s.Key, Ranges: []Range{{0, 1}, {5, math.MaxUint64}}}
	if back, err := DecodeResend(n.Encode()); err != nil || !reflect.DeepEqual(back, n) {
		t.Errorf("need came back as %+v (%v), wanted %+v", back, err, n)
	}
	seal := Seal{Key: s.Key, Hash: Hash{4, 5, 6}}
	if back, err := DecodeSeal(seal.Encode()); err != nil || back != seal {
		t.Errorf("seal came back as %+v (%v), wanted %+v", back, err, seal)
	}
}

func TestEqualSnapshotsAreEqualBytes(t *testing.T) {
	t.Parallel()
	key := Key{testRun, 1, 1}
	if a, b := messagesOf(t, key, 5, 1<<20), messagesOf(t, key, 5, 1<<20); !reflect.DeepEqual(a, b) {
		t.Error("the same measurements made two logs")
	}
}

// Parts must fit, be snapshots of their own, and hold together what the whole does.
func TestSplitSnapshotMergesToTheSame(t *testing.T) {
	t.Parallel()
	const limitBytes, seconds = 4096, 3
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 0))
		whole, parts := record.New(testManifest()), record.New(testManifest())
		for second := range seconds {
			interval := measure(1, 1, second).whole().intervals[1]
			wide := record.NewHistogram() // one histogram that is larger than a message
			for range 20_000 {
				_ = wide.RecordValue(int64(2e7 * math.Exp(0.7*random.NormFloat64()))) // within the range
			}
			interval.Histograms[record.Tag{Metric: record.ServiceTime, Step: "order", Outcome: record.OutcomeOK}] = wide
			whole.Add(interval)
			s := Snapshot{Key: Key{testRun, 1, 1}, Number: 7, Second: second, Intervals: []Interval{Pack(record.NewPacker(), interval)}}
			for i := range 100 {
				s.Told = append(s.Told, record.Order{ID: fmt.Sprintf("order-%d-%d", second, i), User: strings.Repeat("u", 30), At: testT0()})
			}
			whole.Ledger.Add(record.Ledger{Told: s.Told})
			messages, err := EncodeParts(s, limitBytes)
			if err != nil {
				t.Fatal(err)
			}
			if len(messages) < 3 {
				t.Fatalf("%d messages, wanted some", len(messages))
			}
			for i, data := range messages {
				part, err := Decode(data)
				if err != nil {
					t.Fatal(err)
				}
				if len(data) > limitBytes || part.Number != 7+uint64(i) || part.More != (i < len(messages)-1) {
					t.Fatalf("part %d of %d has %d bytes, number %d, more %v", i, len(messages), len(data), part.Number, part.More)
				}
				add(parts, part)
			}
		}
		checkSame(t, parts, whole)
	}
}

// add adds a snapshot to a record.
func add(r *record.Record, s Snapshot) {
	m := newMerger(func(interval record.Interval) error { r.Add(interval); return nil })
	for i := range s.Intervals {
		m.add(&s.Intervals[i])
	}
	_ = m.flush(math.MaxInt) // the sink never fails
	r.Ledger.Add(record.Ledger{Told: s.Told})
}

func TestSnapshotThatCannotBeSplit(t *testing.T) {
	t.Parallel()
	s := Snapshot{Key: Key{testRun, 1, 1}, Told: []record.Order{{ID: strings.Repeat("x", 5000)}}}
	if _, err := EncodeParts(s, 4096); err == nil || !strings.Contains(err.Error(), "wanted at most 4096") {
		t.Errorf("an order of 5000 bytes in messages of 4096: error %v", err)
	}
}

func TestEncodeRefusesWhatNoRecordTakes(t *testing.T) {
	t.Parallel()
	key := Key{testRun, 1, 1}
	steps := func(names ...string) []Interval {
		var i Interval
		for _, name := range names {
			i.Steps = append(i.Steps, StepCounters{Step: name})
		}
		return []Interval{i}
	}
	gauge := func(value float64) []Interval { return []Interval{{Generator: &record.Generator{CPUSeconds: value}}} }
	for name, s := range map[string]Snapshot{
		"no run":                {Key: Key{"", 1, 1}},
		"a run with a dot":      {Key: Key{"a.b", 1, 1}},
		"slot 0":                {Key: Key{testRun, 0, 1}},
		"a slot too high":       {Key: Key{testRun, MaxSlot + 1, 1}},
		"two years from T0":     {Key: key, Second: 2 * 366 * 24 * 3600},
		"an interval far off":   {Key: key, Intervals: []Interval{{Second: math.MaxInt}}},
		"a second twice":        {Key: key, Intervals: []Interval{{Second: 1}, {Second: 1}}},
		"a step with a blank":   {Key: key, Intervals: steps("an order")},
		"a step without a name": {Key: key, Intervals: steps("")},
		"steps out of order":    {Key: key, Intervals: steps("b", "a")},
		"a name of a novel":     {Key: key, Intervals: steps(strings.Repeat("x", 300))},
		"no number":             {Key: key, Intervals: gauge(math.NaN())},
		"an infinite number":    {Key: key, Intervals: gauge(math.Inf(-1))},
		"an empty histogram":    {Key: key, Intervals: []Interval{{Series: []Series{{Tag: record.Tag{Metric: "m", Step: "s", Outcome: "o"}}}}}},
		"the year 12000":        {Key: key, Told: []record.Order{{At: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}}},
	} {
		if _, err := Encode(s); err == nil {
			t.Errorf("%s: encoded, wanted an error", name)
		}
	}
}

// Bytes that claim much must not get it: memory stays within a small multiple of the message.
func TestHostileMessagesGetLittleMemory(t *testing.T) {
	const size = 1 << 18
	body := func(tail []byte, repeat []byte) []byte {
		return appendMessage(nil, kindSnapshot, func(dst []byte) []byte {
			dst = append(appendKey(dst, Key{testRun, 1, 1}), 0, 0, 0) // number, second, more
			return append(append(dst, tail...), bytes.Repeat(repeat, size/len(repeat))...)
		})
	}
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x7f}
	for name, data := range map[string][]byte{
		"names":        body(huge, []byte{1, 'a'}),
		"intervals":    body(append([]byte{0}, huge...), []byte{2, 0, 0, 0}),
		"orders":       body(append([]byte{0, 0}, huge...), []byte{0, 0, 0, 0, 0}),
		"samples":      body(append([]byte{0, 0, 0}, huge...), []byte{2, '{', '}'}),
		"some samples": body([]byte{0, 0, 0, 100}, []byte{2, '{', '}'}),
		"real intervals": appendMessage(nil, kindSnapshot, func(dst []byte) []byte {
			dst = append(appendKey(dst, Key{testRun, 1, 1}), 0, 0, 0, 0)
			dst = append(dst, 0x80, 0x80, 0x04) // 65536 of them
			for second := range 1 << 16 {
				dst = appendInterval(dst, &Interval{Second: second}, nil)
			}
			return append(dst, 0, 0)
		}),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(data)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 150*uint64(len(data)) {
			t.Errorf("%s: %d bytes took %d", name, len(data), used)
		}
		if name != "real intervals" && err == nil {
			t.Errorf("%s: decoded, wanted an error", name)
		} else if name == "real intervals" && err != nil {
			t.Error(err)
		}
	}
}

func TestDamagedMessageIsRefused(t *testing.T) {
	t.Parallel()
	data := messagesOf(t, Key{testRun, 1, 1}, 1, 1<<20)[0]
	for at := range data {
		for _, damaged := range [][]byte{data[:at], append(bytes.Clone(data[:at]), append([]byte{data[at] ^ 0x20}, data[at+1:]...)...)} {
			if _, err := Decode(damaged); err == nil {
				t.Fatalf("a message damaged at byte %d of %d was read", at, len(data))
			}
		}
	}
}

// FuzzDecode opens bodies that are anything at all, behind a right checksum: an error, or a snapshot that
// can be written down again and merged into a record.
func FuzzDecode(f *testing.F) {
	for _, data := range messagesOf(f, Key{testRun, 1, 1}, 2, 1<<20) {
		k, body, err := openMessage(data)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(k), body)
	}
	f.Add(byte(kindResend), []byte{1, 'r', 1, 1, 1, 2, 5})
	f.Add(byte(kindSeal), append([]byte{1, 'r', 1, 1}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, k byte, body []byte) {
		data := appendMessage(nil, kind(k), func(dst []byte) []byte { return append(dst, body...) })
		if fin, err := DecodeFin(data); err == nil {
			if again, err := DecodeFin(fin.Encode()); err != nil || !reflect.DeepEqual(again, fin) {
				t.Fatalf("%+v came back as %+v (%v)", fin, again, err)
			}
		}
		if need, err := DecodeResend(data); err == nil {
			if again, err := DecodeResend(need.Encode()); err != nil || !reflect.DeepEqual(again, need) {
				t.Fatalf("%+v came back as %+v (%v)", need, again, err)
			}
		}
		if seal, err := DecodeSeal(data); err == nil {
			if again, err := DecodeSeal(seal.Encode()); err != nil || again != seal {
				t.Fatalf("%+v came back as %+v (%v)", seal, again, err)
			}
		}
		s, err := Decode(data)
		if err != nil {
			return
		}
		data, err = Encode(s)
		if err != nil {
			t.Fatalf("%+v was read, but cannot be written: %v", s, err)
		}
		again, err := Decode(data)
		if err != nil || len(again.Intervals) != len(s.Intervals) || len(again.Told) != len(s.Told) {
			t.Fatalf("%+v came back as %+v (%v)", s, again, err)
		}
		if repeat, err := Encode(again); err != nil || !bytes.Equal(repeat, data) {
			t.Fatalf("equal snapshots are different bytes (%v)", err)
		}
		for i := range s.Intervals {
			if len(s.Intervals[i].Series) > 50 {
				return // a histogram each
			}
		}
		if len(s.Intervals) < 10 {
			add(record.New(testManifest()), s)
		}
	})
}
