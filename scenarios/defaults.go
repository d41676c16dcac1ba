package scenarios

import (
	"cmp"
	"fmt"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/request"
	"fsctl/scenarios/script"
	"fsctl/scenarios/strict"
)

// Defaults of fields that a file may leave out. Other packages use them where a run or a plan has no
// scenario that says otherwise.
const (
	DefaultBusyShare     = amount.Ratio(0.8)
	DefaultBusyWindow    = 5 * time.Hour
	DefaultUtilization   = amount.Ratio(0.7)
	DefaultWait          = amount.Ratio(0.2)
	DefaultEventDuration = time.Hour
	DefaultLateness      = 50 * time.Millisecond // a request sent later than this after it was due is late
	DefaultLateShare     = amount.Ratio(0.02)
	DefaultDrain         = 30 * time.Second // how long after the last arrival requests may still be sent and answered
	defaultTimeout       = 30 * time.Second
	defaultRedirects     = 10
	DefaultLedgerOutcome = "placed"
	defaultOrderVariable = "order_id"
	defaultSKU           = "sku-${n}"
	defaultMargin        = 5 * time.Minute
	defaultMemory        = amount.Count(1e9) // bytes of a function's instance
	defaultBackoff       = 100 * time.Millisecond
	defaultJitter        = amount.Ratio(0.5)
)

// RehearsalOrDefault returns how the scenario is rehearsed. Without a rehearsal it runs at full scale against a shop of 4
// workers that take 4 ms for a request, 1000 requests a second.
func (s *Scenario) RehearsalOrDefault() Rehearsal {
	if s.Rehearsal != nil {
		return *s.Rehearsal
	}
	return Rehearsal{Scale: 1, ServiceTime: 4 * time.Millisecond, Workers: 4}
}

// defaults knows which fields a file has: a zero that is in the file stays a zero.
type defaults struct{ *strict.Fields }

func setDefault[T any](d defaults, path string, field *T, value T) {
	if !d.Has(path) {
		*field = value
	}
}

// setDefaults fills what the file left out of the fields it has.
func (s *Scenario) setDefaults(fields *strict.Fields) {
	d := defaults{fields}
	setDefault(d, "workload.busy.share", &s.Workload.Busy.Share, DefaultBusyShare)
	setDefault(d, "workload.busy.window", &s.Workload.Busy.Window, DefaultBusyWindow)
	setDefault(d, "workload.peak", &s.Workload.Peak, amount.Between(2.0, 3.0))
	setDefault(d, "defaults.cookies", &s.Defaults.Cookies, CookiesOn)
	setDefault(d, "defaults.connections", &s.Defaults.Connections, ConnectionsShared)
	for i := range s.Steps {
		d.request("steps."+s.Steps[i].Name+".request", &s.Steps[i].Request, cmp.Or(s.Defaults.Timeout, defaultTimeout))
		s.Steps[i].Request.AddHeaders(s.Defaults.Headers)
	}
	for i := range s.Services {
		d.service(strict.Named("services", i, s.Services[i].Name), &s.Services[i])
	}
	if s.Sale != nil {
		setDefault(d, "sale.items", &s.Sale.Items, 1)
		setDefault(d, "sale.sku", &s.Sale.SKU, defaultSKU)
	}
	if s.Estate != nil {
		d.estate(s.Estate)
	}
	if s.Storm != nil {
		setDefault(d, "storm.drain", &s.Storm.Drain, DefaultDrain)
		setDefault(d, "storm.lateness.limit", &s.Storm.Lateness.Limit, DefaultLateness)
		setDefault(d, "storm.lateness.share", &s.Storm.Lateness.Share, DefaultLateShare)
		for i := range s.Storm.Phases {
			setDefault(d, fmt.Sprintf("storm.phases[%d].spacing", i), &s.Storm.Phases[i].Spacing, "poisson")
		}
	}
	for i := range s.Journeys {
		d.actions("journeys."+s.Journeys[i].Name, s.Journeys[i].Do)
	}
	if s.Rehearsal != nil {
		setDefault(d, "rehearsal.scale", &s.Rehearsal.Scale, 1)
	}
	if s.Ledger != nil {
		baseline := ReadBaseline
		if s.Ledger.Answers {
			baseline = NoBaseline
		}
		setDefault(d, "ledger.baseline", &s.Ledger.Baseline, baseline)
		setDefault(d, "ledger.outcome", &s.Ledger.Outcome, DefaultLedgerOutcome)
		setDefault(d, "ledger.order_id", &s.Ledger.OrderID, defaultOrderVariable)
	}
}

func (d defaults) request(path string, r *request.Request, timeout time.Duration) {
	method := "GET"
	if len(r.Bodies()) > 0 {
		method = "POST"
	}
	redirects := defaultRedirects
	setDefault(d, path+".method", &r.Method, method)
	setDefault(d, path+".timeout", &r.Timeout, timeout)
	setDefault(d, path+".redirects", &r.Redirects, &redirects)
}

func (d defaults) estate(e *Estate) {
	setDefault(d, "estate.event_duration", &e.EventDuration, DefaultEventDuration)
	setDefault(d, "estate.margin", &e.Margin, defaultMargin)
	for i := range e.Pools {
		billing := Reserved
		if e.Pools[i].Provision != nil {
			billing = OnDemand
		}
		setDefault(d, strict.Named("estate.pools", i, e.Pools[i].Name)+".billing", &e.Pools[i].Billing, billing)
	}
}

func (d defaults) service(path string, v *Service) {
	one := amount.Exactly(1.0)
	if v.needsCores() {
		setDefault(d, path+".instance.cores", &v.Instance.Cores, 1)
	}
	if v.Kind == "function" {
		setDefault(d, path+".instance.memory", &v.Instance.Memory, defaultMemory)
	}
	setDefault(d, path+".utilization", &v.Utilization, DefaultUtilization)
	setDefault(d, path+".wait", &v.Wait, DefaultWait)
	setDefault(d, path+".variability", &v.Variability, &one)
	if v.Kind == "cache" {
		setDefault(d, path+".key_copies", &v.KeyCopies, 1)
	}
	if v.Kind == "database" {
		setDefault(d, path+".shards", &v.Shards, 1)
	}
}

// needsCores reports whether instances of the service compute: then one has a core at least. The others are known by their capacity.
func (s *Service) needsCores() bool {
	return s.Kind == "service" || s.Kind == "function" || !s.Demand.IsZero()
}

// actions fills what the file left out of the actions of a journey.
func (d defaults) actions(path string, do []script.Action) {
	for i := range do {
		a, at := &do[i], fmt.Sprintf("%s[%d]", path, i)
		switch {
		case a.Repeat != nil:
			d.actions(at+".repeat.do", a.Repeat.Do)
		case a.Retry != nil:
			setDefault(d, at+".retry.backoff", &a.Retry.Backoff, defaultBackoff)
			setDefault(d, at+".retry.jitter", &a.Retry.Jitter, defaultJitter)
			d.actions(at+".retry.do", a.Retry.Do)
		case a.Group != nil:
			d.actions(at+".do", a.Group.Do)
		case a.If != nil:
			d.actions(at+".do", a.If.Do)
			d.actions(at+".else", a.If.Else)
		}
		for k := range a.Choose {
			d.actions(fmt.Sprintf("%s.choose[%d].do", at, k), a.Choose[k].Do)
		}
	}
}
