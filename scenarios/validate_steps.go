package scenarios

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/condition"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/script"
)

func (v *validator) workload() {
	w := v.s.Workload
	if !v.Has("workload") && !w.IsGiven() {
		return
	}
	people := !w.Users.IsZero() || !w.Active.IsZero() || !w.Actions.IsZero()
	switch {
	case people && !w.Requests.IsZero():
		v.Problem("workload.requests", "found it beside users, active and actions, wanted one or the other")
	case w.Requests.IsZero():
		for _, f := range []struct {
			name string
			zero bool
		}{{"users", w.Users.Low == 0}, {"active", w.Active.Low == 0}, {"actions", w.Actions.Low == 0}} {
			if f.zero {
				v.Problem("workload."+f.name, "missing or 0, wanted above 0 (or requests a day in place of users, active and actions)")
			}
		}
	}
	if w.Busy.Share <= 0 {
		v.Problem("workload.busy.share", "found 0, wanted above 0")
	}
	if w.Busy.Window > 24*time.Hour || w.Busy.Window <= 0 {
		v.Problem("workload.busy.window", "found %s, wanted above 0 and at most 24 h", quantity.Exact(w.Busy.Window))
	}
	if w.Peak.Low < 1 {
		v.Problem("workload.peak", "found %s, wanted 1 or more: a peak is not below the mean", quantity.Precise(w.Peak.Low))
	}
	for name, n := range w.Origins {
		if n <= 0 {
			v.Problem("workload.origins."+name, "found 0, wanted above 0")
		}
	}
	for step, m := range w.Event {
		v.oneOf("workload.event."+step, "step", step, v.stepNames())
		if m.Low <= 0 {
			v.Problem("workload.event."+step, "found 0, wanted above 0")
		}
		if s := v.s.Step(step); s != nil && s.Share == 0 && v.s.HasShares() && !v.isOver && !v.IsUnread("steps."+step+".share") {
			v.Problem("workload.event."+step, "found a multiplier for a step whose share is 0 %%, which stays 0; wanted steps.%s.share above 0, or the step left out", step)
		}
	}
	reach(v, "workload.users", w.Users)
	reach(v, "workload.active", w.Active)
	reach(v, "workload.actions", w.Actions)
	reach(v, "workload.requests", w.Requests)
	reach(v, "workload.peak", w.Peak)
	for step, m := range w.Event {
		reach(v, "workload.event."+step, m)
	}
	v.quiet()
}

// quiet refuses a busy window with less than the day's mean: both rates are those of the requests' mid value.
func (v *validator) quiet() {
	w := &v.s.Workload
	share, part := float64(w.Busy.Share), w.Busy.Window.Hours()/24
	if v.isOver || v.HasUnread("workload") || v.HasUnread("workload.busy") || share <= 0 || part <= 0 || part > 1 || share >= part*(1-1e-9) {
		return
	}
	requests := float64(w.Requests.Mid)
	if requests == 0 {
		requests = float64(w.Users.Mid) * float64(w.Active.Mid) * w.Actions.Mid
	}
	day := requests / (24 * time.Hour).Seconds()
	window := time.Duration(share * float64(24*time.Hour)).Truncate(time.Second)
	orMore := " or more"
	if part == 1 {
		orMore = ""
	}
	v.Problem("workload.busy", "found %s of the day's requests in %s, a mean of %s in the busy window and of %s over the whole day; wanted the busy window to be busier than the day: a share of %s%s, or a window of at most %s",
		quantity.Percent(share), quantity.Exact(w.Busy.Window), quantity.Rate(day*share/part), quantity.Rate(day), quantity.Precise(math.Ceil(part*1e6)/1e4)+" %", orMore, quantity.Exact(window))
}

func (v *validator) steps() {
	if len(v.s.Steps) == 0 {
		v.Problem("steps", "found none, wanted at least one step")
		return
	}
	v.extracted()
	var sum float64
	unread := false
	for _, s := range v.s.Steps {
		sum += float64(s.Share)
		unread = unread || v.IsUnread("steps."+s.Name+".share")
	}
	switch {
	case unread:
	case sum == 0 && v.s.Storm == nil && v.s.Workload.IsGiven():
		v.Problem("steps", "found no shares, wanted 100 %% in all, each step's share of the workload's requests, or a storm whose journeys they follow from")
	case sum == 0:
	case math.Abs(sum-1) > 1e-6:
		v.Problem("steps", "found shares that add up to %s, wanted 100 %%", quantity.Precise(sum*100)+" %")
	}
	for i := range v.s.Steps {
		v.step(&v.s.Steps[i])
	}
}

// extracted learns the variables that steps set.
func (v *validator) extracted() {
	for _, s := range v.s.Steps {
		for _, name := range slices.Sorted(maps.Keys(s.Extract)) {
			if !slices.Contains(v.variables, name) {
				v.variables = append(v.variables, name)
			}
		}
	}
}

