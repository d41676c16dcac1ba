package tally

import (
	"slices"
	"strconv"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

// Timings says which optional metrics a record holds.
type Timings struct {
	waiting, connecting, handshaking, iteration bool
	Reopens                                     bool    // not a metric: every request opens a connection of its own
	Own                                         bool    // not a metric: every user does
	slices                                      []slice // of the requests, for each of which all is kept once more
}

// slice is a part of the requests.
type slice struct {
	record.Slice
	status int // of the answer, 0 for none and anyStatus for any
}

const anyStatus = -1

// TimingsFor returns what the thresholds of a scenario ask for.
func TimingsFor(sc *scenarios.Scenario) (t Timings) {
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

// OpensInRequests reports whether requests must open their connections themselves, so as to show what it takes, or since each, or each
// user, has one of its own.
func (t *Timings) OpensInRequests() bool {
	return t.connecting || t.handshaking || t.Reopens || t.Own
}

// holds reports whether a request belongs to the slice.
func (v *slice) holds(s *Request) bool {
	return (v.status == anyStatus || v.status == s.Status) && (v.Journey == "" || s.Program != nil && s.Program.Name == v.Journey)
}
