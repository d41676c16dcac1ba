package plan

import (
	"strings"

	"fsctl/plan/bill"
	"fsctl/plan/model"
	"fsctl/scenarios/quantity"
)

// sizing is the sizes of a plan, with what each takes and costs.
type sizing struct {
	m      *model.Model
	tariff *bill.Tariff
	trials *bill.Trials
	names  []string    // of the columns of an estimate
	sizes  []bill.Size // of each
	bills  []bill.Bill // of each

	bounds [][2]bill.Bill // of the three percentiles' intervals
	open   []bool         // that have no upper bound
}

// columnNames are the figures of an estimate.
func columnNames() []string { return []string{"low", "mid", "high", "p50", "p95", "p99"} }

// columnP95 is the index of the column that is planned by.
const columnP95 = 4

// percentiles are the shares of the last three columns.
func percentiles() []float64 { return []float64{0.5, 0.95, 0.99} }

// newSizing finds the sizes. kept are the values of the figures that [bill.Kept] lists, in the order of the trials.
func newSizing(m *model.Model, c model.Corners, o model.Options, kept map[string][]float64) *sizing {
	s := &sizing{m: m, tariff: bill.NewTariff(m), trials: bill.NewTrials(m, o, kept), names: columnNames()}
	low, mid, high := bill.SizeOf(m, c.Low), bill.SizeOf(m, c.Mid), bill.SizeOf(m, c.High)
	s.sizes = []bill.Size{
		mid.Combined(low, func(a, b float64) float64 { return min(a, b) }), mid,
		mid.Combined(high, func(a, b float64) float64 { return max(a, b) }),
	}
	var levels []bill.Level
	for _, p := range percentiles() {
		levels = append(levels, s.trials.Level(p))
	}
	for _, p := range percentiles() {
		from, to, bounded := s.trials.Interval(p)
		levels, s.open = append(levels, from, to), append(s.open, !bounded && !m.Certain())
	}
	list := s.trials.Sizes(levels)
	s.sizes = append(s.sizes, list[:3]...)
	for _, size := range s.sizes {
		s.bills = append(s.bills, s.tariff.Bill(size))
	}
	for k := 3; k < len(list); k += 2 {
		s.bounds = append(s.bounds, [2]bill.Bill{s.tariff.Bill(list[k]), s.tariff.Bill(list[k+1])})
	}
	return s
}

// estimate returns a figure of all sizes.
func (s *sizing) estimate(read func(b *bill.Bill) float64) Estimate {
	var v [6]float64
	for k := range s.bills {
		v[k] = read(&s.bills[k])
	}
	return Estimate{Low: v[0], Mid: v[1], High: v[2], P50: v[3], P95: v[4], P99: v[5]}
}

// known returns a figure of all sizes, nil where some size does not have it.
func (s *sizing) known(read func(b *bill.Bill) (float64, bool)) *Estimate {
	whole := true
	e := s.estimate(func(b *bill.Bill) float64 {
		v, known := read(b)
		whole = whole && known
		return v
	})
	if !whole {
		return nil
	}
	return &e
}

// shareOf returns the instances of service i in all sizes, and their cores: 0 where nothing says how many an instance has.
func (s *sizing) shareOf(i int) (instances, cores Estimate) {
	at := func(k int) float64 { return s.sizes[k][i].Instances }
	instances = Estimate{Low: at(0), Mid: at(1), High: at(2), P50: at(3), P95: at(4), P99: at(5)}
	v := &s.m.Services[i]
	if !v.HasCores {
		return instances, Estimate{}
	}
	return instances, instances.Mapped(func(n float64) float64 { return n * v.InstanceCores })
}

// cost returns the cost of a bill.
func cost(b *bill.Bill) (float64, bool) { return b.Cost, b.HasCost() }

// part returns the cost of part k of all sizes.
func (s *sizing) part(k int) *Estimate {
	return s.known(func(b *bill.Bill) (float64, bool) { return b.Parts[k].Cost, b.Parts[k].Known })
}

// totals returns what the sale takes and costs.
func (s *sizing) totals(busy Estimate, unsized []string) Totals {
	t := Totals{
		CPUCores:  s.estimate(func(b *bill.Bill) float64 { return b.Cores }),
		BusyCores: busy,
		Instances: s.estimate(func(b *bill.Bill) float64 { return b.Instances }),
		GBSeconds: s.estimate(func(b *bill.Bill) float64 { return b.GBSeconds }),
		Calls:     s.estimate(func(b *bill.Bill) float64 { return b.Calls }),
		Cost:      s.known(cost), CostUnit: s.tariff.Unit, Unsized: unsized,
	}
	for k, p := range s.bills[0].Parts {
		t.CostParts = append(t.CostParts, CostPart{p.Name, s.part(k)})
	}
	return t
}

// confidence returns how sure the totals' percentiles are.
func (s *sizing) confidence() Confidence {
	return Confidence{
		CPUCores:  s.intervals(func(b *bill.Bill) float64 { return b.Cores }),
		Instances: s.intervals(func(b *bill.Bill) float64 { return b.Instances }),
		Cost:      s.intervals(func(b *bill.Bill) float64 { return b.Cost }),
	}
}

// intervals returns those of a total.
func (s *sizing) intervals(read func(b *bill.Bill) float64) Intervals {
	var list [3]Interval
	for k := range list {
		list[k].Low = read(&s.bounds[k][0])
		if !s.open[k] {
			high := read(&s.bounds[k][1])
			list[k].High = &high
		}
	}
	return Intervals{list[0], list[1], list[2]}
}

// SureLine says between which values the total of p95 lies; it is empty where the trials leave no doubt.
func (p *Plan) SureLine() string {
	of := func(i Interval, noun string) string {
		if i.High == nil {
			return quantity.EstimateOf(i.Low, noun) + " and an upper end that so few trials do not show"
		}
		return quantity.Estimate(i.Low) + " and " + quantity.EstimateOf(*i.High, noun)
	}
	sure, noun := p.Confidence.CPUCores.P95, "core"
	if sure.Low == 0 {
		sure, noun = p.Confidence.Instances.P95, "instance"
	}
	if sure.Low == 0 || sure.High != nil && *sure.High == sure.Low {
		return ""
	}
	return quantity.Of(p.Trials, "trial") + ": p95 lies between " + of(sure, noun) + ", with 95 % confidence"
}

// split lists the shares of a size.
func split(m *model.Model, tariff *bill.Tariff, size bill.Size) []ServiceSize {
	list := []ServiceSize{}
	for i, share := range size {
		v := ServiceSize{Service: m.Services[i].Name, Instances: share.Instances}
		if m.Services[i].HasCores {
			cores := share.Instances * m.Services[i].InstanceCores
			v.Cores = &cores
		}
		if m.Services[i].Kind == "function" {
			v.GBSeconds, v.Calls = new(tariff.GBSeconds(i, share)), new(share.Calls)
		}
		list = append(list, v)
	}
	return list
}

// CostsInMoney returns the parts of the cost that are no pools, those that cost nothing left out, and the cost of the sale; none where
// nothing has a price.
func (p *Plan) CostsInMoney() (others []CostPart, all *Estimate) {
	t := &p.Totals
	if t.CostUnit != CostInMoney {
		return nil, nil
	}
	for _, part := range t.CostParts {
		if !strings.HasPrefix(part.Name, bill.OfPool) && (part.Cost == nil || max(part.Cost.High, part.Cost.P99) > 0) {
			others = append(others, part)
		}
	}
	return others, t.Cost
}
