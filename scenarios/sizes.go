package scenarios

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// The most that a scenario may have of each. The largest honest ones that are known stay below a third: a shop's public API with 300
// operations, an estate of 90 services, a trace that is sent again with a phase for each of 160 minutes. All commands answer within 2 s with as many.
const (
	mostSteps      = 1_000
	mostJourneys   = 1_000
	mostServices   = 300
	mostPhases     = 500
	mostFeeders    = 100
	mostThresholds = 1_000

	mostActions     = 10_000 // of all journeys together, repeats and what is in them included
	mostCalls       = 10_000 // of all services together, a step of one each
	mostHeaders     = 1_000  // of one request
	mostExpressions = 10_000 // checks, outcomes and extracts of all steps together

	longestExpression = 10_000  // bytes of a check, an outcome, an extract or a threshold
	longestName       = 200     // bytes
	mostInstructions  = 100_000 // of all regular expressions together, as they are compiled
)

// longestStorm is from the first arrival to the last: a storm is recorded, and looked at before it begins, second by second.
const longestStorm = 7 * 24 * time.Hour

// longestPhases is how long the phases of a storm may be together.
const longestPhases = 20 * longestStorm

// MostUsers is how many users the phases of a storm may bring together.
const MostUsers = 1e9

// sizes finds what is too large before work is done on it. It must come first, and leave the rest out where it finds something.
func (v *validator) sizes() {
	s := v.s
	most := func(path string, found, most int, noun string) {
		if found > most && !v.IsUnread(path) {
			v.Problem(path, "found %s, wanted at most %s: split the scenario", quantity.Of(found, noun), quantity.Count(most))
			v.Cut()
		}
	}
	most("steps", len(s.Steps), mostSteps, "step")
	most("journeys", len(s.Journeys), mostJourneys, "journey")
	most("services", len(s.Services), mostServices, "service")
	most("feeders", len(s.Feeders), mostFeeders, "feeder")
	if s.Storm != nil {
		most("storm.phases", len(s.Storm.Phases), mostPhases, "phase")
	}
	thresholds, calls, actions, expressions := 0, 0, 0, 0
	for i := range s.Thresholds {
		thresholds += len(s.Thresholds[i].Thresholds)
	}
	for i := range s.Services {
		calls += len(s.Services[i].Calls)
	}
	for i := range s.Journeys {
		actions += numberOf(s.Journeys[i].Do)
	}
	for i := range s.Steps {
		st := &s.Steps[i]
		most("steps."+st.Name+".request.headers", len(st.Request.Headers), mostHeaders, "header")
		expressions += len(st.Check) + len(st.Outcome) + len(st.Extract)
	}
	most("thresholds", thresholds, mostThresholds, "threshold")
	most("services", calls, mostCalls, "call")
	most("journeys", actions, mostActions, "action")
	most("steps", expressions, mostExpressions, "check, outcome or extract")
	v.expressions()
}

// numberOf returns how many actions there are, those in repeats included.
func numberOf(do []Action) int {
	n := len(do)
	for _, a := range do {
		if a.Repeat != nil {
			n += numberOf(a.Repeat.Do)
		}
	}
	return n
}

// expressions finds tests and extracts that are too long, or whose regular expressions are.
func (v *validator) expressions() {
	instructions := 0
	one := func(path, text string) {
		if len(text) > longestExpression {
			v.Problem(path, "found %s, wanted at most %s", quantity.Of(len(text), "byte"), quantity.Count(longestExpression))
			v.Cut()
			return
		}
		before := instructions
		instructions += compiledSize(text)
		if instructions > mostInstructions && before <= mostInstructions {
			v.Problem(path, "found regular expressions that compile to over %s up to here, wanted at most that: use smaller numbers in {n,m}", quantity.Of(mostInstructions, "instruction"))
			v.Cut()
		}
	}
	for i := range v.s.Steps {
		st := &v.s.Steps[i]
		for k, text := range st.Check {
			one(fmt.Sprintf("steps.%s.check[%d]", st.Name, k), text)
		}
		for _, o := range st.Outcome {
			one("steps."+st.Name+".outcome."+o.Name, o.When)
		}
		for name, e := range st.Extract {
			one("steps."+st.Name+".extract."+name, e.From)
		}
	}
	for i := range v.s.Journeys {
		v.untils("journeys."+v.s.Journeys[i].Name, v.s.Journeys[i].Do, one)
	}
}

// untils gives one every test of a repeat.
func (v *validator) untils(path string, do []Action, one func(path, text string)) {
	for i, a := range do {
		if a.Repeat != nil {
			at := fmt.Sprintf("%s[%d].repeat", path, i)
			one(at+".until", a.Repeat.Until)
			v.untils(at+".do", a.Repeat.Do, one)
		}
	}
}

// compiledSize estimates how many instructions the regular expression of a test or an extract takes, without compiling it; 0 where
// there is none.
func compiledSize(text string) int {
	_, pattern, found := strings.Cut(text, "matches")
	if rest, ok := strings.CutPrefix(text, "regex:"); ok {
		pattern, found = rest, true
	}
	if !found {
		return 0
	}
	tree, err := syntax.Parse(strings.TrimSpace(pattern), syntax.Perl)
	if err != nil {
		return 0 // it is reported when it is compiled
	}
	return instructionsOf(tree)
}

func instructionsOf(r *syntax.Regexp) int {
	n := 1 + len(r.Rune)
	for _, sub := range r.Sub {
		n += instructionsOf(sub)
	}
	if r.Op == syntax.OpRepeat {
		n *= max(1, r.Min, r.Max)
	}
	return n
}
