package scenarios

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
	"fsctl/scenarios/strict"

	"go.yaml.in/yaml/v3"
)

// readers are the forms of numbers, and of types whose packages read no files.
func readers() strict.Forms {
	return strict.Forms{
		reflect.TypeFor[time.Duration]():       scalarReader[time.Duration],
		reflect.TypeFor[Ratio]():               scalarReader[Ratio],
		reflect.TypeFor[Rate]():                scalarReader[Rate],
		reflect.TypeFor[Count]():               scalarReader[Count],
		reflect.TypeFor[float64]():             scalarReader[float64],
		reflect.TypeFor[int]():                 readInt,
		reflect.TypeFor[random.Distribution](): readDistribution,
	}
}

func scalarReader[T scalar](d *strict.Decoder, n *yaml.Node, path string, v any) {
	readScalar(d, n, path, v.(*T))
}

// readScalar decodes one word and reports whether it could.
func readScalar[T scalar](d *strict.Decoder, n *yaml.Node, path string, v *T) bool {
	if n.Kind != yaml.ScalarNode || strict.IsNull(n) {
		_, err := parse[T]("")
		d.Wrong(n, path, wantedOf(err))
		return false
	}
	got, err := parse[T](n.Value)
	if err != nil {
		d.Problem(n, path, "%v", err)
	}
	*v = got
	return err == nil
}

// wantedOf cuts the wanted form out of a parse error.
func wantedOf(err error) string {
	_, wanted, _ := strings.Cut(err.Error(), "wanted ")
	return wanted
}

// ReadNode reads one value, [low, mid, high] or low..high.
func (i *Interval[T]) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	var err error
	switch {
	case n.Kind == yaml.ScalarNode && !strict.IsNull(n):
		*i, err = ParseInterval[T](n.Value)
	case n.Kind == yaml.SequenceNode:
		values := make([]T, len(n.Content))
		read := true
		for k, item := range n.Content {
			read = readScalar(d, item, path, &values[k]) && read
		}
		if read {
			*i, err = newInterval(values)
		}
	default:
		_, bad := parse[T]("")
		d.Wrong(n, path, wantedOf(bad)+", or [low, mid, high]")
	}
	if err != nil {
		d.Problem(n, path, "%v", err)
	}
}

func readInt(d *strict.Decoder, n *yaml.Node, path string, v any) {
	const most = 1 << 53 // above it a float64 does not hold every whole number
	f, err := parse[Count](n.Value)
	if n.Kind != yaml.ScalarNode || strict.IsNull(n) || err != nil || f > most || f != Count(int(f)) {
		d.Wrong(n, path, "a whole number, 0 or more")
		return
	}
	*v.(*int) = int(f)
}

// ReadNode reads T0, T0+30s or T0-1m, as ParseInstant does.
func (i *Instant) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	readWord(d, n, path, "a time such as T0, T0+30s or T0-1m", ParseInstant, i)
}

// readWord reads a word by its parser, which says what is wrong with it; wanted is for what is no word.
func readWord[T any](d *strict.Decoder, n *yaml.Node, path, wanted string, parse func(string) (T, error), v *T) {
	if n.Kind != yaml.ScalarNode || strict.IsNull(n) {
		d.Wrong(n, path, wanted)
		return
	}
	got, err := parse(n.Value)
	if err != nil {
		d.Problem(n, path, "%v", err)
	}
	*v = got
}

// ReadNode reads a duration after the run's start, or a wall-clock time (RFC 3339).
func (s *Start) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	readWord(d, n, path, "a duration such as 30s, or a time such as 2026-11-11T20:00:00+08:00", parseStart, s)
}

// ReadNode reads one rate, or [from, to].
func (r *Ramp) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode:
		readScalar(d, n, path, &r.From)
		r.To = r.From
	case n.Kind == yaml.SequenceNode && len(n.Content) == 2:
		readScalar(d, n.Content[0], path, &r.From)
		readScalar(d, n.Content[1], path, &r.To)
	default:
		d.Wrong(n, path, "a rate such as 200/s, or [from, to] for a ramp")
	}
}

// readDistribution reads a duration, or a mapping of one law's name to its parameters.
func readDistribution(d *strict.Decoder, n *yaml.Node, path string, v any) {
	dist := v.(*random.Distribution)
	const wanted = "a duration, or one of {uniform: [low, high]}, {exponential: MEAN}, {lognormal: {median, sigma}}, {normal: {mean, deviation}}"
	if n.Kind == yaml.ScalarNode && !strict.IsNull(n) {
		readScalar(d, n, path, pointTo(&dist.Constant))
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		d.Wrong(n, path, wanted)
		return
	}
	law, value := n.Content[0].Value, n.Content[1]
	path = strict.Join(path, law)
	d.Found(path, value)
	before := d.Problems()
	switch law {
	case "constant":
		readScalar(d, value, path, pointTo(&dist.Constant))
	case "exponential":
		readScalar(d, value, path, pointTo(&dist.Exponential))
	case "uniform":
		u := pointTo(&dist.Uniform)
		if value.Kind != yaml.SequenceNode || len(value.Content) != 2 {
			d.Wrong(value, path, "[low, high]")
			return
		}
		readScalar(d, value.Content[0], path, &u.Low)
		readScalar(d, value.Content[1], path, &u.High)
	case "lognormal":
		d.Value(value, path, reflect.ValueOf(pointTo(&dist.Lognormal)).Elem())
	case "normal":
		d.Value(value, path, reflect.ValueOf(pointTo(&dist.Normal)).Elem())
	default:
		d.Problem(n.Content[0], path, "unknown law, wanted %s", wanted)
	}
	if d.Problems() == before {
		if err := checkLaw(dist); err != nil {
			d.Problem(value, path, "%v", err)
		}
	}
}

