package visits

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"fsctl/scenarios"
	"fsctl/scenarios/script"
)

// Visit is a step that a user is expected to be at.
type Visit struct {
	Step     string
	At       time.Duration // since the journey's begin, 0 or more
	Requests Number        // of one user

	attempts Number // of them that come to the stock, where the step sells something
}

// mostVisits bounds the visits of one journey. What loops do beyond counts as more requests of their last round.
const mostVisits = 1000

// mostRounds bounds the rounds that are looked at in one journey, also where they visit nothing.
const mostRounds = 2 * mostVisits

// walk goes through a journey's actions once, with the share of users who are still there.
type walk struct {
	scenario *scenarios.Scenario
	sold     map[string]Number // share of a selling step's requests that get something
	visits   []Visit
	looked   int // rounds of loops that were looked at
	at       time.Duration
	round    time.Duration     // when the round began that pacing counts from
	here     Number            // share of users who are at this action
	has      map[string]Number // share of those who have a variable that answers give
	try      *try              // of the innermost retry that this action is in, nil for none
	assumed  []Assumption
	path     string // of the action, in the scenario's file
}

func newWalk(sc *scenarios.Scenario, sold map[string]Number) *walk {
	return &walk{scenario: sc, sold: sold, here: one, has: map[string]Number{}}
}

func (w *walk) assume(field, text string) {
	if a := (Assumption{w.path + field, text}); !slices.Contains(w.assumed, a) {
		w.assumed = append(w.assumed, a)
	}
}

// through goes through actions in order; path is theirs.
func (w *walk) through(path string, do []script.Action) {
	before := w.path
	for i := range do {
		w.path = fmt.Sprintf("%s[%d]", path, i)
		w.action(&do[i])
	}
	w.path = before
}

func (w *walk) action(a *script.Action) {
	switch {
	case a.Step != "":
		w.step(w.scenario.Step(a.Step))
	case a.Think != nil:
		w.at += a.Think.Mean()
	case a.Pacing != nil:
		w.at = max(w.at, w.round+a.Pacing.Mean())
	case a.Leave:
		w.here = none
	case a.Group != nil:
		w.through(w.path+".do", a.Group.Do)
	case a.Repeat != nil:
		w.repeat(a.Repeat)
	case a.If != nil:
		w.branch(a.If)
	case a.Retry != nil:
		w.retry(a.Retry)
	case a.Choose != nil:
		w.choose(a.Choose)
	}
}

// step visits a step. Users who lack what its request needs have left before.
func (w *walk) step(s *scenarios.Step) {
	for _, variable := range s.Request.Variables() {
		sources := w.sourcesOf(variable)
		if len(sources) == 0 {
			continue // every user has it
		}
		w.setAside(sources, one.minus(w.has[variable]).Times(w.here))
		w.here = w.here.Times(w.has[variable])
		for _, source := range sources {
			for other := range source.Extract { // who has one of an answer's variables has the others too
				w.has[other] = one
			}
		}
	}
	v := Visit{Step: s.Name, At: w.at, Requests: w.here}
	got := one.minus(w.refused(s.Name))
	if sold, sells := w.sold[s.Name]; sells {
		v.attempts, got = w.here.Times(got), got.Times(sold)
	}
	w.visits = append(w.visits, v)
	for variable := range s.Extract {
		w.has[variable] = got
	}
}

// sourcesOf returns the steps that extract a variable.
func (w *walk) sourcesOf(variable string) (steps []*scenarios.Step) {
	for i := range w.scenario.Steps {
		if _, ok := w.scenario.Steps[i].Extract[variable]; ok {
			steps = append(steps, &w.scenario.Steps[i])
		}
	}
	return steps
}

// part lets a share of those who are here go a way, and returns where it leads them.
func (w *walk) part(share Number, way func()) (after walk) {
	before := *w
	w.here, w.has = w.here.Times(share), maps.Clone(w.has)
	way()
	after = *w
	w.at, w.here, w.has = before.at, before.here, before.has
	return after
}

// join brings those together who went several ways, at the mean of their times.
func (w *walk) join(ways ...walk) {
	ways = slices.DeleteFunc(ways, func(way walk) bool { return way.here == none })
	if len(ways) == 1 {
		w.at, w.here, w.has = ways[0].at, ways[0].here, ways[0].has
		return
	}
	var sum float64
	w.here, w.has = none, map[string]Number{}
	for _, way := range ways {
		w.here = w.here.Plus(way.here)
		sum += way.here[mid] * float64(way.at)
		for variable, had := range way.has {
			w.has[variable] = w.has[variable].Plus(had.Times(way.here))
		}
	}
	for variable := range w.has {
		w.has[variable] = w.has[variable].over(w.here)
	}
	if w.here[mid] > 0 {
		w.at = time.Duration(math.Round(sum / w.here[mid]))
	}
}

