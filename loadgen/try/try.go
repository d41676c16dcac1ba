// Package try performs one user's journey and shows every request and answer of it.
//
// It compiles, renders, sends and judges by the code that a storm uses, so that what is shown is what an attack does.
package try

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/script"
	"fsctl/scenarios/strict"
)

// DefaultMostRequests is how many requests a trial sends at most, unless the user says otherwise.
const DefaultMostRequests = 100

// Options say whose journey is performed, and how.
type Options struct {
	loadgen.Options
	Journey string // empty for the one that the user has in the storm, or the first of the scenario
	User    uint64 // from 1: user n is arrival n-1 of the storm, and has its item, rows and think times
	// MostRequests is where the journey is cut, 1 or more; a redirect that is followed belongs to the request before it.
	MostRequests int
	Think        bool // wait as the journey says
}

// Trial is a user's journey, compiled and ready to be performed.
type Trial struct {
	Options
	targets  []transport.Target // in the order of the scenario's TargetNames
	compiled *journey.Compiled
	program  *journey.Program
	before   *journey.Program // what the user does ahead of it; nil for nothing
	arrival  uint64
	due      time.Duration // of the arrival, from T0
	begins   time.Duration // of the journey where something is done before
	notes    []string
	place    int // of the user's stream in the storm, -1 for none
}

// New compiles a trial. Nothing is sent. It fails with a *transport.InputError for a scenario without journeys, a journey or a user
// that is not there, and a target that is not allowed.
func New(o Options) (*Trial, error) {
	sc := o.Scenario
	if len(sc.Journeys) == 0 {
		return nil, transport.InputErrorf("add journeys, or start from: fsctl scenarios new", "scenario %s has no journey to try", sc.Name)
	}
	targets, err := o.AllTargets()
	if err != nil {
		return nil, err
	}
	if names := journeyNames(sc); o.Journey != "" && !slices.Contains(names, o.Journey) {
		return nil, transport.InputErrorf("", "found --journey %q, wanted %s%s", o.Journey, strings.Join(names, " or "), strict.DidYouMean(o.Journey, names))
	}
	compiled, err := journey.Compile(sc, o.Seed)
	if err != nil {
		return nil, err
	}
	t := &Trial{Options: o, targets: targets, compiled: compiled, arrival: o.User - 1, place: -1}
	own, err := t.findUser()
	if err != nil {
		return nil, err
	}
	t.choose(own)
	t.findBefore()
	return t, nil
}

// findUser finds the user in the storm, and returns the name of the journey that it has there, empty without a storm.
func (t *Trial) findUser() (own string, err error) {
	rows, feeder := t.compiled.Rows()
	most, why := rows, fmt.Sprintf(": feeder %s has %s, and gives none twice", feeder, quantity.Of(rows, "row"))
	if feeder == "" {
		most, why = math.MaxInt64, ""
	}
	if storm := t.Scenario.Storm; storm != nil {
		schedule := storm.Schedule(t.Seed, 0)
		users := schedule.Size()
		if users == 0 {
			return "", transport.InputErrorf("use a larger --scale", "the storm has no arrivals")
		}
		if a, ok := schedule.Arrival(t.arrival); ok {
			own, t.due, t.place = storm.Streams()[a.Phase].Journey, a.Due, a.Phase
		}
		if users <= most {
			most, why = users, fmt.Sprintf(": the storm has %s", quantity.Of(users, "user"))
		}
		if err := t.compiled.CheckRows(users); err != nil {
			t.notes = append(t.notes, fmt.Sprintf("an attack would not start: %v", err))
		}
	}
	if t.User == 0 || t.User > most {
		return "", transport.InputErrorf("", "found --user %d, wanted 1 to %d%s", t.User, most, why)
	}
	return own, nil
}

// choose takes the journey that was asked for, else the user's own, else the first, and notes what a reader must know of that.
func (t *Trial) choose(own string) {
	name, names := t.Journey, journeyNames(t.Scenario)
	others := strings.Join(slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == own }), ", ")
	switch {
	case name != "" && own != "" && name != own:
		t.notes = append(t.notes, fmt.Sprintf("in the storm user %s has the journey %s", quantity.Count(t.User), own))
	case name != "":
	case own != "":
		if name = own; others != "" {
			t.notes = append(t.notes, fmt.Sprintf("%s is the journey of user %s in the storm; --journey takes another: %s", name, quantity.Count(t.User), others))
		}
	default:
		if name = names[0]; len(names) > 1 {
			t.notes = append(t.notes, fmt.Sprintf("%s is the first journey of the scenario; --journey takes another: %s", name, strings.Join(names[1:], ", ")))
		}
	}
	t.Journey, t.program = name, t.compiled.Programs[name]
}

// findBefore finds what the user does before its journey: that of its own phase, else that of the first phase with this journey. It notes
// which steps order something.
func (t *Trial) findBefore() {
	names := script.StepsOf(t.Scenario.Journey(t.Journey).Do)
	if s := t.stream(); s != nil && s.Before != nil {
		t.before = t.compiled.Programs[s.Before.Journey]
		t.begins = loadgen.BeginsAt(t.Seed, t.Scenario.Storm, s.place, t.arrival)
		names = append(script.StepsOf(t.Scenario.Journey(s.Before.Journey).Do), names...)
		if s.place != t.place {
			at, _ := s.Comes().Span()
			t.due = at
		}
		t.notes = append(t.notes, fmt.Sprintf("before its journey the user goes through %s, and keeps what it has got", s.Before.Journey))
	}
	var seen []string
	for _, step := range names {
		if s := t.Scenario.Step(step); s != nil && s.Transaction && !slices.Contains(seen, step) {
			seen = append(seen, step)
			t.notes = append(t.notes, fmt.Sprintf("step %s is a transaction: what it orders at the target is a real order", step))
		}
	}
}

// placed is a stream of the storm with its place among them.
type placed struct {
	scenarios.Stream
	place int
}

// stream returns the stream that brings the user for its journey, nil where none does: its own, else the first.
func (t *Trial) stream() (found *placed) {
	if t.Scenario.Storm == nil {
		return nil
	}
	for i, s := range t.Scenario.Storm.Streams() {
		if s.Journey == t.Journey && (found == nil || i == t.place) {
			found = &placed{s, i}
		}
	}
	return found
}

// beforeName returns the name of what the user does before, empty for nothing.
func (t *Trial) beforeName() string {
	if t.before == nil {
		return ""
	}
	return t.before.Name
}

func journeyNames(sc *scenarios.Scenario) (names []string) {
	for i := range sc.Journeys {
		names = append(names, sc.Journeys[i].Name)
	}
	return names
}

// secrets returns what is kept out of all that is shown, whatever the user extracts.
func (t *Trial) secrets() []string {
	list := slices.Clone(t.Secrets)
	for _, target := range t.targets {
		list = append(list, redact.URLSecrets(target.URL)...)
	}
	return list
}
