// Package scenarios defines the scenario file, which describes one sale in the terms that all other packages use.
package scenarios

import (
	"slices"
	"time"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/random"
	"fsctl/scenarios/request"
	"fsctl/scenarios/script"
	"fsctl/scenarios/strict"
	"fsctl/scenarios/threshold"
)

// Scenario is one sale, as its file describes it. Load and Parse return it validated.
type Scenario struct {
	APIVersion  string                        `yaml:"apiVersion" jsonschema:"required,enum=fsctl/v1" jsonschema_description:"Version of this format."`
	Kind        string                        `yaml:"kind" jsonschema:"required,enum=Scenario" jsonschema_description:"Always Scenario."`
	Name        string                        `yaml:"name" jsonschema:"required" jsonschema_description:"Short name: lower-case letters, digits, - and _."`
	Description string                        `yaml:"description" jsonschema_description:"What happens, in one sentence."`
	Source      string                        `yaml:"source" jsonschema_description:"Where the figures come from."`
	Workload    Workload                      `yaml:"workload" jsonschema_description:"Who comes, and when, on the day: what plan computes from. An attack needs none."`
	Targets     map[string]string             `yaml:"targets" jsonschema_description:"Other hosts that steps name as host: each must be allowed. --target gives main."`
	Defaults    Defaults                      `yaml:"defaults" jsonschema_description:"What holds for every step that does not say otherwise."`
	Steps       strict.Keyed[Step]            `yaml:"steps" jsonschema:"required" jsonschema_description:"What one request can be."`
	Services    []Service                     `yaml:"services" jsonschema_description:"What stands behind the door."`
	Sale        *Sale                         `yaml:"sale" jsonschema_description:"What is sold. It bounds successes, never attempts."`
	Estate      *Estate                       `yaml:"estate" jsonschema_description:"Where it runs."`
	Limits      *SizeLimits                   `yaml:"limits" jsonschema_description:"What the whole sale may take at most; plan is infeasible above."`
	Storm       *Storm                        `yaml:"storm" jsonschema_description:"How the storm arrives. Times are relative to T0, the instant the sale opens."`
	Rehearsal   *Rehearsal                    `yaml:"rehearsal" jsonschema_description:"How fsctl rehearse shrinks the storm to one machine."`
	Journeys    strict.Keyed[script.Script]   `yaml:"journeys" jsonschema_description:"What a user does, step by step."`
	Feeders     strict.Keyed[Feeder]          `yaml:"feeders" jsonschema_description:"Rows of data, one a user."`
	Thresholds  strict.Keyed[threshold.Limit] `yaml:"thresholds" jsonschema_description:"What must hold: k6 threshold strings by metric."`
	Invariants  []Invariant                   `yaml:"invariants" jsonschema_description:"What must hold of the sale itself."`
	Ledger      *Ledger                       `yaml:"ledger" jsonschema_description:"Where the shop tells what it really sold, or answers, for a target that does not."`

	File     string `yaml:"-"` // where it was read from; data files are found beside it
	Document []byte `yaml:"-"` // its text, with every --set applied

	environment map[string]string // by WithEnvironment; never written
	files       map[string][]byte // data files by their names, where none is read; nil where they are
}

// Workload turns people into requests per second by the 2/8 rule: a share of the day's requests (80 %) comes in a
// busy window. Actions are 0 or more a day; Peak and Event are factors over the busy mean, above 0 and without a
// unit.
type Workload struct {
	Users    amount.Interval[amount.Count]       `yaml:"users" jsonschema_description:"Registered users."`
	Active   amount.Interval[amount.Ratio]       `yaml:"active" jsonschema_description:"Share of them active on the day."`
	Actions  amount.Interval[float64]            `yaml:"actions" jsonschema_description:"Requests per active user per day."`
	Requests amount.Interval[amount.Count]       `yaml:"requests" jsonschema_description:"Requests a day, in place of users, active and actions."`
	Busy     Busy                                `yaml:"busy" jsonschema_description:"The share of the day's requests that arrives in the busy window."`
	Peak     amount.Interval[float64]            `yaml:"peak" jsonschema_description:"Peak over the busy mean."`
	Event    map[string]amount.Interval[float64] `yaml:"event" jsonschema_description:"A sale multiplies these steps over their busy mean."`
	Origins  map[string]amount.Count             `yaml:"origins" jsonschema_description:"How many of what the requests come from, such as stores: plan doubts figures of over one a second around the clock for each."`
}

