package visits

import (
	"math"
	"regexp"
	"slices"
	"time"

	"fsctl/scenarios/script"

	"fsctl/scenarios"
)

// try is what the walk knows of the retry that it is in. A try that needs another one got nothing: no answer that was refused came to the
// stock, and none had the variables that others have. So of n tries of a step that sells something, of which a share a needs another
// one, n*(1-a) are attempts at the stock.
type try struct {
	outer   *try
	again   Number   // share of the tries that need another one
	refused []string // steps whose answers may be refused
	gains   []string // variables that their other answers give
	early   bool     // a later step of the try needs one of them, so that who is refused does not come to the try's end
	aside   []walk   // users whose try ended there
	isLast  bool     // no try follows
}

// aboutStatus is in conditions for which a refused answer has no variables.
var aboutStatus = regexp.MustCompile(`\b(status|failed|error)\b`)

// newTry returns the state of a retry: refused are the steps that sell something and either end the try or have what a later step of it
// needs; without any, the steps that end it, where it is for its status that an answer is refused.
func (w *walk) newTry(r *script.Retry) *try {
	t := &try{outer: w.try, again: ofInterval(r.Expect, 0)}
	inside, last := script.StepsOf(r.Do), lastOf(r.Do)
	for _, name := range inside {
		if _, sells := w.sold[name]; !sells || slices.Contains(t.refused, name) {
			continue
		}
		needed := slices.ContainsFunc(inside, func(other string) bool { return other != name && w.needs(other, name) })
		if needed || slices.Contains(last, name) {
			t.refused, t.early = append(t.refused, name), t.early || needed
		}
	}
	if len(t.refused) == 0 && (r.When == "" || aboutStatus.MatchString(r.When)) {
		t.refused = last
	}
	for _, name := range t.refused {
		for variable := range w.scenario.Step(name).Extract {
			t.gains = append(t.gains, variable)
		}
	}
	return t
}

// needs reports whether the request of a step needs a variable that another one's answer gives.
func (w *walk) needs(step, source string) bool {
	given := w.scenario.Step(source).Extract
	return slices.ContainsFunc(w.scenario.Step(step).Request.Variables(), func(variable string) bool {
		_, ok := given[variable]
		return ok
	})
}

// lastOf returns the steps that may be the last one of actions.
func lastOf(do []script.Action) (names []string) {
	for i := len(do) - 1; i >= 0; i-- {
		found, all := lastOfAction(&do[i])
		if names = append(names, found...); all {
			break
		}
	}
	return names
}

// lastOfAction returns the steps that may be the last one of an action, and whether there is one whichever way a user goes.
func lastOfAction(a *script.Action) (names []string, all bool) {
	ways := [][]script.Action{}
	switch {
	case a.Step != "":
		return []string{a.Step}, true
	case a.Leave:
		return nil, true
	case a.Group != nil:
		ways = append(ways, a.Group.Do)
	case a.Repeat != nil:
		ways = append(ways, a.Repeat.Do)
	case a.Retry != nil:
		ways = append(ways, a.Retry.Do)
	case a.If != nil:
		ways = append(ways, a.If.Do, a.If.Else)
	default:
		for i := range a.Choose {
			ways = append(ways, a.Choose[i].Do)
		}
	}
	all = len(ways) > 0
	for _, do := range ways {
		found := lastOf(do)
		names, all = append(names, found...), all && len(found) > 0
	}
	return names, all
}

// refused returns the share of a step's answers that are refused, so that its user needs another try.
func (w *walk) refused(step string) (share Number) {
	for t := w.try; t != nil; t = t.outer {
		if slices.Contains(t.refused, step) {
			share = share.each(t.again, func(a, b float64) float64 { return max(a, b) })
		}
	}
	return share
}

// setAside keeps those users who begin another try because the one of these steps that they performed was refused. Leaving is the share
// of users who lack what it has.
func (w *walk) setAside(sources []*scenarios.Step, leaving Number) {
	if leaving == none {
		return
	}
	for t := w.try; t != nil; t = t.outer {
		for _, s := range sources {
			if t.early && slices.Contains(t.refused, s.Name) {
				share := w.here.Times(w.refused(s.Name)).each(leaving, func(a, b float64) float64 { return min(a, b) })
				t.aside = append(t.aside, w.without(t.gains, share))
				return
			}
		}
	}
}

// without returns the walk of a share of all users who lack some variables.
func (w *walk) without(variables []string, here Number) walk {
	after := w.part(one, func() {
		for _, variable := range variables {
			delete(w.has, variable)
		}
	})
	after.here = here
	return after
}

// retry tries once, and again as often as is expected, after mean pauses.
func (w *walk) retry(r *script.Retry) {
	if r.Expect == nil {
		w.assume(".retry", "no try needs another one; expect: SHARE says how many of the tries do")
	}
	t := w.newTry(r)
	if len(t.refused) > 0 && r.Expect != nil && w.scenario.Sale != nil && w.sells(t.refused) {
		w.assume(".retry", "a try that needs another one has got nothing of the stock")
	}
	w.try = t
	w.rounds(w.path+".retry.do", r.Do, loop{
		next: func(tries int) (Number, time.Duration) {
			if t.isLast = tries > r.Times; t.isLast {
				return none, 0
			}
			return t.again, r.Pause(tries, 0.5)
		},
		rest: func(tries int, _ time.Duration) (sum Number) {
			left := float64(r.Times - tries + 1)
			for i, a := range t.again { // a + a^2 + ...
				if sum[i] = left; a < 1 {
					sum[i] = a * (1 - math.Pow(a, left)) / (1 - a)
				}
			}
			return sum
		},
		part: func(again Number) (ends walk, back []walk) { return w.partTries(t, again) },
	})
	w.try = t.outer
}

// partTries parts the users at the end of a try from those who begin another one. Those have none of what a refused answer does not give.
func (w *walk) partTries(t *try, again Number) (ends walk, back []walk) {
	aside := t.aside
	t.aside = nil
	if t.isLast { // who is refused now leaves, or begins another try of the retry around this one
		if t.outer != nil && t.outer.early {
			t.outer.aside = append(t.outer.aside, aside...)
		}
		return w.part(one, func() {}), nil
	}
	if t.early {
		return w.part(one, func() {}), aside
	}
	ends = w.part(one.minus(again), func() {
		for _, variable := range t.gains {
			if had, ok := w.has[variable]; ok {
				w.has[variable] = had.over(one.minus(again)).each(one, func(a, b float64) float64 { return min(a, b) })
			}
		}
	})
	return ends, []walk{w.without(t.gains, w.here.Times(again))}
}

// sells reports whether one of these steps sells something.
func (w *walk) sells(steps []string) bool {
	return slices.ContainsFunc(steps, func(name string) bool { _, sells := w.sold[name]; return sells })
}
