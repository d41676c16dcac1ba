package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSamplesComeBack(t *testing.T) {
	w, dir := create(t)
	full := Sample{Step: "order", Reason: "status", AtSeconds: -0.25, Method: "POST", URL: "/o?a=(redacted)", RequestHeaders: []string{"A: b"}, RequestBody: `{"a":1}`, RequestBodyBytes: 7,
		StatusLine: "HTTP/1.1 404 Not Found", Status: 404, Headers: []string{"C: d"}, HeadersLeft: 2, Body: "<html>", BodyBytes: 100_000, Wanted: "a status below 400", Found: "status 404", RedactedCount: 1}
	broken := Sample{Step: "order", Reason: "reset", AtSeconds: 2, Error: "read: connection reset by peer"}
	if err := errors.Join(w.Sample(broken), w.Write(testInterval(0))); err != nil {
		t.Fatal(err)
	}
	if r := open(t, dir); !reflect.DeepEqual(r.Samples, []Sample{broken}) {
		t.Errorf("a run under way has %+v", r.Samples)
	}
	if err := errors.Join(w.Sample(full), w.Sample(full), w.Close(End{Reason: Completed})); err != nil {
		t.Fatal(err)
	}
	if r := open(t, dir); !reflect.DeepEqual(r.Samples, []Sample{full, broken}) {
		t.Errorf("found %+v", r.Samples)
	}
	makeOld(t, dir)
	path := filepath.Join(dir, samplesFile)
	data := readFile(t, path)
	writeFile(t, path, data[:len(data)-20])
	if r := open(t, dir); !reflect.DeepEqual(r.Samples, []Sample{full}) || r.Torn != 1 {
		t.Errorf("of a file that is cut off: %+v, torn %d", r.Samples, r.Torn)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if r := open(t, dir); len(r.Samples) != 0 { // of an older version
		t.Errorf("of no file: %+v", r.Samples)
	}
}

// TestSamplesAreCleanWhoeverSendsThem writes control characters, long texts and what is no sample.
func TestSamplesAreCleanWhoeverSendsThem(t *testing.T) {
	w, dir := create(t)
	hostile := Sample{Step: "order", Reason: "r\x1b[2J", StatusLine: "\u202e\xff", Body: strings.Repeat("\x00", 1<<20), Headers: []string{"A: \r\n", strings.Repeat("x", 1<<20), strings.Repeat("y", 1<<20)}}
	for _, s := range []Sample{{Step: "no step", Reason: "r"}, {Step: "order"}, {Step: "order", Reason: "r", AtSeconds: 1e300}} {
		if w.Sample(s) == nil {
			t.Errorf("%+v was taken", s)
		}
	}
	if err := errors.Join(w.Sample(hostile), w.Close(End{Reason: Completed})); err != nil {
		t.Fatal(err)
	}
	data := readFile(t, filepath.Join(dir, samplesFile))
	for _, b := range data[:len(data)-1] {
		if b < ' ' || b == 0x7f {
			t.Fatalf("found byte %#x in %q", b, data)
		}
	}
	s := open(t, dir).Samples[0]
	if s.Reason != `r\x1b[2J` || s.StatusLine != `\u{202e}\xff` || len(s.Body) > mostSampleText || len(data) > 64<<10 || !reflect.DeepEqual(s, s.Clean()) {
		t.Errorf("found %d bytes: %.200q", len(data), data)
	}
}

func drawSamples(t *rapid.T) []Sample {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Sample {
		return Sample{Step: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "step"), Reason: fmt.Sprint("r", rapid.IntRange(0, 60).Draw(t, "reason")),
			AtSeconds: float64(rapid.IntRange(0, 50).Draw(t, "at")), Body: rapid.SampledFrom([]string{"", "x"}).Draw(t, "body")}
	}), 0, 400).Draw(t, "samples")
}

// TestSamplesDoNotDependOnTheirOrder merges the same samples by several ways, some of them twice.
func TestSamplesDoNotDependOnTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawSamples(t)
		keep := func(list []Sample, more []Sample) []Sample {
			for _, s := range more {
				list, _ = KeepSample(list, s)
			}
			return list
		}
		one := keep(nil, all)
		shuffled := rapid.Permutation(all).Draw(t, "order")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		two := keep(keep(nil, shuffled[:cut]), keep(nil, append(shuffled[cut:], all[:cut]...)))
		if !reflect.DeepEqual(one, two) {
			t.Fatalf("%+v in another order is %+v", one, two)
		}
		kinds, known := map[string]int{}, map[string]bool{}
		for _, s := range one {
			kinds[s.Step+s.Reason]++
		}
		for _, s := range all {
			known[s.Step+s.Reason] = true
		}
		for kind, n := range kinds {
			if n > SamplesPerKind {
				t.Fatalf("%d samples of %s", n, kind)
			}
		}
		if len(one) > MostSamples || !slices.IsSortedFunc(one, compareSamples) || len(kinds) != min(len(known), MostSamples) {
			t.Fatalf("%d samples of %d kinds of %d", len(one), len(kinds), len(known))
		}
	})
}

// TestManyReasonsAreBounded has a target that fails in ever new ways, each earlier than the one before.
func TestManyReasonsAreBounded(t *testing.T) {
	w, dir := create(t)
	for i := range 10_000 {
		if err := w.Sample(Sample{Step: "order", Reason: fmt.Sprint("reason ", i), AtSeconds: float64(-i), Body: strings.Repeat("b", 1000)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Write(testInterval(0)); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(readFile(t, filepath.Join(dir, samplesFile))), "\n"); lines > mostSampleLines {
		t.Errorf("%d lines while it is written", lines)
	}
	if err := w.Close(End{Reason: Completed}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(readFile(t, filepath.Join(dir, samplesFile))), "\n"); lines != MostSamples {
		t.Errorf("%d lines in the end, wanted %d", lines, MostSamples)
	}
}
