package health

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"fsctl/loadgen/record"
	"fsctl/report/history"
	"fsctl/scenarios/quantity"
)

// judgeConnections looks for requests that waited for a connection though no more might be opened, and asks whose fault that
// was. A target that answers slower the more it is asked queues, and would queue over any number of connections; so does one
// that stalls. One that answers as fast as ever was asked too little at once.
func (j *judgement) judgeConnections() {
	waited := history.Ratio(j.waited(), j.total.Sent)
	p := j.pressure
	withAll, allWere := j.allConnections()
	queues := p.Queues() && !j.usersThink()
	used := j.cpuWhile(func(c record.Counters) bool { return c.Waited > 0 })
	switch {
	case j.health.Cause == FindingFrozen: // what came after a freeze is its doing
	case waited <= j.bounds.share:
		if j.health.limited && p.CountsInFlight() && p.Queues() && !j.health.Saturated {
			j.find(FindingTargetLimited, "the target queued: with up to %s open a request took %s, against %s in quiet moments (%s times as long, averaged over the steps)",
				quantity.Of(j.health.Connections, "connection"), quantity.Seconds(p.Full), quantity.Seconds(p.Quiet), quantity.Number(p.Ratio))
		}
	case queues && j.health.Saturated: // a generator that cannot keep up measures slow answers itself
	case queues && throttled(used, j.rec.Manifest.Cores):
		j.saturate(FindingThrottled, "%s of the requests waited for a connection while %s, so that it may have been slow to read the answers itself: raise the quota, or use more agents",
			quantity.Percent(waited), throttledFor(used))
	case queues && outOfCPU(used, j.rec.Manifest.Cores):
		j.saturate(FindingCPU, "%s of the requests waited for a connection while the generator used %s of its %s, so that it may have been slow to read the answers itself: it needs more cores or more agents",
			quantity.Percent(waited), coresOf(used, j.rec.Manifest.Cores), quantity.Of(j.rec.Manifest.Cores, "core"))
	case used.leftIdle():
		j.saturate(FindingPacing, "%s of the requests waited while %s, but with a request in flight for only %s of that time (Little's law), so that the generator was slow to use them",
			quantity.Percent(waited), allWere, quantity.Percent(history.Ratio(used.InFlightSeconds, used.AllBusySeconds)))
	case queues:
		j.find(FindingTargetLimited, "the target queued: with %s a request took %s, against %s in quiet moments (%s times as long, averaged over the steps); %s of the requests waited for the target, not for the generator",
			withAll, quantity.Seconds(p.Full), quantity.Seconds(p.Quiet), quantity.Number(p.Ratio), quantity.Percent(waited))
	case !p.Known && j.unanswered():
		j.find(FindingTargetLimited, "the target gave no whole answer while %s: %s of the requests waited for one, for the target and not for the generator",
			allWere, quantity.Percent(waited))
	case !proven(j.waited(), j.total.Sent, j.bounds.share):
		j.find(FindingFewLate, "%s of %s waited for a connection: so few do not show that more than %s would",
			quantity.Count(j.waited()), quantity.Of(j.total.Sent, "request"), quantity.Percent(j.bounds.share))
	case j.health.Saturated: // a generator that cannot keep up does not show what more connections would have done
	default:
		needed := j.connectionsNeeded()
		j.health.ConnectionsNeeded = needed
		why := fmt.Sprintf("while the target answered as fast as in quiet moments (%s)", quantity.Seconds(p.Full))
		switch {
		case j.usersThink():
			why = "most of whom were between two requests"
		case !p.Known:
			why = "and there was no quiet moment to show whether the target had more to give"
		}
		j.saturate(FindingConnections, "%s, %s: %s of the requests waited for one (%s is allowed); %s",
			allWere, why, quantity.Percent(waited), quantity.Percent(j.bounds.share), j.moreConnections(needed))
	}
}

// waited returns the requests that waited for a connection, but for those that waited for a target that stalled.
func (j *judgement) waited() (sum uint64) {
	stalled := behind(j.run, j.stalls)
	for i, second := range j.run.Seconds {
		if !stalled[second] {
			sum += history.Sum(j.run.Events[i]).Waited
		}
	}
	return sum
}

