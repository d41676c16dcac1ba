// Package script reads what a user does, action by action.
package script

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/random"
	"fsctl/scenarios/strict"
)

// Script is a journey: the actions of one user, in order.
type Script struct {
	Name string
	Do   []Action
}

// Action is one thing that a user does; exactly one field is set.
type Action struct {
	Step   string               // send the request of a step
	Think  *random.Distribution // pause
	Repeat *Repeat
	Choose []Choice // one of several ways, by weight
	If     *Branch
	Group  *Group
	Retry  *Retry
	Pacing *random.Distribution // pause until so long after the round began, or the journey where it is in no repeat
	Leave  bool                 // end the journey, which counts as finished
}

// Repeat is a loop. It ends when Until holds, after Times rounds or when For has passed, whichever is first. Times of
// 0 is no bound. Expect is how many rounds plan counts with, 1 or more: where Until ends the loop, only the target knows.
type Repeat struct {
	Times  int                       `yaml:"times" jsonschema_description:"Rounds at most."`
	Until  string                    `yaml:"until" jsonschema_description:"Condition that ends the loop."`
	Every  time.Duration             `yaml:"every" jsonschema_description:"From the start of a round to the start of the next."`
	For    time.Duration             `yaml:"for" jsonschema_description:"Longest time of the loop."`
	Expect *amount.Interval[float64] `yaml:"expect" jsonschema_description:"Rounds that plan counts with where until ends the loop; 1 by default."` // rounds, at least 1
	Do     []Action                  `yaml:"do" jsonschema:"required"`
}

// Choice is one of several ways that a user may go, with a probability of Weight over the sum of all weights.
type Choice struct {
	Weight float64  `yaml:"weight" jsonschema:"required" jsonschema_description:"How often this way is gone, in proportion to the weights of the others; 0 for never."`
	Do     []Action `yaml:"do" jsonschema:"required"`
}

// Branch is what a user does where a condition holds, and what where it does not. Expect is the share of users for whom plan takes it
// to hold.
type Branch struct {
	If     string                         `yaml:"if" jsonschema:"required" jsonschema_description:"Condition on variables and on the last answer."`
	Do     []Action                       `yaml:"do" jsonschema:"required" jsonschema_description:"Where it holds."`
	Else   []Action                       `yaml:"else" jsonschema_description:"Where it does not; nothing by default."`
	Expect *amount.Interval[amount.Ratio] `yaml:"expect" jsonschema_description:"Share of users for whom plan takes the condition to hold; all by default."`
}

// Group is actions whose whole time is measured under a name, as group_duration.
type Group struct {
	Name string   `yaml:"group" jsonschema:"required" jsonschema_description:"Its name: group_duration{group:NAME} is its time."`
	Do   []Action `yaml:"do" jsonschema:"required"`
}

// Retry does its actions again while When holds, up to Times times after the first. The pause before retry n, from 1, is
//
//	Backoff * 2^(n-1) * (1 + Jitter * (2u-1))
//
// for a number u drawn from 0 to 1. Jitter is 0 to 1. Expect is the share of tries that plan takes to need another one.
type Retry struct {
	Times   int                            `yaml:"times" jsonschema:"required" jsonschema_description:"Most retries after the first try."` // 1 to 100
	Backoff time.Duration                  `yaml:"backoff" jsonschema_description:"Pause before the first retry; it doubles with each; 100ms by default."`
	Jitter  amount.Ratio                   `yaml:"jitter" jsonschema_description:"By which share a pause is longer or shorter at random; 50% by default."`
	When    string                         `yaml:"when" jsonschema_description:"Condition on the last answer for which it is tried again; by default a failed request: no answer, or one that is not as expected."`
	Expect  *amount.Interval[amount.Ratio] `yaml:"expect" jsonschema_description:"Share of tries that plan takes to need another one; none by default."`
	Do      []Action                       `yaml:"do" jsonschema:"required"`
}

// Pause returns how long a user waits before retry n, from 1, where u, 0 to 1, is drawn at random; see Retry for the formula. It is at
// most an hour.
func (r *Retry) Pause(n int, u float64) time.Duration {
	pause := float64(r.Backoff) * math.Exp2(float64(n-1)) * (1 + float64(r.Jitter)*(2*u-1))
	return time.Duration(min(pause, float64(time.Hour)))
}

