package scenarios

import (
	"fmt"
	"slices"
	"time"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/script"
)

// Bounds of what a journey may say.
const (
	deepest       = 8 // parts of a journey within each other
	mostRetries   = 100
	shortestRound = time.Millisecond // that a round of a loop takes at least, on average, where it sends nothing
)

// around is what actions are in.
type around struct {
	depth  int
	groups []string // names of the groups
}

func (v *validator) actions(path string, do []script.Action, in around) {
	if in.depth > deepest {
		v.Problem(path, "found actions nested over %d deep, wanted fewer", deepest)
		return
	}
	if len(do) == 0 {
		v.Problem(path, "found no action, wanted at least one")
	}
	for i := range do {
		at := fmt.Sprintf("%s[%d]", path, i)
		if do[i].Leave && i+1 < len(do) {
			v.Problem(fmt.Sprintf("%s[%d]", path, i+1), "found an action after leave, which is never done, wanted leave to be the last")
		}
		v.action(at, &do[i], around{in.depth + 1, in.groups})
	}
}

// action checks an action; inside is what the actions in it are in.
func (v *validator) action(at string, a *script.Action, inside around) {
	switch {
	case a.Step != "":
		v.oneOf(at, "step", a.Step, v.stepNames())
		if s := v.s.Step(a.Step); s != nil && s.Request.URL == "" {
			v.Problem("steps."+a.Step+".request.url", "missing, wanted a path: a journey performs this step")
		}
	case a.Repeat != nil:
		v.repeat(at+".repeat", a.Repeat, inside)
	case a.Retry != nil:
		v.retry(at+".retry", a.Retry, inside)
	case a.Group != nil:
		v.group(at, a.Group, inside)
	case a.If != nil:
		v.condition(at+".if", a.If.If)
		v.actions(at+".do", a.If.Do, inside)
		if len(a.If.Else) > 0 {
			v.actions(at+".else", a.If.Else, inside)
		}
	case a.Choose != nil:
		v.choose(at+".choose", a.Choose, inside)
	}
}

func (v *validator) repeat(at string, r *script.Repeat, inside around) {
	switch {
	case r.Times == 0 && r.For == 0 && r.Until != "":
		v.Problem(at, "found no end but until, which may never hold, wanted times or for too")
	case r.Times == 0 && r.For == 0:
		v.Problem(at, "found no end, wanted times or for")
	}
	if r.Every == 0 && r.Times == 0 {
		v.Problem(at, "found no pause between rounds and no number of them, wanted every, such as every: 1s, or times")
	}
	if r.Until != "" {
		v.condition(at+".until", r.Until)
	}
	if r.Expect != nil && r.Expect.Low < 1 {
		v.Problem(at+".expect", "found %s, wanted 1 or more: a repeat has one round at least", quantity.Precise(r.Expect.Low))
	}
	if len(r.Do) > 0 && r.Every < shortestRound && !takesTime(r.Do) {
		v.Problem(at, "found rounds without a request or a pause of %s or more, which would take a core for nothing, wanted a step, a think or every", quantity.Exact(shortestRound))
	}
	v.actions(at+".do", r.Do, inside)
}

func (v *validator) retry(at string, r *script.Retry, inside around) {
	if r.Times < 1 || r.Times > mostRetries {
		v.Problem(at+".times", "found %s, wanted 1 to %d", quantity.Count(r.Times), mostRetries)
	}
	if r.When != "" {
		v.condition(at+".when", r.When)
	}
	switch {
	case len(r.Do) == 0: // which is said below
	case len(script.StepsOf(r.Do)) == 0:
		v.Problem(at+".do", "found no step, wanted one to try again")
	case r.Backoff < shortestRound && !takesTime(r.Do):
		v.Problem(at, "found tries that may be without a request or a pause of %s or more, which would take a core for nothing, wanted a step that every try sends, or a longer backoff", quantity.Exact(shortestRound))
	}
	v.actions(at+".do", r.Do, inside)
}

func (v *validator) group(at string, g *script.Group, inside around) {
	if !plainName.MatchString(g.Name) {
		v.Problem(at+".group", "found the name %q, wanted lower-case letters, digits, - and _", g.Name)
	}
	if slices.Contains(inside.groups, g.Name) {
		v.Problem(at+".group", "found group %s in a group of the same name, which would count its time twice, wanted another name", g.Name)
	}
	if len(g.Do) > 0 && len(script.StepsOf(g.Do)) == 0 {
		v.Problem(at+".do", "found no step, wanted one: a group's time begins with its first request")
	}
	inside.groups = append(slices.Clone(inside.groups), g.Name)
	v.actions(at+".do", g.Do, inside)
}

func (v *validator) choose(at string, choices []script.Choice, inside around) {
	var sum float64
	for i := range choices {
		sum += choices[i].Weight
		v.actions(fmt.Sprintf("%s[%d].do", at, i), choices[i].Do, inside)
	}
	switch {
	case sum == 0:
		v.Problem(at, "found no weight above 0, wanted one at least: else no way can be gone")
	case sum > mostWeight:
		v.Problem(at, "found weights that add up to over 1e12, wanted at most that: they are shares of their sum")
	}
}

// mostWeight bounds the sum of weights, so that a share of it is exact enough.
const mostWeight = 1e12

// takesTime reports whether actions send a request, pause or leave, whichever way is gone.
func takesTime(do []script.Action) bool {
	for i := range do {
		if actionTakesTime(&do[i]) {
			return true
		}
	}
	return false
}

func actionTakesTime(a *script.Action) bool {
	switch {
	case a.Think != nil:
		return a.Think.Mean() >= shortestRound
	case a.Pacing != nil:
		return a.Pacing.Mean() >= shortestRound
	case a.Repeat != nil:
		return a.Repeat.Every >= shortestRound || takesTime(a.Repeat.Do)
	case a.Retry != nil:
		return takesTime(a.Retry.Do)
	case a.Group != nil:
		return takesTime(a.Group.Do)
	case a.If != nil:
		return takesTime(a.If.Do) && takesTime(a.If.Else)
	case a.Choose != nil:
		return !slices.ContainsFunc(a.Choose, func(c script.Choice) bool { return c.Weight > 0 && !takesTime(c.Do) })
	}
	return true // a step, or leave, which ends the journey
}
