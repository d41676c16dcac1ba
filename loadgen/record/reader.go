package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Open reads a run directory: of a run that ended, that died, or that still goes on.
//
// A last line that was cut off is dropped and counted in Record.Torn. A file that is missing is taken as
// empty, but for run.json, without which dir is no run. Anything else that cannot be read is an error that
// names file and line: a record is not guessed at.
func Open(dir string) (*Record, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	r := New(m)
	r.Dir = dir
	path := filepath.Join(dir, scenarioFile)
	if r.Scenario, err = os.ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, explain("read", path, err)
	}
	for _, file := range []struct {
		name  string
		parse func([]byte) error
	}{
		{latencyFile, r.latencyParser()},
		{countersFile, r.parseCounters},
		{samplesFile, r.parseSample},
		{ledgerFile, (&ledgerReader{Ledger: &r.Ledger}).read},
	} {
		torn, err := readLines(filepath.Join(dir, file.name), file.parse)
		if err != nil {
			return nil, fmt.Errorf("read run: %w", err)
		}
		r.Torn += torn
	}
	// Agents' orders come in whichever order the bus brings them, and a judgement must not depend on it.
	r.Ledger.Told, r.Ledger.Sold, r.Ledger.Baseline = sumOrders(r.Ledger.Told, nil), sumOrders(r.Ledger.Sold, nil), sumOrders(r.Ledger.Baseline, nil)
	return r, nil
}

func (r *Record) latencyParser() func([]byte) error {
	parser, decoder := newLogParser(r.Manifest.T0), newPayloadDecoder()
	return func(text []byte) error {
		line, found, err := parser.parse(text)
		if err != nil || !found {
			return err
		}
		c, err := decoder.decode(line.payload)
		if err != nil {
			return fmt.Errorf("tag %s: %w", line.tag, err)
		}
		r.addCell(line.second, line.tag, c)
		return nil
	}
}

func (r *Record) parseCounters(text []byte) error {
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
		return errors.New("found neither or both of step and generator, wanted one")
	}
	return nil
}
