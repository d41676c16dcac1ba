package journey

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/visits"
)

// answers are what a target answers by chance, independently of each other.
type answers struct {
	random *rand.Rand
	open   float64 // share of the answers to gate that say so
	done   float64 // of those to poll
	busy   float64 // of those to try, login and rush that are refused
	sold   float64 // of those to order, and of those to rush that are not refused, that get something
	placed int
}

// to answers a step.
func (v *answers) to(step string) *transport.Answer {
	say := func(name, value string) []transport.Field {
		return []transport.Field{{Name: name, Value: []byte(value)}}
	}
	chance := func(share float64) bool { return v.random.Float64() < share }
	refused := chance(v.busy)
	switch {
	case strings.HasPrefix(step, "gate"):
		return &transport.Answer{Status: 200, Header: say("State", map[bool]string{true: "open", false: "shut"}[chance(v.open)])}
	case strings.HasPrefix(step, "poll"):
		return &transport.Answer{Status: 200, Header: say("Done", map[bool]string{true: "yes", false: "no"}[chance(v.done)])}
	case refused && (step == "try" || step == "login" || step == "rush"):
		return &transport.Answer{Status: 503}
	case step == "login":
		return &transport.Answer{Status: 200, Header: say("Token", "t")}
	case (step == "order" || step == "rush") && !chance(v.sold):
		return &transport.Answer{Status: 409}
	case step == "order" || step == "rush":
		v.placed++
		return &transport.Answer{Status: 200, Header: say("Id", "o")}
	}
	return &transport.Answer{Status: 200}
}

// journeys draws journeys whose expected requests are known.
type journeys struct {
	t *rapid.T
	answers
	groups, polls int
}

func (s *journeys) number(low, high int, what string) int {
	return rapid.IntRange(low, high).Draw(s.t, what)
}

// place is where actions are drawn for.
type place struct {
	depth  int
	inLoop bool // no repeat with an until: its variable would hold from the round before
	inTry  bool // nothing that may be refused but what ends the try
}

func (p place) deeper() place { p.depth++; return p }

