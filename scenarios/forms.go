package scenarios

import (
	"reflect"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/strict"
)

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
	case n.Kind == yaml.ScalarNode && n.Value == LedgerOfAnswers:
		l.Answers = true
	case n.Kind == yaml.MappingNode:
		d.Struct(n, path, reflect.ValueOf(l).Elem())
	default:
		d.Wrong(n, path, `{url: "/PATH"}, or `+LedgerOfAnswers+" for a target that has no ledger to read")
	}
}

// LedgerOfAnswers is the one word that a ledger may be.
const LedgerOfAnswers = "answers"

// KeyLaw is the fields of a key that has a law of its own. Zipf is an exponent without a unit, 0 to 10, and Keys counts, 1 to 10 M.
type KeyLaw struct {
	Zipf float64 `yaml:"zipf" jsonschema:"required" jsonschema_description:"Exponent s: key i is wanted in proportion to 1/i^s; 0 for all alike."`
	Keys int     `yaml:"keys" jsonschema:"required" jsonschema_description:"Different keys."`
}

// ReadNode reads sale, none or {zipf: ..., keys: ...}.
func (k *Key) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	switch {
	case n.Kind == yaml.ScalarNode && (n.Value == KeyedBySale || n.Value == KeyedByNothing):
		k.By = n.Value
	case n.Kind == yaml.MappingNode:
		var law KeyLaw
		d.Struct(n, path, reflect.ValueOf(&law).Elem())
		*k = Key{KeyedByZipf, law.Zipf, law.Keys}
	default:
		d.Wrong(n, path, "sale, none or {zipf: 0.99, keys: 1M}")
	}
}
