package loadgen

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
)

// sampler picks the failed requests of a shard that become samples: the first few of each kind.
type sampler struct {
	out func(record.Sample) // nil for none

	mu    sync.Mutex
	taken map[sampleKind]int
	total int
}

// sampleKind is what failed requests are told apart by.
type sampleKind struct {
	step   int
	reason string
}

// samplesPerKind is how many samples a shard makes of a kind.
const samplesPerKind = 2

// wants reports whether a failed request of a kind becomes a sample, and counts it.
func (s *sampler) wants(kind sampleKind) bool {
	if s.out == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.taken[kind]
	if n == samplesPerKind || s.total == record.MostSamples {
		return false
	}
	if s.taken == nil {
		s.taken = map[sampleKind]int{}
	}
	s.taken[kind] = n + 1
	s.total++
	return true
}

// Lengths of what a sample keeps, in bytes before control characters are written out.
const (
	keptURL   = 2 << 10
	keptField = 1 << 10
	keptText  = 1 << 10
	// keptRequestBody is how much of a request's body is looked through for secrets.
	keptRequestBody = 64 << 10
)

// sampleOf makes a sample of the request that a worker has just performed for a user.
func (w *worker) sampleOf(u *journey.User, done *tally.Request) record.Sample {
	storm, answer, last := w.shard.storm, &w.answer, w.conn.Last()
	line, fields := SplitHead(last.Head)
	scenario := redact.New(storm.secrets...) // what the scenario's own texts are kept without
	r := redact.New(w.secrets(u, done.Step, fields)...)
	body, whole := BodyStart(last.Body, w.request.WantBody && answer.Err == nil && answer.Packed == "", answer, fields)
	sent, wholeSent := w.request.BodyStart(keptRequestBody)
	v := record.Sample{
		Step: done.Step.Name, Reason: scenario.Kept(done.Reason, keptText, true), AtSeconds: done.Sent.Seconds(),
		Method: w.request.Method, URL: r.Kept(string(w.request.URL), keptURL, true),
		RequestBody: keptBody(r, string(sent), wholeSent, w.request.BodyBytes()), RequestBodyBytes: uint64(w.request.BodyBytes()),
		StatusLine: statusLine(r, line), Status: answer.Status,
		Body: r.Kept(body, record.SampleBodyBytes, whole), BodyBytes: answer.BytesIn,
	}
	if t := storm.targets[w.request.Target]; t.Name != transport.MainTarget {
		v.Target = t.Name
	}
	wanted, found := done.Step.Explain(u, answer, done.Judgement)
	if answer.Packed != "" {
		found += "; the body is in " + answer.Packed + ", which the request's Accept-Encoding does not ask for"
	}
	v.Wanted, v.Found = scenario.Kept(wanted, keptText, true), r.Kept(found, keptText, true)
	if answer.Err != nil {
		v.Error, v.BodyBytes = r.Error(answer.Err.Error(), keptText), lengthOf(fields)
		if _, rest, ok := strings.Cut(line, " "); ok && len(rest) >= 3 {
			v.Status, _ = strconv.Atoi(rest[:3]) // else it stays 0
		}
	}
	v.RequestHeaders, _ = keptFields(r, w.request.Header)
	v.Headers, v.HeadersLeft = keptFields(r, fields)
	v.RedactedCount = r.Count
	return v
}

// keptBody returns what is kept of the body of a request: its beginning, or, where that is no text, its size alone.
func keptBody(r *redact.Redactor, start string, whole bool, sizeBytes int) string {
	if redact.IsBinary(start) {
		return "(" + quantity.Bytes(float64(sizeBytes)) + " that are no text)"
	}
	return r.Kept(start, record.SampleBodyBytes, whole)
}

// sampleOf makes a sample of the answer to a target of the list. vegeta says nothing of an answer that is not whole but its error.
func (l *TargetList) sampleOf(result *vegeta.Result, done *tally.Request) record.Sample {
	var list []string
	var target vegeta.Target // that was sent, where no other has its method and URL: a result does not say which it is of
	headers := []http.Header{result.Headers}
	for _, t := range l.targets {
		if t.Method == result.Method && t.URL == result.URL {
			headers = append(headers, t.Header)
			target = t
		}
	}
	if len(headers) > 2 {
		target = vegeta.Target{}
	}
	for _, header := range headers {
		for name, values := range header {
			for _, value := range values {
				list = append(list, redact.HeaderSecrets(name, value)...)
			}
		}
	}
	list = append(list, redact.NamedValues(result.URL)...)
	list = append(list, redact.NamedValues(string(target.Body[:min(len(target.Body), mostNamed)]))...)
	where, err := url.Parse(result.URL)
	if err != nil {
		where = &url.URL{} // vegeta has sent a request to it
	}
	r := redact.New(slices.Concat(list, redact.URLSecrets(where), proxySecrets(l.Route))...)
	body, wholeBody := string(result.Body[:min(len(result.Body), transport.MostStart)]), len(result.Body) < transport.MostStart
	v := record.Sample{
		Step: done.Step.Name, Reason: done.Reason, AtSeconds: done.Sent.Seconds(), Method: result.Method, URL: r.Kept(where.RequestURI(), keptURL, true),
		RequestBody: keptBody(r, string(target.Body), true, len(target.Body)), RequestBodyBytes: uint64(len(target.Body)),
		Status: int(result.Code), Body: r.Kept(body, record.SampleBodyBytes, wholeBody), BodyBytes: result.BytesIn,
	}
	v.RequestHeaders, _ = keptFields(r, fieldsOf(target.Header))
	v.Headers, v.HeadersLeft = keptFields(r, fieldsOf(result.Headers))
	if done.Class != "" {
		v.Wanted, v.Found, v.Error = "an answer", done.Class, r.Error(result.Error, keptText)
	} else {
		v.Wanted, v.Found = "a status below 400", "status "+strconv.Itoa(v.Status)
	}
	v.RedactedCount = r.Count
	return v
}