// checkLaw returns what is wrong with a law's parameters, or with the longest time that it draws.
func checkLaw(dist *random.Distribution) error {
	if err := dist.Check(); err != nil {
		return err
	}
	if last := dist.Quantile(1); last > longest {
		return fmt.Errorf("found a law whose 99.99%% point is %s, wanted at most 366 days", quantity.Duration(last))
	}
	return nil
}

func pointTo[T any](p **T) *T {
	*p = new(T)
	return *p
}

// ReadNode reads a list of actions.
func (s *Script) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	d.Value(n, path, reflect.ValueOf(&s.Do).Elem())
}

// ReadNode reads a step's name, {think: ...} or {repeat: ...}, and reports anything else to d, with its line.
func (a *Action) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	const wanted = "a step's name, {think: ...} or {repeat: ...}"
	if n.Kind == yaml.ScalarNode && n.Value != "" && !strict.IsNull(n) {
		a.Step = n.Value
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		d.Wrong(n, path, wanted)
		return
	}
	key, value := n.Content[0].Value, n.Content[1]
	path = strict.Join(path, key)
	switch key {
	case "think":
		a.Think = new(random.Distribution)
		d.Value(value, path, reflect.ValueOf(a.Think).Elem())
	case "repeat":
		a.Repeat = new(Repeat)
		d.Value(value, path, reflect.ValueOf(a.Repeat).Elem())
	default:
		d.Problem(n.Content[0], path, "unknown action, wanted %s", wanted)
	}
}

// ReadNode reads a condition as text; the validator checks it.
func (o *Outcome) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode || strict.IsNull(n) {
		d.Wrong(n, path, "a condition such as: status in 200,202")
		return
	}
	o.When = n.Value
}

// ReadNode reads where the variable is as text, or {from: ..., optional: ...}; the validator checks it.
func (e *Extraction) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && !strict.IsNull(n):
		e.From = n.Value
	case n.Kind == yaml.MappingNode:
		d.Struct(n, path, reflect.ValueOf(e).Elem())
	default:
		d.Wrong(n, path, "json:PATH, header:NAME, regex:EXPR or cookie:NAME, or {from: ..., optional: true}")
	}
}

// ReadNode reads a name, or {name: ..., optional: ...}.
func (i *Invariant) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		i.Name = n.Value
		f, _ := reflect.TypeFor[Invariant]().FieldByName("Name")
		d.Choice(n, path, f, reflect.ValueOf(i.Name))
		return
	}
	d.Struct(n, path, reflect.ValueOf(i).Elem())
}

// ReadNode reads answers, or {url: ..., outcome: ...}.
func (l *Ledger) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == ledgerOfAnswers:
		l.Answers = true
	case n.Kind == yaml.MappingNode:
		d.Struct(n, path, reflect.ValueOf(l).Elem())
	default:
		d.Wrong(n, path, `{url: "/PATH"}, or `+ledgerOfAnswers+" for a target that has no ledger to read")
	}
}

// ledgerOfAnswers is the one word that a ledger may be.
const ledgerOfAnswers = "answers"

// ReadNode writes a YAML value as JSON text, with its keys in the file's order and its numbers as they are written. A text that
// begins with { or [ is that JSON text itself.
func (j *JSON) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	if text := strings.TrimSpace(n.Value); n.Kind == yaml.ScalarNode && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{")) {
		*j = JSON(text)
		if err := checkJSON(text); err != nil {
			d.Problem(n, path, "%v", err)
		}
		return
	}
	*j = JSON(d.JSON(n, path))
}

// checkJSON returns what is wrong with a JSON text in which a variable may stand in a string, or for a value.
func checkJSON(text string) error {
	t, err := ParseTemplate(text)
	if err != nil {
		return nil // reported by the validator
	}
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.Literal)
		if p.Variable != "" {
			b.WriteByte('0')
		}
	}
	var v any
	if err := json.Unmarshal([]byte(b.String()), &v); err != nil {
		return fmt.Errorf("found a text that is not JSON (%w), wanted JSON with ${name} in a string or for a value, or fields in YAML", err)
	}
	return nil
}
