package report

import (
	"math"

	"fsctl/loadgen/record"
	"fsctl/report/metric"
	"fsctl/scenarios/quantity"
)

// UserRate is the rate at which users came in the hold of a level. By chance it is not just what the search asked for.
type UserRate struct {
	RatePerSec float64 `json:"rate_per_sec"` // users who came, over the seconds of the hold
	LowPerSec  float64 `json:"low_per_sec"`  // of the 95 % interval of the mean rate
	HighPerSec float64 `json:"high_per_sec"`
}

// usersIn measures the users who came in a window; nil where the generator left no account of them.
func usersIn(rec *record.Record, w record.Window) *UserRate {
	sum, seconds := metric.GeneratorOf(rec, w)
	if seconds == 0 || sum.Arrivals == 0 {
		return nil
	}
	length := float64(w.To - w.From)
	low, high := poisson95(float64(sum.Arrivals))
	return &UserRate{RatePerSec: float64(sum.Arrivals) / length, LowPerSec: low / length, HighPerSec: high / length}
}

// poisson95 returns the 95 % interval of the mean of a Poisson count: of all means, those under which a count as high or
// as low as n is not rarer than 2.5 % either way. By Byar's approximation of the exact limits,
//
//	low  = n (1 - 1/(9n) - z/(3 sqrt(n)))^3
//	high = m (1 - 1/(9m) + z/(3 sqrt(m)))^3,  m = n+1, z = 1.96
//
// within 0.2 % of them from n = 10 on.
// Source: Breslow and Day, Statistical Methods in Cancer Research II, IARC, 1987, eq. 2.13.
func poisson95(n float64) (low, high float64) {
	const z = 1.959963984540054
	cube := func(x float64) float64 { return x * x * x }
	m := n + 1
	return max(0, n*cube(1-1/(9*n)-z/(3*math.Sqrt(n)))), m * cube(1-1/(9*m)+z/(3*math.Sqrt(m)))
}

// claim says at which rate users came in the hold, and within which limits that is the mean rate of such users; what was
// asked for where nothing was counted.
func (v *Level) claim() string {
	if v.Users == nil {
		return usersPerSec(v.RatePerSec)
	}
	return usersPerSec(v.Users.RatePerSec) + " (95 %: " + quantity.Rate(v.Users.LowPerSec) + " to " + quantity.Rate(v.Users.HighPerSec) +
		", asked for " + quantity.Rate(v.RatePerSec) + ")"
}

// measured returns the rate that claim says.
func (v *Level) measured() float64 {
	if v.Users == nil {
		return v.RatePerSec
	}
	return v.Users.RatePerSec
}