// IsGiven reports whether the scenario has a workload, which plan computes from.
func (w *Workload) IsGiven() bool {
	return !w.Users.IsZero() || !w.Active.IsZero() || !w.Actions.IsZero() || !w.Requests.IsZero() || w.Event != nil || w.Origins != nil
}

// HasShares reports whether the steps say their shares of the workload's requests.
func (s *Scenario) HasShares() bool {
	return slices.ContainsFunc(s.Steps, func(s Step) bool { return s.Share > 0 })
}

// Busy is the busy window of the 2/8 rule.
type Busy struct {
	Share  amount.Ratio  `yaml:"share" jsonschema_description:"Share of the day's requests; 80% by default."`
	Window time.Duration `yaml:"window" jsonschema_description:"Length of the busy window; 5h by default."`
}

// Step is one kind of request: the word that plan, attack, thresholds and reports share.
type Step struct {
	Name        string                `yaml:"-"`
	Share       amount.Ratio          `yaml:"share" jsonschema_description:"Share of all requests of the workload, of all steps together 100 %; without any they follow from the journeys of the storm."`
	Transaction bool                  `yaml:"transaction" jsonschema_description:"Counts in TPS."`
	Request     request.Request       `yaml:"request" jsonschema_description:"What is sent. ${name} stands for a variable, ${env.NAME} for one of the environment of whoever starts the storm."`
	Extract     map[string]Extraction `yaml:"extract" jsonschema_description:"Variables taken from the answer: json:PATH, header:NAME, regex:EXPR or cookie:NAME; or {from: ..., optional: true} where it may be missing."`
	Check       []string              `yaml:"check" jsonschema_description:"Conditions on an answer as expected, such as: status in 200,409."`
	Outcome     strict.Keyed[Outcome] `yaml:"outcome" jsonschema_description:"Names for answers; the first whose condition holds is counted."`
	Patience    time.Duration         `yaml:"patience" jsonschema_description:"How long a user waits for the answer before giving up: the connection is closed and the request counts as abandoned."`
	Count       map[string]string     `yaml:"count" jsonschema_description:"Own counters by name: json:PATH, header:NAME or regex:EXPR adds the number that is there, or a condition, which adds 1 where it holds."`
}

// Defaults is what holds for every step and user, unless a step says otherwise. A step's own header field wins, whatever its case.
type Defaults struct {
	Headers     map[string]string `yaml:"headers" jsonschema_description:"Header fields of every request."`
	Timeout     time.Duration     `yaml:"timeout" jsonschema_description:"Longest time to the whole answer; 30s by default."`
	Cookies     string            `yaml:"cookies" jsonschema:"enum=on,enum=off" jsonschema_description:"on (each user keeps cookies as a browser does, by RFC 6265; the default) or off."`
	Connections string            `yaml:"connections" jsonschema:"enum=shared,enum=per-user" jsonschema_description:"shared (users take any connection that is open; the default) or per-user (each user opens its own, as a browser does)."`
}

// Values of Defaults.
const (
	CookiesOn          = "on"
	CookiesOff         = "off"
	ConnectionsShared  = "shared"
	ConnectionsPerUser = "per-user"
)

// NamesItem reports whether the step's request names an item on sale: ${sku} stands in it.
func (s *Step) NamesItem() bool { return slices.Contains(s.Request.Names(), "sku") }

// Extraction is a variable that a step takes from its answer. Where the answer has a status of 2xx and is as expected, a
// request whose answer lacks it has failed, unless it is optional.
type Extraction struct {
	From     string `yaml:"from" jsonschema:"required" jsonschema_description:"json:PATH, header:NAME, regex:EXPR or cookie:NAME."`
	Optional bool   `yaml:"optional" jsonschema_description:"An answer without it is no failure."`
}

// Outcome names an answer for which a condition holds.
type Outcome struct {
	Name string
	When string
}

