package scenarios

import (
	"regexp/syntax"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/script"
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

	mostActions     = 10_000 // of all journeys together, those in others included
	mostCalls       = 10_000 // of all services together, a step of one each
	mostHeaders     = 1_000  // of one request
	mostFields      = 1_000  // values of a form, or parts of a multipart form, of one request
	mostTargets     = 100
	mostExpressions = 10_000 // checks, outcomes, extracts and counters of all steps together

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
	most("targets", len(s.Targets), mostTargets, "target")
	most("defaults.headers", len(s.Defaults.Headers), mostHeaders, "header")
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
		script.Walk("", s.Journeys[i].Do, func(string, *script.Action) { actions++ })
	}
	for i := range s.Steps {
		st := &s.Steps[i]
		most("steps."+st.Name+".request.headers", len(st.Request.Headers), mostHeaders, "header")
		fields := 0
		for _, f := range st.Request.Form {
			fields += len(f.Values)
		}
		most("steps."+st.Name+".request.form", fields, mostFields, "value")
		most("steps."+st.Name+".request.multipart", len(st.Request.Multipart), mostFields, "part")
		expressions += len(st.Check) + len(st.Outcome) + len(st.Extract) + len(st.Count)
	}
	most("thresholds", thresholds, mostThresholds, "threshold")
	most("services", calls, mostCalls, "call")
	most("journeys", actions, mostActions, "action")
	most("steps", expressions, mostExpressions, "check, outcome, extract or counter")
	v.expressions()
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
		for name, e := range st.Extract {
			one("steps."+st.Name+".extract."+name, e.From)
		}
		for name, text := range st.Count {
			one("steps."+st.Name+".count."+name, text)
		}
	}
	v.s.eachCondition(func(path, text string) {
		if !strings.Contains(path, ".count.") { // which are done
			one(path, text)
		}
	})
}

// compiledSize estimates how many instructions the regular expressions of a test or an extract take, without compiling them; 0 where
// there are none.
func compiledSize(text string) (n int) {
	if pattern, ok := strings.CutPrefix(text, "regex:"); ok {
		return patternSize(pattern)
	}
	for _, pattern := range strings.Split(text, "matches")[1:] {
		pattern = strings.TrimSpace(pattern)
		if pattern != "" && strings.ContainsRune(`'"`+"`", rune(pattern[0])) { // of an expression, that goes on after it
			pattern, _, _ = strings.Cut(pattern[1:], pattern[:1])
		}
		n += patternSize(pattern)
	}
	return n
}

func patternSize(pattern string) int {
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
