package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"fsctl/loadgen/record/foreign"
	"fsctl/loadgen/record/histogram"
	"fsctl/loadgen/record/lines"
	"fsctl/scenarios/quantity"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// VegetaStep is the one step that a file of vegeta results has.
const VegetaStep = "request"

// FromVegeta reads a file of vegeta results (gob, JSON or CSV) as a record.
//
// T0 is the earliest timestamp. vegeta stamps a request when a worker takes it, not when it was due, so
// that there is service time only and DueUnknown is set. A status of 400 or above is OutcomeFailed, of the
// error class status_<code>; a request without a whole answer is OutcomeError. Results that break off in
// the middle of one are taken as far as they go, with Torn set and without Manifest.End.
//
// It fails when the file cannot be read, holds no results, or is corrupt elsewhere than at its end.
func FromVegeta(path string) (*Record, error) { return FromVegetaFiles([]string{path}, nil) }

// FromVegetaFiles reads several files of vegeta results, of any of its forms, as one record: those of an attack from several
// machines, by each one's own clock. slices are the parts of the requests of which histograms are kept too, by status and
// method. It fails as FromVegeta does, for any of the files.
func FromVegetaFiles(paths []string, slices []Slice) (*Record, error) {
	var span vegetaSpan
	torn := 0
	for _, path := range paths {
		before := span.count
		isTorn, err := eachResult(path, span.add)
		if err != nil {
			return nil, err
		}
		if span.count == before {
			return nil, fmt.Errorf("read %s: found no results", path)
		}
		if isTorn {
			torn++
		}
	}
	r := New(span.manifest())
	r.DueUnknown, r.slices = true, slices
	if torn > 0 {
		r.Torn, r.Manifest.End = torn, nil
	}
	fill := vegetaFill{record: r, packer: histogram.NewPacker(), open: map[vegetaKey]*Sparse{}}
	for _, path := range paths {
		if _, err := eachResult(path, fill.add); err != nil {
			return nil, err
		}
	}
	fill.flush()
	return r, nil
}

// eachResult calls do with every result of the file; torn says that the last one was cut off. The
// timestamps are not in order, so a file is read twice rather than kept in memory.
func eachResult(path string, do func(*vegeta.Result) error) (torn bool, err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // which might never end, and opening it might wait
		return false, &FormatError{path, foreign.Kind{Name: "a device or a pipe", Hint: "write the results to a file first: they are read twice"}}
	}
	file, err := os.Open(path)
	if err != nil {
		return false, lines.Explain("open", path, err)
	}
	defer file.Close() // only read
	first, last, err := ends(file)
	if err != nil {
		return false, lines.Explain("read", path, err)
	}
	decode := vegeta.DecoderFor(bufio.NewReaderSize(file, 1<<16))
	if decode == nil {
		return false, notResults(path, file, nil)
	}
	for number := 1; ; number++ {
		var result vegeta.Result
		if err := decode(&result); err != nil {
			// What the decoder says next distinguishes the file's end from a fault before it.
			if torn, ok := ended(err, decode(&vegeta.Result{}), first, last); ok {
				return torn, nil
			}
			return false, notResults(path, file, fmt.Errorf("result %d: %w", number, err))
		}
		if err := do(&result); err != nil {
			return false, notResults(path, file, fmt.Errorf("result %d: %w", number, err))
		}
	}
}

// A FormatError is a file that is neither a run nor results, but something else that is known.
type FormatError struct {
	Path string
	Kind foreign.Kind
}

// Error says what the file is, and what was wanted.
func (e *FormatError) Error() string {
	return fmt.Sprintf("read %s: found %s, neither a run directory nor vegeta results (gob, JSON or CSV)", e.Path, e.Kind.Name)
}

// notResults returns the error of a file that vegeta did not write: what it is, where that is known, else the reason.
func notResults(path string, file io.ReaderAt, reason error) error {
	head := make([]byte, foreign.Size)
	n, err := file.ReadAt(head, 0)
	if n == 0 && errors.Is(err, io.EOF) {
		return &FormatError{path, foreign.Kind{Name: "an empty file", Hint: "whoever wrote it may have failed; name a run directory, or a file of vegeta results"}}
	}
	if kind, ok := foreign.Recognize(head[:n]); ok && (err == nil || errors.Is(err, io.EOF)) {
		return &FormatError{path, kind}
	}
	if reason != nil {
		return fmt.Errorf("read %s: %w", path, reason)
	}
	return fmt.Errorf("read %s: found neither a run directory nor vegeta results (gob, JSON or CSV)", path)
}

// ended reports whether a decoder that failed with err, and then with next, is at the end of a file with this
// first and last byte, and whether the last result is torn.
func ended(err, next error, first, last byte) (torn, ok bool) {
	switch {
	case !errors.Is(next, io.EOF) && !errors.Is(next, io.ErrUnexpectedEOF):
		return false, false
	case errors.Is(err, io.EOF):
		return first == '{' && last != '\n', true // the JSON decoder drops a last line without end
	case errors.Is(err, io.ErrUnexpectedEOF):
		return true, true // gob
	}
	return true, last != '\n' // CSV
}

