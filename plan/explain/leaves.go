package explain

import (
	"fsctl/plan"
	"fsctl/plan/model"
)

// leaf is one figure that can be explained.
type leaf struct {
	field   string
	want    float64
	figure  *model.Figure // of an estimate, else nil
	part    string        // of an estimate: low, mid, high, p50, p95 or p99
	share   bool          // a percentile is that of the size of the whole sale
	explain func(x *model.Case, d *draft)
}

// leaves lists every figure of the plan that can be explained.
func (e *explainer) leaves() []leaf {
	return append(append(e.demandLeaves(), e.serviceLeaves()...), e.totalLeaves()...)
}

func (e *explainer) demandLeaves() []leaf {
	d := &e.plan.Demand
	list := []leaf{
		{field: "demand.active_users", want: d.ActiveUsers, explain: e.activeUsers},
		{field: "demand.requests_per_day", want: d.RequestsPerDay, explain: e.requestsPerDay},
		{field: "demand.day_mean_qps", want: d.DayMeanQPS, explain: e.dayMean},
		{field: "demand.busy_mean_qps", want: d.BusyMeanQPS, explain: e.busyMean},
	}
	list = append(list, e.estimate("demand.peak_qps", d.PeakQPS, e.peak)...)
	list = append(list, e.estimate("demand.peak_tps", d.PeakTPS, e.peakTransactions)...)
	list = append(list, e.estimate("demand.event_qps", d.EventQPS, e.event)...)
	list = append(list, e.estimate("demand.event_tps", d.EventTPS, e.eventTransactions)...)
	list = append(list, e.stormLeaves()...)
	for i := range d.Steps {
		field := "demand.steps." + d.Steps[i].Name
		list = append(list, leaf{field: field + ".busy_mean_qps", want: d.Steps[i].BusyMeanQPS, explain: func(x *model.Case, d *draft) {
			d.Meaning = "Requests of the step a second, in the mean of the busy window."
			d.Formula, d.Unit, d.Source, d.Error = "busy_mean * "+indexed("share", e.Steps[i].Name), "1/s", ruleSource, ruleError
			d.derived("busy_mean", x.BusyMean, "1/s", "demand.busy_mean_qps")
			e.share(d, i)
		}})
		list = append(list, e.stepLeaves(field, &d.Steps[i], i)...)
	}
	return list
}

func (e *explainer) serviceLeaves() []leaf {
	var list []leaf
	for i := range e.plan.Services {
		s := &e.plan.Services[i]
		field := "services." + s.Name
		bind := func(explain func(x *model.Case, d *draft, i int)) func(*model.Case, *draft) {
			return func(x *model.Case, d *draft) { explain(x, d, i) }
		}
		list = append(list, e.callLeaves(field, s, i)...)
		list = append(list, e.estimate(field+".needed_cores", s.NeededCores, bind(e.coresOf))...)
		for _, l := range e.estimate(field+".instances", s.Instances, bind(e.instancesOf)) {
			l.share = true
			list = append(list, l)
		}
		for _, l := range e.estimate(field+".cpu_cores", s.CPUCores, bind(e.billedCores)) {
			l.share = true
			list = append(list, l)
		}
		list = append(list,
			leaf{field: field + ".running", want: float64(s.Running), explain: func(_ *model.Case, d *draft) {
				d.Meaning, d.Formula, d.Unit, d.Source, d.Error = "Instances that run now; 0 where unknown.", "running", "instances", "the scenario", exactError
				d.given("running", float64(s.Running), "instances", field+".running")
			}},
			leaf{field: field + ".utilization_ratio", want: s.UtilizationRatio, explain: bind(e.utilizationOf)},
			leaf{field: field + ".wait_probability_ratio", want: s.WaitProbability, explain: bind(e.waitOf)},
			leaf{field: field + ".response_seconds.p50", want: s.ResponseSeconds.P50, explain: bind(e.responseOf("0.5"))},
			leaf{field: field + ".response_seconds.p99", want: s.ResponseSeconds.P99, explain: bind(e.responseOf("0.99"))})
	}
	return list
}

// estimate lists the six figures of an estimate.
func (e *explainer) estimate(field string, in plan.Estimate, explain func(x *model.Case, d *draft)) []leaf {
	figure := e.figures[field]
	var list []leaf
	for _, part := range []struct {
		name string
		want float64
	}{{"low", in.Low}, {"mid", in.Mid}, {"high", in.High}, {"p50", in.P50}, {"p95", in.P95}, {"p99", in.P99}} {
		list = append(list, leaf{field: field + "." + part.name, want: part.want, figure: &figure, part: part.name, explain: explain})
	}
	return list
}
