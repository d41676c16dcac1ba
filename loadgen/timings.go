package loadgen

import (
	"slices"
	"strconv"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// timings says which optional metrics a record holds.
type timings struct {
	waiting, connecting, handshaking, iteration bool
	reopens                                     bool    // not a metric: every request opens a connection of its own
	slices                                      []slice // of the requests, for each of which all is kept once more
}

// slice is a part of the requests.
type slice struct {
	record.Slice
	status int // of the answer, 0 for none and anyStatus for any
}

const anyStatus = -1

// timingsFor returns what the thresholds of a scenario ask for.
func timingsFor(sc *scenarios.Scenario) (t timings) {
	for _, l := range sc.Thresholds {
		for i := range l.Thresholds {
			switch limit := &l.Thresholds[i]; limit.Metric {
			case "http_req_waiting":
				t.waiting = true
			case "http_req_connecting":
				t.connecting = true
			case "http_req_tls_handshaking":
				t.handshaking = true
			case "iterations":
				continue
			case "iteration_duration":
				t.iteration = true
				continue
			}
			wanted := slice{record.Slice{Status: l.Thresholds[i].Status, Journey: l.Thresholds[i].Journey}, anyStatus}
			if wanted.Status != "" {
				wanted.status, _ = strconv.Atoi(wanted.Status) // digits, as it was read
			}
			if wanted.Slice != (record.Slice{}) && !slices.Contains(t.slices, wanted) {
				t.slices = append(t.slices, wanted)
			}
		}
	}
	return t
}

// opensInRequests reports whether requests must open their connections themselves, so as to show what it takes, or since each has one of
// its own.
func (t *timings) opensInRequests() bool { return t.connecting || t.handshaking || t.reopens }

// holds reports whether a sample belongs to the slice.
func (v *slice) holds(s *sample) bool {
	return (v.status == anyStatus || v.status == s.status) && (v.Journey == "" || s.program != nil && s.program.Name == v.Journey)
}
