package report

import (
	"testing"

	"fsctl/loadgen/record"
)

func TestReasonsOfSamples(t *testing.T) {
	for _, c := range []struct {
		s    record.Sample
		want string
	}{
		{record.Sample{Reason: "check: status 200", Wanted: "status 200", Found: "status 404"}, "status 404, wanted 200"},
		{record.Sample{Reason: "check: status in 200,202", Wanted: "status in 200,202", Found: "status 404"}, "status 404, wanted 200 or 202"},
		{record.Sample{Reason: "check: status < 300", Wanted: "status < 300", Found: "status 404"}, "status 404, wanted status < 300"},
		{record.Sample{Reason: "check: body contains ok", Wanted: "body contains ok", Found: "another body"}, "another body, wanted body contains ok"},
		{record.Sample{Reason: "status", Wanted: "a status below 400", Found: "status 500"}, "status 500, wanted a status below 400"},
		{record.Sample{Reason: "extract", Wanted: "$.token in the body", Found: "null"}, "null, wanted $.token in the body"},
		{record.Sample{Reason: "reset", Wanted: "an answer", Found: "reset", Error: "read: connection reset by peer"}, "reset: read: connection reset by peer"},
		{record.Sample{Reason: "other"}, "other"},
	} {
		if got := reasonOf(&c.s); got != c.want {
			t.Errorf("%+v: %q, wanted %q", c.s, got, c.want)
		}
	}
}

func TestSamplesAreThoseOfTheStepAndItsSeconds(t *testing.T) {
	rec := record.New(record.Manifest{})
	for _, s := range []record.Sample{{Step: "a", Reason: "x", AtSeconds: 0.5}, {Step: "a", Reason: "x", AtSeconds: 2.5}, {Step: "a", Reason: "y", AtSeconds: 3}, {Step: "b", Reason: "x", AtSeconds: 1}} {
		rec.AddSample(s)
	}
	if all, some := samplesOf(rec, "a", record.Everything), samplesOf(rec, "a", record.Window{From: 2, To: 3}); len(all) != 3 || len(some) != 1 || some[0].AtSeconds != 2.5 {
		t.Errorf("found %+v and %+v", all, some)
	}
	step := Step{Samples: samplesOf(rec, "a", record.Everything)}
	if kinds := step.SampleKinds(3); len(kinds) != 2 || kinds[1].Kind != "y" || len(step.SampleKinds(1)) != 1 {
		t.Errorf("found %+v", kinds)
	}
}
