// Package model turns a scenario into numbers to calculate with.
//
// Its inputs become distributions, its demand rates, its services sizes.
//
// [New] reads a scenario once. Everything else here is arithmetic on what New returned. A [Case] is one
// set of values for all inputs: a corner, in which all inputs are at once at their low, mid or high
// values, or a trial of a Monte Carlo simulation, in which each is drawn on its own. Nothing in a
// [Model] changes after New, so that cases can be computed at the same time.
package model

import (
	"math"
	"time"

	"fsctl/plan/queueing"
	"fsctl/scenarios"
	"fsctl/scenarios/visits"
)

// Absent is the index of an input, or of a service, that the scenario does not give; others count from 0.
const Absent = -1

// Model is a scenario with names resolved to indices, units to seconds and 1/s, and intervals to
// distributions. Fields are to be read only.
type Model struct {
	Scenario      string // its name
	Inputs        []Input
	Workload      Workload
	Steps         []Step
	Services      []Service
	Loads         []Load          // what services are sized for the largest of, at least one
	Bursts        []Load          // the busiest 100 ms of the storm: of all requests, and of services whose busiest is another; none without a storm
	StormRequests []visits.Number // of each step in the whole storm; nil without one
	Storm         int             // index of the input that says where the storm's expected requests lie, or Absent where they are certain
	Event         Event
	Sale          *Sale                 // nil where the scenario sells nothing
	Estate        *Estate               // nil where the scenario gives none
	Limits        *scenarios.SizeLimits // of the whole sale; nil where none is given

	built  bool          // New is done
	order  []int         // of services, so that callers come before those they call
	choice []int         // the loads that services may be sized for, indices in Loads, at least one
	calls  [][]stepCalls // of each service, those of Calls that are not 0
}

// stepCalls is how often a step calls a service.
type stepCalls struct {
	step  int
	calls float64
}

// Workload is the demand of an ordinary day by the 2/8 rule. Users, Active, Actions, Requests and Peak
// are indices of inputs: either the first three or Requests are there, and Peak; none of them where the scenario has no workload.
type Workload struct {
	Users, Active, Actions int
	Requests, Peak         int
	PeakGiven              bool               // false where the scenario's text leaves the peak to the default
	BusyShare              float64            // share of the day's requests in the busy window, above 0 and at most 1
	BusySeconds            float64            // length of the busy window [s], at most a day
	Origins                map[string]float64 // how many places the requests come from, above 0, by what they are
}

// Step is one kind of request.
type Step struct {
	Name        string
	Share       float64 // of all requests, 0 to 1
	Followed    bool    // Share is that of the requests which the storm's journeys send; else the scenario gives it
	Transaction bool
	Event       int // index of the input, a factor over the busy mean, that multiplies the step at the sale; or Absent
}

