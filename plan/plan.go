// Package plan says what a sale needs: requests per second, cores and instances.
//
// This file is the plan's JSON form. New makes a plan of a scenario; the arithmetic is in the package
// model, where each figure comes from in explain, and the same workload on other designs in architectures.
package plan

import (
	"fsctl/plan/bill"
	"fsctl/plan/model"
)

// Plan is what a sale needs. Its JSON form is a contract; see docs/model.md for the formulas.
type Plan struct {
	Scenario   string     `json:"scenario"`
	Seed       uint64     `json:"seed"`     // of the trials' random numbers
	Trials     int        `json:"trials"`   // Monte Carlo trials, 1 to 10 M
	SizeFor    string     `json:"size_for"` // what services are to be sized for: largest, or day, event or storm alone
	Demand     Demand     `json:"demand"`
	Services   []Service  `json:"services"`
	Totals     Totals     `json:"totals"`
	Confidence Confidence `json:"confidence"` // of the percentiles of the totals
	Warnings   []Warning  `json:"warnings"`
	Excuses    []Excuse   `json:"excuses"`

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

// Estimate is a quantity of a plan by its corners and by its trials.
type Estimate = model.Estimate

// Demand is what comes in: QPS are requests per second, TPS those of transaction steps. Single figures are those of the
// inputs' mid values. There are three loads: the day's peak, the event and the storm. Without a workload the first two are 0, and without a
// storm the third is absent.
type Demand struct {
	ActiveUsers    float64      `json:"active_users"` // 0 where the workload gives requests a day
	RequestsPerDay float64      `json:"requests_per_day"`
	DayMeanQPS     float64      `json:"day_mean_qps"`              // requests / 86,400 s
	BusyMeanQPS    float64      `json:"busy_mean_qps"`             // in the busy window [1/s]
	PeakQPS        Estimate     `json:"peak_qps"`                  // of the day: peak multiplier x busy mean
	PeakTPS        Estimate     `json:"peak_tps"`                  // its transactions
	EventQPS       Estimate     `json:"event_qps"`                 // at the sale, with its event multipliers; the day's peak where there are none
	EventTPS       Estimate     `json:"event_tps"`                 // its transactions
	StormQPS       *Estimate    `json:"storm_qps,omitempty"`       // in the busiest second of the storm at full scale
	StormTPS       *Estimate    `json:"storm_tps,omitempty"`       // its transactions
	StormBurstQPS  *Estimate    `json:"storm_burst_qps,omitempty"` // in the storm's busiest 100 ms [1/s]
	StormAt        string       `json:"storm_at,omitempty"`        // when the busiest second begins, such as T0+200ms
	StormBurstAt   string       `json:"storm_burst_at,omitempty"`  // when the busiest 100 ms begin
	SizedFor       string       `json:"sized_for"`                 // day, event or storm: the load with the most requests of those that services may be sized for
	Steps          []StepDemand `json:"steps"`
}

// StepDemand is the rate of one step: PeakQPS in the load that asks for the most of it, and beside it that of each load. The loads'
// rates of all steps together are the demand's.
type StepDemand struct {
	Name        string   `json:"name"`
	Transaction bool     `json:"transaction"`
	BusyMeanQPS float64  `json:"busy_mean_qps"` // in the busy window [1/s]
	PeakQPS     Estimate `json:"peak_qps"`
	SizedFor    string   `json:"sized_for"` // day, event or storm: the load of PeakQPS in the mid case
	Loads
	StormBurstQPS *Estimate `json:"storm_burst_qps,omitempty"` // in the storm's busiest 100 ms [1/s]
}

// Loads is a rate in each load. A load that the scenario does not give is absent.
type Loads struct {
	DayQPS   *Estimate `json:"day_qps,omitempty"`
	EventQPS *Estimate `json:"event_qps,omitempty"`
	StormQPS *Estimate `json:"storm_qps,omitempty"` // of a step in the storm's busiest second, of a service in the second in which it has the most calls
}

// Service is one service's size. Ratios and response times are those of the mid case, on the
// instances of the mid case.
type Service struct {
	Name             string   `json:"name"`
	Kind             string   `json:"kind"`
	PeakQPS          Estimate `json:"peak_qps"`               // in the load that asks for the most of it
	SizedFor         string   `json:"sized_for"`              // day, event or storm: that load in the mid case
	CPUCores         Estimate `json:"cpu_cores"`              // its part of the totals: instances x cores of one; 0 of functions, and where Unsized
	Instances        Estimate `json:"instances"`              // its part of the totals; or shards, nodes, executions at once, by kind
	Unsized          bool     `json:"unsized,omitempty"`      // nothing says how many cores an instance has
	NeededCores      Estimate `json:"needed_cores"`           // for the calls, before rounding up to instances, by its own percentiles; 0 where no CPU demand is given
	Running          int      `json:"running"`                // instances that run now, 0 where unknown
	UtilizationRatio float64  `json:"utilization_ratio"`      // share of time that a core or node is busy, 0 to 1
	WaitProbability  float64  `json:"wait_probability_ratio"` // share of calls that wait, 0 to 1
	ResponseSeconds  Response `json:"response_seconds"`
	Bottleneck       string   `json:"bottleneck"`         // what asks for the most: cpu, wait, latency, node-rate, primary-cpu, primary-writes, hot-row, hot-key, drain, concurrency, usl
	KeyedBy          string   `json:"keyed_by,omitempty"` // of a cache: sale, zipf or none
	Details          []Detail `json:"details,omitempty"`
	Loads
	StormBurstQPS *Estimate `json:"storm_burst_qps,omitempty"` // its calls in the 100 ms of the storm in which it has the most [1/s]
}

// Response holds quantiles of a response time [s]: P50 and P99 are those that 50 and 99 % of calls do not exceed.
type Response struct {
	P50 float64 `json:"p50"` // [s]
	P99 float64 `json:"p99"` // [s]
}

// Totals are the bill of the whole sale: what candidates, limits and the estate count too. Each is the sum over the services. Low, mid and
// high are those of the services' own sizes. A percentile p is that of the candidate p: the size with which a share p of the trials has no
// service short, so that it is the sum of that size's shares.
type Totals struct {
	CPUCores  Estimate   `json:"cpu_cores"`  // instances x cores of one, of all services whose instances have cores; none of functions
	BusyCores Estimate   `json:"busy_cores"` // of the cores, those that the calls keep busy in the mean; a percentile is that of the trials' sums
	Instances Estimate   `json:"instances"`  // of all services; executions at once of functions
	GBSeconds Estimate   `json:"function_gb_seconds"`
	Calls     Estimate   `json:"function_calls"` // over the sale
	Cost      *Estimate  `json:"cost"`           // of one sale, in CostUnit: the sum of the parts that have one; null where none has
	CostUnit  string     `json:"cost_unit"`      // money, in the currency of the estate's prices; core-hours where nothing has a price
	CostParts []CostPart `json:"cost_parts"`
	Unsized   []string   `json:"unsized"` // services whose instances have no known cores, which cpu_cores leaves out
}

// CostPart is one part of the cost of a sale: a pool, cores beyond the pools, time and calls of functions.
type CostPart struct {
	Name string    `json:"name"`
	Cost *Estimate `json:"cost"` // null where it has no price
}

// Confidence are the intervals in which the totals of the three percentiles lie with 95 % confidence, for so many trials.
type Confidence struct {
	CPUCores  Intervals `json:"cpu_cores"`
	Instances Intervals `json:"instances"`
	Cost      Intervals `json:"cost"` // 0 where there is none
}

// Intervals are those of one total.
type Intervals struct {
	P50 Interval `json:"p50"`
	P95 Interval `json:"p95"`
	P99 Interval `json:"p99"`
}

// Interval is a range in the unit of its total.
type Interval struct {
	Low  float64  `json:"low"`  // in the unit of its total
	High *float64 `json:"high"` // in the unit of its total; null where the trials are too few to bound it
}

// Warning is something a reader of the plan must know.
type Warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Excuse says why a candidate was rejected: Got and Limit are in the unit of what is limited, cores, instances,
// calls/s, seconds or an amount of money.
type Excuse struct {
	Candidate  string  `json:"candidate"`
	Bottleneck string  `json:"bottleneck"`
	Got        float64 `json:"got"`
	Limit      float64 `json:"limit"`
}

// Detail is a figure that only one kind of service has, in the mid case. Names are stable; a word in
// braces says whose figure it is: burst_seconds{aws-lambda}.
//
//	cache     hot_key_ratio, hot_key_qps, hot_shard_qps, db_reads_at_hit, db_reads_at_hit_minus_1pct
//	database  write_qps, read_qps, most_write_qps, queued_qps, primary_cores, hot_row_qps, pool_connections, node_connections
//	queue     event_seconds, enqueued, out_qps, most_out_qps, delivered, depth, drain_seconds, partitions
//	function  event_seconds, concurrency, provisioned, cold_starts, server_cores, server_instances, and for each
//	          provider burst_seconds, throttled_qps, throttled_requests
//	any       quota_qps, throttled_qps{quota}, throttled_ratio{quota}
type Detail struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"` // in Unit
	Unit  string  `json:"unit"`  // 1/s, s, ratio, or what is counted
	Note  string  `json:"note,omitempty"`
}

