package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"fsctl/loadgen/record/histogram"
	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/seal"
)

// ExistsError says that a run directory cannot be made because there is something of its name.
type ExistsError struct {
	Dir string
}

// Error names the directory.
func (e *ExistsError) Error() string {
	return fmt.Sprintf("make run directory %s: it exists, and a run is never overwritten; name another", e.Dir)
}

// Writer writes a run directory while the run goes on.
//
// What Write returned from is with the operating system: a process that is killed loses no more than the
// second since. After the first error of the disk every method returns that error, for a record with a
// hole in it must not grow on as if it were whole. All methods may be called from many goroutines.
type Writer struct {
	dir    string
	broken atomic.Pointer[error] // the first failure
	ledger lineFile
	raw    rawFile

	samples     lineFile
	sampled     sync.Mutex // guards what follows, up to mu
	sampleList  []Sample   // that the record keeps so far
	sampleLines int        // written

	mu       sync.Mutex // guards what follows
	manifest Manifest
	scenario seal.File
	start    logStart
	latency  *lines.File
	counters *lines.File
	packer   *Packer
	encoder  histogram.Encoder
	totals   seal.Totals
	closed   bool

	checkpoints *lines.File
}

// Create makes the directory dir, with its parents, for a run that is about to start.
//
//	m         T0 must be set and stay as it is; Start too. FormatVersion and ScenarioSHA256 are filled in, End and Seal left out
//	scenario  the scenario file as it will run, byte for byte
//
// It fails with an *ExistsError when dir exists, and otherwise leaves nothing behind where it fails.
func Create(dir string, m Manifest, scenario []byte) (*Writer, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("make run directory %s: manifest: %w", dir, err)
	}
	file := seal.Of(scenarioFile, scenario)
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o755); err != nil {
		return nil, lines.Explain("make run directory", dir, err)
	}
	if err := os.Mkdir(dir, 0o700); errors.Is(err, fs.ErrExist) {
		return nil, &ExistsError{Dir: dir}
	} else if err != nil {
		return nil, lines.Explain("make run directory", dir, err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { // a umask may have taken its owner's permissions too
		return nil, errors.Join(lines.Explain("make run directory", dir, err), os.Remove(dir))
	}
	m.FormatVersion, m.ScenarioSHA256, m.End, m.Seal = FormatVersion, file.SHA256, nil, nil
	w := &Writer{dir: dir, manifest: m, scenario: file, start: newLogStart(m), packer: histogram.NewPacker()}
	if err := w.open(scenario); err != nil {
		return nil, errors.Join(err, w.Discard())
	}
	return w, nil
}

func (w *Writer) open(scenario []byte) (err error) {
	if err := lines.ReplaceWith(w.path(scenarioFile), scenario); err != nil {
		return err
	}
	if w.latency, err = lines.Open(w.path(latencyFile), seal.NewDigest()); err != nil {
		return err
	}
	if err := w.latency.Append(w.start.header()); err != nil {
		return err
	}
	if w.counters, err = lines.Open(w.path(countersFile), seal.NewDigest()); err != nil {
		return err
	}
	if w.ledger.file, err = lines.Open(w.path(ledgerFile), seal.NewDigest()); err != nil {
		return err
	}
	if w.samples.file, err = lines.Open(w.path(samplesFile), seal.NewDigest()); err != nil {
		return err
	}
	w.raw.path = w.path(resultsFile)
	if w.checkpoints, err = lines.Open(w.path(checkpointsFile), seal.NewDigest()); err != nil {
		return err
	}
	if err := w.checkpoint(); err != nil {
		return err
	}
	return writeManifest(w.dir, w.manifest) // last: with it the directory is a run
}

// Discard ends a record that holds nothing, in place of Close, and removes the run directory: of a storm that does not begin. It
// fails where the disk does.
func (w *Writer) Discard() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	return errors.Join(w.latency.Close(), w.counters.Close(), w.ledger.close(), w.samples.close(), w.raw.close(), w.checkpoints.Close(), os.RemoveAll(w.dir))
}

func (w *Writer) path(name string) string { return filepath.Join(w.dir, name) }

// Dir returns the run directory.
func (w *Writer) Dir() string { return w.dir }

// Err returns the error that broke the record, or nil.
func (w *Writer) Err() error {
	if err := w.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// broke keeps the first error of the disk and returns it.
func (w *Writer) broke(err error) error {
	if err == nil || errors.Is(err, os.ErrClosed) { // too late is not broken
		return err
	}
	w.broken.CompareAndSwap(nil, &err)
	return w.Err()
}

// Write appends a second, and fails, as WriteAll does.
func (w *Writer) Write(interval Interval) error { return w.WriteAll([]Interval{interval}) }

// WriteAll appends seconds that were flushed together, in their order: their histograms to latency.hlog, their counters to
// counters.jsonl, what was confirmed since to ledger.jsonl, and to checkpoints.jsonl what all files hold now. Histograms and
// counters that are empty cost nothing. Nothing of the intervals is kept.
//
// An interval with an impossible tag, step or second is refused whole, with nothing written of it and of those after it; those
// before it are written. An error of the disk breaks the record: every later call returns it.
func (w *Writer) WriteAll(intervals []Interval) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return err
	}
	var refused error
	for _, interval := range intervals {
		if refused = w.write(interval); refused != nil {
			break
		}
	}
	if err := w.Err(); err != nil {
		return err
	}
	return errors.Join(refused, w.broke(w.checkpoint()))
}

