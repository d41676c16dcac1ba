package health

import (
	"math"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/report/metric"
	"fsctl/scenarios/quantity"
)

// judgePacing looks for requests sent late though a connection was free: nothing but the generator was in
// their way.
func (j *judgement) judgePacing() {
	count := j.total.Late + j.total.Frozen
	late := history.Ratio(count, j.total.Sent)
	switch {
	case late <= j.bounds.share, j.health.Cause == FindingFrozen: // what came after a freeze is its doing
		return
	case j.total.Frozen == 0 && !proven(count, j.total.Sent, j.bounds.share):
		j.find(FindingFewLate, "%s of %s left more than %s late though a connection was free: so few do not show that more than %s would",
			quantity.Count(count), quantity.Of(j.total.Sent, "request"), quantity.Seconds(j.bounds.limitSeconds), quantity.Percent(j.bounds.share))
		return
	}
	code, why := j.whyLate(j.cpuWhile(func(c record.Counters) bool { return c.Late+c.Frozen > 0 }))
	j.saturate(code, "%s of the requests left more than %s late though a connection was free (%s is allowed): %s",
		quantity.Percent(late), quantity.Seconds(j.bounds.limitSeconds), quantity.Percent(j.bounds.share), why)
}

// judgeOpening looks for requests that were held up by connections which were still being opened. The target took that time,
// and a crowd of browsers would have met it too; a later T0 has connections open before.
func (j *judgement) judgeOpening() {
	if j.total.Opening == 0 {
		return
	}
	longest := j.health.OpeningSeconds.Max
	rounds := max(math.Ceil(float64(j.rec.Manifest.Connections)/openedAtOnce), 1)
	j.t0 = math.Ceil(longest*rounds*10) / 10
	j.find(FindingOpening, "connections were not open when they were needed: %s (%s) waited for one that was being opened, which took up to %s; storm.t0 of %s or more opens them before T0",
		quantity.Of(j.total.Opening, "request"), quantity.Percent(j.health.OpeningShareRatio), quantity.Seconds(longest), quantity.Seconds(j.t0))
}

// openedAtOnce is how many connections a generator opens side by side before T0, as loadgen has it.
const openedAtOnce = 256

// judgeUnsent looks for planned requests that were never sent although the run went to its end. Users who
// never came are the generator's fault; requests given up are not where the target queued. What a lost
// agent left unsent is reported elsewhere.
func (j *judgement) judgeUnsent() {
	end, h := j.rec.Manifest.End, &j.health
	if end == nil || end.Reason != record.Completed || h.UnsentRequests == 0 || j.lostAgents() > 0 {
		return
	}
	planned := quantity.Of(h.PlannedRequests, "planned request")
	absent, share := metric.MissingArrivals(j.rec), history.Ratio(h.UnsentRequests, h.PlannedRequests)
	switch {
	case j.rec.DueUnknown:
	case history.Ratio(absent, j.rec.Manifest.PlannedArrivals) > j.bounds.share:
		j.saturate(FindingUnsent, "%s of %s never started: the generator did not get to them",
			quantity.Count(absent), quantity.Of(j.rec.Manifest.PlannedArrivals, "planned user"))
	case j.health.Cause == FindingFrozen:
	case j.pressure.Queues(), len(j.stalls) > 0 && behind(j.run, j.stalls)[j.run.Seconds[len(j.run.Seconds)-1]]:
		because := "since the target queued"
		if !j.pressure.Queues() {
			because = "since the target had stalled"
		}
		j.find(FindingUnsent, "%s of %s (%s) %s given up when the run ended, %s",
			quantity.Count(h.UnsentRequests), planned, quantity.Percent(share), were(h.UnsentRequests), because)
	case share > j.bounds.share:
		j.saturate(FindingUnsent, "%s of %s (%s) %s never sent, and the target was not what held them up",
			quantity.Count(h.UnsentRequests), planned, quantity.Percent(share), were(h.UnsentRequests))
	}
}
