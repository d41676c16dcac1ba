package bill

import "math"

// Risk is how a size fares in all trials.
type Risk struct {
	NotEnough  float64 // share of the trials in which some service falls short of its own share, 0 to 1
	Short      float64 // mean of the cores that are missing, of all services
	Spare      float64 // mean of the cores that are too many
	Over       float64 // mean of what it costs more than what the trial needs, in the unit of the tariff; 0 without orders
	LostOrders float64 // mean of the orders that are lost; 0 without orders
}

// Risks returns how sizes fare.
//
//	short, spare  mean over trials of the sum over services of (need - has)+ and (has - need)+, in cores
//	lost          mean of orders x the largest (1 - has/need)+ of the trial's services: a sale loses the share of its orders that its
//	              scarcest service lacks
//	over          mean of (cost of the size - cost of the need)+
//
//	orders  that each trial can win, in the order of the trials; nil where it does not matter what is lost
//
// By definition.
func (t *Trials) Risks(tariff *Tariff, sizes []Size, orders []float64) []Risk {
	risks, n := make([]Risk, len(sizes)), float64(t.n)
	short := make([]uint16, t.n) // a bit for each size
	var lacks [][]float64        // of each size and trial
	var needs []taken
	if orders != nil {
		needs = make([]taken, t.n)
		for range sizes {
			lacks = append(lacks, make([]float64, t.n))
		}
	}
	t.each(func(k kind) bool { return k == instances || orders != nil && ofShares(k) }, func(c *column, values []float64) {
		if orders != nil {
			t.need(tariff, needs, c, values)
		}
		if c.kind != instances {
			return
		}
		cores := 0.0
		if s := &t.m.Services[c.service]; s.HasCores {
			cores = s.InstanceCores
		}
		for k := range sizes {
			has := sizes[k][c.service].Instances
			var missing, spare float64
			for trial, need := range values {
				if need <= has {
					spare += has - need
					continue
				}
				missing += need - has
				short[trial] |= 1 << k
				if orders != nil {
					lacks[k][trial] = max(lacks[k][trial], 1-has/need)
				}
			}
			risks[k].Short += missing / n * cores
			risks[k].Spare += spare / n * cores
		}
	})
	costs := make([]float64, len(needs))
	for trial := range needs {
		costs[trial] = tariff.cost(&needs[trial], nil)
	}
	for k := range sizes {
		r, failed := &risks[k], 0
		for _, bits := range short {
			failed += int(bits >> k & 1)
		}
		r.NotEnough = float64(failed) / n
		if orders == nil {
			continue
		}
		cost := tariff.Bill(sizes[k]).Cost
		for trial, need := range costs {
			r.Over += math.Max(0, cost-need) / n
			r.LostOrders += lacks[k][trial] * orders[trial] / n
		}
	}
	return risks
}

// need adds one column to what the trials need.
func (t *Trials) need(tariff *Tariff, needs []taken, c *column, values []float64) {
	scaled := t.m.Estate != nil && t.m.Estate.Autoscalers[c.service] != nil
	for trial, v := range values {
		var s Share
		switch {
		case c.kind == instances && scaled:
			s.Instances = v
		case c.kind == instances:
			s.Instances, s.Pods = v, v
		case c.kind == pods:
			s.Pods = v
		case c.kind == executions:
			s.Executions = v
		default:
			s.Calls = v
		}
		tariff.add(&needs[trial], c.service, s)
	}
}
