// Package users accounts for every user of a run: who finished the journey, and why the others did not.
package users

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/script"
)

// Journey is how the users of one journey ended: Users = Finished + those of Ended and Left + Cut.
type Journey struct {
	Name     string            `json:"name"`
	Users    uint64            `json:"users"`               // who came
	Finished uint64            `json:"finished"`            // who did all of it
	Ended    map[string]uint64 `json:"ended"`               // by an outcome that the scenario names, such as sold_out
	Left     []Left            `json:"left"`                // most users first
	Cut      uint64            `json:"cut"`                 // still active when the run ended
	Ready    uint64            `json:"ready,omitempty"`     // of Users, who had gone through another journey before
	NotReady uint64            `json:"not_ready,omitempty"` // of those, who were still in it when they were due, and began as it was over
}

// Left is users who left: before a step because a variable that its request needs was missing, or, where Variable is empty, because
// they gave up waiting for its answer.
type Left struct {
	Step     string `json:"step"`
	Variable string `json:"variable"` // as qty:number where it had a value that is no number, or cart:json
	After    string `json:"after"`    // outcome of the request whose answer lacked it, empty where none was sent
	Users    uint64 `json:"users"`
}

// Of returns the journeys of a window's seconds, those of the scenario's phases in the scenario's order, then those it does
// not name. There are none where the record does not say how users ended, as with target lists and older versions.
func Of(rec *record.Record, w record.Window, sc *scenarios.Scenario) []Journey {
	sum := record.Generator{}
	known := false
	for second, g := range rec.Generators() {
		known = known || len(g.Journeys) > 0
		if w.Contains(second) {
			sum.Add(record.Generator{Journeys: g.Journeys})
		}
	}
	list := []Journey{}
	if !known {
		return list
	}
	performed := Performed(sc)
	for i := range sc.Journeys {
		name := sc.Journeys[i].Name
		if _, came := sum.Journeys[name]; came || slices.Contains(performed, name) {
			list = append(list, journeyOf(name, sum.Journeys[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sum.Journeys)) {
		if sc.Journey(name) == nil {
			list = append(list, journeyOf(name, sum.Journeys[name]))
		}
	}
	return list
}

// Performed returns the names of the journeys that the scenario's storm brings users for; without a storm all.
func Performed(sc *scenarios.Scenario) []string {
	var names []string
	if sc.Storm == nil {
		for i := range sc.Journeys {
			names = append(names, sc.Journeys[i].Name)
		}
		return names
	}
	for _, stream := range sc.Storm.Streams() {
		if stream.Before != nil {
			names = append(names, stream.Before.Journey)
		}
		names = append(names, stream.Journey)
	}
	return names
}

// Steps returns the names of the steps in those journeys, in the order of the scenario's steps.
func Steps(sc *scenarios.Scenario) []string {
	in := map[string]bool{}
	for _, name := range Performed(sc) {
		if journey := sc.Journey(name); journey != nil {
			for _, step := range script.StepsOf(journey.Do) {
				in[step] = true
			}
		}
	}
	var names []string
	for i := range sc.Steps {
		if in[sc.Steps[i].Name] {
			names = append(names, sc.Steps[i].Name)
		}
	}
	return names
}

func journeyOf(name string, j record.Journey) Journey {
	v := Journey{Name: name, Ready: j.Ready, NotReady: j.NotReady, Finished: j.Finished, Ended: map[string]uint64{}, Left: []Left{}}
	over := j.Finished
	for outcome, n := range j.Ended {
		if n > 0 {
			v.Ended[outcome] = n
			over += n
		}
	}
	for l, n := range j.Left {
		if n > 0 {
			v.Left = append(v.Left, Left{l.Step, l.Variable, l.After, n})
			over += n
		}
	}
	slices.SortFunc(v.Left, func(a, b Left) int {
		return cmp.Or(cmp.Compare(b.Users, a.Users), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Variable, b.Variable), cmp.Compare(a.After, b.After))
	})
	v.Users = max(j.Users, over) // of a run that died, users may have ended in a second of which the arrivals are lost
	v.Cut = v.Users - over
	return v
}

// AllLeft returns how many users left because a variable was missing, or because they gave up waiting.
func (j *Journey) AllLeft() uint64 {
	var sum uint64
	for _, l := range j.Left {
		sum += l.Users
	}
	return sum
}

// String says who left, where, and why.
func (l Left) String() string {
	if l.Variable == "" {
		return fmt.Sprintf("%s gave up waiting at %s", quantity.Count(l.Users), l.Step)
	}
	variable, form, isUnfit := strings.Cut(l.Variable, ":")
	why := "missing"
	if isUnfit {
		why = map[string]string{"number": "no number", "json": "no JSON"}[form]
	}
	text := fmt.Sprintf("%s left before %s because %s was %s", quantity.Count(l.Users), l.Step, variable, why)
	if l.After != "" {
		text += ", after " + l.After
	}
	return text
}
