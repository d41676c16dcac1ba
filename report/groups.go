package report

import (
	"slices"

	"fsctl/loadgen/record"
)

// Group is how long users took for a group of their journeys, from the instant at which its first request was due.
type Group struct {
	Name     string        `json:"name"`
	Times    int64         `json:"times"`            // that users were in it
	Finished int64         `json:"finished"`         // of them, those in which a user did all of it
	Duration *Distribution `json:"duration_seconds"` // of all times
}

// describeGroups returns the groups that users were in, sorted by name. The window is the seconds in which their first requests were due.
func describeGroups(rec *record.Record, w record.Window) (groups []Group) {
	var names []string
	for _, tag := range rec.Tags() {
		if tag.Metric == record.GroupDuration {
			names = append(names, tag.Step)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		all := rec.Packed(w, func(t record.Tag) bool { return t.Metric == record.GroupDuration && t.Step == name })
		g := Group{Name: name, Times: all.Count(), Duration: distributionOf(all)}
		g.Finished = rec.Count(w, func(t record.Tag) bool {
			return t.Metric == record.GroupDuration && t.Step == name && t.Outcome == record.OutcomeFinished
		})
		if g.Times > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}