// EstatePlan says where the instances run, what spills to the cloud and when it must be asked for.
//
//	need       sum of pods x cores of one: the instances of each service, or the pods of its autoscaler where these are more. Functions
//	           run on their provider's machines, and instances without known cores are left out
//	provision  ceil(need x Z/(Z-k)) of what stays at home, and of the rest: Z zones of which k may be lost
//	lead       provisioning + slowest service start + margin
//
// Pools are filled in the scenario's order. Caches and databases stay at home, in the pools without
// provision, and take their room there first: what holds no hot cache goes to the cloud first.
// Source: queueing.ZoneRedundancy, queueing.TokenBucket, queueing.PrescaleLead; docs/model.md.
type EstatePlan struct {
	Zones            int        `json:"zones"`         // 0 where none is given
	SurviveZones     int        `json:"survive_zones"` // zones that may be lost, fewer than Zones
	ZoneFactor       float64    `json:"zone_factor"`   // Z/(Z-k), 1 where no zone is to be survived
	NeedCores        Estimate   `json:"need_cores"`
	ProvisionCores   Estimate   `json:"provision_cores"`
	HomeCores        Estimate   `json:"home_cores"`  // the part of provision_cores that may not leave home
	SpillCores       Estimate   `json:"spill_cores"` // the part that has to be asked for
	ShortCores       Estimate   `json:"short_cores"` // the part that no pool has
	PoolCores        float64    `json:"pool_cores"`  // of all pools
	Enough           bool       `json:"enough"`      // at p95 nothing is short, every autoscaler may reach the size, and what is scheduled comes before T0
	BindingLimit     string     `json:"binding_limit"`
	LeadSeconds      Estimate   `json:"lead_seconds"`       // before T0 that the scale-up must begin
	GivenLeadSeconds float64    `json:"given_lead_seconds"` // of the scheduled scale-up with the least time to spare, 0 where there is none
	StartSeconds     float64    `json:"start_seconds"`      // of the slowest service
	MarginSeconds    float64    `json:"margin_seconds"`
	EventSeconds     float64    `json:"event_seconds"`
	Cost             *Estimate  `json:"cost"`        // of one sale: that of the plan's totals
	CloudFirst       []string   `json:"cloud_first"` // services that hold no hot cache
	Pools            []PoolPlan `json:"pools"`
	Verdict          string     `json:"verdict"` // whether the pools and autoscalers are enough, or by how much not

	schedules []schedule
}

