package tally

import (
	"time"

	"fsctl/loadgen/record"
)

// histograms are those of one step's outcome in one due second.
type histograms struct {
	response, service, lateness *record.Histogram
	waiting, connecting         *record.Histogram // nil unless asked for
	handshaking                 *record.Histogram
	sliced                      []*histograms // by timings.slices; nil where no request belongs to one
}

// add records the times of a request.
func (c *histograms) add(s *Request) {
	keep := func(h *record.Histogram, d time.Duration) {
		if h != nil {
			_ = h.RecordValue(min(max(int64(d), 0), highest)) // within the range, so never an error
		}
	}
	keep(c.response, s.Done-s.Due)
	keep(c.service, s.Done-s.Sent)
	keep(c.lateness, s.Sent-s.Due)
	if s.Class == "" || s.Waiting > 0 { // without an answer there was no first byte
		keep(c.waiting, s.Waiting)
	}
	if s.Class == "" || s.Connecting > 0 { // nor a handshake where no connection was made
		keep(c.connecting, s.Connecting)
		keep(c.handshaking, s.Handshaking)
	}
}

func (t *Tally) makeHistograms() *histograms {
	c := &histograms{response: record.NewHistogram(), service: record.NewHistogram(), lateness: record.NewHistogram()}
	if t.timings.waiting {
		c.waiting = record.NewHistogram()
	}
	if t.timings.connecting {
		c.connecting = record.NewHistogram()
	}
	if t.timings.handshaking {
		c.handshaking = record.NewHistogram()
	}
	return c
}

// each calls f with every histogram that is kept.
func (c *histograms) each(f func(metric string, h *record.Histogram)) {
	f(record.ResponseTime, c.response)
	f(record.ServiceTime, c.service)
	f(record.Lateness, c.lateness)
	if c.waiting != nil {
		f(record.Waiting, c.waiting)
	}
	if c.connecting != nil {
		f(record.Connecting, c.connecting)
	}
	if c.handshaking != nil {
		f(record.Handshaking, c.handshaking)
	}
}

// eachSliced calls f with every histogram that is kept of a slice.
func (c *histograms) eachSliced(slices []slice, f func(metric string, h *record.Histogram)) {
	for i, of := range c.sliced {
		if of != nil {
			of.each(func(metric string, h *record.Histogram) { f(slices[i].Of(metric), h) })
		}
	}
}

const highest = record.HighestValue
