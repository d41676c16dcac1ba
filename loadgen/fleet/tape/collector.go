package tape

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
// to what came before. Nothing of it was taken, and the collector goes on.
type RefusedError struct{ Err error }

// Error says why.
func (e *RefusedError) Error() string { return "refused: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// CollectorOptions say what is collected and where it goes.
type CollectorOptions struct {
	Run   string
	Slots int // the run has slots 1 to Slots, all of them live

	// Write takes each merged second, in order of time as far as that is known; late measurements come as
	// further intervals of their second. It must keep nothing of the interval. record.Writer.Write fits.
	Write func(record.Interval) error
	// Told takes each order that a buyer was told of, before the second it came with. record.Writer.Told fits.
	Told func(record.Order) error

	// Complete is told of each tape as soon as all of it has come and agrees with its Fin. It may be nil.
	Complete func(Progress)

	// Patience is how far the foremost slot may be ahead of the last live one before a second is written
	// without the latter. It counts in the run's own seconds; default 5 s.
	Patience time.Duration
}

// Collector merges the tapes of a run's agents. It is a function of the messages alone: it knows no clock and
// no network, and the same messages in another order, or some of them twice, make the same record. So one that
// is fed the run's stream from the start knows what the one before knew. All methods may be called from many
// goroutines; Write and Told are called by one at a time, and must not call the collector.
//
// After the first error of Write or Told, every method that may call them returns it: a new Collector and a
// new record may begin again.
type Collector struct {
	o CollectorOptions

	mu      sync.Mutex // guards what follows
	tags    map[record.Tag]bool
	merger  *merger
	slots   []slotState // by slot, less 1
	tapes   map[tapeID]*tapeState
	written int // all that came of this second and those before has been written once
	lowest  int // second that the last live slot has told whole
	laggers int // live slots that have told no more
	leader  int // second that the foremost slot has told whole
	ended   bool
	err     error
}

type slotState struct {
	lost    bool
	second  int      // told whole, of any of its tapes
	decoder *decoder // of its own, so that nobody's names take another's room; nil until something came
}

type tapeID struct {
	slot  int
	epoch uint64
}

// NewCollector returns a collector that has nothing yet.
func NewCollector(o CollectorOptions) (*Collector, error) {
	if err := (Key{Run: o.Run, Slot: o.Slots}).check(); err != nil {
		return nil, fmt.Errorf("collect: %w", err)
	}
	o.Patience = cmp.Or(o.Patience, 5*time.Second)
	c := &Collector{o: o, tags: map[record.Tag]bool{}, merger: newMerger(o.Write), slots: make([]slotState, o.Slots),
		tapes: map[tapeID]*tapeState{}, written: beforeAll, leader: beforeAll}
	for i := range c.slots {
		c.slots[i].second = beforeAll
	}
	c.findLowest()
	return c, nil
}

// Accept takes a message of the run's stream: a snapshot or a fin.
//
//	slot  that the message came from, as the bus vouches for
//	data  the message, of which parts are kept: it must not be changed
//
// Of a snapshot the first is taken, and an identical repeat changes nothing. A *RefusedError tells of a message
// that is wrong in itself, or differs from an earlier one of the same number. A fin that contradicts the tape
// is refused once the tape is all there: when it comes itself, or with the last snapshot, which is taken.
func (c *Collector) Accept(slot int, data []byte) error {
	completed, err := c.accept(slot, data)
	if completed != nil && c.o.Complete != nil {
		c.o.Complete(*completed)
	}
	return err
}

// accept also returns the progress of a tape that the message completed.
func (c *Collector) accept(slot int, data []byte) (completed *Progress, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ended {
		return nil, c.err
	}
	var t *tapeState
	if kindOf(data) == kindFin {
		t, err = c.fin(slot, data)
	} else {
		t, err = c.snapshot(slot, data)
	}
	if c.err != nil {
		return nil, c.err
	}
	if err != nil {
		return nil, &RefusedError{fmt.Errorf("slot %d: %w", slot, err)}
	}
	if t.complete && !t.told {
		t.told = true
		progress := t.progress()
		return &progress, nil
	}
	return nil, nil
}

// tape returns the state of a message's tape.
func (c *Collector) tape(slot int, key Key) (*tapeState, error) {
	if key.Run != c.o.Run || key.Slot != slot || slot > len(c.slots) {
		return nil, fmt.Errorf("found a message of tape %s, wanted run %s, slot %d of %d", key, c.o.Run, slot, len(c.slots))
	}
	id := tapeID{slot, key.Epoch}
	if c.tapes[id] == nil {
		c.tapes[id] = newTapeState(key)
	}
	return c.tapes[id], nil
}

func (c *Collector) snapshot(slot int, data []byte) (*tapeState, error) {
	s, err := c.decoder(slot).snapshot(data)
	if err != nil {
		return nil, err
	}
	t, err := c.tape(slot, s.Key)
	if err == nil {
		err = c.learn(&s)
	}
	if err != nil {
		return nil, err
	}
	isNew, err := t.note(&s, digestOf(data))
	if err != nil || !isNew {
		return t, err
	}
	for i := range s.Intervals {
		c.merger.add(&s.Intervals[i])
	}
	for _, order := range s.Told {
		if c.err = c.o.Told(order); c.err != nil {
			return t, c.err
		}
	}
	if c.err = c.advance(slot, t.second); c.err != nil {
		return t, c.err
	}
	return t, t.finish()
}

// decoder returns a slot's decoder; one of nobody's for a slot that is none.
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

// learn takes note of a snapshot's tags, of which a record holds so many and no more.
func (c *Collector) learn(s *Snapshot) error {
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

func (c *Collector) fin(slot int, data []byte) (*tapeState, error) {
	fin, err := DecodeFin(data)
	if err != nil {
		return nil, err
	}
	t, err := c.tape(slot, fin.Key)
	if err != nil {
		return nil, err
	}
	return t, t.end(fin)
}

// advance notes that a slot has told a second whole, and writes what nobody is waited for any more.
func (c *Collector) advance(slot, second int) error {
	state := &c.slots[slot-1]
	if second <= state.second {
		return nil
	}
	leads := second > c.leader
	c.leader = max(c.leader, second)
	if state.second == c.lowest && !state.lost {
		c.laggers--
	}
	state.second = second
	if c.laggers == 0 {
		c.findLowest()
		return c.write()
	}
	if leads && c.due() > c.written {
		return c.write()
	}
	return nil
}

// findLowest looks for the last live slot.
func (c *Collector) findLowest() {
	c.lowest, c.laggers = math.MaxInt, 0
	for i := range c.slots {
		switch s := &c.slots[i]; {
		case s.lost || s.second > c.lowest:
		case s.second < c.lowest:
			c.lowest, c.laggers = s.second, 1
		default:
			c.laggers++
		}
	}
}

// due returns the second up to which nobody is waited for any more: all live slots have told it whole, or it
// was waited for long enough.
func (c *Collector) due() int {
	return max(min(c.lowest, c.leader), c.leader-int(c.o.Patience/time.Second))
}

// write hands on every second that is due, and what came late.
func (c *Collector) write() error {
	c.written = max(c.written, c.due())
	return c.merger.flush(c.written)
}

// Lose stops waiting for a slot's seconds; what it sends all the same is taken.
func (c *Collector) Lose(slot int) error { return c.setLost(slot, true) }

// Revive waits for a slot's seconds again.
func (c *Collector) Revive(slot int) error { return c.setLost(slot, false) }

func (c *Collector) setLost(slot int, lost bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if slot < 1 || slot > len(c.slots) {
		return fmt.Errorf("collect: found slot %d, wanted 1 to %d", slot, len(c.slots))
	}
	c.slots[slot-1].lost = lost
	c.findLowest()
	c.err = c.write()
	return c.err
}

// Flush writes all that came and is not written yet, whether or not more is missing: when the run is over. What comes
// later is not taken, so that no tape becomes complete that is not in the record.
func (c *Collector) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.err == nil {
		c.err = c.merger.flush(math.MaxInt)
	}
	return c.err
}

// Progress is what has come of one tape.
type Progress struct {
	Key
	Snapshots uint64
	Missing   []Range // that are known to be on the tape: a later one came, or its end
	Second    int     // told whole, by snapshots without a gap; meaningless unless Begun
	Begun     bool
	Totals    record.Counters // of what came, all steps
	Came      []Came          // users who came, as told; in no order, and a second may be there several times
	Fin       *Fin            // nil until it came
	Complete  bool            // Fin came and agrees with every snapshot of it
}

// Came is how many users of a tape came in a second.
type Came struct {
	Second int32 // in which they were due
	Users  uint32
}

// Progress returns what has come of each tape that anything came of, ordered by slot and epoch.
func (c *Collector) Progress() []Progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Progress, 0, len(c.tapes))
	for _, id := range slices.SortedFunc(maps.Keys(c.tapes), compareIDs) {
		all = append(all, c.tapes[id].progress())
	}
	return all
}

func compareIDs(a, b tapeID) int {
	return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.epoch, b.epoch))
}

// failed returns the first error of Write or Told.
func (c *Collector) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// complete returns the Fin of a tape that is complete.
func (c *Collector) complete(key Key) (Fin, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tapes[tapeID{key.Slot, key.Epoch}]
	if t == nil || !t.complete {
		return Fin{}, false
	}
	return *t.fin, true
}
