package journey

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
)

// statuses answers request n with the nth of these, and the last from then on; each takes 10 ms.
func statuses(codes ...int) func(int, visit) (time.Duration, *transport.Answer) {
	return func(n int, _ visit) (time.Duration, *transport.Answer) {
		return 10 * ms, &transport.Answer{Status: codes[min(n, len(codes))-1], Body: []byte(`{"id":"1","state":"open"}`)}
	}
}

// TestFlow holds when each request of a journey is due.
func TestFlow(t *testing.T) {
	for _, c := range []struct {
		name, do string
		answer   func(int, visit) (time.Duration, *transport.Answer)
		want     string
	}{
		{"if holds", "[a, {if: state == open, do: [c], else: [b]}, a]", statuses(200), "a@5s c@5.01s a@5.02s"},
		{"else", "[a, {if: state == shut, do: [c], else: [b]}, a]", statuses(200), "a@5s b@5.01s a@5.02s"},
		{"no else", "[a, {if: state == shut, do: [c]}, a]", statuses(200), "a@5s a@5.01s"},
		{"if on the status", "[c, {if: status == 503, do: [c]}, a]", statuses(503), "c@5s c@5.01s a@5.02s"},
		{"branches nest", "[a, {if: state == open, do: [{if: status == 200, do: [c], else: [a]}], else: [b]}]", statuses(200), "a@5s c@5.01s"},
		{"leave ends it", "[a, {if: state == open, do: [leave]}, c]", statuses(200), "a@5s"},
		{"leave ends it out of loops", "[{repeat: {times: 3, do: [{repeat: {times: 3, do: [a, {if: status == 409, do: [leave]}]}}]}}]", statuses(200, 200, 200, 200, 409), "a@5s a@5.01s a@5.02s a@5.03s a@5.04s"},
		{"a way of weight 0 is never gone", "[{choose: [{weight: 0, do: [a]}, {weight: 1, do: [c]}, {weight: 0, do: [a]}]}, a]", statuses(200), "c@5s a@5.01s"},
		{"no retry without a failure", "[{retry: {times: 3, backoff: 100ms, jitter: 0%, do: [c]}}, a]", statuses(200), "c@5s a@5.01s"},
		{"pauses double", "[{retry: {times: 3, backoff: 100ms, jitter: 0%, do: [c]}}, a]", statuses(500, 500, 500, 200), "c@5s c@5.11s c@5.32s c@5.73s a@5.74s"},
		{"the last try need not succeed", "[{retry: {times: 1, backoff: 100ms, jitter: 0%, do: [c]}}, a]", statuses(500), "c@5s c@5.11s a@5.12s"},
		{"when decides", "[{retry: {times: 3, backoff: 100ms, jitter: 0%, when: 'status in 429,503', do: [c]}}, a]", statuses(429, 500), "c@5s c@5.11s a@5.12s"},
		{"a try without what its next step needs is over", "[{retry: {times: 2, backoff: 100ms, jitter: 0%, do: [a, b]}}, c]", func(n int, v visit) (time.Duration, *transport.Answer) {
			if n == 1 {
				return 10 * ms, &transport.Answer{Status: 503}
			}
			return 10 * ms, ok(`{"id":"1","state":"open"}`)
		}, "a@5s a@5.11s b@5.12s c@5.13s"},
		{"and none left", "[{retry: {times: 2, backoff: 100ms, jitter: 0%, do: [a, b]}}, c]", func(int, visit) (time.Duration, *transport.Answer) {
			return 10 * ms, &transport.Answer{Status: 503}
		}, "a@5s a@5.11s a@5.32s"},
		{"retries nest", "[{retry: {times: 1, backoff: 1s, jitter: 0%, do: [{retry: {times: 1, backoff: 100ms, jitter: 0%, do: [c]}}]}}]", statuses(500), "c@5s c@5.11s c@6.12s c@6.23s"},
		{"pacing counts from the begin of the journey", "[c, {pacing: 1s}, c, {pacing: 1500ms}, a]", statuses(200), "c@5s c@6s a@6.5s"},
		{"pacing does not go back", "[{think: 3s}, c, {pacing: 1s}, c]", statuses(200), "c@8s c@8.01s"},
		{"pacing counts from the begin of the round", "[{repeat: {times: 3, do: [c, {pacing: 1s}]}}, a]", statuses(200), "c@5s c@6s c@7s a@8s"},
		{"a group is no pause", "[{group: g, do: [c, c]}, a]", statuses(200), "c@5s c@5.01s a@5.02s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := compile(t, twoSteps(c.do))
			var words []string
			for _, v := range walkJourney(s.Programs["j"], 0, 5*time.Second, c.answer) {
				words = append(words, v.String())
			}
			if got := strings.Join(words, " "); got != c.want {
				t.Errorf("found  %s\nwanted %s", got, c.want)
			}
		})
	}
}

