package plan

import (
	"math"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
)

// byUSL is the bottleneck of a service that contention between its instances enlarges.
const byUSL = "usl"

// uslModel is a service's measured growth: indices of its coefficients' quantities.
type uslModel struct {
	gamma, alpha, beta int
	measured           float64 // most instances measured
}

// addUSL reads the coefficients of a service, nil where it has none. Each varies on its own.
func (b *builder) addUSL(path string, u *scenarios.USL) *uslModel {
	if u == nil {
		return nil
	}
	measured := float64(u.Measured)
	if !(measured >= 1 && measured <= 1e9) {
		b.problem(path+".usl.measured", figure(measured), "the most instances that were measured, 1 to 1e9")
	}
	return &uslModel{
		gamma:    b.must(newQuantity(path+".usl.gamma", b.seed, u.Gamma, 1, callsPerSec)),
		alpha:    b.must(newQuantity(path+".usl.alpha", b.seed, u.Alpha, 1, share)),
		beta:     b.must(newQuantity(path+".usl.beta", b.seed, u.Beta, 1, multiplier)),
		measured: measured,
	}
}

// law returns the growth in one case.
func (u *uslModel) law(x *point) uslLaw {
	exactly := func(index int) queueing.Estimate {
		v := x.values[index]
		return queueing.Estimate{Value: v, Low: v, High: v}
	}
	law := uslLaw{USL: queueing.USL{GammaPerSec: exactly(u.gamma), Alpha: exactly(u.alpha), Beta: exactly(u.beta), LargestConcurrency: u.measured}}
	law.most = 2 * u.measured
	if peak, err := law.Peak(); err == nil {
		law.peaks = true
		law.most = math.Floor(peak.Concurrency)
		if next := law.most + 1; next <= 2*u.measured && law.perSec(next) > law.perSec(law.most) {
			law.most = next
		}
	}
	return law
}

// uslLaw is a service's growth in one case.
type uslLaw struct {
	queueing.USL
	most  float64 // instances beyond which nothing is believed or gained: the peak, else twice those measured
	peaks bool    // at most
}

// perSec returns the throughput of n instances [1/s], 1 to most+1.
func (l uslLaw) perSec(n float64) float64 {
	x, err := l.ThroughputPerSec(n)
	if err != nil { // the caller keeps the range
		return l.GammaPerSec.Value
	}
	return x
}

// seconds returns the core time of a call [s] when n instances of so many cores share the work, with
// what contention adds: n cores / X(n).
func (l uslLaw) seconds(n, cores float64) float64 {
	n = min(max(1, n), l.most)
	return n * cores / l.perSec(n)
}

// seconds returns the core time of a call of the service, on that many instances where they contend.
func (s *serviceModel) seconds(x *point, instances float64) float64 {
	if s.usl != nil {
		return s.usl.law(x).seconds(instances, s.cores)
	}
	return x.value(s.demand, 0)
}

// staffUSL returns the least number of instances N that keeps the service's limits when N of them do
// X(N) calls a second, the Universal Scalability Law as measured, and not N times what one does:
//
//	rate <= utilization X(N), and wait and latency as staff has them with N cores / X(N) for the demand
//
// Where no N up to the peak, or else up to twice the instances measured, is enough, the size goes on
// in proportion from there and beyond is set: a lower bound, because contention only grows.
// Source: [queueing.USL].
func (s *serviceModel) staffUSL(x *point, rate float64) size {
	law, scv := s.usl.law(x), x.value(s.variability, 1)
	late := s.tooSlow(law.seconds(1, s.cores), scv)
	staffed := func(n float64) (size, bool) {
		out := s.staff(rate, law.seconds(n, s.cores), scv)
		return out, out.instances <= n && (late || !out.late)
	}
	out, enough := staffed(law.most)
	if !enough {
		least := ceil(law.most * rate / (s.utilization * law.perSec(law.most)))
		out.instances = max(law.most+1, least)
		out.bottleneck, out.late, out.beyond = byUSL, late, true
		return out
	}
	alone, _ := staffed(1)
	short, high := 0.0, law.most
	for high-short > 1 {
		mid := math.Floor(short + (high-short)/2)
		if more, ok := staffed(mid); ok {
			out, high = more, mid
		} else {
			short = mid
		}
	}
	if alone.instances < high {
		out.bottleneck = byUSL
	}
	out.instances, out.late = high, late
	return out
}

// usl says where a measured growth ends.
func (r *review) usl(i int) {
	s := &r.services[i]
	if s.usl == nil || r.high.rates[i] < leastRate {
		return
	}
	if r.quantities[s.usl.beta].low == 0 || !s.usl.law(r.mid).peaks {
		r.warn("usl-peak-unknown", "%s: up to %s instances the measurement does not show where more instances do less; measure more of them",
			s.name, figure(s.usl.measured))
	}
	x, when := r.worst(func(x *point) bool { return x.sizes[i].beyond })
	if x == nil {
		return
	}
	law := s.usl.law(x)
	most := law.perSec(law.most)
	if law.peaks {
		r.warn("usl-peak", "%s: %s calls/s%s, and no number of instances does more than %s/s, at %s of them (%s/s at %s %% utilization); %s is a lower bound",
			s.name, figure(x.rates[i]), when, figure(most), figure(law.most), figure(most*s.utilization), figure(s.utilization*100), figure(x.sizes[i].instances))
	} else {
		r.warn("usl-extrapolation", "%s: %s calls/s%s need more than the %s instances up to which a measurement of %s may be believed; %s is a lower bound, measure more of them",
			s.name, figure(x.rates[i]), when, figure(law.most), figure(s.usl.measured), figure(x.sizes[i].instances))
	}
	if x == r.mid {
		r.excuse(s.name+" at "+figure(law.most)+" instances", byUSL, x.rates[i], most*s.utilization)
	}
}
