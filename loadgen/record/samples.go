package record

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/seal"
	"fsctl/loadgen/redact"
)

// Sample is one exchange that failed. Its texts hold no secrets and no control characters; package redact says what is taken
// out and how.
type Sample struct {
	Step      string  `json:"step"`
	Reason    string  `json:"reason"`     // as in Counters: an error's class, or one of Counters.Failures
	AtSeconds float64 `json:"at_seconds"` // from T0 to the instant it was sent [s]

	Method           string   `json:"method"`
	Target           string   `json:"target,omitempty"` // name of the scenario's target that it was sent to; empty for main
	URL              string   `json:"url"`              // path and query
	RequestHeaders   []string `json:"request_headers,omitempty"`
	RequestBody      string   `json:"request_body,omitempty"`       // its first KB
	RequestBodyBytes uint64   `json:"request_body_bytes,omitempty"` // all of it

	StatusLine    string   `json:"status_line,omitempty"` // empty where no head of an answer came
	Status        int      `json:"status,omitempty"`      // code, 100 to 999, 0 for none
	Headers       []string `json:"headers,omitempty"`
	HeadersLeft   int      `json:"headers_left,omitempty"` // fields that there was no room for, or that were cut short
	Body          string   `json:"body,omitempty"`         // its first KB, unpacked where it was in gzip
	BodyBytes     uint64   `json:"body_bytes,omitempty"`   // all of it as it was sent, 0 where that is not known
	Error         string   `json:"error,omitempty"`        // why there is no whole answer
	Wanted        string   `json:"wanted,omitempty"`
	Found         string   `json:"found,omitempty"`    // in its place
	RedactedCount int      `json:"redacted,omitempty"` // values that were taken out
}

// Bounds of samples.
const (
	SamplesPerKind  = 3   // how many of a step and a reason a record keeps, from 0: those that were sent first
	MostSamples     = 100 // how many a record keeps, from 0
	SampleBodyBytes = 1 << 10
	SampleHeadBytes = 4 << 10 // of all header fields together
	// mostSampleText is the longest text of a sample: every byte of a body may be written out as four.
	mostSampleText = 8 << 10
	// mostSampleLines bounds samples.jsonl while it is written: a sample that is earlier takes the place of a later one.
	mostSampleLines = 10 * MostSamples
)

// Clean returns the sample as a record keeps it: whoever sent it, no text is too long and none steers a terminal.
func (s Sample) Clean() Sample {
	for _, text := range []*string{&s.Step, &s.Reason, &s.Method, &s.Target, &s.URL, &s.RequestBody, &s.StatusLine, &s.Body, &s.Error, &s.Wanted, &s.Found} {
		*text = cleanText(*text)
	}
	s.RequestHeaders, s.Headers = cleanFields(s.RequestHeaders), cleanFields(s.Headers)
	return s
}

func cleanText(text string) string {
	if text = redact.Escape(text); len(text) > mostSampleText {
		text = redact.Escape(text[:mostSampleText]) // a character may have been cut in two
	}
	return text
}

func cleanFields(fields []string) []string {
	var clean []string
	left := mostSampleText
	for _, f := range fields {
		f = cleanText(f)
		if left -= len(f); left < 0 {
			break
		}
		clean = append(clean, f)
	}
	return clean
}

// Check fails for what cannot be a sample of a record: no step or reason, or an instant beyond a year from T0.
func (s *Sample) Check() error {
	if err := CheckName(s.Step); err != nil {
		return fmt.Errorf("step: %w", err)
	}
	if s.Reason == "" {
		return errors.New("found no reason, wanted why the request failed")
	}
	if !(s.AtSeconds >= -maxSecond && s.AtSeconds <= maxSecond) {
		return fmt.Errorf("found at_seconds %v, wanted seconds within a year of t0", s.AtSeconds)
	}
	return nil
}

// KeepSample adds a sample to a list that is bounded and in order, and reports whether it is in it now. Of each kind, a step and
// a reason, the first SamplesPerKind stay; of more than MostSamples, the first of every kind go before the second of any.
// The list does not depend on the order in which samples are added, and the same sample is in it once.
func KeepSample(list []Sample, s Sample) (kept []Sample, isKept bool) {
	at, found := slices.BinarySearchFunc(list, s, compareSamples)
	if found {
		return list, false
	}
	list = slices.Insert(slices.Clip(list), at, s)
	if len(list) <= SamplesPerKind {
		return list, true
	}
	type kind struct{ step, reason string }
	ranks, seen := make([]int, len(list)), map[kind]int{}
	order := make([]int, len(list))
	for i := range list {
		k := kind{list[i].Step, list[i].Reason}
		ranks[i], order[i] = seen[k], i
		seen[k]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ranks[a], ranks[b]) })
	drop := map[int]bool{}
	for n, i := range order {
		drop[i] = n >= MostSamples || ranks[i] >= SamplesPerKind
	}
	for i := range list {
		if !drop[i] {
			kept = append(kept, list[i])
		}
	}
	return kept, !drop[at]
}

// compareSamples puts samples in the order in which they were sent.
func compareSamples(a, b Sample) int {
	if order := cmp.Or(cmp.Compare(a.AtSeconds, b.AtSeconds), strings.Compare(a.Step, b.Step), strings.Compare(a.Reason, b.Reason)); order != 0 || reflect.DeepEqual(a, b) {
		return order
	}
	first, _ := json.Marshal(a) // a sample always has a JSON form
	second, _ := json.Marshal(b)
	return strings.Compare(string(first), string(second))
}

// AddSample adds a sample to the record, as KeepSample does.
func (r *Record) AddSample(s Sample) { r.Samples, _ = KeepSample(r.Samples, s) }

// Sample records a failed exchange, as far as it is one of those that a record keeps. The line is kept in memory until the next
// Write. It fails for a sample without a step or reason, and where the record is broken, see Err, or closed.
func (w *Writer) Sample(s Sample) error {
	if err := w.Err(); err != nil {
		return err
	}
	s = s.Clean()
	if err := s.Check(); err != nil {
		return fmt.Errorf("record a sample: %w", err)
	}
	w.sampled.Lock()
	defer w.sampled.Unlock()
	list, isKept := KeepSample(w.sampleList, s)
	if !isKept || w.sampleLines == mostSampleLines {
		return nil
	}
	w.sampleList = list
	w.sampleLines++
	return w.broke(w.samples.add(sampleLine(s), ""))
}

func sampleLine(s Sample) []byte {
	line, _ := json.Marshal(s) // a sample always has a JSON form
	return append(line, '\n')
}

// orderSamples leaves in samples.jsonl what the record keeps, in order.
func (w *Writer) orderSamples() error {
	w.sampled.Lock()
	defer w.sampled.Unlock()
	var text []byte
	for _, s := range w.sampleList {
		text = append(text, sampleLine(s)...)
	}
	made := seal.Of(samplesFile, text)
	err := lines.Replace(w.path(samplesFile), func(out io.Writer) error {
		if _, err := out.Write(text); err != nil {
			return err
		}
		return w.announce(made)
	})
	if err == nil {
		digest := seal.NewDigest()
		_, _ = digest.Write(text) // never fails
		w.samples.file.Replaced(digest)
	}
	return err
}

// parseSample adds a line of samples.jsonl.
func (r *Record) parseSample(text []byte) error {
	var s Sample
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	s = s.Clean()
	if err := s.Check(); err != nil {
		return err
	}
	r.AddSample(s)
	return nil
}
