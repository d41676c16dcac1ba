package plan

import (
	"cmp"
	"slices"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
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
		return nil, placed(sc, err)
	}
	if err := m.SizeFor(opts.SizeFor); err != nil {
		return nil, err
	}
	corners, err := m.Corners()
	if err != nil {
		return nil, placed(sc, err)
	}
	all, kept := m.Estimate(Figures(m), corners, opts, append(bill.Kept(m, opts.Trials), totalCores, eventQPS, sizedTPS)...)
	sizes := newSizing(m, corners, opts, kept)
	unsized := bill.Unsized(m, corners.High)
	demand, services := newDemand(m, corners.Mid, all), newServices(m, corners.Mid, all, sizes, unsized)
	totals := sizes.totals(all[totalBusyCores], unsized)
	estate, autoscaling := newEstatePlan(m, sizes, &totals), newAutoscaling(m, corners.Mid)
	warnings, excuses := newWarnings(sc, m, corners, demand, totals, estate, autoscaling, opts.Trials)
	candidates, recommendation, over := sizes.choose(services, totals.Unsized, kept[sizedTPS], excuses)
	p := &Plan{
		Scenario: m.Scenario, Seed: opts.Seed, Trials: opts.Trials, SizeFor: cmp.Or(opts.SizeFor, model.Largest),
		Demand: demand, Services: services, Totals: totals, Confidence: sizes.confidence(), Estate: estate, Autoscaling: autoscaling,
		Warnings: warnings, Excuses: append(excuses, over...),
		Candidates: candidates, Recommendation: recommendation,
		Tornado:      influences(m, func(x *model.Case) float64 { return bill.AllCoresOf(m, x) }, kept[totalCores], opts.Cores),
		EventTornado: influences(m, func(x *model.Case) float64 { return x.EventQPS }, kept[eventQPS], opts.Cores),
	}
	p.Feasible = len(p.Obstacles()) == 0
	return p, nil
}

func newDemand(m *model.Model, mid *model.Case, all model.Estimates) Demand {
	d := Demand{
		ActiveUsers: mid.ActiveUsers, RequestsPerDay: mid.RequestsPerDay,
		DayMeanQPS: mid.RequestsPerDay / model.DaySeconds, BusyMeanQPS: mid.BusyMean,
		PeakQPS: all["demand.peak_qps"], PeakTPS: all["demand.peak_tps"], EventQPS: all[eventQPS], EventTPS: all[eventTPS],
		StormQPS: given(all, stormQPS), StormTPS: given(all, stormTPS), StormBurstQPS: given(all, stormBurstQPS),
		SizedFor: m.Loads[mid.Largest].Kind.String(), Steps: make([]StepDemand, len(m.Steps)),
	}
	if at := m.LoadOf(model.StormLoad); at != model.Absent {
		d.StormAt, d.StormBurstAt = amount.Instant(m.Loads[at].At).String(), amount.Instant(m.Bursts[0].At).String()
	}
	for k := range m.Steps {
		s, field := &m.Steps[k], stepField(m.Steps[k].Name)
		d.Steps[k] = StepDemand{Name: s.Name, Transaction: s.Transaction, BusyMeanQPS: mid.BusyMean * s.Share, PeakQPS: all[field+".peak_qps"],
			SizedFor: m.Loads[m.StepSizedFor(mid, k)].Kind.String(), Loads: loadsOf(all, field), StormBurstQPS: given(all, field+".storm_burst_qps")}
	}
	return d
}

// given returns an estimate, nil where there is none of the field.
func given(all model.Estimates, field string) *Estimate {
	if e, ok := all[field]; ok {
		return &e
	}
	return nil
}

func loadsOf(all model.Estimates, field string) Loads {
	return Loads{DayQPS: given(all, field+".day_qps"), EventQPS: given(all, field+".event_qps"), StormQPS: given(all, field+".storm_qps")}
}

func newServices(m *model.Model, mid *model.Case, all model.Estimates, sizes *sizing, unsized []string) []Service {
	list := make([]Service, len(m.Services))
	for i := range m.Services {
		s, field, fares := &m.Services[i], serviceField(m.Services[i].Name), m.Behaviour(mid, i)
		list[i] = Service{
			Name: s.Name, Kind: s.Kind, Running: s.Running, Bottleneck: mid.Sizes[i].Bottleneck,
			PeakQPS: all[field+".peak_qps"], NeededCores: all[field+".needed_cores"], Unsized: slices.Contains(unsized, s.Name),
			UtilizationRatio: fares.Utilization, WaitProbability: fares.Wait, ResponseSeconds: Response{P50: fares.P50, P99: fares.P99},
			KeyedBy: m.Services[i].KeyedBy.By, Details: details(m, mid, i), SizedFor: m.Loads[mid.SizedFor[i]].Kind.String(),
			Loads: loadsOf(all, field), StormBurstQPS: given(all, field+".storm_burst_qps"),
		}
		list[i].Instances, list[i].CPUCores = sizes.shareOf(i)
	}
	return list
}