// ends returns a file's first and last byte, zeros for an empty one.
func ends(file *os.File) (first, last byte, err error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return 0, 0, err
	}
	var b [1]byte
	if _, err = file.ReadAt(b[:], 0); err != nil {
		return 0, 0, err
	}
	first = b[0]
	_, err = file.ReadAt(b[:], info.Size()-1)
	return first, b[0], err
}

// vegetaSpan is what a first reading finds out.
type vegetaSpan struct {
	count      uint64
	start, end time.Time
	attack     string
	target     string
}

func (s *vegetaSpan) add(result *vegeta.Result) error {
	if result.Latency < 0 {
		return fmt.Errorf("latency is %s, wanted at least 0", quantity.Duration(result.Latency))
	}
	if !result.Timestamp.After(time.Unix(0, 0)) {
		return fmt.Errorf("timestamp is %s, wanted the instant when it was sent", result.Timestamp.Format(time.RFC3339))
	}
	if s.count == 0 {
		s.start, s.attack = result.Timestamp, result.Attack
		if target, err := url.Parse(result.URL); err == nil && target.Host != "" {
			s.target = target.Scheme + "://" + target.Host
		}
	}
	s.count++
	if result.Timestamp.Before(s.start) {
		s.start = result.Timestamp
	}
	if result.End().After(s.end) {
		s.end = result.End()
	}
	return nil
}

func (s *vegetaSpan) manifest() Manifest {
	return Manifest{
		Scenario:   s.attack,
		Target:     s.target,
		Engine:     "vegeta",
		ScaleRatio: 1,
		Start:      s.start,
		T0:         s.start,
		End:        &End{At: s.end, Reason: Completed},
	}
}

type vegetaKey struct {
	second int
	tag    Tag
}

// vegetaFill collects results into histograms, a few at a time: results come roughly in order, and an
// hour of them would take gigabytes.
type vegetaFill struct {
	record *Record
	packer *Packer
	open   map[vegetaKey]*Sparse
}

func (f *vegetaFill) add(result *vegeta.Result) error {
	sent, done := f.secondOf(result.Timestamp), f.secondOf(result.End())
	if err := errors.Join(CheckSecond(sent), CheckSecond(done)); err != nil {
		return err
	}
	outcome, class := classify(result)
	ended := Counters{Done: 1, BytesIn: result.BytesIn}
	ended.Sends.Include(result.Timestamp.Sub(f.record.Manifest.T0))
	ended.Ends.Include(result.End().Sub(f.record.Manifest.T0))
	if outcome != OutcomeOK {
		ended.Failed, ended.Errors = 1, map[string]uint64{class: 1}
	}
	if result.Code > 0 {
		ended.Statuses = map[string]uint64{strconv.Itoa(int(result.Code)): 1}
	}
	f.record.addCounters(sent, VegetaStep, Counters{Sent: 1, BytesOut: result.BytesOut})
	f.record.addCounters(done, VegetaStep, ended)
	if err := f.addTime(ServiceTime, sent, outcome, result); err != nil {
		return err
	}
	for _, s := range f.record.slices {
		if (s.Status == "" || s.Status == strconv.Itoa(int(result.Code))) && (s.Method == "" || s.Method == result.Method) && s.Journey == "" {
			if err := f.addTime(s.Of(ServiceTime), sent, outcome, result); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *vegetaFill) addTime(metric string, sent int, outcome string, result *vegeta.Result) error {
	h := f.histogram(vegetaKey{sent, Tag{metric, VegetaStep, outcome}})
	if err := h.RecordValue(min(int64(result.Latency), HighestValue)); err != nil {
		return fmt.Errorf("latency %s: %w", quantity.Duration(result.Latency), err)
	}
	return nil
}

func (f *vegetaFill) secondOf(at time.Time) int {
	return int(at.Sub(f.record.Manifest.T0) / time.Second)
}

func (f *vegetaFill) histogram(key vegetaKey) *Sparse {
	if h, ok := f.open[key]; ok {
		return h
	}
	const mostOpen = 64
	if len(f.open) == mostOpen {
		f.flush()
	}
	h := histogram.NewSparse()
	f.open[key] = h
	return h
}

func (f *vegetaFill) flush() {
	for key, h := range f.open {
		f.record.addCell(key.second, key.tag, f.packer.PackSparse(h))
	}
	clear(f.open)
}

// classify returns a result's outcome and, where it is not OutcomeOK, the class of its error.
func classify(result *vegeta.Result) (outcome, class string) {
	switch {
	case result.Code >= 400:
		return OutcomeFailed, fmt.Sprintf("status_%d", result.Code)
	case result.Code >= 100 && result.Error == "":
		return OutcomeOK, ""
	}
	for _, known := range []struct{ text, class string }{
		{"connection refused", "refused"},
		{"connection reset", "reset"},
		{"broken pipe", "reset"},
		{"timeout", "timeout"}, // Go's own message says it beside the rest, so it is asked before tls
		{"deadline exceeded", "timeout"},
		{"no such host", "dns"},
		{"x509", "tls"},
		{"tls:", "tls"},
		{"EOF", "closed"},
	} {
		if strings.Contains(result.Error, known.text) {
			return OutcomeError, known.class
		}
	}
	return OutcomeError, "other"
}