// Service is something that answers, stores or forwards, as plan sizes it. Calls are 0 or more a request;
// Variability is a squared coefficient of variation, 0 to 100; Running, KeyCopies, Connections, Partitions,
// Provisioned and MaxInstances count things, 0 or more, and Shards 1 or more.
type Service struct {
	Name         string                         `yaml:"name" jsonschema:"required"`
	Kind         string                         `yaml:"kind" jsonschema:"required,enum=service,enum=cache,enum=database,enum=queue,enum=function"`
	Calls        map[string]float64             `yaml:"calls" jsonschema_description:"Calls that one request of a step makes to this service."`
	Demand       amount.Interval[time.Duration] `yaml:"demand" jsonschema_description:"CPU time per call."`
	Variability  *amount.Interval[float64]      `yaml:"variability" jsonschema_description:"Squared coefficient of variation of the service time; 1 by default."`
	Instance     Instance                       `yaml:"instance" jsonschema_description:"Size of one instance."`
	Utilization  amount.Ratio                   `yaml:"utilization" jsonschema_description:"Never plan above this; 70% by default."`
	Wait         amount.Ratio                   `yaml:"wait" jsonschema_description:"Largest probability that a call waits for a core; 20% by default."`
	Latency      *Latency                       `yaml:"latency" jsonschema_description:"Quantile of the response time that must hold."`
	Start        time.Duration                  `yaml:"start" jsonschema_description:"From scale to ready."`
	Running      int                            `yaml:"running" jsonschema_description:"Instances that run behind the target now."`
	Hit          *amount.Interval[amount.Ratio] `yaml:"hit" jsonschema_description:"Share of calls that a cache answers itself."`
	Misses       string                         `yaml:"misses" jsonschema_description:"Service that the rest goes on to; at a queue another word for to."`
	To           string                         `yaml:"to" jsonschema_description:"Service that gets what the consumers of a queue work off, at their rate."`
	Capacity     amount.Interval[amount.Rate]   `yaml:"capacity" jsonschema_description:"Calls per second of one shard or node."`
	Writes       amount.Ratio                   `yaml:"writes" jsonschema_description:"Share of the calls by steps and queues that write: they go to the primary."`
	HotRow       amount.Rate                    `yaml:"hot_row" jsonschema_description:"Writes per second that one row takes."`
	Shards       int                            `yaml:"shards" jsonschema_description:"Shards of a database: primaries, each with its part of the writes, and the same number of replicas behind each; 1 by default."`
	Key          Key                            `yaml:"key" jsonschema_description:"What the keys of a cache are: sale (the items on sale), none (calls spread evenly) or {zipf, keys}; by default sale where a step that calls it uses ${sku}, else none."`
	KeyCopies    int                            `yaml:"key_copies" jsonschema_description:"Shards of a cache that each hold the hottest key; 1 by default."`
	Connections  int                            `yaml:"connections" jsonschema_description:"Connections that one node of a database accepts; no limit where it is left out."`
	Partitions   int                            `yaml:"partitions" jsonschema_description:"Partitions of a queue: consumers cannot be more; no limit where it is left out."`
	Drain        time.Duration                  `yaml:"drain" jsonschema_description:"Longest time from the end of the event until a queue is empty again; without it consumers keep up with the event."`
	Provisioned  int                            `yaml:"provisioned" jsonschema_description:"Instances of a function that are kept warm."`
	MaxInstances int                            `yaml:"max_instances" jsonschema_description:"Concurrent instances of a function that the account allows; no limit where it is left out."`
	Burst        *Burst                         `yaml:"burst" jsonschema_description:"How fast the provider of a function creates instances."`
	Quota        amount.Rate                    `yaml:"quota" jsonschema_description:"Calls per second that a provider lets through; no limit where it is left out."`
	QuotaBurst   amount.Count                   `yaml:"quota_burst" jsonschema_description:"Calls that a provider lets through above the quota at once: its token bucket."`
	USL          *USL                           `yaml:"usl" jsonschema_description:"How throughput grows with instances, as measured; in place of demand x instances."`
}

// Key is what the keys of a cache are: By is one of the constants below, or empty where the requests say it. Zipf is the exponent of the
// keys' popularity, 0 to 10, and Keys their number, 1 to 10 M.
type Key struct {
	By   string
	Zipf float64
	Keys int
}

// What the keys of a cache can be.
const (
	KeyedBySale    = "sale" // the items on sale, as popular as they
	KeyedByNothing = "none" // keys of which none is hotter than others, such as tokens of sessions
	KeyedByZipf    = "zipf" // so many keys, as popular as a law of Zipf says
)