// actions draws some actions.
func (s *journeys) actions(p place) string {
	var list []string
	for range s.number(1, 3, "actions") {
		list = append(list, s.action(p))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (s *journeys) action(p place) string {
	inside := p.deeper()
	first, last := 0, 14
	if p.inTry {
		first = 5
	}
	if p.depth >= 3 {
		last = 7
	}
	switch s.number(first, last, "kind") {
	case 0:
		return "{pacing: 1s}"
	case 1:
		return "order"
	case 2:
		return "order, pay"
	case 3:
		return s.retry("login", false) + ", me"
	case 4:
		if rapid.Bool().Draw(s.t, "then pay") {
			return s.retry("rush", false) + ", pay"
		}
		return s.retry(rapid.SampledFrom([]string{"rush, pay", "search, rush, pay", "{group: bought, do: [rush, pay]}", "{choose: [{weight: 1, do: [rush]}, {weight: 2, do: [{group: o, do: [rush]}]}]}"}).Draw(s.t, "sale"), false)
	case 5:
		return "{think: 1s..3s}"
	case 6, 7:
		return rapid.SampledFrom([]string{"list", "item", "search"}).Draw(s.t, "step")
	case 8:
		return fmt.Sprintf("{repeat: {times: %d, every: 1s, do: %s}}", s.number(1, 3, "times"), s.actions(place{inside.depth, true, p.inTry}))
	case 9:
		s.groups++
		name := fmt.Sprint("g", s.groups) // before those within
		return fmt.Sprintf("{group: %s, do: [list, %s}", name, s.actions(inside)[1:])
	case 10:
		ways := []string{fmt.Sprintf("{weight: %d, do: [%s]}", s.number(0, 2, "weight"), rapid.SampledFrom([]string{"leave", "{think: 1s}"}).Draw(s.t, "way"))}
		for range s.number(1, 2, "ways") {
			ways = append(ways, fmt.Sprintf("{weight: %d, do: %s}", s.number(1, 9, "weight"), s.actions(inside)))
		}
		return "{choose: [" + strings.Join(ways, ", ") + "]}"
	case 11:
		if p.inLoop || s.polls == 3 {
			return "list"
		}
		s.polls++
		const most = 9
		rounds := (1 - math.Pow(1-s.done, most)) / s.done // of at most so many
		return fmt.Sprintf("{repeat: {until: done%d == yes, times: %d, every: 1s, expect: %.12g, do: [item, poll%d]}}", s.polls, most, rounds, s.polls)
	case 12, 13:
		if p.inTry {
			return "search"
		}
		before := s.actions(place{inside.depth, true, true})
		return s.retry(before[1:len(before)-1]+", try", true)
	}
	return fmt.Sprintf("gate, {if: state == open, expect: %.12g, do: %s, else: %s}", s.open, s.actions(inside), s.actions(inside))
}

// retry draws a retry of actions that end with what may be refused, perhaps within another one.
func (s *journeys) retry(do string, alone bool) string {
	times := s.number(1, 3, "times")
	text := fmt.Sprintf("{retry: {times: %d, when: status == 503, expect: %.12g, do: [%s]}}", times, s.busy, do)
	if !alone && rapid.Bool().Draw(s.t, "within another") {
		text = fmt.Sprintf("{retry: {times: 2, when: status == 503, expect: %.12g, do: [%s]}}", math.Pow(s.busy, float64(times+1)), text)
	}
	return text
}

const drawnSteps = `
sale: {items: 1, stock: 1k}
steps:
  list: {request: {url: /}}
  item: {request: {url: /}, patience: 3s}
  search: {request: {url: /}}
  try: {request: {url: /}}
  login: {request: {url: /}, extract: {token: "header:Token"}}
  me: {request: {url: "/${token}"}}
  order: {transaction: true, request: {url: /}, extract: {order_id: "header:Id"}, outcome: {placed: "status 200", sold_out: "status 409"}}
  rush: {transaction: true, request: {url: /}, extract: {order_id: "header:Id"}, outcome: {placed: "status 200", sold_out: "status 409"}}
  pay: {request: {url: "/${order_id}"}}
  gate: {request: {url: /}, extract: {state: "header:State"}}
  poll1: {request: {url: /}, extract: {done1: "header:Done"}}
  poll2: {request: {url: /}, extract: {done2: "header:Done"}}
  poll3: {request: {url: /}, extract: {done3: "header:Done"}}
`

// walked goes through the journeys of a scenario as so many users do, and returns how many requests each step got, and the variance of
// one user's.
func walked(c *Compiled, before bool, v *answers, users int) (sum, variance map[string]float64) {
	sum, squares := map[string]float64{}, map[string]float64{}
	u, values := new(User), new(ValueReader)
	for i := range users {
		own := map[string]float64{}
		walk := func(s *Step) {
			for ; s != nil; s = u.Advance(u.Due) {
				own[s.Name]++
				s.Judge(u, v.to(s.Name), values)
			}
		}
		if before {
			if walk(u.Start(uint64(i), 0, c.Programs["k"])); u.HasDoneAll() {
				walk(u.Continue(u.Due, u.Due, c.Programs["j"]))
			}
		} else {
			walk(u.Start(uint64(i), 0, c.Programs["j"]))
		}
		for step, n := range own {
			sum[step] += n
			squares[step] += n * n
		}
	}
	variance = map[string]float64{}
	for step, n := range sum {
		mean := n / float64(users)
		variance[step] = squares[step]/float64(users) - mean*mean
	}
	return sum, variance
}

// TestUsersSendWhatIsExpected draws journeys of all parts and a target that answers by chance: what is expected of each step agrees with
// what the users of the compiled program send, within six standard errors.
func TestUsersSendWhatIsExpected(t *testing.T) {
	const users = 3000
	rapid.Check(t, func(rt *rapid.T) {
		share := func(what string, of ...float64) float64 { return rapid.SampledFrom(of).Draw(rt, what) }
		s := &journeys{t: rt, answers: answers{random: rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)),
			open: share("open", 0.1, 0.5, 0.9), done: share("done", 0.3, 0.7), busy: share("busy", 0.1, 0.4, 0.7), sold: share("sold", 0.05, 0.5, 1)}}
		before := rapid.Bool().Draw(rt, "before")
		phase := fmt.Sprintf("{journey: j, at: T0, users: %d}", users)
		text := "  j: " + s.actions(place{}) + "\n"
		if before {
			phase = strings.Replace(phase, "}", ", before: {journey: k, from: T0-9s, to: T0}}", 1)
			text += "  k: " + s.actions(place{1, true, false}) + "\n"
		}
		text = drawnSteps + "storm: {t0: 10s, phases: [" + phase + "]}\njourneys:\n" + text
		sc := parse(t, text)
		c, err := Compile(sc, 1)
		if err != nil {
			rt.Fatal(err, text)
		}
		sent, variance := walked(c, before, &s.answers, users)
		if s.sold < 1 {
			sc.Sale.Stock = max(s.placed, 1)
		} else {
			sc.Sale.Stock = 100 * users
		}
		expected := visits.Of(sc)
		for step, want := range expected.Requests() {
			error6 := 6*math.Sqrt(max(users*variance[step], want.Mid())) + 6
			if off := math.Abs(sent[step] - want.Mid()); off > error6 {
				rt.Fatalf("step %s: %.0f sent, %.1f expected, which is more than %.1f off\n%+v\n%s", step, sent[step], want.Mid(), error6, s.answers, text)
			}
		}
		for step := range sent {
			if _, ok := expected.Requests()[step]; !ok {
				rt.Fatalf("step %s is sent and not expected\n%s", step, text)
			}
		}
	})
}
