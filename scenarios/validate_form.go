package scenarios

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
	"fsctl/scenarios/strict"
)

// form checks what the decoder sees to in a text: numbers in the range of their type, intervals in
// order, words among their choices.
func (v *validator) form(path string, f reflect.Value) {
	if f.Kind() == reflect.Pointer {
		if !f.IsNil() {
			v.form(path, f.Elem())
		}
		return
	}
	switch at := f.Interface().(type) {
	case amount.Ratio:
		v.number(path, float64(at), 1)
	case amount.Count:
		v.number(path, float64(at), math.MaxFloat64)
	case amount.Rate:
		v.number(path, float64(at), math.MaxFloat64)
	case float64:
		v.number(path, at, math.MaxFloat64)
	case int:
		v.number(path, float64(at), 1<<53)
	case time.Duration:
		v.number(path, float64(at), float64(quantity.Longest))
	case amount.Instant:
		v.number(path, math.Abs(float64(at)), float64(quantity.Longest))
	case time.Time:
	case random.Distribution:
		if err := amount.CheckLaw(&at); err != nil {
			v.Problem(path, "%v", err)
		}
	case interface{ Check() error }:
		for i := range f.NumField() {
			v.form(path, f.Field(i))
		}
		if err := at.Check(); err != nil {
			v.Problem(path, "%v", err)
		}
	default:
		v.parts(path, f)
	}
}

// number reports one that is not from 0 to most.
func (v *validator) number(path string, n, most float64) {
	if !(n >= 0 && n <= most) {
		v.Problem(path, "found %s, wanted 0 to %s", quantity.Precise(n), quantity.Given(most))
	}
}

// parts checks the fields of a struct and the elements of a list or a map.
func (v *validator) parts(path string, f reflect.Value) {
	switch f.Kind() {
	case reflect.Slice:
		for i := range f.Len() {
			name := ""
			if e := f.Index(i); e.Kind() == reflect.Struct && e.FieldByName("Name").IsValid() {
				name = e.FieldByName("Name").String()
			}
			v.form(strict.Named(path, i, name), f.Index(i))
		}
	case reflect.Map:
		for _, key := range f.MapKeys() {
			v.form(strict.Join(path, key.String()), f.MapIndex(key))
		}
	case reflect.Struct:
		for field := range f.Type().Fields() {
			key := field.Tag.Get("yaml")
			if key == "-" || !field.IsExported() {
				continue
			}
			below := path
			if key != "" { // else the struct has a form of its own in a file, and its parts go by its path
				below = strict.Join(path, key)
			}
			v.choice(below, field, f.FieldByIndex(field.Index))
			v.form(below, f.FieldByIndex(field.Index))
		}
	}
}

// choice reports a word that is not among the choices of its field.
func (v *validator) choice(path string, field reflect.StructField, word reflect.Value) {
	choices := strict.Choices(field)
	if len(choices) == 0 || word.Kind() != reflect.String || slices.Contains(choices, word.String()) {
		return
	}
	v.Problem(path, "found %q, wanted %s", word.String(), strings.Join(choices, " or "))
}