// Service is one service with its limits. Demand, Variability, Hit and Capacity are indices of inputs,
// or Absent. A limit that is 0 is not there.
type Service struct {
	Name, Kind    string
	Calls         []float64 // by one request of each step, 0 or more
	Misses        int       // index of the service that gets the calls which are no hits, or Absent
	To            int       // index of the service that gets what leaves a queue, or Absent
	Called        bool      // it gets calls in a load that services may be sized for, at least in the high case
	Running       int       // instances that run now, 0 where unknown
	InstanceCores float64   // cores of one instance, 1 or more
	HasCores      bool      // its instances are known to have those cores; never of a function, which is billed by its time
	MemoryGB      float64   // of one instance of a function, above 0
	StartSeconds  float64   // from the request for an instance until it is ready [s]

	Demand      int // core time of a call [s]
	Variability int // squared coefficient of variation of the service time; 1 where absent
	Hit         int // share of calls that a cache answers itself
	Capacity    int // calls per second of one shard or node

	Utilization  float64 // never planned above, above 0 and at most 1
	Wait         float64 // largest share of calls that wait for a core, above 0; 1 where waiting is what the service is for
	Quantile     float64 // share of calls that must keep LimitSeconds, 0 to 1 exclusive
	LimitSeconds float64 // of the response time at Quantile [s]
	Writes       float64 // share of the steps' calls that write, 0 to 1
	HotRow       float64 // writes per second that one row takes [1/s]

	Primaries    float64 // of a database, each with its part of the writes, at least 1
	HotKey       float64 // share of a cache's calls for its hottest key, 0 to 1; 0 where they spread evenly
	KeyedBy      Keys    // what the keys of a cache are
	KeyCopies    float64 // shards of a cache that each hold the hottest key, at least 1
	Connections  float64 // connections that a node of a database accepts
	Partitions   float64 // of a queue: the most consumers, 0 for no limit
	DrainSeconds float64 // until a queue must be empty again [s]
	Provisioned  float64 // instances of a function that are kept warm
	MaxInstances float64 // of a function, in its account
	Quota        float64 // calls per second that a provider lets through [1/s]
	QuotaBurst   float64 // calls above the quota that pass at once

	Burst *queueing.TokenBucket // by which a provider creates instances of a function; nil where not given
	USL   *USL                  // nil where no growth by instances was measured
}

// USL is how the throughput of a service grows with its instances, as measured. Gamma [1/s], Alpha, 0 to 1, and
// Beta, 0 or more, are indices of inputs. Source: [queueing.USL].
type USL struct {
	Gamma, Alpha, Beta int
	Measured           float64 // most instances measured, 1 or more
}

// Event is what the scenario says of the sale's opening.
type Event struct {
	Seconds float64 // longest time that the event's rate lasts [s]: the storm after T0, else the busy window
	HotKey  float64 // share of the calls for the most wanted item, of those that name an item, 0 to 1; 0 where no sale gives it
	Hottest float64 // share of all orders for the most wanted item, 0 to 1; 1 where no sale distinguishes the rows
}

// Sale is what is sold.
type Sale struct {
	Items  float64 // different ones, at least 1
	Stock  float64 // pieces of each item, at least 1
	Margin float64 // what a lost order costs, in the currency of the pools' prices; 0 where unknown
}

// Pieces returns the pieces of all items, at least 1: by definition stock x items.
func (s *Sale) Pieces() float64 { return s.Stock * s.Items }

// Estate is where the services run.
type Estate struct {
	Zones, SurviveZones int     // SurviveZones of Zones may be lost, from 0 to Zones-1
	ZoneFactor          float64 // Z/(Z-k) for k of Z zones that may be lost, at least 1
	EventSeconds        float64 // that the event's cores are held and paid for [s]
	MarginSeconds       float64 // added to the time that a scale-up takes [s]
	StartSeconds        float64 // of the slowest service that is called [s]
	Pinned              []bool  // per service: it stays at home
	Elsewhere           []bool  // per service: it takes no cores of the estate
	Pools               []Pool  // filled in this order
	Functions           FunctionPrices
	Scaling             []scenarios.Scaling
	Autoscalers         []*scenarios.Scaling // per service: the autoscaler that watches its CPU, nil without one
}

// Pool is a stock of cores.
type Pool struct {
	Name, Billing string
	Cores         float64               // 0 or more
	Price         *float64              // of a core-hour, 0 or more; nil where it is not known
	Provider      *queueing.TokenBucket // by which cores come; nil where all are there at once
	GivenCores    float64               // the provider's rate as the scenario writes it: these cores
	Within        time.Duration         // come within this time
	Home          bool                  // services that stay at home may run here
}

// FunctionPrices are those of a second of an execution with a GB of memory and of one call, 0 or more; nil where not known.
type FunctionPrices struct {
	GBSecond *float64 // in the currency of the pools' prices
	Call     *float64 // in the currency of the pools' prices
}

