// Package loads writes what a sale is sized for: the day's peak, the event and the storm, side by side.
package loads

import (
	"fmt"

	"fsctl/plan"
	"fsctl/scenarios/quantity"
)

// Names of the loads, as all outputs have them: see docs/glossary.md.
const (
	DayPeak     = "day's peak"
	Event       = "event"
	StormSecond = "storm's busiest second"
	StormBurst  = "storm's busiest 100 ms"
)

// Name returns the name of the load that something is sized for: day, event or storm.
func Name(sizedFor string) string {
	switch sizedFor {
	case "day":
		return DayPeak
	case "storm":
		return StormSecond
	}
	return sizedFor
}

// HasDay says whether the plan is for a day too, and not for the storm alone.
func HasDay(d *plan.Demand) bool { return d.RequestsPerDay > 0 }

// HasEvent says whether the event differs from the day's peak.
func HasEvent(d *plan.Demand) bool { return d.EventQPS != d.PeakQPS && d.EventQPS.High > 0 }

// Sized returns the rate that the sale is sized for, in requests per second, with words for it.
func Sized(d *plan.Demand) (e plan.Estimate, at string) {
	switch {
	case d.SizedFor == "storm" && d.StormQPS != nil:
		return *d.StormQPS, "in the " + StormSecond
	case d.SizedFor == "event" || d.SizedFor == "" && HasEvent(d):
		return d.EventQPS, "at the event"
	}
	return d.PeakQPS, "at the " + DayPeak
}

// OfStep names a step's rate, which is that of the load that asks for the most of it.
func OfStep(d *plan.Demand, s *plan.StepDemand) string {
	at := DayPeak
	if HasEvent(d) {
		at = Event
	}
	if s.SizedFor != "" {
		at = Name(s.SizedFor)
	}
	return "step " + s.Name + ", " + at
}

// Line says when the storm is busiest, empty without one.
func Line(d *plan.Demand) string {
	if d.StormQPS == nil {
		return ""
	}
	return fmt.Sprintf("the storm at full scale: %s in the second from %s on, %s in the 100 ms from %s on",
		quantity.Rate(d.StormQPS.Mid), d.StormAt, quantity.Rate(d.StormBurstQPS.Mid), d.StormBurstAt)
}

// Titles are the columns of the loads side by side: first the row's name, then four rates, and what it is sized for.
func Titles() []string {
	return []string{"loads at p95", DayPeak, Event, StormSecond, StormBurst, "sized for"}
}

// Rows shows the loads side by side: of all requests, of each step and of each service. There are none without a storm.
func Rows(pl *plan.Plan) (rows [][]string) {
	d := &pl.Demand
	if d.StormQPS == nil {
		return nil
	}
	row := func(name, sizedFor string, rates ...*plan.Estimate) {
		fields := []string{name}
		for _, e := range rates {
			text := quantity.None
			if e != nil && e.P95 > 0 {
				text = quantity.Rate(e.P95)
			}
			fields = append(fields, text)
		}
		rows = append(rows, append(fields, sizedFor))
	}
	event, eventTPS := &d.EventQPS, &d.EventTPS
	if !HasEvent(d) {
		event, eventTPS = nil, nil
	}
	row("all requests", d.SizedFor, &d.PeakQPS, event, d.StormQPS, d.StormBurstQPS)
	if d.PeakTPS.High > 0 || d.StormTPS != nil && d.StormTPS.High > 0 {
		row("- transactions", "", &d.PeakTPS, eventTPS, d.StormTPS, nil)
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		row("- "+s.Name, s.SizedFor, s.DayQPS, s.EventQPS, s.StormQPS, s.StormBurstQPS)
	}
	for i := range pl.Services {
		s := &pl.Services[i]
		row("calls of "+s.Name, s.SizedFor, s.DayQPS, s.EventQPS, s.StormQPS, s.StormBurstQPS)
	}
	return rows
}
