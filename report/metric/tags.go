package metric

import (
	"slices"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
	"fsctl/scenarios/script"
)

// slice returns the part of the requests of which the threshold asks for histograms of their own. A method is that of a step, so that
// only results without a scenario have slices by it.
func (q question) slice() record.Slice {
	s := record.Slice{Status: q.t.Status, Journey: q.t.Journey}
	if q.isUnplanned() {
		s.Method = q.t.Method
	}
	return s
}

// isUnplanned reports that there is no scenario which says by what method a step's request goes.
func (q question) isUnplanned() bool { return q.sc == nil || len(q.sc.Steps) == 0 }

// concerns says whether the threshold is about the requests of a tag, whatever its slice.
func (q question) concerns(tag record.Tag) bool { return Concerns(q.t, tag) && q.goesBy(tag.Step) }

// goesBy says whether a step's request goes by the method that is asked for, if any is.
func (q question) goesBy(step string) bool {
	if q.t.Method == "" || q.isUnplanned() {
		return true
	}
	s := q.sc.Step(step)
	return s != nil && s.Request.Method == q.t.Method
}

// unknown says that a step, a journey or a method is not in the scenario, or that the run kept nothing by the threshold's tags;
// nothing where all is known.
func (q question) unknown() string {
	t := q.t
	switch {
	case t.Step != "" && !q.knowsStep(t.Step):
		return "no step is called " + t.Step
	case t.Journey != "" && q.unknownJourney() != "":
		return q.unknownJourney()
	case t.Method != "" && !q.isUnplanned() && !slices.ContainsFunc(q.sc.Steps, func(s scenarios.Step) bool { return s.Request.Method == t.Method }):
		return "no step is sent by " + t.Method
	case !q.isKept():
		return "the run kept no figures by these tags: they must be in the scenario's thresholds when it is sent"
	}
	return ""
}

// unknownJourney says that no journey has the name that is asked for, nothing where one has.
func (q question) unknownJourney() string {
	if q.sc == nil || !slices.ContainsFunc(q.sc.Journeys, func(j script.Script) bool { return j.Name == q.t.Journey }) {
		return "no journey is called " + q.t.Journey
	}
	return ""
}

// isKept reports whether the run kept what the threshold's tags ask for: a threshold of its scenario asked for it, or vegeta's results were read for it.
func (q question) isKept() bool {
	slice := q.slice()
	if slice == (record.Slice{}) || q.rec.Keeps(slice) {
		return true
	}
	if q.sc != nil {
		for _, l := range q.sc.Thresholds {
			for i := range l.Thresholds {
				if t := &l.Thresholds[i]; !t.Added && t.Status == q.t.Status && t.Journey == q.t.Journey {
					return true
				}
			}
		}
	}
	return false
}

// answersByStatus counts the requests by a status from the counters, for runs of which no slice was kept; ok false where the
// threshold asks for more than the counters know.
func (q question) answersByStatus() (count int64, ok bool) {
	t := q.t
	if t.Metric != "http_reqs" || t.Status == "" || t.Outcome != "" || t.Expected != nil || t.Journey != "" || q.isUnplanned() && t.Method != "" {
		return 0, false
	}
	c := q.countersOf()
	if t.Status != "0" {
		return int64(c.Statuses[t.Status]), true
	}
	answered := uint64(0)
	for _, n := range c.Statuses {
		answered += n
	}
	return int64(c.Done - min(answered, c.Done)), true
}

// countersOf returns the counters of the steps that the threshold is about.
func (q question) countersOf() (sum record.Counters) {
	if q.t.Method == "" || q.isUnplanned() {
		return q.rec.Counters(q.w, q.t.Step)
	}
	for _, step := range q.rec.Steps() {
		if (q.t.Step == "" || q.t.Step == step) && q.goesBy(step) {
			sum.Add(q.rec.Counters(q.w, step))
		}
	}
	return sum
}

// iterationTimes finds the lengths of journeys that ended, of the users who were due in the window.
func (q question) iterationTimes() (value float64, missing string) {
	h := q.rec.Packed(q.w, func(tag record.Tag) bool {
		return tag.Metric == record.Iteration && (q.t.Journey == "" || tag.Step == q.t.Journey)
	})
	if h.Count() > 0 {
		return Aggregate(h, q.t), ""
	}
	if missing := q.unknownJourney(); q.t.Journey != "" && missing != "" {
		return 0, missing
	}
	return 0, "no journey ended, or iteration_duration was in no threshold of the scenario when it was sent"
}

// groupTimes finds the whole times of a group, or of all, that users were in in the window.
func (q question) groupTimes() (value float64, missing string) {
	h := q.rec.Packed(q.w, func(tag record.Tag) bool {
		return tag.Metric == record.GroupDuration && (q.t.Group == "" || q.t.Group == tag.Step)
	})
	switch {
	case h.Count() > 0:
		return Aggregate(h, q.t), ""
	case q.t.Group != "":
		return 0, "no user was in the group " + q.t.Group
	}
	return 0, "no user was in a group"
}

// iterationsOf counts the journeys of one name that ended.
func iterationsOf(g record.Generator, journey string) (count uint64) {
	j := g.Journeys[journey]
	count = j.Finished
	for _, n := range j.Ended {
		count += n
	}
	for _, n := range j.Left {
		count += n
	}
	return count
}
