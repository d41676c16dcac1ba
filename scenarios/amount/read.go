package amount

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
	"fsctl/scenarios/strict"

	"go.yaml.in/yaml/v3"
)

// Forms returns the readers of numbers, and of types whose packages read no files.
func Forms() strict.Forms {
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
	const wanted = "a duration, low..high, or one of {uniform: [low, high]}, {exponential: MEAN}, {lognormal: {median, sigma}}, {normal: {mean, deviation}}"
	if n.Kind == yaml.ScalarNode && !strict.IsNull(n) {
		if low, high, isRange := strings.Cut(n.Value, ".."); isRange {
			readRange(d, n, path, dist, low, high)
		} else {
			readScalar(d, n, path, pointTo(&dist.Constant))
		}
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
		if err := CheckLaw(dist); err != nil {
			d.Problem(value, path, "%v", err)
		}
	}
}

// readRange reads low..high, which stands for any time between the two alike.
func readRange(d *strict.Decoder, n *yaml.Node, path string, dist *random.Distribution, low, high string) {
	u := pointTo(&dist.Uniform)
	var err error
	if u.Low, err = quantity.ParseSpan(strings.TrimSpace(low)); err == nil {
		u.High, err = quantity.ParseSpan(strings.TrimSpace(high))
	}
	if err == nil {
		err = CheckLaw(dist)
	}
	if err != nil {
		d.Problem(n, path, "%v", err)
	}
}

// CheckLaw fails where something is wrong with a law's parameters, or with the longest time that it draws.
func CheckLaw(dist *random.Distribution) error {
	if err := dist.Check(); err != nil {
		return err
	}
	if last := dist.Quantile(1); last > quantity.Longest {
		return fmt.Errorf("found a law whose 99.99%% point is %s, wanted at most 366 days", quantity.Duration(last))
	}
	return nil
}

func pointTo[T any](p **T) *T {
	*p = new(T)
	return *p
}
