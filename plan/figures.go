package plan

import "fsctl/plan/model"

// Figures lists the figures of which a plan has estimates, by their fields in its JSON; elements of lists
// go by their names.
func Figures(m *model.Model) []model.Figure {
	list := []model.Figure{
		{Field: "demand.peak_qps", Needs: model.NoService, Read: func(x *model.Case) float64 { return x.PeakQPS }},
		{Field: "demand.peak_tps", Needs: model.NoService, Read: func(x *model.Case) float64 { return x.PeakTPS }},
		{Field: eventQPS, Needs: model.NoService, Read: func(x *model.Case) float64 { return x.EventQPS }},
		{Field: eventTPS, Needs: model.NoService, Read: func(x *model.Case) float64 { return x.EventTPS }},
	}
	for i := range m.Steps {
		list = append(list, model.Figure{Field: stepField(m.Steps[i].Name) + ".peak_qps", Needs: model.NoService,
			Read: func(x *model.Case) float64 { return x.Steps[i] }})
	}
	for i := range m.Services {
		field := serviceField(m.Services[i].Name)
		list = append(list,
			model.Figure{Field: field + ".peak_qps", Needs: model.NoService, Read: func(x *model.Case) float64 { return x.Rates[i] }},
			model.Figure{Field: field + ".cpu_cores", Needs: i, Read: func(x *model.Case) float64 { return x.Sizes[i].Cores }},
			model.Figure{Field: field + ".instances", Needs: i, Read: func(x *model.Case) float64 { return x.Sizes[i].Instances }})
	}
	list = append(list, estateFigures(m)...)
	return append(list,
		model.Figure{Field: totalCores, Needs: model.AllServices, Read: sumOfCores},
		model.Figure{Field: totalBusyCores, Needs: model.AllServices, Read: m.BusyCores},
		model.Figure{Field: totalInstances, Needs: model.AllServices, Read: func(x *model.Case) float64 {
			var sum float64
			for i := range x.Sizes {
				sum += x.Sizes[i].Instances
			}
			return sum
		}})
}

// Fields of figures that New asks for by name.
const (
	eventQPS       = "demand.event_qps"
	eventTPS       = "demand.event_tps"
	totalCores     = "totals.cpu_cores"
	totalBusyCores = "totals.busy_cores"
	totalInstances = "totals.instances"
)

func stepField(name string) string { return "demand.steps." + name }

func serviceField(name string) string { return "services." + name }

func sumOfCores(x *model.Case) float64 {
	var sum float64
	for i := range x.Sizes {
		sum += x.Sizes[i].Cores
	}
	return sum
}
