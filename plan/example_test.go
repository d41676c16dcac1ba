package plan_test

import (
	"fmt"

	"fsctl/plan"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// What a sale needs, of a built-in scenario.
func ExampleNew() {
	sale, err := scenarios.Load("taobao-double11")
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := plan.New(sale, plan.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	peak, event, size := p.Demand.PeakQPS, p.Demand.EventQPS, p.Totals
	fmt.Printf("%s active users make %s requests a day\n", quantity.Count(int(p.Demand.ActiveUsers)), quantity.Count(int(p.Demand.RequestsPerDay)))
	fmt.Printf("the day's peak: %s to %s, in 95 %% of the cases at most %s\n", quantity.Rate(peak.Low), quantity.Rate(peak.High), quantity.Rate(peak.P95))
	fmt.Printf("the event: %s; sized for the %s\n", quantity.Rate(event.P95), p.Demand.SizedFor)
	fmt.Printf("that takes %.0f instances, %.0f cores\n", size.Instances.P95, size.CPUCores.P95)
	for _, s := range p.Services {
		fmt.Printf("%-10s  %-8s  %3.0f  %s\n", s.Name, s.Kind, s.Instances.P95, s.Bottleneck)
	}
	// Output:
	// 2,000,000 active users make 60,000,000 requests a day
	// the day's peak: 5.33k/s to 8k/s, in 95 % of the cases at most 8.45k/s
	// the event: 41.3k/s; sized for the event
	// that takes 180 instances, 934 cores
	// gateway     service    21  cpu
	// shop        service   140  cpu
	// item-cache  cache       1  node-rate
	// orders-db   database   18  hot-row
}
