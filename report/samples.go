package report

import (
	"strings"

	"fsctl/loadgen/record"
	"fsctl/scenarios/condition"
)

// Sample is one request that failed, with what came of its answer. Secrets and control characters are taken out of it already.
type Sample struct {
	Reason    string  `json:"reason"`     // what was found and what was wanted, in one line
	Kind      string  `json:"kind"`       // class of an error, extract, status, or check: and its text
	AtSeconds float64 `json:"at_seconds"` // from T0 to the instant it was sent [s]

	Method         string   `json:"method"`
	Target         string   `json:"target,omitempty"` // of the scenario's that it was sent to; empty for main
	URL            string   `json:"url"`
	RequestHeaders []string `json:"request_headers,omitempty"`
	RequestBody    string   `json:"request_body,omitempty"` // its first KB

	StatusLine string   `json:"status_line,omitempty"`
	Status     int      `json:"status"` // 0 where no head of an answer came
	Headers    []string `json:"headers,omitempty"`
	Body       string   `json:"body"`                 // its first KB
	BodyBytes  uint64   `json:"body_bytes,omitempty"` // all of it, 0 where that is not known
	Error      string   `json:"error,omitempty"`      // why there is no whole answer
	Redacted   int      `json:"redacted,omitempty"`   // values that were taken out
}

// samplesOf returns the samples of a step, those that were sent within the window's seconds.
func samplesOf(rec *record.Record, step string, w record.Window) []Sample {
	list := []Sample{}
	for i := range rec.Samples {
		s := &rec.Samples[i]
		if s.Step != step || w != record.Everything && (s.AtSeconds < float64(w.From) || s.AtSeconds >= float64(w.To)) {
			continue
		}
		list = append(list, Sample{Reason: reasonOf(s), Kind: s.Reason, AtSeconds: s.AtSeconds, Method: s.Method, Target: s.Target, URL: s.URL, RequestHeaders: s.RequestHeaders,
			RequestBody: s.RequestBody, StatusLine: s.StatusLine, Status: s.Status, Headers: s.Headers, Body: s.Body, BodyBytes: s.BodyBytes,
			Error: s.Error, Redacted: s.RedactedCount})
	}
	return list
}

// reasonOf says why a request failed: status 404, wanted 200.
func reasonOf(s *record.Sample) string {
	switch {
	case s.Error != "":
		return s.Reason + ": " + s.Error
	case s.Found == "" || s.Wanted == "":
		return s.Reason
	}
	return s.Found + ", wanted " + wantedOf(s)
}

// wantedOf returns what was wanted; of a status only the codes.
func wantedOf(s *record.Sample) string {
	when, isCheck := strings.CutPrefix(s.Reason, "check: ")
	if !isCheck {
		return s.Wanted
	}
	c, err := condition.Parse(when)
	if err == nil && c.Subject == condition.Status && (c.Operator == "in" || c.Operator == "==") {
		codes := make([]string, len(c.Values))
		for i, v := range c.Values {
			codes[i] = v.Text
		}
		return strings.Join(codes, " or ")
	}
	return s.Wanted
}

// SampleKinds returns at most so many samples of a step, one of each kind, the earliest first.
func (s *Step) SampleKinds(most int) (list []Sample) {
	seen := map[string]bool{}
	for _, v := range s.Samples {
		if !seen[v.Kind] && len(list) < most {
			seen[v.Kind] = true
			list = append(list, v)
		}
	}
	return list
}
