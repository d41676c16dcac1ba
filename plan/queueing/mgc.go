package queueing

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// WaitEstimate is a mean wait with how it was found and how far from it the truth may be.
type WaitEstimate struct {
	MeanWaitSeconds float64 // [s]
	LowSeconds      float64 // the exact wait was never found below this
	HighSeconds     float64 // nor above this; both equal the mean where the formula is exact
	Method          string  // the formula's name, for explanations
}

func exactWait(seconds float64, method string) WaitEstimate {
	return WaitEstimate{MeanWaitSeconds: seconds, LowSeconds: seconds, HighSeconds: seconds, Method: method}
}

const serviceSCVName = "squared coefficient of variation of service"

// MG1MeanWaitSeconds returns the mean wait [s] before one server with any service time distribution.
//
//	Wq = rho/(1-rho) (1+cs2)/2 S, rho = lambda S
//
//	arrivalPerSec  lambda  Poisson arrival rate [1/s], 0 or 1e-15 to 1e15
//	serviceSeconds S       mean service time [s], 1e-12 to 1e12
//	serviceSCV     cs2     squared coefficient of variation of the service time, 0 to 1e6
//
// Exact. Errors: [RangeError]; [ErrUnstable] where rho >= 1.
// Source: Pollaczek 1930, Khinchine 1932; Kleinrock, Queueing Systems I, 1975, section 5.6.
func MG1MeanWaitSeconds(arrivalPerSec, serviceSeconds, serviceSCV float64) (float64, error) {
	q, err := NewMMc(arrivalPerSec, serviceSeconds, 1)
	if err != nil {
		return 0, err
	}
	if err := checkSCV(serviceSCVName, serviceSCV); err != nil {
		return 0, err
	}
	return q.MeanWaitSeconds() * (1 + serviceSCV) / 2, nil
}

// AllenCunneenMeanWaitSeconds scales the wait [s] of an M/M/c queue to other arrival and service
// variability.
//
//	Wq = Wq(M/M/c) (ca2 + cs2) / 2
//
//	q          the M/M/c queue of the same load
//	arrivalSCV ca2  squared coefficient of variation of inter-arrival times, 0 to 1e6; Poisson is 1
//	serviceSCV cs2  squared coefficient of variation of service times, 0 to 1e6
//
// Right in heavy traffic; at lighter load its error depends on more than two moments. For Poisson
// arrivals use [MGcMeanWait], which says how far off it may be. Errors: [RangeError].
// Source: Allen, Probability, Statistics and Queueing Theory, 1990, section 5.3.
func AllenCunneenMeanWaitSeconds(q MMc, arrivalSCV, serviceSCV float64) (float64, error) {
	if err := errors.Join(checkSCV("squared coefficient of variation of arrivals", arrivalSCV),
		checkSCV(serviceSCVName, serviceSCV), q.checkBuilt()); err != nil {
		return 0, err
	}
	return q.MeanWaitSeconds() * (arrivalSCV + serviceSCV) / 2, nil
}

// MGcMeanWait returns the mean wait before c servers with Poisson arrivals and any service time
// distribution.
//
//	c = 1:    Pollaczek-Khinchine, exact
//	cs2 = 1:  M/M/c, exact
//	cs2 > 1:  Allen-Cunneen, Wq = Wq(M/M/c) (1 + cs2)/2
//	cs2 < 1:  Wq = cs2 Wq(M/M/c) + (1-cs2) Wq(M/D/c), Wq(M/D/c) after Cosmetatos
//
//	q          the M/M/c queue of the same load
//	serviceSCV cs2  squared coefficient of variation of service times, 0 to 1e6
//
// Above cs2 = 1 it errs on the long side, against exact M/H2/c at c 8 and rho .8 by 7 % (cs2 2) to 26 %
// (cs2 10), in light load by up to a factor (1+cs2)/2, where the wait is short anyway; the
// range goes down to the M/M/c wait. Below, it is within 2 % of exact M/D/c for c <= 16 and
// rho >= 0.5, else within 12 %. For percentiles of the wait at high load or cs2 > 1 simulate
// requests instead. Errors: [RangeError].
// Source: Allen 1990; Cosmetatos, Operational Research Quarterly 27(3), 1976, 615-620.
func MGcMeanWait(q MMc, serviceSCV float64) (WaitEstimate, error) {
	if err := errors.Join(checkSCV(serviceSCVName, serviceSCV), q.checkBuilt()); err != nil {
		return WaitEstimate{}, err
	}
	wait := q.MeanWaitSeconds()
	switch {
	case serviceSCV == 1:
		return exactWait(wait, "Erlang C"), nil
	case q.servers == 1:
		return exactWait(wait*(1+serviceSCV)/2, "Pollaczek-Khinchine"), nil
	case serviceSCV > 1:
		high := wait * (1 + serviceSCV) / 2
		return WaitEstimate{MeanWaitSeconds: high, LowSeconds: wait, HighSeconds: high, Method: "Allen-Cunneen"}, nil
	}
	rho, c := q.Utilization(), float64(q.servers)
	mean := wait * (serviceSCV + (1-serviceSCV)*cosmetatosFactor(rho, c))
	margin := 0.12
	if c <= 16 && rho >= 0.5 {
		margin = 0.02
	}
	return WaitEstimate{MeanWaitSeconds: mean, LowSeconds: mean * (1 - margin), HighSeconds: mean * (1 + margin), Method: "Cosmetatos"}, nil
}

// cosmetatosFactor is Wq(M/D/c) / Wq(M/M/c). At low load his term grows past its range of validity;
// there a request waits for the first of c services under way: D/(c+1) instead of S/c.
func cosmetatosFactor(rho, c float64) float64 {
	light := c / (c + 1)
	if rho == 0 {
		return light
	}
	return math.Min(light, 0.5*(1+(1-rho)*(c-1)*(math.Sqrt(4+5*c)-2)/(16*rho*c)))
}

const crommelinTerms = 5000

// MDcMeanWait returns the mean wait before c servers that all take exactly the same time.
//
//	Wq = D sum_{i>=1} E[max(0, N_i - i c)] / (i A), N_i Poisson with mean i A, A = lambda D
//
//	q  the M/M/c queue of the same load, its service time taken for D
//
// Exact where the sum needs at most 5000 terms, as it does below 92 % utilization of 2 servers and
// further up for more; beyond, Cosmetatos' approximation as in [MGcMeanWait]. Errors: [RangeError].
// Source: Crommelin, Post Office Electrical Engineers' Journal 25, 1932, 41-50.
func MDcMeanWait(q MMc) (WaitEstimate, error) {
	if err := q.checkBuilt(); err != nil {
		return WaitEstimate{}, err
	}
	const method = "Crommelin"
	if q.wait == 0 {
		return exactWait(0, method), nil
	}
	rho, c := q.Utilization(), float64(q.servers)
	// Terms fall like e^(-i decay), by the Chernoff bound on the Poisson tail.
	decay := c * (rho - 1 - math.Log(rho))
	if q.servers == 1 || 28/decay > crommelinTerms {
		return MGcMeanWait(q, 0)
	}
	sum := 0.0
	for i := 1.0; i <= crommelinTerms; i++ {
		n, mean := i*c, i*q.erlang
		term := mathext.GammaIncReg(n, mean) - mathext.GammaIncReg(n+1, mean)/rho
		sum += math.Max(0, term)
		if term <= 1e-13*sum {
			break
		}
	}
	return exactWait(q.serviceSeconds*sum, method), nil
}
