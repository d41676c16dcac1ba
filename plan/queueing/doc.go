// Package queueing computes how requests wait for servers, from published formulas.
//
// Everything here is a pure function of its arguments: no clock, no network, no global randomness.
// Times are float64 seconds whose names end in Seconds, not time.Duration: Monte Carlo trials
// sample them, the formulas divide by them, and neither nanosecond rounding nor the 292-year
// overflow of a Duration may leak into a server count.
//
// Arguments outside a formula's range give a [RangeError]; a queue that grows without end gives an
// error that wraps [ErrUnstable]; a target that no number of servers meets wraps [ErrInfeasible].
// A nil error promises finite results.
package queueing
