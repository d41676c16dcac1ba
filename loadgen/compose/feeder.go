package compose

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"

	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/random"
	"fsctl/scenarios/table"
	"fsctl/scenarios/template"
)

// feeder gives each arrival a row of its own: the row's number is a seeded permutation of the
// arrival's, so that no two arrivals share a row, on any number of agents, with nothing to ask.
type feeder struct {
	name    string
	size    uint64
	recycle bool
	order   *random.Permutation
	fields  []string
	columns []text       // of a sequence; literals and the row's number
	table   *table.Table // of a file; nil for a sequence
}

func newFeeder(sc *scenarios.Scenario, f *scenarios.Feeder, seed uint64) (*feeder, error) {
	v := &feeder{name: f.Name, recycle: f.Recycle, size: uint64(f.Size)}
	if f.From == "csv" {
		if err := v.readCSV(sc, f.File); err != nil {
			return nil, err
		}
		v.size = uint64(v.table.Rows())
	}
	if f.From == "sequence" {
		v.fields = sorted(f.Fields)
		for _, name := range v.fields {
			t, err := template.Parse(f.Fields[name])
			if err != nil {
				return nil, err
			}
			v.columns = append(v.columns, rowText(t))
		}
	}
	if v.size == 0 {
		return nil, transport.InputErrorf("give it rows, or another file", "feeder %s has no rows", f.Name)
	}
	v.order = random.NewPermutation(random.NewStream(seed, "feeder/"+f.Name), v.size)
	return v, nil
}

// rowText compiles a field of a sequence, in which the only variable is the row's number.
func rowText(t template.Template) text {
	var compiled text
	for _, p := range t {
		piece := piece{literal: p.Literal}
		if p.Value != nil {
			piece.variable = &Variable{}
		}
		compiled.pieces = append(compiled.pieces, piece)
	}
	return compiled
}

func (f *feeder) readCSV(sc *scenarios.Scenario, file string) error {
	var err error
	if f.table, err = sc.Table(file); err != nil {
		_, system := errors.AsType[*fs.PathError](err)
		if _, kind := errors.AsType[*inputfile.Error](err); kind || system { // which say the path
			return fmt.Errorf("feeder %s: %w", f.name, err)
		}
		return transport.InputErrorf("mend that line: a CSV file has a header line, and as many values in every row", "feeder %s: %s: %v", f.name, sc.Path(file), err)
	}
	f.fields = f.table.Names
	return nil
}

// enough fails where so many arrivals would need a row twice.
func (f *feeder) enough(arrivals uint64) error {
	if f.recycle || arrivals <= f.size {
		return nil
	}
	return transport.InputErrorf(fmt.Sprintf("give it %s, use --scale to send fewer users, or say recycle: true to give rows again", quantity.Of(arrivals, "row")),
		"feeder %s ends early: it has %s for %s, and gives no row twice", f.name, quantity.Of(f.size, "row"), quantity.Of(arrivals, "arrival"))
}

func (f *feeder) field(name string) (int, error) {
	if i := slices.Index(f.fields, name); i >= 0 {
		return i, nil
	}
	if name == "id" {
		return -1, nil
	}
	return 0, fmt.Errorf("feeder %s has no field %q, wanted one of %s", f.name, name, strings.Join(f.fields, ", "))
}

// append writes a field of the arrival's row; field -1 is the row's number, from 1.
func (f *feeder) append(b []byte, arrival uint64, field int) []byte {
	row := f.order.At(arrival % f.size)
	switch {
	case field < 0:
		return strconv.AppendUint(b, row+1, 10)
	case f.table != nil:
		return append(b, f.table.Value(int(row), field)...)
	}
	for _, p := range f.columns[field].pieces {
		b = append(b, p.literal...)
		if p.variable != nil {
			b = strconv.AppendUint(b, row+1, 10)
		}
	}
	return b
}

// Feeders are those of a scenario.
type Feeders []*feeder

// CheckRows fails with a *transport.InputError where feeders have no row of their own for each of so many users.
func (v Feeders) CheckRows(users uint64) error {
	for _, f := range v {
		if err := f.enough(users); err != nil {
			return err
		}
	}
	return nil
}

// Rows returns for how many users, from 0, feeders have a row of their own, and the feeder that has the fewest; empty where all give
// rows again.
func (v Feeders) Rows() (users uint64, feeder string) {
	for _, f := range v {
		if !f.recycle && (feeder == "" || f.size < users) {
			users, feeder = f.size, f.name
		}
	}
	return users, feeder
}

// Names returns the texts by which a target may know the user of an arrival: the fields of the user's rows and the user's
// number. They are a pure function of the arrival. The texts are in *buf and hold until the next one.
func (v Feeders) Names(arrival uint64, buf *[]byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		number := Variable{source: fromUserID}
		u := User{Arrival: arrival}
		if *buf, _ = number.Append((*buf)[:0], &u); !yield(*buf) {
			return
		}
		for _, f := range v {
			for field := -1; field < len(f.fields); field++ {
				if *buf = f.append((*buf)[:0], arrival, field); !yield(*buf) {
					return
				}
			}
		}
	}
}