// write must be called with mu held.
func (w *Writer) write(interval Interval) error {
	counts, err := counterLines(interval)
	if err != nil {
		return fmt.Errorf("record second %d: %w", interval.Second, err)
	}
	if err := checkInterval(interval); err != nil {
		return fmt.Errorf("record second %d: %w", interval.Second, err)
	}
	histograms := PackAll(w.packer, interval)
	if interval.Second < w.start.second && len(histograms) > 0 {
		if err := w.startEarlier(interval.Second); err != nil {
			return w.broke(err)
		}
	}
	latencies, err := w.latencyLines(interval.Second, histograms)
	if err != nil {
		return fmt.Errorf("record second %d: %w", interval.Second, err)
	}
	figures, err := timesLines(interval.Second, histograms)
	if err != nil {
		return fmt.Errorf("record second %d: %w", interval.Second, err)
	}
	w.addTotals(interval, histograms)
	return w.broke(errors.Join(w.latency.Append(latencies), w.counters.Append(append(counts, figures...))))
}

// usable must be called with mu held.
func (w *Writer) usable() error {
	if w.closed {
		return fmt.Errorf("record %s: %w", w.dir, os.ErrClosed)
	}
	return w.Err()
}

func checkInterval(interval Interval) error {
	if err := CheckSecond(interval.Second); err != nil {
		return err
	}
	for tag := range interval.Histograms {
		if err := tag.check(); err != nil {
			return err
		}
	}
	for tag := range interval.Packed {
		if err := tag.check(); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) latencyLines(second int, histograms map[Tag]Packed) ([]byte, error) {
	var lines []byte
	for _, tag := range slices.SortedFunc(maps.Keys(histograms), Tag.Compare) {
		c := histograms[tag]
		lines = w.start.appendLine(lines, tag.String(), second, millis(c.Max()))
		var err error
		if lines, err = w.encoder.Append(lines, c); err != nil {
			return nil, fmt.Errorf("tag %s: %w", tag, err)
		}
		lines = append(lines, '\n')
	}
	return lines, nil
}

// counterLine is a line of counters.jsonl: a step's counters, the generator's health, or the exact figures of a histogram.
type counterLine struct {
	Second *int   `json:"second"`
	Step   string `json:"step,omitempty"`
	*Counters
	Generator *Generator `json:"generator,omitempty"`
	Tag       string     `json:"tag,omitempty"`
	Times     *Times     `json:"times,omitempty"`
}

func counterLines(interval Interval) ([]byte, error) {
	var lines bytes.Buffer
	encode := json.NewEncoder(&lines)
	for _, step := range slices.Sorted(maps.Keys(interval.Steps)) {
		counters := interval.Steps[step]
		if counters == nil || counters.isZero() {
			continue
		}
		if err := CheckName(step); err != nil {
			return nil, fmt.Errorf("step %q: %w", step, err)
		}
		if err := encode.Encode(counterLine{Second: &interval.Second, Step: step, Counters: counters}); err != nil {
			return nil, fmt.Errorf("counters of step %s: %w", step, err)
		}
	}
	if interval.Generator != nil {
		if err := encode.Encode(counterLine{Second: &interval.Second, Generator: interval.Generator}); err != nil {
			return nil, fmt.Errorf("the generator's health: %w", err)
		}
	}
	return lines.Bytes(), nil
}

// startEarlier moves the log's zero back to a second before it. That is rare: an agent whose first arrivals
// were due before the run's start as the coordinator knew it.
func (w *Writer) startEarlier(second int) error {
	path := w.path(latencyFile)
	if err := w.latency.Close(); err != nil {
		return err
	}
	w.start.second = second
	digest, err := compactLog(path, w.start, w.announce)
	if err != nil {
		return err
	}
	reopened, err := lines.Open(path, digest)
	if err != nil {
		return err
	}
	w.latency = reopened
	return nil
}

// Update changes the manifest and rewrites run.json, whole or not at all. T0 must stay: every second of the record
// counts from it. It fails for another T0, a manifest that Create would refuse, and where the file cannot be written.
func (w *Writer) Update(change func(*Manifest)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return err
	}
	changed := w.manifest
	changed.Agents = slices.Clone(w.manifest.Agents)
	changed.Settings = maps.Clone(w.manifest.Settings)
	changed.Levels = slices.Clone(w.manifest.Levels)
	change(&changed)
	if !changed.T0.Equal(w.manifest.T0) {
		return fmt.Errorf("update %s: T0 became %s, wanted %s: the record counts from it", w.path(manifestFile), changed.T0, w.manifest.T0)
	}
	if err := changed.check(); err != nil {
		return fmt.Errorf("update %s: %w", w.path(manifestFile), err)
	}
	w.manifest = changed
	return w.broke(writeManifest(w.dir, changed))
}

// Close ends the record: everything goes to the disk, latency.hlog gets one line a second and tag in order, and
// run.json says how the run ended and is sealed. Where the record is broken it never says Completed but Failed, with the cause.
// Closing twice does nothing more. It fails where the disk does.
func (w *Writer) Close(end End) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	failed := errors.Join(w.latency.Close(), w.counters.Close(), w.ledger.close(), w.samples.close(), w.raw.close())
	if failed == nil && w.Err() == nil {
		failed = w.putInOrder()
	}
	failed = errors.Join(failed, w.checkpoints.Close())
	cause := errors.Join(w.Err(), failed)
	if cause != nil && end.Reason == Completed {
		end.Reason, end.Message = Failed, cause.Error()
	}
	w.manifest.End, w.manifest.Seal = &end, w.seal(cause == nil)
	return errors.Join(failed, writeManifest(w.dir, w.manifest))
}
