package journey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/random"
)

// visit is one request that a journey leads to.
type visit struct {
	step string
	due  time.Duration
}

func (v visit) String() string { return fmt.Sprintf("%s@%v", v.step, v.due) }

// walkJourney leads user number arrival, who comes at the instant from, through a journey. answer says how long each request takes and what it is answered with.
func walkJourney(p *Program, arrival uint64, from time.Duration, answer func(n int, v visit) (time.Duration, *transport.Answer)) []visit {
	u := new(User)
	var visits []visit
	for at := u.Start(arrival, from, p); at != nil && len(visits) < 1000; {
		v := visit{at.Name, u.Due}
		visits = append(visits, v)
		took, a := answer(len(visits), v)
		at.Judge(u, a, new(ValueReader))
		at = u.Advance(v.due + took)
	}
	return visits
}

func ok(body string) *transport.Answer { return &transport.Answer{Status: 200, Body: []byte(body)} }

// twoSteps is a scenario in which journey j does what the text says.
func twoSteps(do string) string {
	return `
steps:
  a: {share: 50%, request: {url: /a}, extract: {state: "json:$.state", id: "json:$.id"}}
  b: {share: 50%, request: {url: "/b/${id}"}, extract: {state: "json:$.state"}}
  c: {share: 0%, request: {url: /c}}
storm:
  t0: 0s
  phases: [{journey: j, at: T0, users: 1}]
journeys: {j: ` + do + "}\n"
}

const (
	ms = time.Millisecond
	s1 = time.Second
)

func TestJourneys(t *testing.T) {
	always := func(body string) func(int, visit) (time.Duration, *transport.Answer) {
		return func(int, visit) (time.Duration, *transport.Answer) { return 10 * ms, ok(body) }
	}
	later := func(n int, body string) func(int, visit) (time.Duration, *transport.Answer) {
		return func(i int, _ visit) (time.Duration, *transport.Answer) {
			if i >= n {
				return 10 * ms, ok(body)
			}
			return 10 * ms, ok(`{"id":"1","state":"pending"}`)
		}
	}
	down := func(int, visit) (time.Duration, *transport.Answer) {
		return 10 * ms, &transport.Answer{Err: errors.New("down"), Class: transport.ClassRefused}
	}
	status := func(code int) func(int, visit) (time.Duration, *transport.Answer) {
		return func(int, visit) (time.Duration, *transport.Answer) {
			return 10 * ms, &transport.Answer{Status: code}
		}
	}
	for _, c := range []struct {
		name, do string
		answer   func(int, visit) (time.Duration, *transport.Answer)
		want     string
	}{
		{"a step is due when the one before is answered", "[c, c]", always(""), "c@5s c@5.01s"},
		{"a pause counts from the answer", "[c, {think: 2s}, c]", always(""), "c@5s c@7.01s"},
		{"a pause may come first and last", "[{think: 1s}, c, {think: 9s}]", always(""), "c@6s"},
		{"pauses add up", "[{think: 1s}, {think: 2s}, c]", always(""), "c@8s"},
		{"rounds without a pause follow at once", "[{repeat: {times: 3, do: [c]}}]", always(""), "c@5s c@5.01s c@5.02s"},
		{"rounds begin every so often", "[{repeat: {times: 3, every: 1s, do: [c]}}, a]", always(""), "c@5s c@6s c@7s a@7.01s"},
		{"a round that takes longer delays the next", "[{repeat: {times: 3, every: 5ms, do: [c]}}]", always(""), "c@5s c@5.01s c@5.02s"},
		{"a loop ends when its time is over", "[{repeat: {for: 2500ms, every: 1s, do: [c]}}, a]", always(""), "c@5s c@6s c@7s a@7.01s"},
		{"a round that would begin at the end does not", "[{repeat: {for: 2s, every: 1s, do: [c]}}]", always(""), "c@5s c@6s"},
		{"loops nest", "[{repeat: {times: 2, every: 1s, do: [{repeat: {times: 2, every: 100ms, do: [c]}}]}}]", always(""), "c@5s c@5.1s c@6s c@6.1s"},
		{"loops follow each other", "[{repeat: {times: 2, do: [c]}}, {repeat: {times: 2, every: 1s, do: [a]}}]", always(""), "c@5s c@5.01s a@5.02s a@6.02s"},
		{"until ends a loop", "[a, {repeat: {until: 'state == done', every: 1s, for: 9s, do: [b]}}, c]", later(3, `{"state":"done"}`), "a@5s b@5.01s b@6.01s c@6.02s"},
		{"until that holds already skips the loop", "[a, {repeat: {until: 'state == done', every: 1s, for: 9s, do: [b]}}, c]", always(`{"id":"1","state":"done"}`), "a@5s c@5.01s"},
		{"until never holds before the first answer", "[{repeat: {until: 'status != 429', times: 2, do: [c]}}, a]", status(429), "c@5s c@5.01s a@5.02s"},
		{"until a value is missing never holds before the first answer", "[{repeat: {until: 'state == nil', times: 9, do: [a]}}, c]", always(`{"id":"1"}`), "a@5s c@5.01s"},
		{"until the status", "[{repeat: {until: 'status 200', times: 9, do: [c]}}, a]", always(""), "c@5s a@5.01s"},
		{"no answer has no status", "[{repeat: {until: 'status < 500', times: 3, do: [c]}}]", down, "c@5s c@5.01s c@5.02s"},
		{"a user who lacks a variable leaves", "[a, b, c]", always(`{"state":"done"}`), "a@5s"},
		{"a user who lacks a variable leaves a loop", "[c, {repeat: {times: 3, do: [b, a]}}]", always(`{}`), "c@5s"},
		{"an error does not end a journey", "[c, c]", down, "c@5s c@5.01s"},
		{"a variable stays where a later answer lacks it", "[a, c, b]", later(2, "{}"), "a@5s c@5.01s b@5.02s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := compile(t, twoSteps(c.do))
			visits := walkJourney(s.Programs["j"], 0, 5*time.Second, c.answer)
			var words []string
			for _, v := range visits {
				words = append(words, v.String())
			}
			if got := strings.Join(words, " "); got != c.want {
				t.Errorf("found  %s\nwanted %s", got, c.want)
			}
		})
	}
}