// allConnections names the connections of which all were in use, in two forms: "all 64 connections busy" and "all 64 connections were busy".
func (j *judgement) allConnections() (with, were string) {
	m, use := j.rec.Manifest, " busy"
	if m.PerUser {
		use = " held by users"
	}
	switch n := cmp.Or(m.Connections, m.MaxConnections); n {
	case 0:
		return "all connections" + use, "all connections were" + use
	case 1:
		return "the one connection" + use, "the one connection was" + use
	default:
		all := "all " + quantity.Of(n, "connection")
		return all + use, all + " were" + use
	}
}

// busyRatio is the share of users' own connections that must have had a request in flight for the target, and not what users do between
// their requests, to be what held the connections.
const busyRatio = 0.5

// usersThink says whether each user had a connection of its own, and most of these had no request in flight while others waited for one.
func (j *judgement) usersThink() bool {
	if !j.rec.Manifest.PerUser {
		return false
	}
	busy, open := 0, 0
	for second, g := range j.rec.Generators() {
		if j.eventsOf(second).Waited > 0 {
			busy, open = busy+g.Busy, open+g.Connections
		}
	}
	return float64(busy) < busyRatio*float64(open)
}

// mostUseful is about how many connections one machine has ports for.
const mostUseful = 60_000

// moreConnections says how the run would have had enough.
func (j *judgement) moreConnections(needed int) string {
	if needed > mostUseful {
		return "no number of connections from one machine would have carried the load: send less, or from more agents"
	}
	if m := j.rec.Manifest; m.PerUser || m.Connections == 0 && m.MaxConnections > 0 {
		return fmt.Sprintf("--max-connections %d would have carried the load", needed)
	}
	return fmt.Sprintf("--connections %d would have carried the load, and without a fixed number they grow with the need", needed)
}

// idleRatio is the share of the time in which all connections were busy that they must have had a request in flight for the
// target to be what they waited for.
const idleRatio = 0.75

// leftIdle says whether connections that were busy had no request in flight for much of the time.
func (g *generators) leftIdle() bool {
	return g.AllBusySeconds > 0 && g.InFlightSeconds < idleRatio*g.AllBusySeconds
}

// unanswered says whether requests were sent and every one ended without an answer, for no lack of the generator's own.
func (j *judgement) unanswered() bool {
	return j.total.Done > 0 && len(j.total.Statuses) == 0 && !j.health.Saturated && countErrors(j.total.Errors) >= j.total.Done
}

func countErrors(errors map[string]uint64) (sum uint64) {
	for _, n := range errors {
		sum += n
	}
	return sum
}

// connectionsNeeded returns how many connections would have been enough: by Little's law the busiest
// second has a = sum over steps of due rate x service time requests in flight, and 2 sqrt(a) more leave
// room for chance, which keeps them from all being busy. Where each user has one, a is how many users were there.
func (j *judgement) connectionsNeeded() int {
	if j.rec.Manifest.PerUser {
		return j.enough(j.usersPresent())
	}
	mean := map[string]float64{}
	for _, name := range j.run.Names {
		c := j.run.Total(name)
		all := c.InFlight.Between(0, record.MostLevels)
		all.Add(c.Full)
		all.Add(c.Quiet)
		mean[name] = history.Ratio(all.Seconds, float64(all.Requests))
	}
	var most float64
	for _, events := range j.run.Events {
		var inFlight float64
		for name, c := range events {
			inFlight += float64(c.Due) * mean[name]
		}
		most = max(most, inFlight)
	}
	return j.enough(most)
}

// enough returns how many connections leave room for chance where so many are in use.
func (j *judgement) enough(most float64) int {
	needed := min(math.Ceil(most+2*math.Sqrt(most)), 1e6)
	return max(int(history.Finite(needed)), j.rec.Manifest.Connections+1, j.rec.Manifest.MaxConnections+1)
}

// usersPresent returns how many users were there at once, at most: who waited for their next step, whose request was in flight, and whose
// first request had not been sent.
func (j *judgement) usersPresent() (most float64) {
	backlog := 0.0
	for second, g := range j.rec.Generators() {
		c := j.eventsOf(second)
		backlog += float64(c.Due) - float64(c.Sent+c.GivenUp+c.Unsent)
		most = max(most, float64(g.Waiting+g.Busy)+max(backlog, 0))
	}
	return most
}

// eventsOf returns what happened in a second of the part that is judged.
func (j *judgement) eventsOf(second int) record.Counters {
	if i, ok := slices.BinarySearch(j.run.Seconds, second); ok {
		return history.Sum(j.run.Events[i])
	}
	return record.Counters{}
}
