// Package schema writes the JSON Schema of scenario files.
package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/kinds"
	"fsctl/scenarios/random"
	"fsctl/scenarios/request"
	"fsctl/scenarios/script"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"

	"github.com/invopop/jsonschema"
)

// Text returns the JSON Schema of a scenario file, made from the types that read it. It fails
// only where encoding/json refuses the schema, a mistake in the tags.
func Text() ([]byte, error) {
	s := reflectType(reflect.TypeFor[scenarios.Scenario]())
	s.Definitions = jsonschema.Definitions{"action": actionSchema()}
	s.Version = jsonschema.Version
	s.ID = "https://fsctl.invalid/schema/fsctl-v1.json"
	s.Title = "fsctl scenario"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(text, '\n'), nil
}

func reflectType(t reflect.Type) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		DoNotReference:             true,
		Anonymous:                  true,
		Mapper:                     forms,
	}
	s := r.ReflectFromType(t)
	s.Version = ""
	return s
}

func pattern(description, expression string) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: expression, Description: description}
}

func number() *jsonschema.Schema { return &jsonschema.Schema{Type: "number", Minimum: "0"} }

func either(s ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: s} }

func listOf(items *jsonschema.Schema, least, most uint64) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: items, MinItems: &least, MaxItems: &most}
}

func mapOf(values *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", AdditionalProperties: values}
}

// limitSchema is one threshold or several, short or long, whose text has a form.
func limitSchema(description, form string) *jsonschema.Schema {
	fields := reflectType(reflect.TypeFor[threshold.Fields]())
	if text, ok := fields.Properties.Get("threshold"); ok {
		text.Pattern = form
	}
	one := either(pattern(description, form), fields)
	least := uint64(1)
	return either(one, &jsonschema.Schema{Type: "array", Items: one, MinItems: &least})
}

// actionSchema refers to itself: a repeat holds actions.
func actionSchema() *jsonschema.Schema {
	least := uint64(1)
	return either(pattern("A step's name, or leave.", scenarios.NamePattern), oneKey(map[string]*jsonschema.Schema{
		"think":  reflectType(reflect.TypeFor[random.Distribution]()),
		"pacing": reflectType(reflect.TypeFor[random.Distribution]()),
		"repeat": reflectType(reflect.TypeFor[script.Repeat]()),
		"retry":  reflectType(reflect.TypeFor[script.Retry]()),
		"choose": {Type: "array", Items: reflectType(reflect.TypeFor[script.Choice]()), MinItems: &least},
	}), reflectType(reflect.TypeFor[script.Branch]()), reflectType(reflect.TypeFor[script.Group]()))
}

// oneKey is a mapping of exactly one of the names.
func oneKey(values map[string]*jsonschema.Schema) *jsonschema.Schema {
	s := &jsonschema.Schema{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		properties := jsonschema.NewProperties()
		properties.Set(name, values[name])
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Type: "object", Properties: properties,
			Required: []string{name}, AdditionalProperties: jsonschema.FalseSchema})
	}
	return s
}

// scalarSchema returns the text forms of a scalar type, or nil.
func scalarSchema(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[amount.Count]():
		return either(number(), pattern("A count: 10k, 10M, 1.2G.", `^[0-9.,]+[kMGT]?$`))
	case reflect.TypeFor[amount.Ratio]():
		return either(&jsonschema.Schema{Type: "number", Minimum: "0", Maximum: "1"}, pattern("A share: 20%.", `^[0-9.,]+ ?%?$`))
	case reflect.TypeFor[amount.Rate]():
		return pattern("A rate: 120/s, 3k/s, 600/m.", `^[0-9.,]+[kMGT]?/(s|m|min|h)$`)
	case reflect.TypeFor[time.Duration]():
		return either(pattern("A duration: 250ms, 90s, 5h.", `^([0-9.,]+ ?(ns|us|µs|μs|ms|s|min|m|h) ?)+$|^0$`), &jsonschema.Schema{Const: 0})
	case reflect.TypeFor[float64]():
		return number()
	case reflect.TypeFor[int]():
		return either(&jsonschema.Schema{Type: "integer", Minimum: "0"}, pattern("A count: 10k, 10M.", `^[0-9.,]+[kMGT]?$`))
	}
	return nil
}

