package model

import (
	"math"

	"fsctl/plan/queueing"
)

// Law returns the growth in one case, by the case's gamma, alpha and beta.
func (u *USL) Law(x *Case) Growth {
	exactly := func(index int) queueing.Estimate {
		v := x.Values[index]
		return queueing.Estimate{Value: v, Low: v, High: v}
	}
	law := Growth{USL: queueing.USL{GammaPerSec: exactly(u.Gamma), Alpha: exactly(u.Alpha), Beta: exactly(u.Beta), LargestConcurrency: u.Measured}}
	law.Most = 2 * u.Measured
	if peak, err := law.Peak(); err == nil {
		law.Peaks = true
		law.Most = math.Floor(peak.Concurrency)
		if next := law.Most + 1; next <= 2*u.Measured && law.PerSec(next) > law.PerSec(law.Most) {
			law.Most = next
		}
	}
	return law
}

// Growth is how the throughput of a service grows with its instances in one case.
type Growth struct {
	queueing.USL
	Most  float64 // instances beyond which nothing is believed or gained: the peak, else twice those measured
	Peaks bool    // at Most
}

// PerSec returns the throughput of n instances [1/s], n from 1 to Most+1. Outside it is that of one
// instance. Source: [queueing.USL].
func (l Growth) PerSec(n float64) float64 {
	x, err := l.ThroughputPerSec(n)
	if err != nil { // the caller keeps the range
		return l.GammaPerSec.Value
	}
	return x
}

// seconds returns the core time of a call [s] when n instances of so many cores share the work, with
// what contention adds: n cores / X(n).
func (l Growth) seconds(n, cores float64) float64 {
	n = min(max(1, n), l.Most)
	return n * cores / l.PerSec(n)
}

// Seconds returns the core time of a call of the service [s], 0 where no demand is given. It depends on the number of
// instances only where the service has a measured curve, and then holds them to the range from 1 to where the curve is known.
func (s *Service) Seconds(x *Case, instances float64) float64 {
	if s.USL != nil {
		return s.USL.Law(x).seconds(instances, s.InstanceCores)
	}
	return x.Value(s.Demand, 0)
}

// StaffUSL returns the least number of instances N that keeps the service's limits when N of them do
// X(N) calls a second, the Universal Scalability Law as measured, and not N times what one does:
//
//	rate <= utilization X(N), and wait and latency as Staff has them with N cores / X(N) for the demand
//
// Where no N up to the peak, or else up to twice the instances measured, is enough, the size goes on
// in proportion from there and Beyond is set: a lower bound, because contention only grows.
// Source: [queueing.USL].
func (s *Service) StaffUSL(x *Case, rate float64) Size {
	law, scv := s.USL.Law(x), x.Value(s.Variability, 1)
	late := s.tooSlow(law.seconds(1, s.InstanceCores), scv)
	staffed := func(n float64) (Size, bool) {
		out := s.Staff(rate, law.seconds(n, s.InstanceCores), scv)
		return out, out.Instances <= n && (late || !out.Late)
	}
	out, enough := staffed(law.Most)
	if !enough {
		least := Ceil(law.Most * rate / (s.Utilization * law.PerSec(law.Most)))
		out.Instances = max(law.Most+1, least)
		out.Bottleneck, out.Late, out.Beyond = ByUSL, late, true
		return out
	}
	alone, _ := staffed(1)
	short, high := 0.0, law.Most
	for high-short > 1 {
		mid := math.Floor(short + (high-short)/2)
		if more, ok := staffed(mid); ok {
			out, high = more, mid
		} else {
			short = mid
		}
	}
	if alone.Instances < high {
		out.Bottleneck = ByUSL
	}
	out.Instances, out.Late = high, late
	return out
}