func (w *walk) choose(choices []script.Choice) {
	var sum float64
	for i := range choices {
		sum += choices[i].Weight
	}
	var ways []walk
	for i := range choices {
		path := fmt.Sprintf("%s.choose[%d].do", w.path, i)
		ways = append(ways, w.part(Exactly(choices[i].Weight/sum), func() { w.through(path, choices[i].Do) }))
	}
	w.join(ways...)
}

func (w *walk) branch(b *script.Branch) {
	if b.Expect == nil {
		w.assume(".if", fmt.Sprintf("%s holds for every user; expect: SHARE says otherwise", b.If))
	}
	holds := ofInterval(b.Expect, 1)
	yes := w.part(holds, func() { w.through(w.path+".do", b.Do) })
	no := w.part(one.minus(holds), func() { w.through(w.path+".else", b.Else) })
	w.join(yes, no)
}

func (w *walk) repeat(r *script.Repeat) {
	rounds := Exactly(math.Inf(1))
	if r.Until != "" {
		if r.Expect == nil {
			w.assume(".repeat", fmt.Sprintf("until %s ends it after one round; expect: ROUNDS says otherwise", r.Until))
		}
		rounds = ofInterval(r.Expect, 1)
	}
	outer, began := w.round, w.at
	w.round = w.at
	w.rounds(w.path+".repeat.do", r.Do, loop{
		next: func(done int) (Number, time.Duration) {
			next := max(w.at, w.round+r.Every)
			if r.Times > 0 && done >= r.Times || r.For > 0 && next-began >= r.For {
				return none, 0
			}
			w.round = next
			return rounds.after(done), next - w.at
		},
		rest: func(done int, length time.Duration) (sum Number) {
			for i, n := range rounds {
				if r.Times > 0 {
					n = min(n, float64(r.Times))
				}
				if r.For > 0 && length > 0 {
					n = min(n, math.Ceil(r.For.Seconds()/length.Seconds()))
				}
				sum[i] = max(n-float64(done), 0)
			}
			return sum
		},
		part: w.fork,
	})
	w.round = outer
}

// after returns the share of users who do another round of so many, 1 or more, that are expected, once they have done some: of 2.5
// rounds all do the second, and half of them the third.
func (n Number) after(done int) (share Number) {
	for i := range n {
		share[i] = min(max(n[i]-float64(done), 0), 1)
	}
	return share
}

// loop says how often actions are done again.
type loop struct {
	// next returns the share of users still there who do another round after so many, and the pause before it.
	next func(done int) (again Number, pause time.Duration)
	// rest returns how many more rounds a user does after so many, each of a length.
	rest func(done int, length time.Duration) Number
	// part returns those who end the loop and those who do another round, who are this share of those still there, and whoever else does.
	part func(again Number) (ends walk, back []walk)
}

// fork parts those who do another round from those who do not.
func (w *walk) fork(again Number) (ends walk, back []walk) {
	stay := func() {}
	return w.part(one.minus(again), stay), []walk{w.part(again, stay)}
}

// rounds goes through actions again and again. The rounds that mostVisits leaves out count with the last one.
func (w *walk) rounds(path string, do []script.Action, l loop) {
	var ended []walk
	for done := 1; ; done++ {
		first, began := len(w.visits), w.at
		w.through(path, do)
		again, pause := l.next(done)
		ends, back := l.part(again)
		w.looked++
		if w.join(back...); w.here != none && (len(w.visits) >= mostVisits || w.looked >= mostRounds) {
			length := w.at + pause - began
			rest := l.rest(done, length)
			for i := first; i < len(w.visits); i++ {
				v := &w.visits[i]
				v.Requests, v.attempts = v.Requests.Times(one.Plus(rest)), v.attempts.Times(one.Plus(rest))
			}
			more := time.Duration(min(rest.over(again)[mid]*float64(length), float64(longest))) // of those who go on
			w.at = max(w.at, min(w.at+more, longest))
			ended = append(ended, ends, *w)
			break
		}
		if ended = append(ended, ends); w.here == none {
			break
		}
		w.at += pause
	}
	w.join(ended...)
}

// longest bounds the length of a journey.
const longest = 366 * 24 * time.Hour
