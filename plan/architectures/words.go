package architectures

import (
	"fmt"
	"math"
	"slices"

	"fsctl/plan/model"
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
			list = append(list, fmt.Sprintf("the cache: without it %s reads/s fall on nodes that take %s/s", model.Number(math.Round(reads)), model.Number(math.Round(takes))))
		}
	}
	return list
}

// gain says in one phrase what an architecture buys over the one before, in the mid case; before is nil for the first.
func (w *workload) gain(v *design, mid *model.Case, before, a *Architecture) string {
	if before == nil {
		return fmt.Sprintf("nothing yet: one machine of %s cores and one database for %s reads/s%s", model.Number(w.computeCores(mid, v)),
			model.Number(math.Round(a.DatabaseReadsQPS.Mid)), w.tooLarge(a))
	}
	switch {
	case v.queued && a.OrderBacklog.Mid > 0:
		return fmt.Sprintf("the database turns away %s orders/s fewer: at most %s wait, and the primary sees %s writes/s in place of %s",
			model.Number(math.Round(before.RefusedOrdersQPS.Mid-a.RefusedOrdersQPS.Mid)), model.Number(math.Round(a.OrderBacklog.Mid)),
			model.Number(math.Round(a.PrimaryWritesQPS.Mid)), model.Number(math.Round(before.PrimaryWritesQPS.Mid)))
	case v.queued:
		return fmt.Sprintf("the primary may fail or lag: the %s orders of a failover of %s wait in place of being refused",
			model.Number(math.Round(min(w.pieces, w.orders(mid)*failoverSeconds))), model.Duration(failoverSeconds))
	case v.apart:
		return fmt.Sprintf("%d times the reads of one node: %s/s on each replica in place of %s/s on the primary, which only writes",
			v.readNodes, model.Number(math.Round(a.ReadsPerNodeQPS.Mid)), model.Number(math.Round(before.ReadsPerNodeQPS.Mid)))
	case v.cache && before.DatabaseReadsQPS.Mid > 0:
		return fmt.Sprintf("%s %% of the reads leave the database: %s/s in place of %s/s",
			model.Number(math.Round(1000*(1-a.DatabaseReadsQPS.Mid/before.DatabaseReadsQPS.Mid))/10),
			model.Number(math.Round(a.DatabaseReadsQPS.Mid)), model.Number(math.Round(before.DatabaseReadsQPS.Mid)))
	case v.cache:
		return "hot reads are answered before the database"
	case v.split:
		return fmt.Sprintf("each step scales and fails on its own, for %s instances in place of %s", model.Number(a.Instances.Mid), model.Number(before.Instances.Mid))
	}
	return fmt.Sprintf("no single machine is needed any more: %s with %s cores each share the load%s, and a replica stands by for the database",
		model.Number(model.Ceil(w.computeCores(mid, v)/w.instanceCores)), model.Number(w.instanceCores), w.spared(before, a))
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
	return fmt.Sprintf(", %s orders/s fewer are refused", model.Number(math.Round(before.RefusedOrdersQPS.Mid-a.RefusedOrdersQPS.Mid)))
}

// assumptions says what the scenario did not.
func (w *workload) assumptions() []string {
	list := []string{
		fmt.Sprintf("a machine has at most %d cores; load balancers come in pairs and are not counted; a queue has %d brokers", largestMachine, int(brokers)),
		fmt.Sprintf("the peak lasts %s, then the busy mean returns; a failover takes %s", model.Duration(peakSeconds), model.Duration(failoverSeconds)),
		"all databases are taken as one, whose nodes share reads evenly; what is beyond a node's capacity is refused",
		fmt.Sprintf("replicas: what the high case needs, but %d to %d", leastReplicas, mostReplicas),
	}
	return slices.Concat(list, w.notes)
}