// Walk calls visit for each action, and for those inside it, in the order of the file, with its path in the scenario. path is that of the
// actions.
func Walk(path string, do []Action, visit func(path string, a *Action)) {
	for i := range do {
		a, at := &do[i], fmt.Sprintf("%s[%d]", path, i)
		visit(at, a)
		switch {
		case a.Repeat != nil:
			Walk(at+".repeat.do", a.Repeat.Do, visit)
		case a.If != nil:
			Walk(at+".do", a.If.Do, visit)
			Walk(at+".else", a.If.Else, visit)
		case a.Group != nil:
			Walk(at+".do", a.Group.Do, visit)
		case a.Retry != nil:
			Walk(at+".retry.do", a.Retry.Do, visit)
		}
		for k := range a.Choose {
			Walk(fmt.Sprintf("%s.choose[%d].do", at, k), a.Choose[k].Do, visit)
		}
	}
}

// StepsOf returns the names of the steps in actions, in the order of the file, one that stands twice twice.
func StepsOf(do []Action) (names []string) {
	Walk("", do, func(_ string, a *Action) {
		if a.Step != "" {
			names = append(names, a.Step)
		}
	})
	return names
}

// LeaveWord is the action that ends a journey, so that no step is called so.
const LeaveWord = "leave"

// ReadNode reads a list of actions.
func (s *Script) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	d.Value(n, path, reflect.ValueOf(&s.Do).Elem())
}

const actionForms = "a step's name, leave, {think: ...}, {repeat: ...}, {choose: ...}, {if: ..., do: ..., else: ...}, {group: ..., do: ...}, {retry: ...} or {pacing: ...}"

// ReadNode reads one of the forms of an action, and reports anything else to d, with its line.
func (a *Action) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && n.Value != "" && !strict.IsNull(n) {
		if a.Leave = n.Value == LeaveWord; !a.Leave {
			a.Step = n.Value
		}
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
		d.Wrong(n, path, actionForms)
		return
	}
	for i := 0; i < len(n.Content); i += 2 { // the fields beside if and group may come first
		switch n.Content[i].Value {
		case "if":
			a.If = new(Branch)
			d.Struct(n, path, reflect.ValueOf(a.If).Elem())
			return
		case "group":
			a.Group = new(Group)
			d.Struct(n, path, reflect.ValueOf(a.Group).Elem())
			return
		}
	}
	key, value := n.Content[0], n.Content[1]
	if unknown := beside(n); unknown != nil {
		unknownAction(d, unknown, strict.Join(path, unknown.Value))
		return
	}
	if len(n.Content) != 2 {
		d.Wrong(n, path, actionForms+", one in each entry of the list")
		return
	}
	a.read(d, key, value, strict.Join(path, key.Value))
}

// read reads an action that is one key with its value.
func (a *Action) read(d *strict.Decoder, key, value *yaml.Node, path string) {
	into := func(v any) { d.Value(value, path, reflect.ValueOf(v).Elem()) }
	switch key.Value {
	case "think":
		into(&a.Think)
	case "pacing":
		into(&a.Pacing)
	case "repeat":
		into(&a.Repeat)
	case "retry":
		into(&a.Retry)
	case "choose":
		if into(&a.Choose); value.Kind == yaml.SequenceNode && a.Choose == nil {
			a.Choose = []Choice{} // the validator says what is wrong with none
		}
	case LeaveWord:
		d.Problem(key, path, "found a value, wanted the word alone: - leave")
	default:
		unknownAction(d, key, path)
	}
}

// beside returns the one unknown key of an action that has those of a branch or a group beside it, such as iff: or grup: with a do; nil where
// it is another mistake.
func beside(n *yaml.Node) (unknown *yaml.Node) {
	others := 0
	for i := 0; i < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case slices.Contains(strings.Fields("do else expect"), key.Value):
			others++
		case unknown != nil || slices.Contains(actionNames, key.Value):
			return nil
		default:
			unknown = key
		}
	}
	if others == 0 {
		return nil
	}
	return unknown
}

var actionNames = strings.Fields("think pacing repeat retry choose if group")

func unknownAction(d *strict.Decoder, key *yaml.Node, path string) {
	d.Problem(key, path, "unknown action, wanted %s%s", actionForms, strict.DidYouMean(key.Value, actionNames))
}
