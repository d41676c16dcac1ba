package plan

import (
	"fsctl/plan/bill"
	"fsctl/plan/model"
)

// Figures lists the figures of which a plan has estimates, by their fields in its JSON; elements of lists
// go by their names.
func Figures(m *model.Model) []model.Figure {
	list := []model.Figure{
		{Field: "demand.peak_qps", Needs: model.NoService, Read: func(x *model.Case) float64 { return x.PeakQPS }},
		{Field: "demand.peak_tps", Needs: model.NoService, Read: func(x *model.Case) float64 { return x.PeakTPS }},
		{Field: eventQPS, Needs: model.NoService, Read: func(x *model.Case) float64 { return x.EventQPS }},
		{Field: eventTPS, Needs: model.NoService, Read: func(x *model.Case) float64 { return x.EventTPS }},
	}
	if m.HasStorm() {
		list = append(list,
			unsized(stormQPS, func(x *model.Case) float64 { return x.Loads[m.LoadOf(model.StormLoad)].QPS }),
			unsized(stormTPS, func(x *model.Case) float64 { return x.Loads[m.LoadOf(model.StormLoad)].TPS }),
			unsized(stormBurstQPS, func(x *model.Case) float64 { return x.Bursts[0].QPS }))
	}
	list = append(list, unsized(sizedTPS, func(x *model.Case) float64 { return x.Loads[x.Largest].TPS }))
	for k := range m.Steps {
		field := stepField(m.Steps[k].Name)
		list = append(list, unsized(field+".peak_qps", func(x *model.Case) float64 { return x.Loads[m.StepSizedFor(x, k)].Steps[k] }))
		list = append(list, loadFigures(m, field, func(r *model.Rates) float64 { return r.Steps[k] }, 1)...)
	}
	for i := range m.Services {
		field := serviceField(m.Services[i].Name)
		list = append(list,
			unsized(field+".peak_qps", func(x *model.Case) float64 { return x.Rates[i] }),
			model.Figure{Field: field + ".needed_cores", Needs: i, Read: func(x *model.Case) float64 { return neededCores(m, x, i) }},
			model.Figure{Field: field + ".instances", Needs: i, Read: func(x *model.Case) float64 { return x.Sizes[i].Instances }})
		list = append(list, loadFigures(m, field, func(r *model.Rates) float64 { return r.Services[i] }, len(m.Loads)+len(m.Bursts))...)
	}
	list = append(list, bill.Figures(m)...)
	return append(list,
		model.Figure{Field: totalCores, Needs: model.AllServices, Read: func(x *model.Case) float64 { return bill.AllCoresOf(m, x) }},
		model.Figure{Field: totalBusyCores, Needs: model.AllServices, Read: m.BusyCores})
}

// neededCores returns the cores that the calls of service i need; none of a function, which is billed by its time.
func neededCores(m *model.Model, x *model.Case, i int) float64 {
	if m.Services[i].Kind == "function" {
		return 0
	}
	return x.Sizes[i].Cores
}

// Fields of figures that New asks for by name.
const (
	eventQPS       = "demand.event_qps"
	eventTPS       = "demand.event_tps"
	stormQPS       = "demand.storm_qps"
	stormTPS       = "demand.storm_tps"
	stormBurstQPS  = "demand.storm_burst_qps"
	sizedTPS       = "demand.sized_tps" // of the load that sized_for names; not in the JSON
	totalCores     = "totals.cpu_cores" // of each trial; the percentiles of the plan are those of a size
	totalBusyCores = "totals.busy_cores"
)

// unsized is a figure that needs no service sized.
func unsized(field string, read func(*model.Case) float64) model.Figure {
	return model.Figure{Field: field, Needs: model.NoService, Read: read}
}

// loadFigures lists the figures of a rate in each load: the most of so many of the storm's.
func loadFigures(m *model.Model, field string, rate func(*model.Rates) float64, ofStorm int) (list []model.Figure) {
	most := func(loads []model.Rates) (most float64) {
		for l := range loads[:min(len(loads), ofStorm)] {
			most = max(most, rate(&loads[l]))
		}
		return most
	}
	for kind, name := range model.LoadKinds() {
		if at := m.LoadOf(model.LoadKind(kind)); at != model.Absent {
			end := at + 1
			if model.LoadKind(kind) == model.StormLoad {
				end = len(m.Loads)
			}
			list = append(list, unsized(field+"."+name+"_qps", func(x *model.Case) float64 { return most(x.Loads[at:end]) }))
		}
	}
	if len(m.Bursts) > 0 {
		list = append(list, unsized(field+".storm_burst_qps", func(x *model.Case) float64 { return most(x.Bursts) }))
	}
	return list
}

func stepField(name string) string { return "demand.steps." + name }

func serviceField(name string) string { return "services." + name }