// kindSchema gives the schema of a type whose fields depend on its kind, nil for others.
func kindSchema(t reflect.Type) *jsonschema.Schema {
	switch reflect.Zero(t).Interface().(type) {
	case scenarios.Service:
		type fields scenarios.Service
		return byKind(reflectType(reflect.TypeFor[fields]()), "kind", kinds.OfServices())
	case scenarios.Scaling:
		type fields scenarios.Scaling
		return byKind(reflectType(reflect.TypeFor[fields]()), "policy", kinds.OfScaling())
	case scenarios.Pool:
		type fields scenarios.Pool
		return byKind(reflectType(reflect.TypeFor[fields]()), "billing", kinds.OfPools())
	case scenarios.Phase:
		type fields scenarios.Phase
		return byForm(reflectType(reflect.TypeFor[fields]()), kinds.OfPhases(), "from", "at")
	}
	return nil
}

// forms gives the schema of every type with a form of its own; nil leaves a type to reflection.
func forms(t reflect.Type) *jsonschema.Schema {
	if s := scalarSchema(t); s != nil {
		return s
	}
	if s := kindSchema(t); s != nil {
		return s
	}
	duration := scalarSchema(reflect.TypeFor[time.Duration]())
	switch v := reflect.Zero(t).Interface().(type) {
	case interface{ Element() reflect.Type }: // an interval
		one := scalarSchema(v.Element())
		return either(one, listOf(one, 1, 3), pattern("low..high", `\.\.`))
	case amount.Instant:
		return pattern("A time relative to T0: T0, T0+30s, T0-1m.", `^T0([+-].+)?$`)
	case amount.Start:
		return pattern("A duration after the run's start, or a wall-clock time.", `.`)
	case amount.Ramp:
		rate := scalarSchema(reflect.TypeFor[amount.Rate]())
		return either(rate, listOf(rate, 2, 2))
	case request.JSON:
		return &jsonschema.Schema{}
	case request.Body:
		return either(&jsonschema.Schema{Type: "string"}, oneKey(map[string]*jsonschema.Schema{"file": {Type: "string"}}))
	case request.Form:
		value := &jsonschema.Schema{Type: "string"}
		return mapOf(either(value, &jsonschema.Schema{Type: "array", Items: value}))
	case request.Multipart:
		part := either(&jsonschema.Schema{Type: "string"}, reflectType(reflect.TypeFor[request.FilePart]()))
		return mapOf(either(part, &jsonschema.Schema{Type: "array", Items: part}))
	case scenarios.Mix:
		return either(pattern("A journey's name.", scenarios.NamePattern), mapOf(either(number(), pattern("A share: 80%.", `%$`))))
	case scenarios.Extraction:
		type fields scenarios.Extraction
		return either(pattern("Where the variable is: json:PATH, header:NAME, regex:EXPR or cookie:NAME.", `^(json|header|regex|cookie):.`), reflectType(reflect.TypeFor[fields]()))
	case scenarios.Outcome:
		return pattern("A condition: status in 200,202.", `.`)
	case random.Distribution:
		return either(duration, oneKey(map[string]*jsonschema.Schema{
			"constant": duration, "exponential": duration, "uniform": listOf(duration, 2, 2),
			"lognormal": reflectType(reflect.TypeFor[random.Lognormal]()), "normal": reflectType(reflect.TypeFor[random.Normal]()),
		}))
	case script.Script, []script.Action:
		least := uint64(1)
		return &jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{Ref: "#/$defs/action"}, MinItems: &least}
	case threshold.Limit:
		return limitSchema("A threshold: p(99)<300ms.", `.`)
	case scenarios.Invariant:
		type fields scenarios.Invariant
		return either(&jsonschema.Schema{Type: "string", Enum: []any{scenarios.NoOversell, scenarios.OneOrderPerUser, scenarios.NoLostOrder}}, reflectType(reflect.TypeFor[fields]()))
	case scenarios.Key:
		return either(&jsonschema.Schema{Type: "string", Enum: []any{scenarios.KeyedBySale, scenarios.KeyedByNothing}}, reflectType(reflect.TypeFor[scenarios.KeyLaw]()))
	case scenarios.Ledger:
		type fields scenarios.Ledger
		return either(&jsonschema.Schema{Type: "string", Enum: []any{scenarios.LedgerOfAnswers}}, reflectType(reflect.TypeFor[fields]()))
	case strict.Keyed[threshold.Limit]:
		s := mapOf(limitSchema("A threshold on an own counter: count<100 or rate<1/s.", `^\s*(count|rate)`))
		s.PatternProperties = map[string]*jsonschema.Schema{`^(` + strings.Join(threshold.Metrics(), "|") + `)(\{.+\})?$`: reflectType(t.Elem())}
		s.PropertyNames = pattern("A metric or an own counter, with tags in braces.", `^[a-z][a-z0-9_]*(\{.+\})?$`)
		return s
	case interface{ KeyedByName() }:
		s := mapOf(reflectType(t.Elem()))
		s.PropertyNames = pattern("A name.", scenarios.NamePattern)
		return s
	}
	return nil
}