// TestGroups holds what is measured of groups: name, begin, end and whether it was finished, each once.
func TestGroups(t *testing.T) {
	for _, c := range []struct {
		name, do string
		answer   func(int, visit) (time.Duration, *transport.Answer)
		want     string
	}{
		{"from the first request to the last answer", "[{group: g, do: [c, {think: 1s}, c]}]", statuses(200), "g 5s-6.02s finished"},
		{"a pause before the first request does not count", "[{group: g, do: [{think: 1s}, c]}, c]", statuses(200), "g 6s-6.01s finished"},
		{"a pause after the last action does", "[{group: g, do: [c, {think: 1s}]}, c]", statuses(200), "g 5s-6.01s finished"},
		{"one after the other", "[{group: g, do: [c]}, {group: h, do: [c]}]", statuses(200), "g 5s-5.01s finished, h 5.01s-5.02s finished"},
		{"one in the other", "[{group: g, do: [{group: h, do: [c]}, c]}]", statuses(200), "h 5s-5.01s finished, g 5s-5.02s finished"},
		{"the same again", "[{repeat: {times: 2, do: [{group: g, do: [c]}]}}]", statuses(200), "g 5s-5.01s finished, g 5.01s-5.02s finished"},
		{"left by leave", "[{group: g, do: [{group: h, do: [c, leave]}]}]", statuses(200), "h 5s-5.01s ended, g 5s-5.01s ended"},
		{"left, since a variable was missing", "[{group: g, do: [a, b]}]", func(int, visit) (time.Duration, *transport.Answer) { return 10 * ms, ok("{}") }, "g 5s-5.01s ended"},
		{"without a request there is none", "[c, {group: g, do: [{if: status == 500, do: [c]}]}]", statuses(200), ""},
		{"within a try that is over", "[{retry: {times: 1, backoff: 100ms, jitter: 0%, do: [{group: g, do: [a, b]}]}}]", func(n int, _ visit) (time.Duration, *transport.Answer) {
			if n == 1 {
				return 10 * ms, &transport.Answer{Status: 503}
			}
			return 10 * ms, ok(`{"id":"1","state":"open"}`)
		}, "g 5s-5.01s ended, g 5.11s-5.13s finished"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, twoSteps(c.do)).Programs["j"]
			var words []string
			note := func(u *User) {
				for g := range u.Groups() {
					how := map[bool]string{true: "finished", false: "ended"}[g.Finished]
					words = append(words, fmt.Sprintf("%s %v-%v %s", p.Groups[g.Group], g.Begin, g.End, how))
				}
			}
			u, n := new(User), 0
			at := u.Start(0, 5*time.Second, p)
			for note(u); at != nil; note(u) {
				n++
				took, a := c.answer(n, visit{at.Name, u.Due})
				at.Judge(u, a, new(ValueReader))
				at = u.Advance(u.Due + took)
			}
			if got := strings.Join(words, ", "); got != c.want {
				t.Errorf("found  %s\nwanted %s", got, c.want)
			}
		})
	}
}

// TestTriesShareTheirVisit holds the number of a step's visit: the next try of the same step has that of the first.
func TestTriesShareTheirVisit(t *testing.T) {
	p := compile(t, twoSteps("[a, {retry: {times: 2, backoff: 0s, do: [c, c]}}, {repeat: {times: 2, do: [a]}}]")).Programs["j"]
	u := new(User)
	var got []uint32
	for at := u.Start(0, 0, p); at != nil; at = u.Advance(u.Due) {
		got = append(got, u.Visit)
		at.Judge(u, &transport.Answer{Status: map[bool]int{true: 500, false: 200}[len(got) == 3]}, new(ValueReader))
	}
	if want := []uint32{1, 2, 3, 2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("visits %v, wanted %v", got, want)
	}
}

// TestChoices holds the shares of users by way, and that each user's draw is its own again and again.
func TestChoices(t *testing.T) {
	p := compile(t, twoSteps("[{choose: [{weight: 70, do: [a]}, {weight: 20, do: [c]}, {weight: 10, do: [c, c]}]}]")).Programs["j"]
	const users = 20_000
	ways := map[string]float64{}
	way := func(arrival uint64) string {
		return fmt.Sprint(walkJourney(p, arrival, 0, statuses(200)))
	}
	for k := range uint64(users) {
		ways[way(k)]++
	}
	for want, share := range map[string]float64{"[a@0s]": 0.7, "[c@0s]": 0.2, "[c@0s c@10ms]": 0.1} {
		if got, off := ways[want]/users, 4*math.Sqrt(share*(1-share)/users); math.Abs(got-share) > off {
			t.Errorf("%s: %g of the users, wanted %g within %.2g", want, got, share, off)
		}
	}
	if first := way(17); len(ways) != 3 || way(17) != first {
		t.Errorf("ways %v", ways)
	}
}

