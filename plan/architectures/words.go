package architectures

import (
	"fmt"
	"slices"

	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// singlePoints lists what stops the sale by its loss alone, in the high case.
func (w *workload) singlePoints(v *design, high *model.Case) []string {
	list := []string{}
	if !v.machines {
		list = append(list, "the one machine")
	}
	if v.machines && !v.split && len(w.m.Steps) > 1 {
		list = append(list, "the one program, which fails for every step at once")
	}
	switch {
	case v.standby == 0:
		list = append(list, "the one database")
	case !v.queued:
		list = append(list, "the primary, until a replica is promoted")
	}
	if v.cache {
		reads, takes := w.reads(high, false), float64(v.readNodes)*w.capacity(high)
		if !v.apart {
			reads += w.writes(high)
		}
		if reads > takes {
			list = append(list, fmt.Sprintf("the cache: without it, in the high case, %s fall on nodes that take %s", quantity.RateOf(reads, "read"), quantity.Rate(takes)))
		}
	}
	return list
}

// gain says in one phrase what an architecture buys over the one before, in the mid case; before is nil for the first.
func (w *workload) gain(v *design, mid *model.Case, before, a *Architecture) string {
	if before == nil {
		return fmt.Sprintf("nothing yet: one machine of %s and one database for %s%s", quantity.EstimateOf(w.computeCores(mid, v), "core"),
			quantity.RateOf(a.DatabaseReadsQPS.Mid, "read"), w.tooLarge(a))
	}
	waiting := quantity.Estimate(a.OrderBacklog.Mid)
	switch {
	case v.queued && a.OrderBacklog.Mid > 0:
		return fmt.Sprintf("the database turns away %s fewer: at most %s, and the primary sees %s in place of %s",
			quantity.RateOf(before.RefusedOrdersQPS.Mid-a.RefusedOrdersQPS.Mid, "order"), waiting+quantity.Verb(waiting, " waits", " wait"),
			quantity.RateOf(a.PrimaryWritesQPS.Mid, "write"), quantity.Rate(before.PrimaryWritesQPS.Mid))
	case v.queued:
		return fmt.Sprintf("the primary may fail or lag: the %s orders of a failover of %s wait in place of being refused",
			quantity.Estimate(min(w.pieces, w.orders(mid)*failoverSeconds)), quantity.Seconds(failoverSeconds))
	case v.apart:
		return fmt.Sprintf("%d times the reads of one node: %s on each replica in place of %s on the primary, which only writes",
			v.readNodes, quantity.Rate(a.ReadsPerNodeQPS.Mid), quantity.Rate(before.ReadsPerNodeQPS.Mid))
	case v.cache && before.DatabaseReadsQPS.Mid > 0:
		return fmt.Sprintf("%s of the reads leave the database: %s in place of %s",
			quantity.Percent(1-a.DatabaseReadsQPS.Mid/before.DatabaseReadsQPS.Mid),
			quantity.Rate(a.DatabaseReadsQPS.Mid), quantity.Rate(before.DatabaseReadsQPS.Mid))
	case v.cache:
		return "hot reads are answered before the database"
	case v.split:
		return fmt.Sprintf("each step scales and fails on its own, for %s in place of %s", quantity.EstimateOf(a.Instances.Mid, "instance"), quantity.Estimate(before.Instances.Mid))
	}
	return fmt.Sprintf("no single machine is needed any more: %s with %s each share the load%s, and a replica stands by for the database",
		quantity.Estimate(model.Ceil(w.computeCores(mid, v)/w.instanceCores)), quantity.EstimateOf(w.instanceCores, "core"), w.spared(before, a))
}

func (w *workload) tooLarge(a *Architecture) string {
	if cores := a.CPUCores.Mid; cores > largestMachine {
		return fmt.Sprintf("; no machine has more than %d", largestMachine)
	}
	return ""
}

func (w *workload) spared(before, a *Architecture) string {
	if before.RefusedOrdersQPS.Mid <= a.RefusedOrdersQPS.Mid {
		return ""
	}
	return fmt.Sprintf(", %s fewer are refused", quantity.RateOf(before.RefusedOrdersQPS.Mid-a.RefusedOrdersQPS.Mid, "order"))
}

// assumptions says what the scenario did not.
func (w *workload) assumptions() []string {
	list := []string{
		fmt.Sprintf("a machine has at most %d cores; load balancers come in pairs and are not counted; a queue has %d brokers", largestMachine, int(brokers)),
		fmt.Sprintf("the peak lasts %s, then the busy mean returns; a failover takes %s", quantity.Seconds(peakSeconds), quantity.Seconds(failoverSeconds)),
		"all databases are taken as one, whose nodes share reads evenly; what is beyond a node's capacity is refused",
		fmt.Sprintf("replicas: what the high case needs, but %d to %d", leastReplicas, mostReplicas),
	}
	return slices.Concat(list, w.notes)
}
