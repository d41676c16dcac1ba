package architectures

import "fsctl/plan/model"

// Comparison is one workload on one architecture after the other.
type Comparison struct {
	Scenario      string         `json:"scenario"`
	Seed          uint64         `json:"seed"`   // of the trials' random numbers
	Trials        int            `json:"trials"` // Monte Carlo trials, 1 to 10 M
	Architectures []Architecture `json:"architectures"`
	Assumptions   []string       `json:"assumptions"`
}

// Architecture is one step of the published way from one machine to a sale that holds.
// Rates (QPS) are per second, those of the event; costs are in the currency of the pools' prices.
type Architecture struct {
	Name             string         `json:"name"`
	DatabaseReadsQPS model.Estimate `json:"database_reads_qps"`
	ReadNodes        int            `json:"read_nodes"` // database nodes that answer reads
	ReadsPerNodeQPS  model.Estimate `json:"reads_per_node_qps"`
	PrimaryWritesQPS model.Estimate `json:"primary_writes_qps"`
	RefusedOrdersQPS model.Estimate `json:"refused_orders_qps"` // beyond what the machines and the database take
	OrderBacklog     model.Estimate `json:"order_backlog"`      // orders that wait in the queue at its longest
	DrainSeconds     model.Estimate `json:"drain_seconds"`      // until the queue is empty after the peak; 0 where nothing waits, or it never is
	SinglePoints     []string       `json:"single_points_of_failure"`
	CPUCores         model.Estimate `json:"cpu_cores"` // of all instances
	Instances        model.Estimate `json:"instances"`
	Gain             string         `json:"gain"` // over the one before

	CostPerDay *model.Estimate `json:"cost_per_day"` // of the cores on the day of the sale; null where a pool that they take has no price
}