func fieldsOf(header http.Header) (fields []transport.Field) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			fields = append(fields, transport.Field{Name: name, Value: []byte(value)})
		}
	}
	return fields
}

// secrets returns the values that an exchange must be kept without.
func (w *worker) secrets(u *journey.User, st *journey.Step, answered []transport.Field) []string {
	list := st.Secrets(append([]string(nil), w.shard.storm.secrets...), u, &w.values, &w.scratch)
	if jar := w.request.Jar; jar != nil {
		list = append(list, redact.HeaderSecrets("Cookie", string(jar.AppendAll(nil)))...)
		_, sent := SplitHead(w.conn.Last().Sent) // cookies that the answer deleted or changed
		answered = append(sent, answered...)
	}
	for _, fields := range [][]transport.Field{w.request.Header, answered} {
		for _, f := range fields {
			list = append(list, redact.HeaderSecrets(f.Name, string(f.Value))...)
		}
	}
	list = append(list, redact.NamedValues(string(w.request.URL))...)
	return append(list, redact.NamedValues(string(w.request.Body[:min(len(w.request.Body), mostNamed)]))...)
}

// mostNamed is how much of a request's body is searched for secrets by their names, in bytes.
const mostNamed = 64 << 10

// errorWithout returns the text of a request's error without secrets; of the errors of net/http, which say the URL, with the URL as it may
// be shown.
func errorWithout(err error, shownURL string, secrets []string) string {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = &url.Error{Op: request.Op, URL: shownURL, Err: request.Err}
	}
	return redact.New(secrets...).Error(err.Error(), keptText)
}

// SplitHead returns the first line of a head, without its end, and the fields.
func SplitHead(head []byte) (line string, fields []transport.Field) {
	first, rest, _ := bytes.Cut(head, []byte("\n"))
	for text := range bytes.Lines(rest) {
		if name, value, ok := bytes.Cut(text, []byte(":")); ok {
			fields = append(fields, transport.Field{Name: string(name), Value: bytes.TrimSpace(value)})
		}
	}
	return string(bytes.TrimRight(first, "\r")), fields
}

// statusLine keeps protocol and status as they are, and what a target says of the status without secrets.
func statusLine(r *redact.Redactor, line string) string {
	const coded = len("HTTP/1.1 200")
	if len(line) <= coded {
		return redact.Escape(line)
	}
	return redact.Escape(line[:coded]) + r.Kept(line[coded:], keptText, true)
}

// BodyStart returns the beginning of a body without its content encodings, and whether that is all of it. unpacked says that they
// were taken off before.
func BodyStart(body []byte, unpacked bool, a *transport.Answer, fields []transport.Field) (start string, whole bool) {
	if !unpacked {
		if start, whole := new(transport.Unpacker).Start(body, valuesOf(fields, "Content-Encoding"), transport.MostStart); len(start) > 0 {
			return string(start), whole
		}
	}
	return string(body), a.Err == nil && len(body) < transport.MostStart
}

// valuesOf returns the values of a header field, as one list.
func valuesOf(fields []transport.Field, name string) string {
	var values []string
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, string(f.Value))
		}
	}
	return strings.Join(values, ",")
}

// lengthOf returns how long a body was to be, 0 where its head does not say.
func lengthOf(fields []transport.Field) uint64 {
	n, _ := strconv.ParseUint(valuesOf(fields, "Content-Length"), 10, 63) // 0 for what is no length
	return n
}

// keptFields returns header fields as far as there is room, and how many were left out or cut short.
func keptFields(r *redact.Redactor, fields []transport.Field) (kept []string, left int) {
	room := record.SampleHeadBytes
	for _, f := range fields {
		value := string(f.Value)
		if len(value) > keptField {
			value = value[:keptField]
			left++
		}
		text := r.Field(f.Name, value)
		if room -= len(text); room < 0 {
			return kept, len(fields) - len(kept) // nearly: one that was cut short and is shown is not counted
		}
		kept = append(kept, text)
	}
	return kept, left
}
