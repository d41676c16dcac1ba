package record

import (
	"encoding/json"
	"errors"
	"fmt"

	"fsctl/loadgen/record/histogram"
)

// Open reads a run directory: of a run that ended, that died, or that still goes on.
//
// A run that ended is sealed: every file must hold what the seal in run.json says, and the counters what the histograms hold. A
// run without an end is read to the last second that was written whole; what follows is dropped and counted in Record.Torn. Of a
// run that an older version made, a last line that was cut off is dropped, a missing file is empty, and Record.Unverified is set.
//
// It fails with a *seal.DamageError where a file is not as it was written, and otherwise with an error that names file and line: a
// record is not guessed at.
func Open(dir string) (*Record, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	r := New(m)
	r.Dir = dir
	o := opening{record: r, dir: dir, exact: exactTimes{}}
	if err := o.read(); err != nil {
		return nil, err
	}
	// Agents' orders come in whichever order the bus brings them, and a judgement must not depend on it.
	r.Ledger.Told = sumOrders(r.Ledger.Told, nil)
	return r, nil
}

func (r *Record) latencyParser() func([]byte) error {
	parser, decoder := newLogParser(r.Manifest.T0), histogram.NewDecoder()
	return func(text []byte) error {
		line, found, err := parser.parse(text)
		if err != nil || !found {
			return err
		}
		c, err := decoder.Decode(line.payload)
		if err != nil {
			return fmt.Errorf("tag %s: %w", line.tag, err)
		}
		if c.Count() == 0 {
			return nil
		}
		at := r.at(line.second)
		at.cells[line.tag] = at.cells[line.tag].Plus(line.exact(c)) // sums over seconds follow, once figures are known
		return nil
	}
}

func (r *Record) parseCounters(text []byte, exact exactTimes) error {
	var line counterLine
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	if line.Second == nil {
		return errors.New("found no second, wanted the seconds from T0")
	}
	if err := CheckSecond(*line.Second); err != nil {
		return err
	}
	switch {
	case line.Times != nil && line.Step == "" && line.Generator == nil:
		return exact.add(*line.Second, line.Tag, *line.Times)
	case line.Generator != nil && line.Step == "":
		r.addGenerator(*line.Second, *line.Generator)
	case line.Generator == nil && line.Step != "":
		if err := CheckName(line.Step); err != nil {
			return fmt.Errorf("step: %w", err)
		}
		if line.Counters != nil {
			r.addCounters(*line.Second, line.Step, *line.Counters)
		}
	default:
		return errors.New("found none or several of step, generator and tag, wanted one")
	}
	return nil
}
