package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/visits"
)

// mostSpread is by how much the storm and the event may differ: over 20 % the two are not of the same sale.
const mostSpread = 1.2

// LoadWarnings says where the loads of a scenario disagree with each other: the storm with the event, and a step's event with its day's
// peak. They are part of its plan's warnings too. A scenario that no plan can be made from has none.
func LoadWarnings(sc *scenarios.Scenario) []Warning {
	m, err := model.New(sc, 0)
	if err != nil {
		return nil
	}
	c, err := m.Corners()
	if err != nil {
		return nil
	}
	r := &review{Model: m, scenario: sc, mid: c.Mid, high: c.High}
	r.spread()
	r.belowDay()
	return byImportance(r.warnings)
}

// SizedFor returns the load that a scenario's plan is sized for, day, event or storm, and its rate in the mid case [1/s]; empty and 0
// where no plan can be made from it.
func SizedFor(sc *scenarios.Scenario) (load string, perSec float64) {
	m, err := model.New(sc, 0)
	if err != nil {
		return "", 0
	}
	c, err := m.Corners()
	if err != nil {
		return "", 0
	}
	return m.Loads[c.Mid.Largest].Kind.String(), c.Mid.Loads[c.Mid.Largest].QPS
}

// loads warns of loads that disagree, and of those that services are not sized for.
func (r *review) loads() {
	r.spread()
	r.belowDay()
	if !r.HasDay() {
		r.warn("storm-alone", "the scenario has no workload: the plan is for the storm alone, and the day is 0")
	}
	sized, most := r.mid.Largest, r.mid.Largest
	for l := range r.Loads {
		if r.mid.Loads[l].QPS > r.mid.Loads[most].QPS {
			most = l
		}
	}
	if most != sized {
		r.warn("size-for", "services are sized for %s of %s, as asked for; %s asks for %s, which they do not carry",
			r.name(sized), quantity.Rate(r.mid.Loads[sized].QPS), r.name(most), quantity.Rate(r.mid.Loads[most].QPS))
	}
}

// name returns words for a load.
func (r *review) name(l int) string {
	switch r.Loads[l].Kind {
	case model.DayLoad:
		return "the day's peak"
	case model.EventLoad:
		return "the event"
	}
	return fmt.Sprintf("the storm's busiest second (from %s)", amount.Instant(r.Loads[l].At))
}

// belowDay warns of steps whose event is below their day's peak.
func (r *review) belowDay() {
	for k := range r.Steps {
		s := &r.Steps[k]
		if s.Event == model.Absent {
			continue
		}
		event, peak := r.mid.Values[s.Event], r.mid.Values[r.Workload.Peak]
		if event < peak {
			r.warn("event-below-day-peak", "%s: its event of %s times the busy mean is below its day's peak of %s times; it is taken at the day's peak, %s",
				s.Name, quantity.Number(event), quantity.Number(peak), quantity.Rate(peak*r.mid.BusyMean*s.Share))
		}
	}
}

// spread warns where the event and the storm differ by more than mostSpread. Without an event the storm is held against the day's peak,
// and only where it is above: a small storm is no sale.
func (r *review) spread() {
	l := r.LoadOf(model.StormLoad)
	if l == model.Absent || !r.HasDay() {
		return
	}
	storm, event, what := r.mid.Loads[l].QPS, r.mid.EventQPS, "the event"
	if !r.HasEvent() {
		what = "the day's peak, and no event is given"
	}
	texts := []string{r.name(l), quantity.Rate(storm), quantity.Rate(event), what}
	switch {
	case storm > mostSpread*event:
		texts = append(texts, r.closer(l, storm, event, "up", "down"))
		r.warn("storm-above-event", "%s asks for %s, %s times the %s of %s; %s", texts[0], texts[1], quantity.Number(storm/event), texts[2], texts[3], texts[4])
	case r.HasEvent() && mostSpread*storm < event:
		texts = append(texts, r.closer(l, storm, event, "down", "up"))
		r.warn("storm-below-event", "%s asks for %s, %s of the %s of %s; %s", texts[0], texts[1], quantity.Percent(storm/event), texts[2], texts[3], texts[4])
	case r.HasEvent():
		r.transactions()
	}
}

// transactions warns where the event and the storm ask for as much, but for other transactions: of the storm in the second with the most.
func (r *review) transactions() {
	most := r.LoadOf(model.StormLoad)
	for l := range r.Loads {
		if r.Loads[l].Kind == model.StormLoad && r.mid.Loads[l].TPS > r.mid.Loads[most].TPS {
			most = l
		}
	}
	storm, event := r.mid.Loads[most].TPS, r.mid.EventTPS
	code := "storm-above-event"
	switch {
	case storm <= 0 || event <= 0 || storm <= mostSpread*event && mostSpread*storm >= event:
		return
	case storm < event:
		code = "storm-below-event"
	}
	var list []string
	for k := range r.Steps {
		s := &r.Steps[k]
		if mean := r.mid.BusyMean * s.Share; mean > 0 && (s.Event != model.Absent || s.Transaction) {
			list = append(list, s.Name+": "+quantity.Precise(roundedUp(max(r.mid.Values[r.Workload.Peak]*mean, r.mid.Loads[most].Steps[k])/mean)))
		}
	}
	way := "they are not of the same sale"
	if len(list) > 0 {
		way = fmt.Sprintf("workload.event: {%s} has the storm's", strings.Join(list, ", "))
	}
	r.warn(code, "the event and the storm ask for about as much, but for other transactions: %s at the event, and %s in the second of the storm with the most (from %s); %s",
		quantity.Rate(event), quantity.Rate(storm), amount.Instant(r.Loads[most].At), way)
}

