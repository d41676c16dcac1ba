package plan

import (
	"fsctl/plan/model"
	"fsctl/scenarios"
)

// Options of a plan. The zero value asks for the defaults.
type Options = model.Options

// DefaultTrials is the number of Monte Carlo trials where none is asked for.
const DefaultTrials = model.DefaultTrials

// New returns what the sale needs: rates per step, calls, cores and instances per service, each as
// an [Estimate], with warnings and with an excuse for each limit that no size can meet.
//
//	sc  returned by scenarios.Load or scenarios.Parse, or one that its Validate accepts
//
// It is a pure function of the scenario, the trials and the seed. The same plan comes out to the
// last bit on any number of cores. Every figure is finite.
// Errors: *[model.InputError] for each value outside the range of the formulas, joined.
// Source: docs/model.md.
func New(sc *scenarios.Scenario, opts Options) (*Plan, error) {
	opts, err := opts.Resolved()
	if err != nil {
		return nil, err
	}
	m, err := model.New(sc, opts.Seed)
	if err != nil {
		return nil, err
	}
	corners, err := m.Corners()
	if err != nil {
		return nil, err
	}
	all, trials := m.Estimate(Figures(m), corners, opts, totalCores, totalInstances, eventQPS, eventTPS)
	demand, services := newDemand(m, corners.Mid, all), newServices(m, corners.Mid, all)
	totals := Totals{CPUCores: all[totalCores], BusyCores: all[totalBusyCores], Instances: all[totalInstances]}
	estate, autoscaling := newEstatePlan(m, all), newAutoscaling(m, corners.Mid)
	warnings, excuses := newWarnings(m, corners, demand, estate, autoscaling)
	candidates, recommendation, over := choose(m, services, totals, trialTotals{trials[totalCores], trials[totalInstances], trials[eventTPS]})
	p := &Plan{
		Scenario: m.Scenario, Seed: opts.Seed, Trials: opts.Trials,
		Demand: demand, Services: services, Totals: totals, Estate: estate, Autoscaling: autoscaling,
		Warnings: warnings, Excuses: append(excuses, over...),
		Candidates: candidates, Recommendation: recommendation,
		Tornado:      influences(m, sumOfCores, trials[totalCores], opts.Cores),
		EventTornado: influences(m, func(x *model.Case) float64 { return x.EventQPS }, trials[eventQPS], opts.Cores),
	}
	p.Feasible = len(p.Obstacles()) == 0
	return p, nil
}

func newDemand(m *model.Model, mid *model.Case, all model.Estimates) Demand {
	d := Demand{
		ActiveUsers: mid.ActiveUsers, RequestsPerDay: mid.RequestsPerDay,
		DayMeanQPS: mid.RequestsPerDay / model.DaySeconds, BusyMeanQPS: mid.BusyMean,
		PeakQPS: all["demand.peak_qps"], PeakTPS: all["demand.peak_tps"], EventQPS: all[eventQPS], EventTPS: all[eventTPS],
		Steps: make([]StepDemand, len(m.Steps)),
	}
	for i, s := range m.Steps {
		d.Steps[i] = StepDemand{Name: s.Name, Transaction: s.Transaction, BusyMeanQPS: mid.BusyMean * s.Share, PeakQPS: all[stepField(s.Name)+".peak_qps"]}
	}
	return d
}

func newServices(m *model.Model, mid *model.Case, all model.Estimates) []Service {
	list := make([]Service, len(m.Services))
	for i := range m.Services {
		s, field, fares := &m.Services[i], serviceField(m.Services[i].Name), m.Behaviour(mid, i)
		list[i] = Service{
			Name: s.Name, Kind: s.Kind, Running: s.Running, Bottleneck: mid.Sizes[i].Bottleneck,
			PeakQPS: all[field+".peak_qps"], CPUCores: all[field+".cpu_cores"], Instances: all[field+".instances"],
			UtilizationRatio: fares.Utilization, WaitProbability: fares.Wait, ResponseSeconds: Response{P50: fares.P50, P99: fares.P99},
			Details: details(m, mid, i),
		}
	}
	return list
}
