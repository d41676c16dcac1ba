package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// validator checks what no single field shows: names that must exist, sums, orders of time.
type validator struct {
	s         *Scenario
	lines     map[string]int
	problems  []Problem
	files     bool     // data files are looked for
	unread    []string // fields that could not be read: nothing more is said about them
	variables []string // that templates and conditions may use
}

var plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// reservedOutcomes are counted for every step, so a scenario cannot give them another meaning.
var reservedOutcomes = []string{"ok", "failed", "error"}

func (v *validator) problem(path, format string, args ...any) {
	if v.isUnread(path) {
		return
	}
	at := path
	for { // the field may be absent: the nearest around it that is there has the line
		if line, ok := v.lines[at]; ok {
			v.problems = append(v.problems, Problem{line, path, fmt.Sprintf(format, args...)})
			return
		}
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
}

// isUnread tells whether a field, or one around it, could not be read.
func (v *validator) isUnread(path string) bool {
	return slices.ContainsFunc(v.unread, func(f string) bool {
		return path == f || strings.HasPrefix(path, f+".") || strings.HasPrefix(path, f+"[")
	})
}

func (v *validator) name(path, name string) {
	if !plainName.MatchString(name) {
		v.problem(path, "found the name %q, wanted lower-case letters, digits, - and _", name)
	}
}

// oneOf reports a name that is not among those known.
func (v *validator) oneOf(path, what, name string, known []string) {
	if !slices.Contains(known, name) {
		v.problem(path, "no %s %q, wanted %s%s", what, name, cmp.Or(strings.Join(known, " or "), "one to be there"), didYouMean(name, known))
	}
}

func (v *validator) scenario() {
	v.name("name", v.s.Name)
	v.workload()
	v.feeders() // before steps: they name variables
	v.steps()
	v.services()
	v.sale()
	v.estate()
	v.sizeLimits()
	v.journeys()
	v.storm()
	v.rehearsal()
	v.thresholds()
	v.ledger()
	slices.SortStableFunc(v.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Message, b.Message))
	})
	v.problems = slices.Compact(v.problems) // two journeys may miss the same url
}

// doubtful tells whether something inside a field could not be read, so that nothing can be said of the whole.
func (v *validator) doubtful(path string) bool {
	return slices.ContainsFunc(v.unread, func(f string) bool { return strings.HasPrefix(f, path+".") })
}

func (v *validator) stepNames() []string {
	names := make([]string, len(v.s.Steps))
	for i, s := range v.s.Steps {
		names[i] = s.Name
	}
	return names
}

func (v *validator) workload() {
	w := v.s.Workload
	people := !w.Users.IsZero() || !w.Active.IsZero() || !w.Actions.IsZero()
	switch {
	case people && !w.Requests.IsZero():
		v.problem("workload.requests", "found it beside users, active and actions, wanted one or the other")
	case w.Requests.IsZero():
		for _, f := range []struct {
			name string
			zero bool
		}{{"users", w.Users.Low == 0}, {"active", w.Active.Low == 0}, {"actions", w.Actions.Low == 0}} {
			if f.zero {
				v.problem("workload."+f.name, "missing or 0, wanted above 0 (or requests a day in place of users, active and actions)")
			}
		}
	}
	if w.Busy.Share <= 0 {
		v.problem("workload.busy.share", "found 0, wanted above 0")
	}
	if w.Busy.Window > 24*time.Hour || w.Busy.Window <= 0 {
		v.problem("workload.busy.window", "found %s, wanted above 0 and at most 24 h", quantity.Exact(w.Busy.Window))
	}
	if w.Peak.Low < 1 {
		v.problem("workload.peak", "found %s, wanted 1 or more: a peak is not below the mean", quantity.Precise(w.Peak.Low))
	}
	for name, n := range w.Origins {
		if n <= 0 {
			v.problem("workload.origins."+name, "found 0, wanted above 0")
		}
	}
	for step, m := range w.Event {
		v.oneOf("workload.event."+step, "step", step, v.stepNames())
		if m.Low <= 0 {
			v.problem("workload.event."+step, "found 0, wanted above 0")
		}
	}
}

