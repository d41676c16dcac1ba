package report

import (
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/record"
	"fsctl/scenarios"
)

func TestGroupsAreDescribed(t *testing.T) {
	groups := Judge(sampled(t), &scenarios.Scenario{}, nil).Groups
	if len(groups) != 2 || groups[0].Name != "cart" || groups[0].Times != 1 || groups[0].Finished != 0 || groups[1].Name != "checkout" || groups[1].Finished != 1 || groups[1].Duration.P99 < 0.299 || groups[1].Duration.P99 > 0.301 {
		t.Errorf("groups are %+v", groups)
	}
}

// A target that fills the jars of users without end is told of, and of how many cookies.
func TestEvictedCookiesAreNoted(t *testing.T) {
	rec := sampled(t)
	told := func(r *Report) bool {
		return slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, "more cookies than a user keeps") })
	}
	if told(Judge(rec, nil, nil)) {
		t.Error("cookies are told of, and none had to leave")
	}
	for second := range 2 {
		rec.Add(record.Interval{Second: second, Generator: &record.Generator{EvictedCookies: 3}})
	}
	if r := Judge(rec, nil, nil); !told(r) || !strings.Contains(strings.Join(r.Notes, "\n"), "6 cookies had to make room") {
		t.Errorf("notes are %q", r.Notes)
	}
}
