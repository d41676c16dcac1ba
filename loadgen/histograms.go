package loadgen

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

// add records the times of a sample.
func (c *histograms) add(s *sample) {
	keep := func(h *record.Histogram, d time.Duration) {
		if h != nil {
			_ = h.RecordValue(min(max(int64(d), 0), highest)) // within the range, so never an error
		}
	}
	keep(c.response, s.done-s.due)
	keep(c.service, s.done-s.sent)
	keep(c.lateness, s.sent-s.due)
	if s.class == "" || s.waiting > 0 { // without an answer there was no first byte
		keep(c.waiting, s.waiting)
	}
	if s.class == "" || s.connecting > 0 { // nor a handshake where no connection was made
		keep(c.connecting, s.connecting)
		keep(c.handshaking, s.handshaking)
	}
}

func (t *tally) makeHistograms() *histograms {
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