// PoolPlan is one pool's part.
//
//	reserved   cost = cores of the pool x 24 h x price
//	otherwise  cost = cores used x (lead + event) x price: paid from the request on
//
// So by definition of the two ways of billing; price is that of a core-hour, and without one the cost is null.
type PoolPlan struct {
	Name             string   `json:"name"`
	Billing          string   `json:"billing"` // reserved, on-demand or burst
	Cores            float64  `json:"cores"`
	UsedCores        Estimate `json:"used_cores"`
	CoresPerSec      float64  `json:"cores_per_second"` // of the provider, 0 where all are there at once
	BurstCores       float64  `json:"burst_cores"`      // that come before that rate begins to count
	ProvisionSeconds Estimate `json:"provision_seconds"`
	LeadSeconds      Estimate `json:"lead_seconds"` // 0 where the pool is not used

	Cost *Estimate `json:"cost"` // null where the pool has no price
}

// Autoscaling compares an autoscaler that watches the CPU with a scale-up that is scheduled.
//
//	cycles  = ceil(ln g / ln min(1/target, 2)), g the growth from the normal day to the event
//	seconds = cycles x (sync + service start), and a node's start more a cycle where nodes must come
//
// The normal day is the busy mean; the event is the mid case. While pods are saturated the
// autoscaler sees 100 %, whatever the load, so that a cycle multiplies them by 1/target at most.
// Source: queueing.HPA.ClimbCycles; docs/model.md.
type Autoscaling struct {
	Step     string           `json:"step"`         // that grows the most
	Growth   float64          `json:"growth_ratio"` // its rate at the event over that of the normal day
	Climbs   []Climb          `json:"climbs"`
	Services []ServiceScaling `json:"services"` // those that the estate scales
	Because  string           `json:"because"`  // why an autoscaler alone is, or is not, too late
}

// Climb is how long an autoscaler with one target takes.
type Climb struct {
	TargetRatio      float64 `json:"target_ratio"`
	Cycles           int     `json:"cycles"`             // decisions, at least 0
	Seconds          float64 `json:"seconds"`            // on nodes that run already
	SecondsWithNodes float64 `json:"seconds_with_nodes"` // [s], where every cycle must add nodes first
	Stuck            bool    `json:"stuck"`              // the target is within the tolerance of 100 %: it never grows
}