func (v *validator) steps() {
	if len(v.s.Steps) == 0 {
		v.problem("steps", "found none, wanted at least one step")
		return
	}
	var sum float64
	unread := false
	for _, s := range v.s.Steps {
		v.variables = append(v.variables, sortedKeys(s.Extract)...)
		sum += float64(s.Share)
		unread = unread || v.isUnread("steps."+s.Name+".share")
	}
	if math.Abs(sum-1) > 1e-6 && !unread {
		v.problem("steps", "found shares that add up to %s, wanted 100 %%", quantity.Precise(sum*100)+" %")
	}
	for i := range v.s.Steps {
		v.step(&v.s.Steps[i])
	}
}

func (v *validator) step(s *Step) {
	path := "steps." + s.Name
	v.name(path, s.Name)
	r := s.Request
	if r.Body != "" && r.JSON != "" {
		v.problem(path+".request.json", "found it beside body, wanted one or the other")
	}
	if r.URL != "" && !strings.HasPrefix(r.URL, "/") {
		v.problem(path+".request.url", "found %q, wanted a path that begins with /: it is appended to the target", r.URL)
	}
	if strings.ContainsFunc(r.URL, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		v.problem(path+".request.url", "found %q, wanted a URL without spaces or line ends: write %%20", r.URL)
	}
	v.template(path+".request.url", r.URL)
	v.template(path+".request.body", r.Body)
	v.template(path+".request.json", string(r.JSON))
	for name, value := range r.Headers {
		if !headerName.MatchString(name) {
			v.problem(path+".request.headers."+name, "found the header name %q, wanted letters, digits and -", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			v.problem(path+".request.headers."+name, "found %q, wanted one line", value)
		}
		v.template(path+".request.headers."+name, value)
	}
	if !methodName.MatchString(r.Method) {
		v.problem(path+".request.method", "found %q, wanted GET, POST or another in capitals", r.Method)
	}
	if r.Timeout <= 0 {
		v.problem(path+".request.timeout", "found 0, wanted above 0")
	}
	for name, text := range s.Extract {
		if !plainVariable.MatchString(name) || slices.Contains([]string{StatusSubject, BodySubject}, name) {
			v.problem(path+".extract."+name, "found the variable %q, wanted letters, digits and _, and neither %s nor %s", name, StatusSubject, BodySubject)
		}
		if _, err := ParseExtract(text); err != nil {
			v.problem(path+".extract."+name, "%v", err)
		}
	}
	for i, text := range s.Check {
		v.condition(fmt.Sprintf("%s.check[%d]", path, i), text)
	}
	for _, o := range s.Outcome {
		v.name(path+".outcome."+o.Name, o.Name)
		if slices.Contains(reservedOutcomes, o.Name) {
			v.problem(path+".outcome."+o.Name, "found a reserved name, wanted another than %s", strings.Join(reservedOutcomes, ", "))
		}
		v.condition(path+".outcome."+o.Name, o.When)
	}
}

var methodName = regexp.MustCompile(`^[A-Z]+$`)

var plainVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func (v *validator) template(path, text string) {
	t, err := ParseTemplate(text)
	if err != nil {
		v.problem(path, "%v", err)
	}
	for _, name := range t.Variables() {
		v.variable(path, name, v.variables)
	}
}

// variable reports a name that nothing defines. What a feeder that could not be read would define is not known.
func (v *validator) variable(path, name string, known []string) {
	feeder, _, isField := strings.Cut(name, ".")
	if isField && (v.isUnread("feeders."+feeder) || v.doubtful("feeders."+feeder)) {
		return
	}
	v.oneOf(path, "variable", name, known)
}

func (v *validator) condition(path, text string) {
	c, err := ParseCondition(text)
	if err != nil {
		v.problem(path, "%v", err)
		return
	}
	v.variable(path, c.Subject, append([]string{StatusSubject, BodySubject}, v.variables...))
}

func (v *validator) journeys() {
	for _, j := range v.s.Journeys {
		v.name("journeys."+j.Name, j.Name)
		v.actions("journeys."+j.Name, j.Do, 0)
	}
}

func (v *validator) actions(path string, do []Action, depth int) {
	if depth > 8 {
		v.problem(path, "found repeats nested over 8 deep, wanted fewer")
		return
	}
	if len(do) == 0 {
		v.problem(path, "found no action, wanted at least one")
	}
	for i, a := range do {
		at := fmt.Sprintf("%s[%d]", path, i)
		if a.Step != "" {
			v.oneOf(at, "step", a.Step, v.stepNames())
			if s := v.s.Step(a.Step); s != nil && s.Request.URL == "" {
				v.problem("steps."+a.Step+".request.url", "missing, wanted a path: a journey performs this step")
			}
		}
		if r := a.Repeat; r != nil {
			at += ".repeat"
			if r.Times == 0 && r.For == 0 {
				v.problem(at, "found no end, wanted times or for")
			}
			if r.Every == 0 && r.Times == 0 {
				v.problem(at, "found no pause between endless rounds, wanted every")
			}
			if r.Until != "" {
				v.condition(at+".until", r.Until)
			}
			v.actions(at+".do", r.Do, depth+1)
		}
	}
}

func (v *validator) storm() {
	storm := v.s.Storm
	if storm == nil {
		return
	}
	if storm.Lateness.Limit <= 0 {
		v.problem("storm.lateness.limit", "found 0, wanted above 0")
	}
	if len(storm.Phases) == 0 {
		v.problem("storm.phases", "found none, wanted at least one")
	}
	var journeys []string
	for _, j := range v.s.Journeys {
		journeys = append(journeys, j.Name)
	}
	for i := range storm.Phases {
		p := &storm.Phases[i]
		path := fmt.Sprintf("storm.phases[%d]", i)
		v.oneOf(path+".journey", "journey", p.Journey, journeys)
		if v.doubtful(path) {
			continue
		}
		begin := v.phase(path, p)
		if storm.T0.At.IsZero() && !v.isUnread("storm.t0") && begin < -storm.T0.After {
			v.problem(path, "begins %s before T0, but the run begins only %s before it; wanted storm.t0: %s or more",
				quantity.Exact(-begin), quantity.Exact(storm.T0.After), quantity.Exact(-begin))
		}
	}
}

// phase checks one phase and returns when it begins.
func (v *validator) phase(path string, p *Phase) time.Duration {
	stream := p.From != nil || p.To != nil || p.Rate != Ramp{}
	crowd := p.At != nil || p.Users != 0 || p.Reaction != nil
	switch {
	case stream && crowd:
		v.problem(path, "found fields of both forms, wanted either from, to and rate, or at, users and reaction")
	case crowd && (p.At == nil || p.Users < 1):
		v.problem(path, "wanted at and users of at least 1")
	case crowd:
		if p.Users > 1e9 || p.Users != Count(math.Round(float64(p.Users))) {
			v.problem(path+".users", "found %s, wanted a whole number, at most 1G", quantity.Precise(float64(p.Users)))
		}
		return time.Duration(*p.At)
	case p.From == nil || p.To == nil || p.Rate == Ramp{}:
		v.problem(path, "wanted from, to and a rate above 0 (or at, users and reaction)")
	case *p.From >= *p.To:
		v.problem(path, "found from %v and to %v: it ends before it begins, wanted from < to", p.From, p.To)
	default:
		if users := p.Curve().Area(time.Duration(*p.To)); users > 1e9 {
			v.problem(path+".rate", "found a rate that brings %s, wanted at most 1,000,000,000 in a phase", quantity.EstimateOf(users, "user"))
		}
		return time.Duration(*p.From)
	}
	return 0
}
