package explain

import (
	"math"
	"slices"

	"fsctl/plan/model"
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
		{name: "ceil", arguments: 1, value: func(v []float64) float64 { return model.Ceil(v[0]) }},
		{name: "floor", arguments: 1, value: func(v []float64) float64 { return math.Floor(v[0]) }},
		{name: "sqrt", arguments: 1, value: func(v []float64) float64 { return math.Sqrt(v[0]) }},
		{name: "max", value: func(v []float64) float64 { return slices.Max(v) }},
		{name: "min", value: func(v []float64) float64 { return slices.Min(v) }},
		{
			name: "cores_for_wait", arguments: 2, unit: "cores", source: erlangSource,
			meaning: "the least number of cores c with Erlang C(c, erlang) <= wait",
			value: func(v []float64) float64 {
				return float64(model.LeastForWait(int(math.Floor(v[0]))+1, v[0], v[1]))
			},
		},
		{
			name: "cores_for_latency", arguments: 5, unit: "cores", source: momentsSource,
			meaning: "the least number of cores with P(response > limit) <= 1 - quantile, of rate, demand, variability, quantile and limit",
			value: func(v []float64) float64 {
				s := model.Service{Quantile: v[3], LimitSeconds: v[4]}
				return s.LeastForLatency(int(math.Floor(v[0]*v[1]))+1, v[0], v[1], v[2])
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
			meaning: "Erlang C: the share of calls that arrive while every core is busy, from rate, demand and cores",
			value:   func(v []float64) float64 { return model.NewResponseTime(v[0], v[1], 1, int(v[2])).Wait },
		},
		{
			name: "response_quantile", arguments: 5, unit: "s", source: momentsSource,
			meaning: "the time within which the share of calls is answered, of share, rate, demand, variability and cores",
			value:   func(v []float64) float64 { return model.NewResponseTime(v[1], v[2], v[3], int(v[4])).Quantile(v[0]) },
		},
		{
			name: "service_quantile", arguments: 3, unit: "s", source: "two-moment fit by a gamma distribution: Tijms, A First Course in Stochastic Models, 2003, appendix B",
			meaning: "the time within which the share of calls is done when none waits, of share, demand and variability",
			value:   func(v []float64) float64 { return model.ServiceTime(v[1], v[2]).Quantile(v[0]) },
		},
		uslFunction("usl_cores", "cores", "cores", func(s model.Size) float64 { return s.Cores }),
		uslFunction("usl_instances", "instances", "instances", func(s model.Size) float64 { return s.Instances }),
	}
}

// uslFunction sizes a service by its measured growth, of rate, gamma, alpha, beta, measured, cores,
// utilization, wait, variability, quantile and limit.
func uslFunction(name, unit, what string, read func(model.Size) float64) function {
	return function{
		name: name, arguments: 11, unit: unit, source: "Gunther, Guerrilla Capacity Planning, 2007, chapter 5",
		meaning: "the least " + what + " that keep the limits where N instances do X(N) = gamma N / (1 + alpha (N-1) + beta N (N-1)) calls a second",
		value: func(v []float64) float64 {
			s := model.Service{
				USL:           &model.USL{Gamma: 0, Alpha: 1, Beta: 2, Measured: v[4]},
				InstanceCores: v[5], Utilization: v[6], Wait: v[7], Variability: 3, Quantile: v[9], LimitSeconds: v[10], Demand: model.Absent,
			}
			return read(s.StaffUSL(&model.Case{Values: []float64{v[1], v[2], v[3], v[8]}}, v[0]))
		},
	}
}
