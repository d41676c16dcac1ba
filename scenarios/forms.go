package scenarios

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"

	"go.yaml.in/yaml/v3"
)

func (i *Instant) readNode(d *decoder, n *yaml.Node, path string) {
	readWord(d, n, path, "a time such as T0, T0+30s or T0-1m", ParseInstant, i)
}

// readWord reads a word by its parser, which says what is wrong with it; wanted is for what is no word.
func readWord[T any](d *decoder, n *yaml.Node, path, wanted string, parse func(string) (T, error), v *T) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(n, path, wanted)
		return
	}
	got, err := parse(n.Value)
	if err != nil {
		d.problem(n, path, "%v", err)
	}
	*v = got
}

func (s *Start) readNode(d *decoder, n *yaml.Node, path string) {
	readWord(d, n, path, "a duration such as 30s, or a time such as 2026-11-11T20:00:00+08:00", parseStart, s)
}

func (r *Ramp) readNode(d *decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode:
		readScalar(d, n, path, &r.From)
		r.To = r.From
	case n.Kind == yaml.SequenceNode && len(n.Content) == 2:
		readScalar(d, n.Content[0], path, &r.From)
		readScalar(d, n.Content[1], path, &r.To)
	default:
		d.wrong(n, path, "a rate such as 200/s, or [from, to] for a ramp")
	}
}

// readDistribution reads a duration, or a mapping of one law's name to its parameters.
func readDistribution(d *decoder, n *yaml.Node, path string, dist *random.Distribution) {
	const wanted = "a duration, or one of {uniform: [low, high]}, {exponential: MEAN}, {lognormal: {median, sigma}}, {normal: {mean, deviation}}"
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		readScalar(d, n, path, pointTo(&dist.Constant))
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		d.wrong(n, path, wanted)
		return
	}
	law, value := n.Content[0].Value, n.Content[1]
	path = join(path, law)
	d.lines[path] = value.Line
	before := len(d.problems)
	switch law {
	case "constant":
		readScalar(d, value, path, pointTo(&dist.Constant))
	case "exponential":
		readScalar(d, value, path, pointTo(&dist.Exponential))
	case "uniform":
		u := pointTo(&dist.Uniform)
		if value.Kind != yaml.SequenceNode || len(value.Content) != 2 {
			d.wrong(value, path, "[low, high]")
			return
		}
		readScalar(d, value.Content[0], path, &u.Low)
		readScalar(d, value.Content[1], path, &u.High)
	case "lognormal":
		d.value(value, path, reflect.ValueOf(pointTo(&dist.Lognormal)).Elem())
	case "normal":
		d.value(value, path, reflect.ValueOf(pointTo(&dist.Normal)).Elem())
	default:
		d.problem(n.Content[0], path, "unknown law, wanted %s", wanted)
	}
	if len(d.problems) == before {
		if err := checkLaw(dist); err != nil {
			d.problem(value, path, "%v", err)
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

func (s *Script) readNode(d *decoder, n *yaml.Node, path string) {
	d.value(n, path, reflect.ValueOf(&s.Do).Elem())
}

func (a *Action) readNode(d *decoder, n *yaml.Node, path string) {
	const wanted = "a step's name, {think: ...} or {repeat: ...}"
	if n.Kind == yaml.ScalarNode && n.Value != "" && !isNull(n) {
		a.Step = n.Value
		return
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		d.wrong(n, path, wanted)
		return
	}
	key, value := n.Content[0].Value, n.Content[1]
	path = join(path, key)
	switch key {
	case "think":
		a.Think = new(random.Distribution)
		d.value(value, path, reflect.ValueOf(a.Think).Elem())
	case "repeat":
		a.Repeat = new(Repeat)
		d.value(value, path, reflect.ValueOf(a.Repeat).Elem())
	default:
		d.problem(n.Content[0], path, "unknown action, wanted %s", wanted)
	}
}

func (o *Outcome) readNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind != yaml.ScalarNode || isNull(n) {
		d.wrong(n, path, "a condition such as: status in 200,202")
		return
	}
	o.When = n.Value
}

func (i *Invariant) readNode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		i.Name = n.Value
		f, _ := reflect.TypeFor[Invariant]().FieldByName("Name")
		d.enum(n, path, f, reflect.ValueOf(i.Name))
		return
	}
	d.structure(n, path, reflect.ValueOf(i).Elem())
}

// JSON is a body as JSON text; ${name} inside its strings stands for a variable.
type JSON string

func (j *JSON) readNode(d *decoder, n *yaml.Node, path string) {
	var b strings.Builder
	writeJSON(d, n, path, &b)
	*j = JSON(b.String())
}

// writeJSON keeps the order of keys, which a map would lose.
func writeJSON(d *decoder, n *yaml.Node, path string, b *strings.Builder) {
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		first := true
		d.pairs(n, path, func(key string, _, v *yaml.Node) {
			if !first {
				b.WriteByte(',')
			}
			first = false
			b.Write(quoted(key))
			b.WriteByte(':')
			writeJSON(d, v, join(path, key), b)
		})
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, v := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(d, v, path, b)
		}
		b.WriteByte(']')
	default:
		writeJSONWord(d, n, path, b)
	}
}

func writeJSONWord(d *decoder, n *yaml.Node, path string, b *strings.Builder) {
	var v any = n.Value // a date stays as it is written: JSON has none
	if n.Tag != "!!timestamp" {
		if err := n.Decode(&v); err != nil {
			d.wrong(n, path, "a JSON value")
			return
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		d.wrong(n, path, "a JSON value")
		return
	}
	b.Write(text)
}

func quoted(s string) []byte {
	text, _ := json.Marshal(s) // a string always has a JSON form
	return text
}