// closer names fields and the values with which the event and the storm would agree: those of the event, and one of the storm.
func (r *review) closer(l int, storm, event float64, moves, stormMoves string) string {
	var ways []string
	if list := r.multipliers(l, storm, event); len(list) > 0 {
		ways = append(ways, fmt.Sprintf("workload.event: {%s} brings the event %s to it", strings.Join(list, ", "), moves))
	}
	if fields := r.phasesFor(r.Loads[l].At, storm, event); fields != "" {
		ways = append(ways, fmt.Sprintf("%s brings the storm %s to that", fields, stormMoves))
	}
	if len(ways) == 0 {
		return "they are not of the same sale"
	}
	return strings.Join(ways, ", or ")
}

// multipliers lists workload.event as it is to be: of the steps whose event is to be another one the multiplier that gives what the storm
// asks for, of others with an event theirs. There are none where that would not make the two agree.
func (r *review) multipliers(l int, storm, event float64) (list []string) {
	steps, after := r.mid.Loads[l].Steps, 0.0
	current := &r.mid.Loads[max(r.LoadOf(model.DayLoad), r.LoadOf(model.EventLoad))]
	peak, changed := r.mid.Values[r.Workload.Peak], false
	for k := range r.Steps {
		s := &r.Steps[k]
		mean := r.mid.BusyMean * s.Share
		wanted := max(peak*mean, steps[k])
		switch {
		case mean > 0 && (storm > event && steps[k] > current.Steps[k] || storm < event && s.Event != model.Absent):
			multiplier := roundedUp(wanted / mean)
			list, changed = append(list, s.Name+": "+quantity.Precise(multiplier)), true
			after += multiplier * mean
			continue
		case s.Event != model.Absent:
			list = append(list, s.Name+": "+written(&r.Inputs[s.Event]))
		}
		after += current.Steps[k]
	}
	if !changed || after > mostSpread*storm || after < storm/mostSpread {
		return nil
	}
	return list
}

// written writes an input as a scenario has it.
func written(in *model.Input) string {
	if in.Certain() {
		return quantity.Precise(in.Mid)
	}
	return fmt.Sprintf("[%s, %s, %s]", quantity.Precise(in.Low), quantity.Precise(in.Mid), quantity.Precise(in.High))
}

// roundedUp returns a number with three significant digits, at least v, that can be put in a file.
func roundedUp(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Ceil(v/unit-1e-9) * unit
}

// mostPhases is how many phases are named at most, where changing one phase alone does not make the storm and the event agree.
const mostPhases = 4

// phasesFor names the fields of the storm's phases with the values at which its busiest second asks for what the event does [1/s]: of the
// phase that sends the most in the busiest second alone if that is enough, else of all in proportion; empty where neither makes them
// agree. Another second may be the busiest then, and the stock may last longer, so that the storm is computed anew with the values as
// they are written.
func (r *review) phasesFor(at time.Duration, storm, event float64) string {
	phases := r.scenario.Storm.Phases
	sums := make([]float64, len(phases))
	sent := visits.Of(r.scenario)
	largest := 0
	for i := range sent.Loads {
		one := visits.Storm{Loads: sent.Loads[i : i+1]}
		phase := sent.Loads[i].Phase
		for _, n := range one.Rates(at, model.StormSecond) {
			sums[phase] += n.Mid()
		}
		if sums[phase] > sums[largest] {
			largest = phase
		}
	}
	factors := make([]float64, len(phases))
	for i := range factors {
		factors[i] = 1
	}
	if factors[largest] = 1 + (event-storm)/sums[largest]; factors[largest] > 0 {
		if fields := r.phasesTimes(factors, event); fields != "" {
			return fields
		}
	}
	for i := range factors {
		factors[i] = event / storm
	}
	return r.phasesTimes(factors, event)
}

// phasesTimes names the fields of those phases whose factor is not 1, with their values times it; empty where the storm then differs from
// the event by more than mostSpread, or where they are more than mostPhases.
func (r *review) phasesTimes(factors []float64, event float64) string {
	with, storm := *r.scenario, *r.scenario.Storm
	storm.Phases = slices.Clone(storm.Phases)
	with.Storm = &storm
	var fields []string
	for i, factor := range factors {
		if factor == 1 {
			continue
		}
		p, path := &storm.Phases[i], fmt.Sprintf("storm.phases[%d]", i)
		if p.At != nil {
			users := max(1, math.Round(rounded(float64(p.Users)*factor)))
			p.Users = amount.Count(users)
			fields = append(fields, path+".users: "+quantity.Precise(users))
			continue
		}
		from, to := rounded(float64(p.Rate.From)*factor), rounded(float64(p.Rate.To)*factor)
		p.Rate = amount.Ramp{From: amount.Rate(from), To: amount.Rate(to)}
		if from == to {
			fields = append(fields, path+".rate: "+writtenRate(from))
		} else {
			fields = append(fields, fmt.Sprintf("%s.rate: [%s, %s]", path, writtenRate(from), writtenRate(to)))
		}
	}
	if len(fields) > mostPhases {
		return ""
	}
	sent := visits.Of(&with)
	if _, after := sent.Busiest(model.StormSecond, nil); after > mostSpread*event || mostSpread*after < event {
		return ""
	}
	return strings.Join(fields, ", ")
}

// writtenRate writes a rate [1/s] as a scenario has it, however small it is.
func writtenRate(perSec float64) string {
	if text := quantity.Rate(perSec); !strings.HasPrefix(text, "<") {
		return text
	}
	return quantity.Precise(perSec) + "/s"
}

// rounded returns a number with three significant digits.
func rounded(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Round(v/unit) * unit
}
