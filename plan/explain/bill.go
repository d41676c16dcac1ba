package explain

import (
	"strings"

	"fsctl/plan"
	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// totalLeaves lists the bill's totals: sums of the shares of the sizes that the six figures stand for.
func (e *explainer) totalLeaves() []leaf {
	t, sure := &e.plan.Totals, &e.plan.Confidence
	list := e.estimate("totals.busy_cores", t.BusyCores, e.busyCores)
	list = append(list, e.billLeaves("totals.cpu_cores", t.CPUCores, sure.CPUCores, "cores")...)
	list = append(list, e.billLeaves("totals.instances", t.Instances, sure.Instances, "instances")...)
	list = append(list, e.columns("totals.function_gb_seconds", &t.GBSeconds, func(d *draft, part string) { e.functions(d, part, "gb_seconds", "GB s") })...)
	list = append(list, e.columns("totals.function_calls", &t.Calls, func(d *draft, part string) { e.functions(d, part, "calls", "calls") })...)
	list = append(list, e.columns("totals.cost", t.Cost, e.cost)...)
	for i := range t.CostParts {
		p := &t.CostParts[i]
		list = append(list, e.columns("totals.cost_parts."+p.Name+".cost", p.Cost, func(d *draft, part string) { e.costPart(d, part, p.Name) })...)
	}
	return list
}

// billLeaves lists the six figures of a total, in cores or in instances.
func (e *explainer) billLeaves(field string, in plan.Estimate, sure plan.Intervals, unit string) (list []leaf) {
	for _, part := range []struct {
		name string
		want float64
		sure *plan.Interval
	}{{"low", in.Low, nil}, {"mid", in.Mid, nil}, {"high", in.High, nil}, {"p50", in.P50, &sure.P50}, {"p95", in.P95, &sure.P95}, {"p99", in.P99, &sure.P99}} {
		list = append(list, leaf{field: field + "." + part.name, want: part.want, explain: func(_ *model.Case, d *draft) {
			e.total(d, part.name, unit, part.sure)
		}})
	}
	return list
}

// total explains one figure of a total by the shares of its size.
func (e *explainer) total(d *draft, part, unit string, sure *plan.Interval) {
	d.Unit, d.Source, d.Error = unit, "sum over the services of the size's shares", exactError
	d.Meaning = "Instances of all services together."
	if unit == "cores" {
		d.Meaning = "Cores of all instances whose cores are known."
	}
	var terms []string
	for i := range e.Services {
		s := &e.Services[i]
		if unit == "cores" && !s.HasCores || !s.Called {
			continue
		}
		share, origin := e.shareOf(i, part)
		name := indexed("instances", s.Name)
		d.derived(name, share, "instances", origin)
		if unit == "cores" {
			cores := indexed("instance_cores", s.Name)
			d.given(cores, s.InstanceCores, "cores", "services."+s.Name+".instance.cores")
			name += " * " + cores
		}
		terms = append(terms, name)
	}
	d.Formula = sumOf(terms)
	if unit == "cores" && len(e.plan.Totals.Unsized) > 0 {
		d.assume("Left out, because nothing says how many cores an instance has: " + strings.Join(e.plan.Totals.Unsized, ", ") + ".")
	}
	if sure == nil || e.Certain() {
		return
	}
	d.assume("The size with which " + quantity.Percent(percentileShare(part)) + " of the trials have no service short of its own share, the risk shared by what services cost: a dear one is near its own percentile, a cheap one above it.")
	if sure.High == nil {
		d.Error += "; with " + quantity.Of(e.plan.Trials, "trial") + " it is at least " + quantity.Precise(sure.Low) + ", and the trials are too few to say at most what (95 % confidence)"
		return
	}
	d.Error += "; with " + quantity.Of(e.plan.Trials, "trial") + " it lies between " + quantity.Precise(sure.Low) + " and " + quantity.Precise(*sure.High) + " (95 % confidence)"
}

// shareOf returns the instances of service i in the size of one figure, and the field that they are.
func (e *explainer) shareOf(i int, part string) (instances float64, field string) {
	for _, c := range e.plan.Candidates {
		if c.Name == part {
			return c.Size[i].Instances, "candidates." + part + ".size." + e.Services[i].Name + ".instances"
		}
	}
	return e.plan.Services[i].Instances.Low, "services." + e.Services[i].Name + ".instances.low"
}

// value returns one figure of an estimate.
func value(e *plan.Estimate, part string) float64 {
	return map[string]float64{"low": e.Low, "mid": e.Mid, "high": e.High, "p50": e.P50, "p95": e.P95, "p99": e.P99}[part]
}

// columns lists the six figures of an estimate that are those of sizes; none where it is absent.
func (e *explainer) columns(field string, in *plan.Estimate, explain func(d *draft, part string)) (list []leaf) {
	if in == nil {
		return nil
	}
	for _, part := range []string{"low", "mid", "high", "p50", "p95", "p99"} {
		list = append(list, leaf{field: field + "." + part, want: value(in, part), explain: func(_ *model.Case, d *draft) { explain(d, part) }})
	}
	return list
}

// billedCores explains the cores of the instances of service i, which the bill counts.
func (e *explainer) billedCores(x *model.Case, d *draft, i int) {
	s := &e.Services[i]
	e.instancesIn(x, d, i, true)
	d.Meaning, d.Unit = "Cores of the instances, which the bill counts.", "cores"
	switch {
	case s.Kind == "function":
		d.Formula = "0"
		d.assume("Functions run on their provider's machines: they are billed by their time and calls, and take no cores of ours.")
	case !s.HasCores:
		d.Formula = "0"
		d.assume("Nothing says how many cores an instance has, so they are left out of every total: services." + s.Name + ".instance.cores.")
	case d.Formula != "0":
		d.given("instance_cores", s.InstanceCores, "cores", "services."+s.Name+".instance.cores")
		d.Formula += " * instance_cores"
	}
}

// functions explains the time or the calls of all functions.
func (e *explainer) functions(d *draft, part, what, unit string) {
	d.Unit, d.Source, d.Error = unit, "sum over the functions of the size's shares", exactError
	d.Meaning = "Time of all functions over the sale: executions at once x memory of one x time."
	if what == "calls" {
		d.Meaning = "Calls of all functions over the sale: calls a second x time."
	}
	size, tariff := bill.SizeOf(e.Model, e.corners.Low).Combined(bill.SizeOf(e.Model, e.corners.Mid), func(a, b float64) float64 { return min(a, b) }), bill.NewTariff(e.Model)
	var terms []string
	for i := range e.Services {
		s := &e.Services[i]
		if s.Kind != "function" || !s.Called {
			continue
		}
		v, name := tariff.GBSeconds(i, size[i]), indexed(what, s.Name)
		if what == "calls" {
			v = size[i].Calls
		}
		for _, c := range e.plan.Candidates {
			if c.Name == part {
				v = *c.Size[i].GBSeconds
				if what == "calls" {
					v = *c.Size[i].Calls
				}
			}
		}
		d.derived(name, v, unit, "candidates."+part+".size."+s.Name+"."+what)
		terms = append(terms, name)
	}
	d.Formula = sumOf(terms)
	d.assume("The rate of calls lasts for as long as it takes to bring all that are expected, at the event at most as long as that, and at most estate.event_duration.")
}

// cost explains the cost of the sale.
func (e *explainer) cost(d *draft, part string) {
	d.Meaning, d.Unit, d.Source, d.Error = "What one sale costs.", e.plan.Totals.CostUnit, "sum of the parts", exactError
	var terms []string
	for _, p := range e.plan.Totals.CostParts {
		if p.Cost == nil {
			d.assume("Without " + p.Name + ", which has no price.")
			continue
		}
		name := indexed("cost", p.Name)
		d.derived(name, value(p.Cost, part), d.Unit, "totals.cost_parts."+p.Name+".cost")
		terms = append(terms, name)
	}
	d.Formula = sumOf(terms)
}

// costPart explains one part of the cost.
func (e *explainer) costPart(d *draft, part, name string) {
	d.Meaning, d.Unit, d.Source, d.Error = "A part of what one sale costs: "+name+".", e.plan.Totals.CostUnit, "by definition of the prices", exactError
	hours := scenarios.DefaultEventDuration.Hours()
	if e.Estate != nil {
		hours = e.Estate.EventSeconds / 3600
	}
	switch name {
	case bill.AllCores:
		cores, field := &e.plan.Totals.CPUCores, "totals.cpu_cores"
		if e.plan.Estate != nil {
			cores, field = &e.plan.Estate.ProvisionCores, "estate.provision_cores"
		}
		d.derived("cores", value(cores, part), "cores", field)
		d.given("hours", hours, "h", "estate.event_duration")
		d.Formula = "cores * hours"
		d.assume("Nothing has a price, so a core-hour counts as 1.")
	case bill.BeyondPools:
		var short plan.Estimate
		if e.plan.Estate != nil {
			short = e.plan.Estate.ShortCores
		}
		d.derived("short_cores", value(&short, part), "cores", "estate.short_cores")
		d.given("hours", hours, "h", "estate.event_duration")
		e.price(d, bill.NewTariff(e.Model).Dearest(), "the dearest of estate.pools")
		d.Formula = "short_cores * hours * price"
	case bill.FunctionTime:
		d.derived("gb_seconds", value(&e.plan.Totals.GBSeconds, part), "GB s", "totals.function_gb_seconds")
		e.price(d, e.Estate.Functions.GBSecond, "estate.functions.gb_second")
		d.Formula = "gb_seconds * price"
	case bill.FunctionCalls:
		d.derived("calls", value(&e.plan.Totals.Calls, part), "calls", "totals.function_calls")
		e.price(d, e.Estate.Functions.Call, "estate.functions.million_calls")
		d.Formula = "calls * price"
	default:
		e.poolCost(d, part, strings.TrimPrefix(name, "pool:"))
	}
}

// price adds the price of a part, 0 where what it is for is not taken.
func (e *explainer) price(d *draft, price *float64, path string) {
	if price == nil {
		price = new(float64)
	}
	d.given("price", *price, "", path)
}

// poolCost explains what a pool costs.
func (e *explainer) poolCost(d *draft, part, name string) {
	for i := range e.Estate.Pools {
		pool, planned := &e.Estate.Pools[i], &e.plan.Estate.Pools[i]
		if pool.Name != name {
			continue
		}
		path := "estate.pools." + name
		e.price(d, pool.Price, path+".price")
		if pool.Billing == scenarios.Reserved {
			d.given("pool_cores", pool.Cores, "cores", path+".cores")
			d.Formula = "pool_cores * price * 24"
			d.assume("A reserved pool is paid for whole, all day.")
			return
		}
		d.derived("used_cores", value(&planned.UsedCores, part), "cores", path+".used_cores")
		d.derived("lead", value(&planned.LeadSeconds, part), "s", path+".lead_seconds")
		d.given("event", e.Estate.EventSeconds, "s", "estate.event_duration")
		d.Formula = "used_cores * price * (lead + event) / 3600"
		d.assume("Cores are paid for from the request on.")
	}
}