// USL is how the throughput of a service grows with its instances, by the Universal Scalability Law:
//
//	X(N) = gamma N / (1 + alpha (N-1) + beta N (N-1))
//
// X is in calls per second, N and Measured in instances from 1; alpha is 0 to 1, beta 0 or more, both without a unit.
// Source: Gunther, Guerrilla Capacity Planning, 2007, chapter 5.
type USL struct {
	Gamma    amount.Interval[amount.Rate]  `yaml:"gamma" jsonschema:"required" jsonschema_description:"Calls per second of one instance."`
	Alpha    amount.Interval[amount.Ratio] `yaml:"alpha" jsonschema:"required" jsonschema_description:"Contention: share of the work that is serial."`
	Beta     amount.Interval[float64]      `yaml:"beta" jsonschema:"required" jsonschema_description:"Coherency: cost of keeping a pair of instances consistent."`
	Measured int                           `yaml:"measured" jsonschema:"required" jsonschema_description:"Most instances that were measured: the law is believed up to twice as many."`
}

// Instance is the size of one instance. Cores are 1 or more; 0 of a cache, a database or a queue without a demand whose cores are not
// given. Memory is that of a function's instance, in bytes, above 0.
type Instance struct {
	Cores  int          `yaml:"cores" jsonschema_description:"Cores of one instance; 1 by default where a demand is given. Without either the cores of a cache, a database or a queue are not known."`
	Memory amount.Count `yaml:"memory" jsonschema_description:"Bytes of memory of one instance of a function, such as 512M; 1G by default."`
}

// Burst is a rate at which a provider creates instances of a function.
type Burst struct {
	Instances amount.Count `yaml:"instances" jsonschema_description:"Instances that it creates at once."`
	Rate      amount.Rate  `yaml:"rate" jsonschema:"required" jsonschema_description:"Instances that it creates after that, such as 300/m."`
}

// Latency is a limit on a quantile of the response time: a share Quantile of calls, 0 to 1 exclusive, is answered
// within Limit.
type Latency struct {
	Quantile amount.Ratio  `yaml:"quantile" jsonschema:"required"`
	Limit    time.Duration `yaml:"limit" jsonschema:"required"`
}

// Sale is what is sold. Items is 1 to 10 M, Stock pieces of each 1 to 1 G, PerUser 0 or more, Margin an amount of
// money an order, 0 to 1e12.
type Sale struct {
	Items      int        `yaml:"items" jsonschema_description:"Different items; 1 by default."`
	Stock      int        `yaml:"stock" jsonschema_description:"Pieces of each item."`
	PerUser    int        `yaml:"per_user" jsonschema_description:"Pieces of an item that one user may buy; 0 for no limit."`
	SKU        string     `yaml:"sku" jsonschema_description:"Name of item ${n}; sku-${n} by default."`
	Popularity Popularity `yaml:"popularity" jsonschema_description:"Which item a visitor wants."`
	Margin     float64    `yaml:"margin" jsonschema_description:"What a lost order costs, in the currency of the pools' prices; unknown by default."`
}

// Popularity is the law by which visitors choose items. Zipf is an exponent without a unit, 0 to 10.
type Popularity struct {
	Zipf float64 `yaml:"zipf" jsonschema_description:"Exponent s: item i is wanted in proportion to 1/i^s; 0 for all alike."`
}

// Estate is where the services run. Zones is their number, 0 or more, and SurviveZones, 0 to Zones-1, are those that
// may be lost.
type Estate struct {
	Zones         int           `yaml:"zones"`
	SurviveZones  int           `yaml:"survive_zones" jsonschema_description:"Zones that may be lost with the rest still within capacity."`
	EventDuration time.Duration `yaml:"event_duration" jsonschema_description:"How long the event's cores are held and paid for; 1h by default."`
	Margin        time.Duration `yaml:"margin" jsonschema_description:"Added to the time that a scale-up takes, as a reserve; 5m by default."`
	Pools         []Pool        `yaml:"pools" jsonschema_description:"Filled in this order."`
	Scaling       []Scaling     `yaml:"scaling"`

	Functions *FunctionPrices `yaml:"functions" jsonschema_description:"What functions cost; without a price their time and calls are counted and have no cost."`
}