func TestPausesAreDrawnPerUserAndInOrder(t *testing.T) {
	s := compile(t, twoSteps("[{think: {exponential: 1s}}, c, {think: {uniform: [1s, 3s]}}, c]"))
	instant := func(int, visit) (time.Duration, *transport.Answer) { return 0, ok("") }
	one, again, other := walkJourney(s.Programs["j"], 7, 0, instant), walkJourney(s.Programs["j"], 7, 0, instant), walkJourney(s.Programs["j"], 8, 0, instant)
	if !slices.Equal(one, again) || slices.Equal(one, other) {
		t.Errorf("user 7 %v, again %v, user 8 %v: wanted the same for one user and another for the next", one, again, other)
	}
	exponential := time.Second
	draws := s.Programs["j"].draws.think.Sub(7)
	first := (&random.Distribution{Exponential: &exponential}).Quantile(draws.Float64(0))
	second := (&random.Distribution{Uniform: &random.Uniform{Low: s1, High: 3 * s1}}).Quantile(draws.Float64(1))
	if one[0].due != first || one[1].due != first+second {
		t.Errorf("due at %v, wanted %v and %v", one, first, first+second)
	}
}

// TestBuiltinJourneys leads a user through every journey of the built-in scenarios.
func TestBuiltinJourneys(t *testing.T) {
	journeys := map[string]string{ // steps where the order is confirmed in the second status, and where all is sold out
		"taobao-double11 visitor": "browse item", "taobao-double11 buyer": "order status status; order", "taobao-double11 bot": "order*5",
		"kuaishou-live-drop viewer": "interact", "kuaishou-live-drop buyer": "item order status status; item order", "kuaishou-live-drop bot": "order*5",
		"century-mart-coupons member": "coupons coupon", "century-mart-coupons claimer": "coupons claim",
	}
	seen := 0
	for _, name := range scenarios.Builtin() {
		sc, err := scenarios.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Compile(sc.Scaled(float64(sc.Rehearsal.Scale)), 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range sc.Journeys {
			bought, soldOut := stepsOf(s.Programs[j.Name], true), stepsOf(s.Programs[j.Name], false)
			got := bought
			if soldOut != bought {
				got += "; " + soldOut
			}
			if want := strings.ReplaceAll(journeys[name+" "+j.Name], "order*5", "order order order order order"); got != want {
				t.Errorf("%s, journey %s: %q, wanted %q", name, j.Name, got, want)
			}
			seen++
		}
	}
	if seen != len(journeys) {
		t.Errorf("%d journeys, wanted %d", seen, len(journeys))
	}
}

func stepsOf(p *Program, stock bool) string {
	asked := 0
	var steps []string
	for _, v := range walkJourney(p, 3, 0, func(_ int, v visit) (time.Duration, *transport.Answer) {
		switch {
		case v.step != "order" && v.step != "claim" && v.step != "status":
			return ms, ok("{}")
		case !stock:
			return ms, &transport.Answer{Status: 409, Body: []byte(`{"error":"sold_out"}`)}
		}
		if v.step == "status" {
			asked++
		}
		return ms, ok(fmt.Sprintf(`{"order_id":"order-9","state":%q}`, map[bool]string{true: "confirmed", false: "pending"}[asked > 1]))
	}) {
		steps = append(steps, v.step)
	}
	return strings.Join(steps, " ")
}

func TestUntilTheBodyIsRefused(t *testing.T) {
	_, err := Compile(parse(t, twoSteps("[{repeat: {until: 'body contains x', times: 3, do: [c]}}]")), 0)
	if input, found := errors.AsType[*transport.InputError](err); !found || input.Hint == "" || !strings.Contains(err.Error(), "body contains x") {
		t.Errorf("found %v, wanted an InputError with a hint: users keep no bodies, so the loop would never end by it", err)
	}
}