// ServiceScaling is how one service gets from the normal day to the event.
type ServiceScaling struct {
	Name          string  `json:"name"`
	Policy        string  `json:"policy"`         // hpa, scheduled or none
	FromInstances float64 `json:"from_instances"` // on the normal day
	ToInstances   float64 `json:"to_instances"`   // at the event
	Growth        float64 `json:"growth_ratio"`   // of its instances over those of the normal day; 1 where it does not grow
	Climbs        []Climb `json:"climbs"`
	LeadSeconds   float64 `json:"lead_seconds"` // before T0 that a scheduled scale-up is asked for
	Because       string  `json:"because"`
}

// Candidate is one size for the whole sale with its split over the services. A trial has enough where no service needs more instances
// than its own share: instances do not move between services.
//
// mid and high are the services' sizes in those cases. p50, p95 and p99 are sizes with which at least that share of the trials has no
// service short, the risk shared by what services cost: [bill.NewTrials].
type Candidate struct {
	Name           string        `json:"name"` // mid, p50, p95, p99, high or now
	Size           []ServiceSize `json:"size"`
	CPUCores       float64       `json:"cpu_cores"`
	Cores          float64       `json:"cores"` // the same
	Instances      float64       `json:"instances"`
	ShortfallRatio float64       `json:"shortfall_ratio"`  // share of trials in which some service falls short of its share
	NotEnoughRatio float64       `json:"not_enough_ratio"` // the same
	ShortfallCores float64       `json:"shortfall_cores"`  // mean over all trials of what is missing, of all services
	SurplusCores   float64       `json:"surplus_cores"`    // mean over all trials of what is too much
	Cost           *float64      `json:"cost"`             // of one sale, in the currency of Recommendation.CostUnit; null where nothing has a price
	Regret         float64       `json:"regret"`           // mean over all trials, in Recommendation.RegretUnit
	Rejected       []string      `json:"rejected"`         // limits that it is over, or cannot be said to keep: cores, instances, cost
}

// ServiceSize is the share of one service in a size.
type ServiceSize struct {
	Service   string   `json:"service"`
	Instances float64  `json:"instances"`
	Cores     *float64 `json:"cores"`                // null where its instances have no known cores, and of functions
	GBSeconds *float64 `json:"gb_seconds,omitempty"` // of a function, over the sale
	Calls     *float64 `json:"calls,omitempty"`      // of a function, over the sale
}

// Recommendation names the candidate to take.
type Recommendation struct {
	Candidate  string `json:"candidate"` // empty where no candidate within the limits is enough
	Because    string `json:"because"`
	CostUnit   string `json:"cost_unit"`   // money, in the currency of the estate's prices; core-hours where nothing has a price
	RegretUnit string `json:"regret_unit"` // cost, where sale.margin is given; cores elsewhere
}

// Units of costs and regrets.
const (
	CostInMoney     = bill.InMoney
	CostInCoreHours = bill.InCoreHours
	RegretInCost    = "cost"
	RegretInCores   = "cores"
)

// Influence is what one uncertain input does to an output of the plan: to totals.cpu_cores [cores] in [Plan].Tornado,
// to demand.event_qps [1/s] in [Plan].EventTornado. Low, High and Swing are in the unit of the output, [cores] or
// [1/s].
type Influence struct {
	Input string  `json:"input"` // field of the scenario
	Low   float64 `json:"low"`   // the output with this input at its low value and all others at mid
	High  float64 `json:"high"`  // and with it at its high value
	Swing float64 `json:"swing"` // |high - low|
	Share float64 `json:"share"` // of the output's variance that this input alone explains, 0 to 1
}

// Change is a measured value beside the one that the scenario assumed.
type Change struct {
	Field   string `json:"field"`
	Unit    string `json:"unit"`
	Old     *Range `json:"old"` // as the scenario has it; null where it has none
	New     Range  `json:"new"` // as measured
	Origin  Origin `json:"origin"`
	Applied bool   `json:"applied"` // the plan counts with it
}

// Range is an interval: Low, Mid and High are its 10, 50 and 90 % points, in the unit of its field.
type Range struct {
	Low  float64 `json:"low"`
	Mid  float64 `json:"mid"`
	High float64 `json:"high"`
}

// Origin says where a measured value comes from.
type Origin struct {
	Run    string `json:"run"`
	Method string `json:"method"`
	N      int    `json:"n"` // observations
}

// Uncalibrated is what the plan asks for by the scenario's own values.
type Uncalibrated struct {
	Services []UncalibratedService `json:"services"`
	Totals   Totals                `json:"totals"`
}

// UncalibratedService is one service's size by the scenario's own values.
type UncalibratedService struct {
	Name      string   `json:"name"`
	CPUCores  Estimate `json:"cpu_cores"`
	Instances Estimate `json:"instances"`
}