// FunctionPrices is what a provider takes for functions, amounts of money in the currency of the pools' prices, 0 or more. An absent
// price is not known.
type FunctionPrices struct {
	GBSecond     *float64 `yaml:"gb_second" jsonschema_description:"Price of a second of an execution with a gigabyte of memory."` // in the currency of the pools' prices
	MillionCalls *float64 `yaml:"million_calls" jsonschema_description:"Price of a million calls."`                                // in the currency of the pools' prices
}

// Pool is a stock of cores. Price is an amount of money a core-hour, 0 or more; absent where it is not known.
type Pool struct {
	Name      string       `yaml:"name" jsonschema:"required"`
	Cores     amount.Count `yaml:"cores" jsonschema:"required"`
	Provision *Provision   `yaml:"provision" jsonschema_description:"How fast its cores can be had; at once where absent."`
	Price     *float64     `yaml:"price" jsonschema_description:"Price per core-hour; 0 for what costs nothing. Without one the pool has no cost."`
	Billing   string       `yaml:"billing" jsonschema:"enum=reserved,enum=on-demand,enum=burst" jsonschema_description:"reserved (the whole pool is paid for all day), on-demand or burst (paid while used, burst at a premium price); on-demand by default with provision, else reserved."`
}

// Provision is a rate at which cores come: so many Cores, above 0, Within a time.
type Provision struct {
	Cores  amount.Count  `yaml:"cores" jsonschema:"required"`
	Within time.Duration `yaml:"within" jsonschema:"required"`
	Burst  amount.Count  `yaml:"burst" jsonschema_description:"Cores that come at once, before the rate of cores within begins to count."`
}

// How a pool's cores are paid for.
const (
	Reserved     = "reserved"
	OnDemand     = "on-demand"
	BurstBilling = "burst"
)

// Scaling is the policy by which a service grows. For hpa, Min and Max bound the instances, 1 <= Min <= Max, and
// Target is above 0 and at most 1.
type Scaling struct {
	Service string        `yaml:"service" jsonschema:"required"`
	Policy  string        `yaml:"policy" jsonschema:"required,enum=none,enum=scheduled,enum=hpa"`
	Lead    time.Duration `yaml:"lead" jsonschema_description:"How long before T0 a scheduled scale-up is asked for."`
	Target  amount.Ratio  `yaml:"target" jsonschema_description:"CPU utilisation that an autoscaler keeps."`
	Min     int           `yaml:"min"`
	Max     int           `yaml:"max"`
}

// SizeLimits is what the whole sale may take at most. An absent limit is none.
type SizeLimits struct {
	Cores     *amount.Count `yaml:"cores" jsonschema_description:"CPU cores of all services together."`
	Instances *amount.Count `yaml:"instances" jsonschema_description:"Instances of all services together."`
	Cost      *amount.Count `yaml:"cost" jsonschema_description:"Cost of the sale: in the currency of the estate's prices, or in core-hours where nothing has a price."`
}

// Storm is how requests arrive.
type Storm struct {
	T0       amount.Start  `yaml:"t0" jsonschema:"required" jsonschema_description:"When the sale opens: a time after the run's start, or a wall-clock time."`
	Phases   []Phase       `yaml:"phases" jsonschema:"required"`
	Drain    time.Duration `yaml:"drain" jsonschema_description:"How long after the last arrival users may still finish; 30s by default."`
	Lateness Lateness      `yaml:"lateness" jsonschema_description:"How late a generator may be before its run is invalid."`
}

// Lateness is how late a generator may send before nothing may be concluded from its run.
type Lateness struct {
	Limit time.Duration `yaml:"limit" jsonschema_description:"A request sent later than this after it was due is late; 50ms by default."`
	Share amount.Ratio  `yaml:"share" jsonschema_description:"Largest share of late requests; 2% by default."`
}

