package scenarios

import (
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// checkParsed is what holds of every text: it is refused with problems that say where, or it is a
// scenario that reads the same again and whose storm can be drawn.
func checkParsed(t failer, text []byte) {
	s, err := Parse("fuzz.yaml", text)
	if err != nil {
		var e *strict.Error
		if !errors.As(err, &e) || len(e.Problems) == 0 {
			t.Fatalf("%T without problems: %v", err, err)
		}
		for i, p := range e.Problems {
			if p.Message == "" || p.Line < 1 || i > 0 && p == e.Problems[i-1] {
				t.Fatalf("problem without a message or line, or twice: %+v", p)
			}
		}
		return
	}
	again, err := Parse("fuzz.yaml", s.Document)
	if err != nil || !reflect.DeepEqual(s, again) {
		t.Fatalf("the document reads differently: %v", err)
	}
	// What --set writes must read the same, whatever the text was.
	set, err := Parse("fuzz.yaml", text, "rehearsal.scale=50%")
	if err != nil {
		t.Fatalf("with --set: %v", err)
	}
	if again, err = Parse("fuzz.yaml", set.Document); err != nil || !reflect.DeepEqual(set, again) {
		t.Fatalf("the document after --set reads differently: %v\n%s", err, set.Document)
	}
	checkStorm(t, s.Scaled(1e-6))
}

func checkStorm(t failer, s *Scenario) {
	if s.Storm == nil {
		return
	}
	c := s.Storm.Curve()
	from, to := c.Span()
	if area := c.Area(to); from >= to || math.IsNaN(area) || area < 0 || area > 1e9 {
		t.Fatalf("the storm from %v to %v has the area %v", from, to, area)
	}
	if len(s.Storm.Phases) > 20 {
		return
	}
	if rate, at := arrivals.Peak(c, max(time.Second, (to-from)/100)); math.IsNaN(rate) || math.IsInf(rate, 0) || at < from-max(time.Second, to-from) || at > to {
		t.Fatalf("the storm from %v to %v peaks with %v at %v", from, to, rate, at)
	}
	cursor, before := s.Storm.Schedule(1, 0).Walk(), from
	for range 10_000 {
		a, ok := cursor.Next()
		if !ok {
			break
		}
		if a.Due < before || a.Due > to {
			t.Fatalf("an arrival at %v, after one at %v, of a storm to %v", a.Due, before, to)
		}
		before = a.Due
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Builtin() {
		_, text, err := Read(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	text := exampleText(f)
	f.Add([]byte(text))
	f.Add(Starter("spring-sale"))
	for _, c := range [][2]string{
		{"{exponential: 2s}", "{normal: {mean: 1s, deviation: 1s}}"}, {"users: 10M ", "requests: 60M "}, {"t0: 30s", "t0: 2026-11-11T20:00:00+08:00"},
		{"from: sequence, size: 1M", "from: csv, file: a.csv"}, {"users: 20k", "spacing: even, users: 20k"}, {"visitor: [browse,", "visitor: [&x [*x],"},
		{"rate: 200/s", "rate: [0/s, 1e9/h]"}, {"sale:\n", "? [sale]\n:\n"}, {"{url: \"/ledger\"}", "!!null x"}, {"description: One", "description: |\n  a\n  # b\nsource: >-\n  c\nx: One"},
	} {
		text, _ := edited(f, c[0], c[1])
		f.Add([]byte(text))
	}
	f.Add([]byte("apiVersion: fsctl/v1\nkind: Scenario\nname: x\nsteps: {a: {request: {url: /a, form: {x: '${s|1}'}}, extract: {s: \"json:$.s\"}, patience: 3s, count: {n: \"json:$.n\"}}, b: {request: {url: /b}}}\n" +
		"storm: {t0: 1m, phases: [{journey: {j: 80%, k: 20%}, at: T0, users: 9, before: {journey: l, from: T0-9s, to: T0}}]}\n" +
		"journeys: {l: [a], k: [leave], j: [{group: g, do: [a, {if: s == 1 and not (status == 200), expect: 50%, do: [b], else: [leave]}]}, {retry: {times: 2, when: status in [503], do: [a]}}, {choose: [{weight: 1, do: [{think: 1s..3s}]}]}, {repeat: {times: 2, until: s == 1, expect: 1.5, do: [a]}}, {pacing: 1s}]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) { checkParsed(t, text) })
}

func FuzzText(f *testing.F) {
	for _, text := range []string{
		"status in 200,409", "state not in a, b", "status 409", "body matches ^a(b|c)$", "state === x y", "/items/${sku}?u=${user.id}", "$${a}",
		"json:$.a[?@.b > 1].c", "json:$..book[0,1]['x']", "regex:id=(\\d+)", "header:Location", "cookie:a", "T0-1m", "T0..T0+10s", "1.2G", "2..3",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := condition.Parse(text); err == nil {
			again, err := condition.Parse(c.String())
			if c.Pattern, again.Pattern = nil, nil; err != nil || !reflect.DeepEqual(c, again) || len(c.Values) == 0 {
				t.Fatalf("%q is read as %+v, and that as %+v: %v", text, c, again, err)
			}
		}
		if e, err := ParseExtract(text); err == nil && (e.Name == "" || e.From == "json" && e.Path == nil || e.From == "regex" && e.Pattern == nil) {
			t.Fatalf("%q is read as %+v", text, e)
		}
		if w, err := threshold.ParseWindow(text); err == nil {
			if again, err := threshold.ParseWindow(w.String()); err != nil || again != w || w.From >= w.To {
				t.Fatalf("%q is read as %v", text, w)
			}
		}
		if i, err := amount.ParseInterval[amount.Count](text); err == nil && !(0 <= i.Low && i.Low <= i.Mid && i.Mid <= i.High && !math.IsInf(float64(i.High), 0)) {
			t.Fatalf("%q is read as %v", text, i)
		}
	})
}
