package stream

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"fsctl/loadgen/record"
)

// Progress is what has arrived of one log.
type Progress struct {
	Key
	Snapshots uint64  // how many, from 0
	Missing   []Range // snapshots that exist and have not arrived: a later one has, or the Fin counts them
	Second    int     // last second reported in full, by snapshots without a gap; valid only if HasSecond
	HasSecond bool
	Totals    record.Counters // of what arrived, all steps
	Arrivals  []Arrivals      // users, as reported; in no order, and a second may be there several times
	Fin       *Fin            // nil until it arrived
	Complete  bool            // Fin arrived and agrees with every snapshot of the log
}

// Arrivals is how many users of a log were due in a second and were started.
type Arrivals struct {
	Second int32
	Users  uint32
}

// highestNumber bounds a snapshot's number: a century of seconds.
const highestNumber = 1 << 32

// logID identifies a log within a run.
type logID struct {
	slot  int
	epoch uint64
}

// receivedLog is what a collector has received of one log.
type receivedLog struct {
	key        Key
	contiguous []digest                 // of the snapshots from 0 on without a gap
	early      map[uint64]earlySnapshot // those after a gap
	hasher     hasher                   // of contiguous
	second     int                      // last one reported in full by contiguous
	totals     record.Counters
	arrivals   []Arrivals
	fin        *Fin
	complete   bool
	announced  bool // CollectorOptions.Complete has been called
}

// earlySnapshot is what is kept of a snapshot that arrived before an earlier one.
type earlySnapshot struct {
	digest digest
	second int
	whole  bool // second is reported in full with it
}

func newReceivedLog(key Key) *receivedLog {
	return &receivedLog{key: key, early: map[uint64]earlySnapshot{}, hasher: newHasher(), second: beforeFirst}
}

// add adds a snapshot; false where it has arrived before.
func (l *receivedLog) add(s *Snapshot, d digest) (isNew bool, err error) {
	before, known := l.early[s.Number]
	if s.Number < uint64(len(l.contiguous)) {
		before.digest, known = l.contiguous[s.Number], true
	}
	switch {
	case known && before.digest == d:
		return false, nil
	case known:
		return false, fmt.Errorf("snapshot %d of %s differs from the one that came before", s.Number, l.key)
	case l.fin != nil && s.Number >= l.fin.Snapshots:
		return false, fmt.Errorf("snapshot %d of %s: its fin said %d snapshots", s.Number, l.key, l.fin.Snapshots)
	case s.Number >= highestNumber:
		return false, fmt.Errorf("snapshot %d of %s: wanted a number below %d", s.Number, l.key, uint64(highestNumber))
	}
	l.early[s.Number] = earlySnapshot{d, s.Second, !s.More}
	l.extend()
	l.totals.Add(totalsOf(s.Intervals))
	for _, interval := range s.Intervals {
		if g := interval.Generator; g != nil && g.Arrivals > 0 {
			l.arrivals = append(l.arrivals, Arrivals{int32(interval.Second), uint32(min(g.Arrivals, math.MaxUint32))})
		}
	}
	return true, nil
}

// extend moves the early snapshots that have no gap before them any more to contiguous.
func (l *receivedLog) extend() {
	for {
		number := uint64(len(l.contiguous))
		next, ok := l.early[number]
		if !ok {
			return
		}
		delete(l.early, number)
		l.contiguous = append(l.contiguous, next.digest)
		l.hasher.add(next.digest)
		if next.whole {
			l.second = max(l.second, next.second)
		}
	}
}

// end takes the log's Fin, which may arrive many times.
func (l *receivedLog) end(fin Fin) error {
	if l.fin == nil {
		for number := range l.early {
			if number >= fin.Snapshots {
				return fmt.Errorf("fin of %s: found %d snapshots, wanted over %d, which has come", l.key, fin.Snapshots, number)
			}
		}
		if uint64(len(l.contiguous)) > fin.Snapshots {
			return fmt.Errorf("fin of %s: found %d snapshots, wanted the %d that have come", l.key, fin.Snapshots, len(l.contiguous))
		}
		l.fin = &fin
		return l.verify()
	}
	if fin.Snapshots != l.fin.Snapshots || fin.Hash != l.fin.Hash {
		return fmt.Errorf("fin of %s differs from the one that came before: %d snapshots, wanted %d", l.key, fin.Snapshots, l.fin.Snapshots)
	}
	l.fin.Recovered = l.fin.Recovered && fin.Recovered // the process that wrote the log knew how it ended
	return nil
}

// verify compares a log that has arrived in full with its Fin. A Fin that contradicts it is dropped.
func (l *receivedLog) verify() error {
	if l.complete || l.fin == nil || uint64(len(l.contiguous)) < l.fin.Snapshots {
		return nil
	}
	fin := l.fin
	l.fin = nil
	if l.hasher.hash() != fin.Hash {
		return fmt.Errorf("fin of %s: its hash is not that of the %d snapshots that came", l.key, fin.Snapshots)
	}
	if !reflect.DeepEqual(l.totals, fin.Totals) {
		return fmt.Errorf("fin of %s: found totals %+v, wanted %+v as in the snapshots that came", l.key, fin.Totals, l.totals)
	}
	l.fin, l.complete = fin, true
	return nil
}

// missing returns the snapshots that are known to exist and have not arrived.
func (l *receivedLog) missing() []Range {
	var gaps []Range
	next := uint64(len(l.contiguous))
	for _, number := range slices.Sorted(maps.Keys(l.early)) {
		if number > next {
			gaps = append(gaps, Range{next, number})
		}
		next = number + 1
	}
	if l.fin != nil && l.fin.Snapshots > next {
		gaps = append(gaps, Range{next, l.fin.Snapshots})
	}
	return gaps
}

func (l *receivedLog) progress() Progress {
	p := Progress{Key: l.key, Snapshots: uint64(len(l.contiguous) + len(l.early)), Missing: l.missing(), Second: l.second,
		HasSecond: l.second > beforeFirst, Arrivals: slices.Clip(l.arrivals), Complete: l.complete}
	p.Totals.Add(l.totals)
	if l.fin != nil {
		fin := *l.fin
		p.Fin = &fin
	}
	return p
}