// TestJitter holds pauses of retries within their bounds, with the mean of their formula.
func TestJitter(t *testing.T) {
	p := compile(t, twoSteps("[{retry: {times: 1, backoff: 100ms, jitter: 40%, do: [c]}}]")).Programs["j"]
	const users = 5000
	var sum, low, high time.Duration = 0, time.Hour, 0
	for k := range uint64(users) {
		pause := walkJourney(p, k, 0, statuses(500))[1].due - 10*ms
		sum, low, high = sum+pause, min(low, pause), max(high, pause)
	}
	if mean := sum / users; (mean-100*ms).Abs() > 2*ms || low < 60*ms || low > 61*ms || high > 140*ms || high < 139*ms {
		t.Errorf("pauses %v to %v with a mean of %v, wanted 60 to 140 ms with one of 100 ms", low, high, mean)
	}
}

// TestContinue holds what a user takes from one journey to the next: its variables, and neither the last answer nor a lack.
func TestContinue(t *testing.T) {
	text := strings.Replace(twoSteps("[b, {if: status == 200, do: [c]}], k: [a], l: [a, {if: state == open, do: [leave]}]"), "t0: 0s", "t0: 9s", 1)
	s := compile(t, strings.Replace(text, "users: 1", "users: 1, before: {journey: k, from: T0-5s, to: T0-1s}", 1))
	u := new(User)
	u.Start(7, time.Second, s.Programs["k"]).Judge(u, ok(`{"id":"i-1","state":"open"}`), new(ValueReader))
	if u.Advance(2*time.Second) != nil || !u.HasDoneAll() {
		t.Fatal("the journey is not over")
	}
	step := u.Continue(9*time.Second, 2*time.Second, s.Programs["j"])
	if step == nil || step.Name != "b" || u.Due != 9*time.Second || u.Came != 9*time.Second || string(u.Value(1)) == "" {
		t.Fatalf("step %v due %v, came %v, wanted b at 9 s with its variables", step, u.Due, u.Came)
	}
	if step = u.Continue(time.Second, 2*time.Second, s.Programs["j"]); step == nil || u.Due != 2*time.Second || u.status != 0 {
		t.Errorf("due %v after status %d, wanted the end of the journey before, and no answer", u.Due, u.status)
	}
	u.Start(7, time.Second, s.Programs["l"]).Judge(u, ok(`{"id":"i-1","state":"open"}`), new(ValueReader))
	if u.Advance(2*time.Second) != nil || u.HasDoneAll() || u.HasLeft() {
		t.Error("a leave must neither be the end of the journey nor a lack")
	}
}

// TestVariables holds a user's variables to a map of them, through values and causes of any length.
func TestVariables(t *testing.T) {
	u, want := new(User), map[int]string{}
	for i := range 5000 {
		register, length := i*7919%13, i*104729%300
		switch {
		case i%11 == 0:
			c := compose.Cause{Step: uint16(i), Outcome: uint16(i % 7)}
			u.Unset(register, c)
			delete(want, register)
			if u.Cause(register) != c {
				t.Fatalf("cause %v, wanted %v", u.Cause(register), c)
			}
		default:
			want[register] = strings.Repeat(string(rune('a'+i%26)), length)
			u.Set(register, []byte(want[register]))
		}
		for r := range 14 {
			if string(u.Value(r)) != want[r] {
				t.Fatalf("variable %d is %q, wanted %q", r, u.Value(r), want[r])
			}
		}
	}
}

const allParts = `[{repeat: {times: 1G, do: [
  {group: g, do: [a, {choose: [{weight: 1, do: [c]}, {weight: 1, do: [{think: 1s..2s}, c]}]}, {if: state == open, do: [c], else: [a]}]},
  {retry: {times: 2, when: status == 503, do: [b]}}, {pacing: 1s}]}}]`

// advancing returns one step of a user on its way through all parts of a journey.
func advancing(t testing.TB) func() {
	p := compile(t, twoSteps(allParts)).Programs["j"]
	u, values, n := new(User), new(ValueReader), 0
	at := u.Start(0, 0, p)
	answers := []*transport.Answer{ok(`{"id":"12","state":"open"}`), {Status: 503}, ok(`{"id":"345","state":"shut"}`)}
	return func() {
		n++
		at.Judge(u, answers[n%len(answers)], values)
		if at = u.Advance(u.Due + ms); at == nil {
			at = u.Start(u.Arrival+1, u.Due, p)
		}
		for range u.Groups() {
			n++
		}
	}
}

func TestAdvanceAllocatesNothing(t *testing.T) {
	step := advancing(t)
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Errorf("%v allocations a step, wanted none", n)
	}
}

// BenchmarkAdvance is what judging an answer and moving a user on costs, in a journey of all parts.
func BenchmarkAdvance(b *testing.B) {
	step := advancing(b)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}
