package tally

import (
	"time"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/record"
	"fsctl/scenarios/arrivals"
)

// iterations are the lengths of journeys that ended, where a threshold asks for them, by the second in which their users were due, and
// those of groups, by the second in which their first requests were.
type iterations struct {
	kept  map[iterationKey]*record.Histogram
	spare []*record.Histogram
}

type iterationKey struct {
	second int
	metric string
	of     string // the journey or the group
	how    string
}

// iterationEnded is the outcome, in tags, of a journey or a group that its user did not do all of: an outcome ended it, a variable was
// missing, or the user gave up or left.
const iterationEnded = "ended"

// add records a user whose journey is over.
func (v *iterations) add(u *journey.User) {
	v.record(record.Iteration, u.Program().Name, u.Came, u.Due, !u.HasLeft())
}

// addGroup records a group of a user's journey.
func (v *iterations) addGroup(u *journey.User, g journey.GroupTime) {
	v.record(record.GroupDuration, u.Program().Groups[g.Group], g.Begin, g.End, g.Finished)
}

func (v *iterations) record(metric, of string, begin, end time.Duration, finished bool) {
	key := iterationKey{arrivals.Second(begin), metric, of, record.OutcomeFinished}
	if !finished {
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
	_ = h.RecordValue(min(max(int64(end-begin), 0), highest)) // within the range, so never an error
}

// merge adds the lengths to the intervals.
func (v *iterations) merge(intervals map[int]*record.Interval, packer *record.Packer) {
	for key, h := range v.kept {
		i := intervalOf(key.second, intervals)
		tag := record.Tag{Metric: key.metric, Step: key.of, Outcome: key.how}
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
