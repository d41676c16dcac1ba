package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/seal"
)

// opening reads the files of a run directory into a record.
type opening struct {
	record *Record
	dir    string
	exact  exactTimes // of counters.jsonl
}

// part is a file of a record. Without parse it is only verified.
type part struct {
	name  string
	parse func(line []byte) error
}

// growing are the files that a run appends to.
func (o *opening) growing() []part {
	r := o.record
	return []part{
		{latencyFile, r.latencyParser()},
		{countersFile, func(line []byte) error { return r.parseCounters(line, o.exact) }},
		{samplesFile, r.parseSample},
		{ledgerFile, (&ledgerReader{Ledger: &r.Ledger}).read},
		{resultsFile, nil},
	}
}

func (o *opening) path(name string) string { return filepath.Join(o.dir, name) }

func (o *opening) read() error {
	m := &o.record.Manifest
	_, err := os.Lstat(o.path(checkpointsFile))
	switch {
	case m.FormatVersion == 0 && err == nil:
		return damage(o.path(manifestFile), "no format_version", "one, since there is "+checkpointsFile)
	case m.FormatVersion == 0:
		return o.readOld()
	case m.Seal != nil:
		return o.readSealed(m.Seal)
	}
	return o.readUnsealed()
}

// readOld reads a run of before there was a version.
func (o *opening) readOld() (err error) {
	r := o.record
	r.Unverified = true
	if r.Scenario, err = os.ReadFile(o.path(scenarioFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lines.Explain("read", o.path(scenarioFile), err)
	}
	for _, file := range o.growing() {
		if file.parse == nil {
			continue
		}
		torn, err := lines.Parse(o.path(file.name), file.parse)
		if err != nil {
			return fmt.Errorf("read run: %w", err)
		}
		r.Torn += torn
	}
	r.settle(o.exact)
	return nil
}

// readSealed reads a run that ended. Every file is read once: it is hashed as it is parsed.
func (o *opening) readSealed(s *seal.Seal) error {
	if err := o.readScenario(s); err != nil {
		return err
	}
	for _, file := range append(o.growing(), part{name: checkpointsFile}) {
		wanted, ok := s.Find(file.name)
		if err := readSealed(o.path(file.name), file.parse, wanted, ok); err != nil {
			return fmt.Errorf("read run: %w", err)
		}
	}
	o.record.settle(o.exact)
	if s.Totals == nil {
		return nil
	}
	if err := o.record.addsUp(s.Totals); err != nil {
		return fmt.Errorf("read run: %s: %w", o.dir, err)
	}
	return nil
}

// readSealed reads the file at path, of which the seal says wanted where it is sealed.
func readSealed(path string, parse func([]byte) error, wanted seal.File, sealed bool) error {
	file, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && sealed:
		return &seal.DamageError{Path: path, Found: "no such file", Wanted: wanted.String() + ", as the seal in run.json says"}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return lines.Explain("open", path, err)
	}
	defer file.Close() // only read
	if !sealed {
		return &seal.DamageError{Path: path, Found: "a file", Wanted: "none, as the seal in run.json says"}
	}
	from := seal.NewReader(file)
	if parse != nil {
		err = lines.Each(from, path, func(line []byte, _ int64, _ bool) error { return parse(line) })
	}
	return from.Verify(path, wanted, err)
}

// readScenario reads the scenario of a run. s is nil where there is no seal: the manifest has its hash from the start.
func (o *opening) readScenario(s *seal.Seal) error {
	r, path := o.record, o.path(scenarioFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lines.Explain("read", path, err)
	}
	found, wanted := seal.Of(scenarioFile, text), r.Manifest.ScenarioSHA256
	sealed, ok := seal.File{}, s == nil
	if s != nil {
		sealed, ok = s.Find(scenarioFile)
	}
	if err != nil || found.SHA256 != wanted || !ok || s != nil && sealed != found {
		what := found.String()
		if err != nil {
			what = "no such file"
		}
		return fmt.Errorf("read run: %w", &seal.DamageError{Path: path, Found: what, Wanted: fmt.Sprintf("the scenario as it ran, with SHA-256 %.12s, as run.json says", wanted),
			Hint: fmt.Sprintf("restore it as it ran; to judge the run by other thresholds: fsctl report %s --threshold 'METRIC: EXPR'", o.dir)})
	}
	r.Scenario = text
	return nil
}

// readUnsealed reads a run that died or still goes on, to its last whole second. The files are opened before the checkpoints are
// read, so that one which goes on has all that these speak of.
func (o *opening) readUnsealed() error {
	if err := o.readScenario(nil); err != nil {
		return err
	}
	parts, files, readers := o.growing(), map[string]*os.File{}, map[string]io.Reader{}
	for _, p := range parts {
		file, err := os.Open(o.path(p.name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			readers[p.name] = eof{}
		case err != nil:
			return lines.Explain("open", o.path(p.name), err)
		default:
			defer file.Close() // only read
			files[p.name], readers[p.name] = file, file
		}
	}
	text, err := os.ReadFile(o.path(checkpointsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return damage(o.path(checkpointsFile), "no such file", "what the files held after each second")
	}
	if err != nil {
		return lines.Explain("read", o.path(checkpointsFile), err)
	}
	log, torn, err := seal.ParseLog(o.path(checkpointsFile), text)
	if err != nil {
		return fmt.Errorf("read run: %w", err)
	}
	kept, err := seal.Recover(log, readers, o.path)
	if err != nil {
		return fmt.Errorf("read run: %w", err)
	}
	if o.record.Torn = kept.Torn; torn {
		o.record.Torn++
	}
	for _, p := range parts {
		if p.parse == nil || kept.Bytes[p.name] == 0 {
			continue
		}
		err := lines.Each(io.NewSectionReader(files[p.name], 0, kept.Bytes[p.name]), o.path(p.name), func(line []byte, _ int64, _ bool) error { return p.parse(line) })
		if err != nil {
			return fmt.Errorf("read run: %w", err)
		}
	}
	o.record.settle(o.exact)
	return nil
}

// eof is an empty file.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

func damage(path, found, wanted string) error {
	return fmt.Errorf("read run: %w", &seal.DamageError{Path: path, Found: found, Wanted: wanted})
}
