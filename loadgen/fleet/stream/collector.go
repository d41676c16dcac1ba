package stream

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"fsctl/loadgen/record"
)

// RefusedError says that a message is not for the record: damaged, of another run, forged, or in contradiction
// to what came before. It had no effect, and the collector goes on.
type RefusedError struct{ Err error }

// Error says why.
func (e *RefusedError) Error() string { return "refused: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// CollectorOptions say what is collected and where it goes.
type CollectorOptions struct {
	Run   string
	Slots int // at least 1: the run has slots 1 to Slots; none is lost at first

	// Write takes each merged second, in ascending order where possible; measurements that arrive late follow as
	// further intervals of their second. It must not keep the interval. record.Writer.Write fits.
	Write func(record.Interval) error
	// Told takes each order that a buyer was told of, before the second that it arrived with. record.Writer.Told fits.
	Told func(record.Order) error

	// Sample takes each failed exchange, before the second that it arrived with, at most mostFromSlot of a slot: an agent that
	// sends more has a fault, and must not fill the record. It may be nil. record.Writer.Sample fits.
	Sample func(record.Sample) error

	// Complete is called with each log as soon as all of it has arrived and agrees with its Fin. It may be nil.
	Complete func(Progress)

	// Patience is how many seconds of the run the most advanced slot may be ahead of the slowest live one before a
	// second is written without the latter. Default 5 s. More delays the record; less makes more late intervals.
	Patience time.Duration
}

// Collector merges the logs of a run's agents. Its state depends on the messages alone, not on a clock or a network: the
// same messages in another order, or some of them twice, give the same record. A new one that reads the run's stream
// from the start therefore has the state of the one before. All methods may be called from many
// goroutines; Write, Told and Sample are called by one at a time, and must not call the collector.
//
// After the first error of Write, Told or Sample, every method that may call them returns it: a new Collector and a
// new record may begin again.
type Collector struct {
	o CollectorOptions

	mu      sync.Mutex // guards what follows
	tags    map[record.Tag]bool
	merger  *merger
	slots   []slotState // by slot, less 1
	logs    map[logID]*receivedLog
	written int // every second up to this one has been written at least once
	low     int // low watermark: second that every live slot has reported in full
	atLow   int // live slots that have reported no later one
	high    int // high watermark: second that the most advanced slot has reported in full
	ended   bool
	err     error
}

type slotState struct {
	lost    bool
	second  int      // last one reported in full, in any of its logs
	samples int      // taken from it
	decoder *decoder // one a slot, so that the limit on names holds for each slot; nil until something arrived
}

// NewCollector returns a collector that has received nothing. It fails where the run has no name that fits a file, or
// Slots is not at least 1.
func NewCollector(o CollectorOptions) (*Collector, error) {
	if err := (Key{Run: o.Run, Slot: o.Slots}).check(); err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	o.Patience = cmp.Or(o.Patience, 5*time.Second)
	c := &Collector{o: o, tags: map[record.Tag]bool{}, merger: newMerger(o.Write), slots: make([]slotState, o.Slots),
		logs: map[logID]*receivedLog{}, written: beforeFirst, high: beforeFirst}
	for i := range c.slots {
		c.slots[i].second = beforeFirst
	}
	c.findLow()
	return c, nil
}

// Accept takes a message of the run's stream: a snapshot or a fin.
//
//	slot  that the message came from, from 1, as the bus guarantees
//	data  the message, of which parts are kept: it must not be changed
//
// The first copy of a snapshot is taken, and an identical repeat has no effect. The error is a *RefusedError for a message
// that is invalid, or that differs from an earlier one with the same number. A fin that contradicts its log is refused
// once the log has arrived in full: with the fin itself, or with the last snapshot, which is taken.
func (c *Collector) Accept(slot int, data []byte) error {
	completed, err := c.accept(slot, data)
	if completed != nil && c.o.Complete != nil {
		c.o.Complete(*completed)
	}
	return err
}

// accept also returns the progress of a log that the message completed.
func (c *Collector) accept(slot int, data []byte) (completed *Progress, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ended {
		return nil, c.err
	}
	var l *receivedLog
	if kindOf(data) == kindFin {
		l, err = c.fin(slot, data)
	} else {
		l, err = c.snapshot(slot, data)
	}
	if c.err != nil {
		return nil, c.err
	}
	if err != nil {
		return nil, &RefusedError{fmt.Errorf("slot %d: %w", slot, err)}
	}
	if l.complete && !l.announced {
		l.announced = true
		progress := l.progress()
		return &progress, nil
	}
	return nil, nil
}

// log returns the log that a message is part of.
func (c *Collector) log(slot int, key Key) (*receivedLog, error) {
	if key.Run != c.o.Run || key.Slot != slot || slot > len(c.slots) {
		return nil, fmt.Errorf("found a message of log %s, wanted run %s, slot %d of %d", key, c.o.Run, slot, len(c.slots))
	}
	id := logID{slot, key.Epoch}
	if c.logs[id] == nil {
		c.logs[id] = newReceivedLog(key)
	}
	return c.logs[id], nil
}

func (c *Collector) snapshot(slot int, data []byte) (*receivedLog, error) {
	s, err := c.decoder(slot).snapshot(data)
	if err != nil {
		return nil, err
	}
	l, err := c.log(slot, s.Key)
	if err == nil {
		err = c.addTags(&s)
	}
	if err != nil {
		return nil, err
	}
	isNew, err := l.add(&s, digestOf(data))
	if err != nil || !isNew {
		return l, err
	}
	for i := range s.Intervals {
		if g := s.Intervals[i].Generator; g != nil {
			for n := range g.Gaps {
				g.Gaps[n].Slot = slot
			}
		}
		c.merger.add(&s.Intervals[i])
	}
	for _, order := range s.Told {
		if c.err = c.o.Told(order); c.err != nil {
			return l, c.err
		}
	}
	if c.err = c.sample(slot, s.Samples); c.err != nil {
		return l, c.err
	}
	if c.err = c.advance(slot, l.second); c.err != nil {
		return l, c.err
	}
	return l, l.verify()
}

// mostFromSlot bounds the samples of a slot, of all its processes.
const mostFromSlot = 4 * record.MostSamples

// sample takes a slot's samples.
func (c *Collector) sample(slot int, samples []record.Sample) error {
	state := &c.slots[slot-1]
	for _, s := range samples {
		if c.o.Sample == nil || state.samples == mostFromSlot {
			return nil
		}
		state.samples++
		if err := c.o.Sample(s); err != nil {
			return err
		}
	}
	return nil
}

// decoder returns a slot's decoder; a new one for a slot that the run does not have.
func (c *Collector) decoder(slot int) *decoder {
	if slot < 1 || slot > len(c.slots) {
		return newDecoder()
	}
	state := &c.slots[slot-1]
	if state.decoder == nil {
		state.decoder = newDecoder()
	}
	return state.decoder
}

// addTags adds a snapshot's tags to those of the run, up to the number that a record can hold.
func (c *Collector) addTags(s *Snapshot) error {
	for _, i := range s.Intervals {
		for _, series := range i.Series {
			if c.tags[series.Tag] {
				continue
			}
			if len(c.tags) == record.MaxTags {
				return fmt.Errorf("snapshot %d of %s: found tag %s, wanted one of the %d that there are", s.Number, s.Key, series.Tag, record.MaxTags)
			}
			c.tags[series.Tag] = true
		}
	}
	return nil
}

func (c *Collector) fin(slot int, data []byte) (*receivedLog, error) {
	fin, err := DecodeFin(data)
	if err != nil {
		return nil, err
	}
	l, err := c.log(slot, fin.Key)
	if err != nil {
		return nil, err
	}
	return l, l.end(fin)
}

// advance records that a slot has reported a second in full, and writes the seconds that are ready.
func (c *Collector) advance(slot, second int) error {
	state := &c.slots[slot-1]
	if second <= state.second {
		return nil
	}
	isHighest := second > c.high
	c.high = max(c.high, second)
	if state.second == c.low && !state.lost {
		c.atLow--
	}
	state.second = second
	if c.atLow == 0 {
		c.findLow()
		return c.write()
	}
	if isHighest && c.ready() > c.written {
		return c.write()
	}
	return nil
}

// findLow finds the low watermark.
func (c *Collector) findLow() {
	c.low, c.atLow = math.MaxInt, 0
	for i := range c.slots {
		switch s := &c.slots[i]; {
		case s.lost || s.second > c.low:
		case s.second < c.low:
			c.low, c.atLow = s.second, 1
		default:
			c.atLow++
		}
	}
}

// ready returns the last second that can be written: all live slots have reported it in full, or the most advanced slot
// is ahead of it by Patience.
func (c *Collector) ready() int {
	return max(min(c.low, c.high), c.high-int(c.o.Patience/time.Second))
}

// write writes every second that is ready, and what arrived late for earlier ones.
func (c *Collector) write() error {
	c.written = max(c.written, c.ready())
	return c.merger.flush(c.written)
}

// SetLost says whether a slot's agent is lost. The collector does not wait for the seconds of a lost slot; what it
// sends nevertheless is taken. It fails for a slot outside 1 to Slots, and where Write or Told has failed.
func (c *Collector) SetLost(slot int, lost bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if slot < 1 || slot > len(c.slots) {
		return fmt.Errorf("collect: found slot %d, wanted 1 to %d", slot, len(c.slots))
	}
	c.slots[slot-1].lost = lost
	c.findLow()
	c.err = c.write()
	return c.err
}

// Flush writes everything that has arrived and is not written yet, whether or not more is missing: to be called when
// the run is over. Messages that arrive later have no effect, so that every log that is complete is in the record. It
// fails where Write or Told does, or has failed before.
func (c *Collector) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.err == nil {
		c.err = c.merger.flush(math.MaxInt)
	}
	return c.err
}

// Progress returns how far each log has arrived, ordered by slot and epoch. A log of which nothing has arrived is left out.
func (c *Collector) Progress() []Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Progress, 0, len(c.logs))
	for _, id := range slices.SortedFunc(maps.Keys(c.logs), compareIDs) {
		all = append(all, c.logs[id].progress())
	}
	return all
}

func compareIDs(a, b logID) int {
	return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.epoch, b.epoch))
}

// failed returns the first error of Write, Told or Sample.
func (c *Collector) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// complete returns the Fin of a log that is complete.
func (c *Collector) complete(key Key) (Fin, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.logs[logID{key.Slot, key.Epoch}]
	if l == nil || !l.complete {
		return Fin{}, false
	}
	return *l.fin, true
}
