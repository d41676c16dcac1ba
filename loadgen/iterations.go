package loadgen

import (
	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/scenarios/arrivals"
)

// iterations are the lengths of journeys that ended, where a threshold asks for them, by the second in which their users were due.
type iterations struct {
	kept  map[iterationKey]*record.Histogram
	spare []*record.Histogram
}

type iterationKey struct {
	second  int
	journey string
	how     string
}

// How a journey ended, as the tag of its length has it.
const (
	iterationFinished = "finished"
	iterationEnded    = "ended" // by an outcome, or because a variable was missing
)

// add records a user whose journey is over.
func (v *iterations) add(u *journey.User) {
	key := iterationKey{arrivals.Second(u.Came), u.Program().Name, iterationFinished}
	if u.HasLeft() {
		key.how = iterationEnded
	}
	h := v.kept[key]
	if h == nil {
		if n := len(v.spare); n > 0 {
			h, v.spare = v.spare[n-1], v.spare[:n-1]
		} else {
			h = record.NewHistogram()
		}
		if v.kept == nil {
			v.kept = map[iterationKey]*record.Histogram{}
		}
		v.kept[key] = h
	}
	_ = h.RecordValue(min(max(int64(u.Due-u.Came), 0), highest)) // within the range, so never an error
}

// merge adds the lengths to the intervals.
func (v *iterations) merge(intervals map[int]*record.Interval, packer *record.Packer) {
	for key, h := range v.kept {
		i := intervalOf(key.second, intervals)
		tag := record.Tag{Metric: record.Iteration, Step: key.journey, Outcome: key.how}
		if had := i.Histograms[tag]; had != nil {
			packer.Pack(h).AddTo(had)
			continue
		}
		i.Histograms[tag] = h
	}
}

// clear empties v; its histograms are kept for other seconds.
func (v *iterations) clear() {
	for _, h := range v.kept {
		h.Reset()
		v.spare = append(v.spare, h)
	}
	clear(v.kept)
}
