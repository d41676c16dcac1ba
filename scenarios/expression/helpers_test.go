package expression

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// world is an answer and a user, whose names have slots in the order in which tests ask for them.
type world struct {
	status    int
	duration  time.Duration
	body      string
	headers   map[string]string
	json      map[string]string
	variables map[string]string // "" where it is known and not set
	outcomes  map[string]bool

	slots []string
	texts [][]byte
	there []bool
}

func (w *world) slot(name, text string, ok bool) int {
	if i := slices.Index(w.slots, name); i >= 0 {
		return i
	}
	w.slots, w.texts, w.there = append(w.slots, name), append(w.texts, []byte(text)), append(w.there, ok)
	return len(w.slots) - 1
}

func (w *world) Variable(name string) (int, bool) {
	text, ok := w.variables[name]
	if !ok {
		return 0, false
	}
	return w.slot("variable "+name, text, text != ""), true
}

func (w *world) Outcome(name string) (int, bool) {
	holds, ok := w.outcomes[name]
	if !ok {
		return 0, false
	}
	return w.slot("outcome "+name, "", holds), true
}

func (w *world) Header(name string) int {
	text, ok := w.headers[name]
	return w.slot("header "+name, text, ok)
}

func (w *world) JSON(path string) (int, error) {
	if strings.HasSuffix(path, ".") {
		return 0, fmt.Errorf("the path ends with a dot")
	}
	text, ok := w.json[path]
	return w.slot("json "+path, text, ok), nil
}

func (w *world) Known() (list []string) {
	for name := range w.variables {
		list = append(list, name)
	}
	for name := range w.outcomes {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// answer is the world in a run.
type answer struct{ *world }

func (a answer) Status() int                      { return a.status }
func (a answer) Duration() time.Duration          { return a.duration }
func (a answer) Size() int64                      { return int64(len(a.body)) }
func (a answer) Body() []byte                     { return []byte(a.body) }
func (a answer) Header(slot int) ([]byte, bool)   { return a.texts[slot], a.there[slot] }
func (a answer) JSON(slot int) ([]byte, bool)     { return a.texts[slot], a.there[slot] }
func (a answer) Variable(slot int) ([]byte, bool) { return a.texts[slot], a.there[slot] }
func (a answer) Outcome(slot int) bool            { return a.there[slot] }

func sample() *world {
	return &world{
		status: 200, duration: 150 * time.Millisecond, body: `{"ok": true}`,
		headers: map[string]string{"Retry-After": "2", "Content-Type": "application/json", "X_Id": "7"},
		json:    map[string]string{"$.a.b": "x", "$.errors": "[]", "$.list": "[1]", "$.price": "19.90", "$.empty": "", "$.no": "false", "$['retry-after']": "3", "$.o[?@.a == ')']": "1"},
		variables: map[string]string{"stock": "7", "gone": "", "name": "shoe", "user.level": "gold", "big": "9007199254740993", "yes": "true", "no": "false",
			"env.KEY": "hunter2", "zip": "007", "price": "19.9", "a": "5", "b": "3", "exp": "1e3", "thousand": "1000"},
		outcomes: map[string]bool{"throttled": false, "placed": true},
	}
}

func mustCompile(t testing.TB, text string, w *world) *Test {
	t.Helper()
	test, err := Compile(text, w)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return test
}
