package plan

import (
	"math"
	"slices"

	"fsctl/plan/queueing"
)

// function is one that formulas of explanations use.
type function struct {
	name      string
	arguments int // 0 for any number
	meaning   string
	unit      string
	source    string
	value     func([]float64) float64
}

const (
	erlangSource  = "Zeng, Mathematical and Computer Modelling 38, 2003, doi 10.1016/S0895-7177(03)90040-9"
	momentsSource = "Kleinrock, Queueing Systems I, 1975; Allen, Probability, Statistics and Queueing Theory, 1990; Cosmetatos, Operational Research Quarterly 27(3), 1976; two-moment fit: Tijms, A First Course in Stochastic Models, 2003"
	staffSource   = "Halfin and Whitt, Operations Research 29(3), 1981, 567-588"
)

func functionOf(name string) (function, bool) {
	list := functions()
	i := slices.IndexFunc(list, func(f function) bool { return f.name == name })
	if i < 0 {
		return function{}, false
	}
	return list[i], true
}

// functions lists them: arithmetic first, then those of the model, which have a meaning of their own.
func functions() []function {
	return []function{
		{name: "ceil", arguments: 1, value: func(v []float64) float64 { return ceil(v[0]) }},
		{name: "floor", arguments: 1, value: func(v []float64) float64 { return math.Floor(v[0]) }},
		{name: "sqrt", arguments: 1, value: func(v []float64) float64 { return math.Sqrt(v[0]) }},
		{name: "max", value: func(v []float64) float64 { return slices.Max(v) }},
		{name: "min", value: func(v []float64) float64 { return slices.Min(v) }},
		{
			name: "cores_for_wait", arguments: 2, unit: "cores", source: erlangSource,
			meaning: "the least number of cores c with Erlang C(c, erlang) <= wait",
			value: func(v []float64) float64 {
				return float64(leastForWait(int(math.Floor(v[0]))+1, v[0], v[1]))
			},
		},
		{
			name: "cores_for_latency", arguments: 5, unit: "cores", source: momentsSource,
			meaning: "the least number of cores with P(response > limit) <= 1 - quantile, of rate, demand, variability, quantile and limit",
			value: func(v []float64) float64 {
				s := serviceModel{quantile: v[3], limit: v[4]}
				return s.leastForLatency(int(math.Floor(v[0]*v[1]))+1, v[0], v[1], v[2])
			},
		},
		{
			name: "halfin_whitt_beta", arguments: 1, unit: "", source: staffSource,
			meaning: "the reserve in units of the load's root that lets the share wait",
			value: func(v []float64) float64 {
				beta, _ := queueing.HalfinWhittBeta(v[0]) // the wait is in its range
				return beta
			},
		},
		{
			name: "wait_probability", arguments: 3, unit: "ratio", source: erlangSource,
			meaning: "Erlang C: the share of calls that find all cores busy, of rate, demand and cores",
			value:   func(v []float64) float64 { return newResponse(v[0], v[1], 1, int(v[2])).wait },
		},
		{
			name: "response_quantile", arguments: 5, unit: "s", source: momentsSource,
			meaning: "the time within which the share of calls is answered, of share, rate, demand, variability and cores",
			value:   func(v []float64) float64 { return newResponse(v[1], v[2], v[3], int(v[4])).quantile(v[0]) },
		},
		{
			name: "service_quantile", arguments: 3, unit: "s", source: "two-moment fit by a gamma distribution: Tijms, A First Course in Stochastic Models, 2003, appendix B",
			meaning: "the time within which the share of calls is done when none waits, of share, demand and variability",
			value:   func(v []float64) float64 { return responseOf(v[1], v[2]).quantile(v[0]) },
		},
		uslFunction("usl_cores", "cores", "cores", func(s size) float64 { return s.cores }),
		uslFunction("usl_instances", "instances", "instances", func(s size) float64 { return s.instances }),
	}
}

// uslFunction sizes a service by its measured growth, of rate, gamma, alpha, beta, measured, cores,
// utilization, wait, variability, quantile and limit.
func uslFunction(name, unit, what string, read func(size) float64) function {
	return function{
		name: name, arguments: 11, unit: unit, source: "Gunther, Guerrilla Capacity Planning, 2007, chapter 5",
		meaning: "the least " + what + " that keep the limits where N instances do X(N) = gamma N / (1 + alpha (N-1) + beta N (N-1)) calls a second",
		value: func(v []float64) float64 {
			s := serviceModel{usl: &uslModel{gamma: 0, alpha: 1, beta: 2, measured: v[4]}, cores: v[5], utilization: v[6], wait: v[7],
				variability: 3, quantile: v[9], limit: v[10], demand: absent}
			return read(s.staffUSL(&point{values: []float64{v[1], v[2], v[3], v[8]}}, v[0]))
		},
	}
}
