// Package plan turns a scenario's people into requests per second, cores and instances.
package plan

// Plan is what a sale needs. Its JSON form is a contract; see docs/model.md for the formulas.
type Plan struct {
	Scenario string    `json:"scenario"`
	Seed     uint64    `json:"seed"`
	Trials   int       `json:"trials"`
	Demand   Demand    `json:"demand"`
	Services []Service `json:"services"`
	Totals   Totals    `json:"totals"`
	Warnings []Warning `json:"warnings"`
	Excuses  []Excuse  `json:"excuses"`

	Estate      *EstatePlan  `json:"estate,omitempty"`      // nil where the scenario gives none
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"` // as estate

	Feasible       bool           `json:"feasible"` // false where a limit that was given cannot be met; see Obstacles
	Candidates     []Candidate    `json:"candidates"`
	Recommendation Recommendation `json:"recommendation"`
	Tornado        []Influence    `json:"tornado"`       // of totals.cpu_cores
	EventTornado   []Influence    `json:"event_tornado"` // of demand.event_qps

	Calibration  []Change      `json:"calibration,omitempty"`  // what was measured, beside what the scenario assumed
	Uncalibrated *Uncalibrated `json:"uncalibrated,omitempty"` // sizes without the measurement
}

// Estimate is a quantity of a plan. Low, Mid and High come from all inputs at their low, mid and
// high values at once: the corners. P50, P95 and P99 come from the Monte Carlo trials, in which
// the inputs vary on their own.
type Estimate struct {
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
}

// Demand is what comes in. Single figures are those of the inputs' mid values.
type Demand struct {
	ActiveUsers    float64      `json:"active_users"` // 0 where the workload gives requests a day
	RequestsPerDay float64      `json:"requests_per_day"`
	DayMeanQPS     float64      `json:"day_mean_qps"`
	BusyMeanQPS    float64      `json:"busy_mean_qps"`
	PeakQPS        Estimate     `json:"peak_qps"`  // of the day: peak multiplier x busy mean
	PeakTPS        Estimate     `json:"peak_tps"`  // its transactions
	EventQPS       Estimate     `json:"event_qps"` // at the sale, with its event multipliers; the day's peak where there are none
	EventTPS       Estimate     `json:"event_tps"` // its transactions
	Steps          []StepDemand `json:"steps"`
}

// StepDemand is the rate of one step at the sale: event multiplier x busy mean where the step has
// one, peak multiplier x busy mean elsewhere.
type StepDemand struct {
	Name        string   `json:"name"`
	Transaction bool     `json:"transaction"`
	BusyMeanQPS float64  `json:"busy_mean_qps"`
	PeakQPS     Estimate `json:"peak_qps"`
}

// Service is one service's size. Ratios and response times are those of the mid case, on the
// instances of the mid case.
type Service struct {
	Name             string   `json:"name"`
	Kind             string   `json:"kind"`
	PeakQPS          Estimate `json:"peak_qps"`
	CPUCores         Estimate `json:"cpu_cores"` // needed, before rounding up to instances; 0 where no CPU demand is given
	Instances        Estimate `json:"instances"` // or shards, nodes, concurrent executions, by kind
	Running          int      `json:"running"`   // instances that run now, 0 where unknown
	UtilizationRatio float64  `json:"utilization_ratio"`
	WaitProbability  float64  `json:"wait_probability_ratio"`
	ResponseSeconds  Response `json:"response_seconds"`
	Bottleneck       string   `json:"bottleneck"` // what asks for the most: cpu, wait, latency, node-rate, primary-writes, hot-row, hot-key, drain, concurrency, usl
	Details          []Detail `json:"details,omitempty"`
}

// Response holds quantiles of a response time.
type Response struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Totals sums the services.
type Totals struct {
	CPUCores  Estimate `json:"cpu_cores"`
	BusyCores Estimate `json:"busy_cores"` // of the cores, those that the calls keep busy in the mean
	Instances Estimate `json:"instances"`
}

// Warning is something a reader of the plan must know.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Excuse says why a candidate was rejected.
type Excuse struct {
	Candidate  string  `json:"candidate"`
	Bottleneck string  `json:"bottleneck"`
	Got        float64 `json:"got"`
	Limit      float64 `json:"limit"`
}
