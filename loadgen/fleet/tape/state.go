package tape

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"fsctl/loadgen/record"
)

// highestNumber bounds a snapshot's number: a century of seconds.
const highestNumber = 1 << 32

// tapeState is what a collector knows of one tape.
type tapeState struct {
	key      Key
	row      []digest          // of the snapshots from 0 on without a gap
	ahead    map[uint64]notice // of those behind a gap
	hasher   hasher            // of row
	second   int               // told whole by row
	totals   record.Counters
	came     []Came
	fin      *Fin
	complete bool
	told     bool // that it is complete
}

// notice is what is kept of a snapshot that came before its turn.
type notice struct {
	digest digest
	second int // told whole with it
	whole  bool
}

func newTapeState(key Key) *tapeState {
	return &tapeState{key: key, ahead: map[uint64]notice{}, hasher: newHasher(), second: beforeAll}
}

// note takes note of a snapshot; false where it came before.
func (t *tapeState) note(s *Snapshot, d digest) (isNew bool, err error) {
	before, known := t.ahead[s.Number]
	if s.Number < uint64(len(t.row)) {
		before.digest, known = t.row[s.Number], true
	}
	switch {
	case known && before.digest == d:
		return false, nil
	case known:
		return false, fmt.Errorf("snapshot %d of %s differs from the one that came before", s.Number, t.key)
	case t.fin != nil && s.Number >= t.fin.Snapshots:
		return false, fmt.Errorf("snapshot %d of %s: its fin said %d snapshots", s.Number, t.key, t.fin.Snapshots)
	case s.Number >= highestNumber:
		return false, fmt.Errorf("snapshot %d of %s: wanted a number below %d", s.Number, t.key, uint64(highestNumber))
	}
	t.ahead[s.Number] = notice{d, s.Second, !s.More}
	t.closeRow()
	t.totals.Add(totalsOf(s.Intervals))
	for _, interval := range s.Intervals {
		if g := interval.Generator; g != nil && g.Arrivals > 0 {
			t.came = append(t.came, Came{int32(interval.Second), uint32(min(g.Arrivals, math.MaxUint32))})
		}
	}
	return true, nil
}

// closeRow moves to the row what has no gap before it any more.
func (t *tapeState) closeRow() {
	for {
		number := uint64(len(t.row))
		next, ok := t.ahead[number]
		if !ok {
			return
		}
		delete(t.ahead, number)
		t.row = append(t.row, next.digest)
		t.hasher.add(next.digest)
		if next.whole {
			t.second = max(t.second, next.second)
		}
	}
}

// end takes note of the tape's Fin, which may come many times.
func (t *tapeState) end(fin Fin) error {
	if t.fin == nil {
		for number := range t.ahead {
			if number >= fin.Snapshots {
				return fmt.Errorf("fin of %s: found %d snapshots, wanted over %d, which has come", t.key, fin.Snapshots, number)
			}
		}
		if uint64(len(t.row)) > fin.Snapshots {
			return fmt.Errorf("fin of %s: found %d snapshots, wanted the %d that have come", t.key, fin.Snapshots, len(t.row))
		}
		t.fin = &fin
		return t.finish()
	}
	if fin.Snapshots != t.fin.Snapshots || fin.Hash != t.fin.Hash {
		return fmt.Errorf("fin of %s differs from the one that came before: %d snapshots, wanted %d", t.key, fin.Snapshots, t.fin.Snapshots)
	}
	t.fin.Cut = t.fin.Cut && fin.Cut // its own process knew how it ended
	return nil
}

// finish holds a tape that is all there against its Fin, which it forgets where it contradicts.
func (t *tapeState) finish() error {
	if t.complete || t.fin == nil || uint64(len(t.row)) < t.fin.Snapshots {
		return nil
	}
	fin := t.fin
	t.fin = nil
	if t.hasher.hash() != fin.Hash {
		return fmt.Errorf("fin of %s: its hash is not that of the %d snapshots that came", t.key, fin.Snapshots)
	}
	if !reflect.DeepEqual(t.totals, fin.Totals) {
		return fmt.Errorf("fin of %s: found totals %+v, wanted %+v as in the snapshots that came", t.key, fin.Totals, t.totals)
	}
	t.fin, t.complete = fin, true
	return nil
}

// missing returns the snapshots that are known to be on the tape and have not come.
func (t *tapeState) missing() []Range {
	var gaps []Range
	next := uint64(len(t.row))
	for _, number := range slices.Sorted(maps.Keys(t.ahead)) {
		if number > next {
			gaps = append(gaps, Range{next, number})
		}
		next = number + 1
	}
	if t.fin != nil && t.fin.Snapshots > next {
		gaps = append(gaps, Range{next, t.fin.Snapshots})
	}
	return gaps
}

func (t *tapeState) progress() Progress {
	p := Progress{Key: t.key, Snapshots: uint64(len(t.row) + len(t.ahead)), Missing: t.missing(), Second: t.second,
		Begun: t.second > beforeAll, Came: slices.Clip(t.came), Complete: t.complete}
	p.Totals.Add(t.totals)
	if t.fin != nil {
		fin := *t.fin
		p.Fin = &fin
	}
	return p
}