// Case is one set of values of the inputs with what follows from them. All rates are in 1/s.
type Case struct {
	Values             []float64 // of the inputs, each in the unit and range of its [Input]
	ActiveUsers        float64   // 0 where the workload gives requests a day
	RequestsPerDay     float64
	BusyMean           float64   // rate in the mean of the busy window [1/s]
	PeakQPS, PeakTPS   float64   // at the day's peak [1/s]: of all steps, and of those that are transactions
	EventQPS, EventTPS float64   // at the event [1/s], likewise; the day's peak where there is none
	Loads, Bursts      []Rates   // of each load of the model
	Largest            int       // the load with the most requests of those that services may be sized for, an index in Loads
	Steps              []float64 // rate of each step in that load [1/s]
	SizedFor           []int     // the load that asks for the most of each service, an index in Loads
	Rates              []float64 // calls of each service in that load [1/s], with those that others miss
	Direct             []float64 // the part of Rates that the steps call
	Sizes              []Size    // of each service

	choice []int // the loads that services may be sized for, indices in Loads
}

// Rates is one load in one case.
type Rates struct {
	Kind     LoadKind
	QPS, TPS float64   // of all steps, and of those that are transactions [1/s]
	Steps    []float64 // of each step [1/s]
	Requests []float64 // of each step in all, in the busy window or in the storm: a count
	Services []float64 // calls of each service, with those that others miss and those that queues hand on [1/s]
	Direct   []float64 // the part of Services that the steps call [1/s]
	Queued   []float64 // the part of Services that queues hand on, also through a service that handles their messages [1/s]
	Orders   []float64 // the part of Direct and Queued that transactions have caused [1/s]
	Out      []float64 // calls of each service that are not refused; of a queue those that leave it, as long as any wait [1/s]
	Totals   []float64 // calls of each service that come in all in the busy window, or in the storm: a count
}

// LoadOf returns the load that service i is sized for.
func (x *Case) LoadOf(i int) *Rates { return &x.Loads[x.SizedFor[i]] }

// Value returns the value of the input of that index, in the unit of the [Input]; or otherwise, a value in the
// same unit, where the index is Absent.
func (x *Case) Value(index int, otherwise float64) float64 {
	if index == Absent {
		return otherwise
	}
	return x.Values[index]
}

// Size is what one service needs in one case.
type Size struct {
	Cores, Instances float64 // 0 or more; instances are shards, nodes, consumers or executions, by kind
	Bottleneck       string  // what asks for the most: a By constant, empty where nothing is needed
	Late             bool    // the service time alone exceeds the latency limit, so no size keeps it
	Beyond           bool    // instances are a lower bound: what was measured of their growth ends before
}

// What can ask for the most of a service: the values of [Size].Bottleneck.
const (
	ByCPU           = "cpu"
	ByWait          = "wait"
	ByLatency       = "latency"
	ByNodeRate      = "node-rate"
	ByPrimaryWrites = "primary-writes"
	ByPrimaryCPU    = "primary-cpu"
	ByHotRow        = "hot-row"
	ByHotKey        = "hot-key"
	ByDrain         = "drain"
	ByConcurrency   = "concurrency"
	ByUSL           = "usl" // contention between instances enlarges the service
)

// The range of the formulas: [Model.Corners] keeps the high case inside it. A trial may go beyond, and
// is then sized by the formula's limit for large numbers.
const (
	LeastRate  = 1e-15 // 1/s; below, there are no calls
	MaxRate    = 1e15  // 1/s
	MaxErlang  = 1e9   // erlang
	MaxServers = 2e9   // cores
	MaxNodes   = 1e12  // instances
)

// DaySeconds is the length of a day [s].
const DaySeconds = 86400

// Ceil rounds up, but takes 40.000000000000007 for the 40 that was meant: x may be larger than a whole number
// by a share of 1e-12. x is any number; its unit is kept.
func Ceil(x float64) float64 { return math.Ceil(x - 1e-12*x) }
