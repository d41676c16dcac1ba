package journey

import (
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

const tested = `{apiVersion: fsctl/v1, kind: Scenario, name: t, journeys: {j: [a]}, steps: {a: {request: {url: /a}, patience: 3s,
  extract: {stock: {from: "json:$.stock", optional: true}},
  check: ["not json:$.errors", "stock > 0 or status == 409"],
  outcome: {placed: "status in [200, 201] and json:$.state in ['ok', 'new'] and header.X-Queue == nil", sold_out: "status == 409"},
  count: {risk: "json:$.risk", sold: "sold_out or stock == 0", named: "header:X-Risk"}}}}`

func compiledTest(t testing.TB) (*Step, *User) {
	t.Helper()
	sc, err := scenarios.Parse("t.yaml", []byte(tested))
	if err != nil {
		t.Fatal(err)
	}
	v, err := Compile(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	u := &User{}
	u.Start(1, 0, v.Programs["j"])
	return v.Steps[0], u
}

func answer(status int, body string, fields ...string) *transport.Answer {
	a := &transport.Answer{Status: status, Body: []byte(body), Took: time.Millisecond}
	for i := 0; i < len(fields); i += 2 {
		a.Header = append(a.Header, transport.Field{Name: fields[i], Value: []byte(fields[i+1])})
	}
	return a
}

func TestExpressionsJudgeAnswers(t *testing.T) {
	s, u := compiledTest(t)
	var values ValueReader
	for _, c := range []struct {
		name    string
		a       *transport.Answer
		outcome string
		counts  [3]float64 // named, risk, sold
	}{
		{"placed", answer(200, `{"stock":3,"state":"ok","risk":2.5}`), "placed", [3]float64{0, 2.5, 0}},
		{"queued", answer(200, `{"stock":3,"state":"ok","risk":true}`, "X-Queue", "1", "X-Risk", "4"), "ok", [3]float64{4, 1, 0}},
		{"sold out", answer(409, `{"stock":0,"errors":[]}`), "sold_out", [3]float64{0, 0, 1}},
		{"errors within a 200", answer(200, `{"stock":1,"errors":["no"],"state":"ok"}`), "failed", [3]float64{}},
		{"no stock", answer(200, `{"stock":0,"state":"ok","risk":"x"}`), "failed", [3]float64{0, 0, 1}},
		{"no JSON", answer(200, "\xff{", "X-Risk", "-4"), "failed", [3]float64{}},
		{"numbers that no counter takes", answer(200, `{"stock":1,"risk":1e300}`, "X-Risk", "1e10"), "ok", [3]float64{}},
		{"deep", answer(200, strings.Repeat(`{"stock":`, 10_000)), "failed", [3]float64{}},
	} {
		j := s.Judge(u, c.a, &values)
		if got := s.Outcomes[j.Outcome]; got != c.outcome || [3]float64(values.Counts()) != c.counts {
			t.Errorf("%s: %s, counts %v; wanted %s, %v", c.name, got, values.Counts(), c.outcome, c.counts)
		}
	}
	a := answer(200, `{"stock":0,"state":"ok"}`)
	j := s.Judge(u, a, &values)
	if wanted, found := s.Explain(u, a, j); wanted != "stock > 0 or status == 409" || !strings.Contains(found, `stock is 0, wanted > 0`) {
		t.Errorf("explained as %q, %q", wanted, found)
	}
}

// A value that an expression cut short could not be found to be a secret.
func TestExplanationsHaveNoPartOfAValue(t *testing.T) {
	s, u := compiledTest(t)
	long := strings.Repeat("eyJhbGciOi", 20)
	a := answer(200, `{"stock":"`+long+`"}`)
	j := s.Judge(u, a, &ValueReader{})
	if _, found := s.Explain(u, a, j); strings.Contains(found, long[:8]) {
		t.Errorf("the explanation holds a part of the value: %s", found)
	}
}

func TestJudgingByExpressionsAllocatesNothing(t *testing.T) {
	s, u := compiledTest(t)
	var values ValueReader
	a := answer(200, `{"stock":3,"state":"ok","risk":2.5}`)
	if n := testing.AllocsPerRun(200, func() { s.Judge(u, a, &values) }); n != 0 {
		t.Errorf("%v allocations an answer", n)
	}
	sc := &scenarios.Scenario{Steps: []scenarios.Step{{Extract: map[string]scenarios.Extraction{"stock": {From: "header:Stock"}}}}}
	c := &compiler{scenario: sc, requests: must(compose.New(sc, 1)), outcomes: map[string]int32{"sold_out": 5}}
	until, err := c.condition("stock > 2 and not sold_out and duration < 5s")
	if err != nil {
		t.Fatal(err)
	}
	if !until.holdsFor(u) || until.holdsFor(&User{}) {
		t.Error("the test of the user does not hold, or holds before the first answer")
	}
	if n := testing.AllocsPerRun(200, func() { until.holdsFor(u) }); n > 0.1 {
		t.Errorf("%v allocations a test between requests", n)
	}
}

func TestPatienceEndsAJourney(t *testing.T) {
	s, u := compiledTest(t)
	r := &transport.Request{Timeout: 30 * time.Second}
	if !s.Limit(r, 2*time.Second, 3*time.Second) || r.Timeout != 2*time.Second {
		t.Errorf("sent 1 s late it waits %v, wanted 2 s", r.Timeout)
	}
	if r.Timeout = time.Second; s.Limit(r, 0, 0) || r.Timeout != time.Second {
		t.Errorf("a timeout of 1 s became %v", r.Timeout)
	}
	a := &transport.Answer{}
	a.Fail(transport.ErrClosed)
	a.Abandon()
	if a.Class != transport.ClassAbandoned {
		t.Fatalf("class %q", a.Class)
	}
	j := s.Judge(u, a, &ValueReader{})
	if s.Outcomes[j.Outcome] != "error" || j.Reason != transport.ClassAbandoned || u.Advance(5*time.Second) != nil || !u.HasLeft() {
		t.Errorf("judged as %+v, left %t", j, u.HasLeft())
	}
	if e := u.Ending(); e != (Ending{Step: "a", After: transport.ClassAbandoned}) {
		t.Errorf("ended as %+v", e)
	}
}

func BenchmarkJudgeByExpressions(b *testing.B) {
	s, u := compiledTest(b)
	var values ValueReader
	a := answer(200, `{"stock":3,"state":"ok","risk":2.5}`)
	b.ReportAllocs()
	for b.Loop() {
		s.Judge(u, a, &values)
	}
}
