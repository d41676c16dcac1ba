package record

import (
	"slices"
	"strings"
)

// Slice is a part of the requests that has histograms of its own, kept beside those by step and outcome where a threshold asks for
// it. Empty fields stand for any; Status is 0 for requests without an answer. The parts of a name must pass CheckName.
type Slice struct{ Status, Method, Journey string }

// Of returns the name of a metric of the slice, such as service_time{journey:buyer;status:200}; of everything it is the metric's own.
func (s Slice) Of(metric string) string {
	var parts []string
	for _, p := range []struct{ name, value string }{{"journey", s.Journey}, {"method", s.Method}, {"status", s.Status}} {
		if p.value != "" {
			parts = append(parts, p.name+":"+p.value)
		}
	}
	if len(parts) == 0 {
		return metric
	}
	return metric + "{" + strings.Join(parts, ";") + "}"
}

// Keeps reports whether the record has histograms of the slice, or vegeta's results were read for it.
func (r *Record) Keeps(s Slice) bool {
	if slices.Contains(r.slices, s) {
		return true
	}
	for tag := range r.totals {
		if _, of, ok := strings.Cut(tag.Metric, "{"); ok && s.Of("") == "{"+of {
			return true
		}
	}
	return false
}