// Phase is one stream of users: either from, to and rate, or at, users and reaction.
type Phase struct {
	Journey  Mix                  `yaml:"journey" jsonschema:"required" jsonschema_description:"A journey, or journeys by weight: {visitor: 80%, searcher: 20%}."`
	Before   *Before              `yaml:"before" jsonschema_description:"What each user does ahead, such as signing in: it keeps what it has got, and waits for its own instant."`
	From     *amount.Instant      `yaml:"from"`
	To       *amount.Instant      `yaml:"to"`
	Rate     amount.Ramp          `yaml:"rate" jsonschema_description:"Users per second; [from, to] for a straight ramp."`
	At       *amount.Instant      `yaml:"at"`
	Users    amount.Count         `yaml:"users" jsonschema_description:"A crowd of so many users who react to the instant at."`
	Reaction *random.Distribution `yaml:"reaction" jsonschema_description:"Time from the instant to the user's first request; 0 by default."`
	Spacing  string               `yaml:"spacing" jsonschema:"enum=poisson,enum=even" jsonschema_description:"poisson (independent users, the default) or even."`
}

// Rehearsal shrinks a storm to one machine and sets up the built-in shop. Workers is 0 or more, 0 for any number.
type Rehearsal struct {
	Scale       amount.Ratio  `yaml:"scale" jsonschema_description:"Multiplies rates, populations and stock; 100% by default."`
	ServiceTime time.Duration `yaml:"service_time" jsonschema_description:"Time a worker of the shop takes for a request."`
	Workers     int           `yaml:"workers" jsonschema_description:"Requests that the shop works on at once."`
	Confirm     time.Duration `yaml:"confirm_after" jsonschema_description:"How long the shop leaves an order pending."`
}

// Feeder is a table of rows; a user gets one row and no other user the same, unless Recycle.
type Feeder struct {
	Name    string            `yaml:"-"`
	From    string            `yaml:"from" jsonschema:"required,enum=sequence,enum=csv"`
	Size    amount.Count      `yaml:"size" jsonschema_description:"Rows of a sequence."`
	Fields  map[string]string `yaml:"fields" jsonschema_description:"Fields of a sequence row; ${n} is its number."`
	File    string            `yaml:"file" jsonschema_description:"CSV file with a header line, beside the scenario."`
	Recycle bool              `yaml:"recycle" jsonschema_description:"Give rows again when there are more users than rows."`
}

// Invariant is something that must hold of the sale itself.
type Invariant struct {
	Name     string `yaml:"name" jsonschema:"required,enum=no-oversell,enum=one-order-per-user,enum=no-lost-order"`
	Optional bool   `yaml:"optional" jsonschema_description:"Without data it is skipped, where others fail."`
}

// The invariants that report judges.
const (
	NoOversell      = "no-oversell"
	OneOrderPerUser = "one-order-per-user"
	NoLostOrder     = "no-lost-order"
)

// Ledger says by what the sale's invariants are judged: the shop's own account of it, at URL, or the answers alone, for a
// target that has none to ask for.
type Ledger struct {
	URL      string `yaml:"url" jsonschema_description:"Path of the shop's ledger, appended to the target."`
	Answers  bool   `yaml:"answers" jsonschema_description:"The target has no ledger to read: judge by what buyers were told alone, in place of url."`
	Baseline string `yaml:"baseline" jsonschema:"enum=read,enum=none" jsonschema_description:"read (the ledger is also read before T0, so that orders of before the run are told apart; the default) or none (for a shop that lists orders only after the sale)."`
	Outcome  string `yaml:"outcome" jsonschema_description:"Outcome of a transaction step that tells a buyer of an order; placed by default."`
	OrderID  string `yaml:"order_id" jsonschema_description:"Extracted variable that holds the order's number; order_id by default."`
}

// What is done about a ledger before T0.
const (
	ReadBaseline = "read"
	NoBaseline   = "none"
)

// IsRead reports whether the shop has a ledger to read.
func (l *Ledger) IsRead() bool { return l != nil && !l.Answers }

// HasBaseline reports whether the shop's ledger is to be read before T0 too.
func (l *Ledger) HasBaseline() bool { return l.IsRead() && l.Baseline != NoBaseline }

// Step returns the step of that name, or nil where there is none.
func (s *Scenario) Step(name string) *Step {
	for i := range s.Steps {
		if s.Steps[i].Name == name {
			return &s.Steps[i]
		}
	}
	return nil
}

// Journey returns the journey of that name, or nil where there is none.
func (s *Scenario) Journey(name string) *script.Script {
	for i := range s.Journeys {
		if s.Journeys[i].Name == name {
			return &s.Journeys[i]
		}
	}
	return nil
}