func (v *validator) step(s *Step) {
	path := "steps." + s.Name
	v.name(path, s.Name)
	if s.Name == script.LeaveWord && !v.isOver {
		v.Problem(path, "found a step called %s, which is an action of journeys, wanted another name", script.LeaveWord)
	}
	r := s.Request
	v.request(path+".request", &r)
	for _, text := range r.Texts() {
		at := path + ".request." + text.Field
		if name, ok := strings.CutPrefix(text.Field, "headers."); ok && v.isDefault(at, name, text.Written) {
			continue // what is wrong with it is a problem of the defaults
		}
		v.template(at, &text)
	}
	if r.Timeout <= 0 {
		v.Problem(path+".request.timeout", "found 0, wanted above 0")
	}
	if v.Has(path+".patience") && s.Patience <= 0 && !v.IsUnread(path+".patience") {
		v.Problem(path+".patience", "found 0, wanted above 0, or the key left out: the user waits as long as the request's timeout")
	}
	for name, extraction := range s.Extract {
		if !plainVariable.MatchString(name) || slices.Contains([]string{condition.Status, condition.Body}, name) {
			v.Problem(path+".extract."+name, "found the variable %q, wanted letters, digits and _, and neither %s nor %s", name, condition.Status, condition.Body)
		}
		if name != condition.Status && name != condition.Body {
			v.reserved(path+".extract."+name, "variable", name)
		}
		if name == environmentName && !v.isOver {
			v.Problem(path+".extract."+name, "found the variable %q, wanted another name: ${%s.NAME} is a variable of the environment", name, name)
		}
		if v.isGiven(name) && !v.isOver {
			v.Problem(path+".extract."+name, "found the variable %q, which every user has from the start, wanted another name", name)
		}
		if _, err := ParseExtract(extraction.From); err != nil {
			v.Problem(path+".extract."+name, "%v", err)
		}
	}
	for i, text := range s.Check {
		v.test(fmt.Sprintf("%s.check[%d]", path, i), text, nil)
	}
	for _, o := range s.Outcome {
		v.name(path+".outcome."+o.Name, o.Name)
		if slices.Contains(reservedOutcomes, o.Name) {
			v.Problem(path+".outcome."+o.Name, "found a reserved name, wanted another than %s", strings.Join(reservedOutcomes, ", "))
		}
		v.reserved(path+".outcome."+o.Name, "outcome", o.Name)
		v.test(path+".outcome."+o.Name, o.When, nil)
	}
	v.counters(path, s)
}

func (v *validator) storm() {
	storm := v.s.Storm
	if storm == nil {
		return
	}
	if storm.Lateness.Limit <= 0 {
		v.Problem("storm.lateness.limit", "found 0, wanted above 0")
	}
	if len(storm.Phases) == 0 {
		v.Problem("storm.phases", "found none, wanted at least one")
	}
	var users, largest float64 // phase
	var first, last, together time.Duration
	v.streams()
	for i := range storm.Phases {
		p := &storm.Phases[i]
		path := fmt.Sprintf("storm.phases[%d]", i)
		v.mix(path+".journey", p.Journey)
		if v.HasUnread(path) {
			continue
		}
		begin := v.begins(path, p)
		if p.At != nil || p.From != nil && p.To != nil && *p.From < *p.To {
			curve := p.Curve()
			from, end := curve.Span()
			first, last, together = min(first, from), max(last, end), together+end-from
			area := curve.Area(end)
			users, largest = users+area, max(largest, area)
		}
		if storm.T0.At.IsZero() && !v.IsUnread("storm.t0") && begin < -storm.T0.After {
			v.Problem(path, "begins %s before T0, but the run begins only %s before it; wanted storm.t0: %s or more",
				quantity.Exact(-begin), quantity.Exact(storm.T0.After), quantity.Exact(-begin))
		}
	}
	if last-first > longestStorm && !v.isOver {
		v.Problem("storm.phases", "found a storm of %s from the first arrival, or T0, to the last, wanted at most %s", quantity.Exact(last-first), quantity.Exact(longestStorm))
	}
	if together > longestPhases && last-first <= longestStorm && !v.isOver {
		v.Problem("storm.phases", "found phases of %s together, wanted at most %s", quantity.Exact(together), quantity.Exact(longestPhases))
	}
	if users > MostUsers && largest <= MostUsers { // else the phase says it
		v.Problem("storm.phases", "found phases that bring %s together, wanted at most 1,000,000,000", quantity.EstimateOf(users, "user"))
	}
}

// phase checks one phase but for what is before it, and returns when it begins; false where it is not a valid one.
func (v *validator) phase(path string, p *Phase) (begin time.Duration, ok bool) {
	given := func(field string) bool { return !v.isOver && v.Has(path+"."+field) } // also where it is 0
	stream := p.From != nil || p.To != nil || p.Rate != amount.Ramp{} || given("rate")
	crowd := p.At != nil || p.Users != 0 || p.Reaction != nil || given("users")
	switch {
	case stream && crowd:
		v.Problem(path, "found fields of both forms, wanted either from, to and rate, or at, users and reaction")
	case crowd && (p.At == nil || p.Users < 1):
		v.Problem(path, "wanted at and users of at least 1")
	case crowd:
		if p.Users > 1e9 || p.Users != amount.Count(math.Round(float64(p.Users))) {
			v.Problem(path+".users", "found %s, wanted a whole number, at most 1G", quantity.Precise(float64(p.Users)))
		}
		return time.Duration(*p.At), true
	case p.From == nil || p.To == nil || p.Rate == amount.Ramp{}:
		v.Problem(path, "wanted from, to and a rate above 0 (or at, users and reaction)")
	case *p.From >= *p.To:
		v.Problem(path, "found from %v and to %v: it ends before it begins, wanted from < to", p.From, p.To)
	default:
		if users := p.Curve().Area(time.Duration(*p.To)); users > 1e9 {
			v.Problem(path+".rate", "found a rate that brings %s, wanted at most 1,000,000,000 in a phase", quantity.EstimateOf(users, "user"))
		}
		return time.Duration(*p.From), true
	}
	return 0, false
}
