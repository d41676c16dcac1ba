package architectures

import (
	"fsctl/plan/model"
)

// primaryWrites returns the writes per second at the primary: behind a queue, orders come at its pace.
func (w *workload) primaryWrites(x *model.Case, v *design) float64 {
	if v.queued {
		return w.otherWrites(x) + min(w.orderWrites(x), w.pace(x))
	}
	return w.writes(x)
}

// served returns capacity / load, at most 1.
func served(capacity, load float64) float64 {
	if load <= capacity {
		return 1
	}
	return capacity / load
}

// refused returns the orders per second that neither machines nor database take.
//
// A node that is asked for more than its capacity serves its share of everything, so an order gets
// through with the least share of all that it needs.
func (w *workload) refused(x *model.Case, v *design) float64 {
	capacity, reads, writes := w.capacity(x), w.reads(x, v.cache), w.writes(x)
	share := 1.0
	if !v.machines {
		share = served(largestMachine, w.work(x, allSteps))
	}
	switch {
	case v.queued: // the queue takes every order; the database's pace shows in its backlog
		share = min(share, served(capacity*float64(v.readNodes), reads))
	case v.apart:
		share = min(share, served(capacity*float64(v.readNodes), reads), served(capacity, writes))
	default:
		share = min(share, served(capacity, reads+writes))
	}
	if !v.queued { // only the buyers of the hottest item meet in its row
		share *= 1 - w.m.Event.Hottest*(1-served(w.hotRow(x), w.orderWrites(x)))
	}
	return w.orders(x) * (1 - share)
}

// backlog returns the orders that wait at the end of the peak, and how long [s] they take after it.
//
//	backlog = (order writes - pace) x peak / writes of one order
//	drain   = backlog / (pace - order writes at the busy mean); 0 where the queue is never empty
//
// The peak ends early where the stock does, and then no order comes after it.
func (w *workload) backlog(x *model.Case) (orders, drainSeconds float64) {
	writes, pace, rate := w.orderWrites(x), w.pace(x), w.orders(x)
	if writes <= pace || rate < model.LeastRate {
		return 0, 0
	}
	perOrder := writes / rate
	quiet := 0.0
	for _, s := range w.m.Steps {
		if s.Transaction {
			quiet += x.BusyMean * s.Share
		}
	}
	peak := peakSeconds
	if soldOut := w.pieces / rate; soldOut < peak {
		peak, quiet = soldOut, 0
	}
	orders = (writes - pace) * peak / perOrder
	if quiet *= perOrder; quiet < pace*(1-1e-9) {
		drainSeconds = orders * perOrder / (pace - quiet)
	}
	return orders, drainSeconds
}
