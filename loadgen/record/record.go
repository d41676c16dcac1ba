// Package record stores what a load run measured.
//
// A record has histograms per second, step and outcome, counters, a ledger, and the generator's own health. Writer writes it as
// the run goes, Open reads it, and records of agents and of repeated runs merge exactly.
package record

import (
	"time"

	"fsctl/scenarios/quantity"

	"fsctl/loadgen/record/orders"
	"fsctl/loadgen/record/seal"
)

// FormatVersion is the version of the run directories that a Writer makes, a number from 1 that each change raises: 2 has checkpoints
// and a seal. Directories of before had neither, and no version.
const FormatVersion = 2

// Metrics that carry a histogram. Values are nanoseconds.
const (
	ResponseTime  = "response_time"  // from the instant a request was due to its whole answer
	ServiceTime   = "service_time"   // from the instant it was sent to its whole answer
	Lateness      = "lateness"       // from the instant it was due to the instant it was sent
	Waiting       = "waiting"        // from the instant it was sent to the first byte of the answer
	Connecting    = "connecting"     // TCP and TLS handshakes of the connection it opened, 0 where it opened none
	Handshaking   = "handshaking"    // the TLS part of Connecting
	GroupDuration = "group_duration" // from the instant a group's first request was due to the end of its last action; the tag's step is the group's name
	Iteration     = "iteration"      // from the instant a user was due to the end of the journey; the tag's step is the journey's name
)

// OutcomeFinished is the outcome, in tags, of a journey or a group that a user did all of.
const OutcomeFinished = "finished"

// Outcomes that every step has beside those which its scenario names.
const (
	OutcomeOK     = "ok"     // answered as expected, no named outcome matched
	OutcomeFailed = "failed" // answered, but a check failed or, without checks, with status 400 or above
	OutcomeError  = "error"  // no whole answer: refused, reset, timed out, malformed
)

// Tag names one histogram; its text form is metric.step.outcome. No part holds a dot, comma or blank.
type Tag struct {
	Metric, Step, Outcome string
}

// String returns metric.step.outcome, the form in latency.hlog.
func (t Tag) String() string { return t.Metric + "." + t.Step + "." + t.Outcome }

// IsOfStep reports whether the tag's step is one: of some metrics it is the name of a journey or a group.
func (t Tag) IsOfStep() bool { return t.Metric != Iteration && t.Metric != GroupDuration }

// Manifest is run.json: what ran, against what, when, with which settings.
type Manifest struct {
	FormatVersion  int    `json:"format_version,omitempty"` // of the run directory, see FormatVersion; 0 before there were any
	FsctlVersion   string `json:"fsctl_version"`
	Scenario       string `json:"scenario"`
	ScenarioSHA256 string `json:"scenario_sha256"`
	Target         string `json:"target"` // main
	// PerUser says that each user opened a connection of its own and kept it, also while it thought.
	PerUser bool `json:"connections_per_user,omitempty"`
	// Targets are the URLs of the scenario's other targets by name; none where there is only one.
	Targets         map[string]string `json:"targets,omitempty"`
	Reached         []string          `json:"reached,omitempty"` // what connections went to where Target does not say it all: addresses, detour, proxy; a line a host
	Engine          string            `json:"engine"`
	Seed            uint64            `json:"seed"`
	ScaleRatio      float64           `json:"scale_ratio"`               // multiplies rates, populations and stock
	Connections     int               `json:"connections"`               // open at once, where the user fixed them; 0 where they grow with the need
	MaxConnections  int               `json:"max_connections,omitempty"` // open at once at most
	Cores           int               `json:"cores"`                     // cores the generator may use
	PlannedArrivals uint64            `json:"planned_arrivals"`          // users that the storm was to bring
	Start           time.Time         `json:"start"`
	T0              time.Time         `json:"t0"`
	Agents          []Agent           `json:"agents"`
	Settings        map[string]any    `json:"settings"`
	PracticeShop    bool              `json:"practice_shop,omitempty"` // the target is fsctl's built-in shop
	Levels          []Level           `json:"levels,omitempty"`        // in the order in which they were held; only of a search for capacity
	End             *End              `json:"end,omitempty"`           // absent: the run died
	Seal            *seal.Seal        `json:"seal,omitempty"`          // of every other file; there where End is, and last
}

// ConnectionsText says over how many connections a run goes: a fixed number of them, or, where that is 0, up to most.
func ConnectionsText(fixed, most int) string {
	if fixed > 0 || most == 0 {
		return quantity.Of(fixed, "connection")
	}
	return "up to " + quantity.Of(most, "connection")
}

// ConnectionsText says over how many connections the run goes, and whose they are.
func (m *Manifest) ConnectionsText() string {
	text := ConnectionsText(m.Connections, m.MaxConnections)
	if m.PerUser {
		text += ", one for each user"
	}
	return text
}

// Agent is one generator process of the run.
type Agent struct {
	Name          string  `json:"name"`
	OffsetSeconds float64 `json:"offset_seconds"`    // its clock minus the coordinator's
	BoundSeconds  float64 `json:"bound_seconds"`     // largest possible error of the offset
	T0SkewSeconds float64 `json:"t0_skew_seconds"`   // lateness of its first request due at or after T0
	ShareRatio    float64 `json:"share_ratio"`       // of the arrivals, 0 to 1
	Reached       string  `json:"reached,omitempty"` // as Manifest.Reached, where the agent said it
	Finished      bool    `json:"finished"`
	Lost          bool    `json:"lost"`

	// What became of the users of its share, where there are several agents: reported, in doubt and unsent add up
	// to planned.
	PlannedArrivals  uint64 `json:"planned_arrivals,omitempty"`  // users due in its share
	ReportedArrivals uint64 `json:"reported_arrivals,omitempty"` // what they did is in the record
	InDoubtArrivals  uint64 `json:"in_doubt_arrivals,omitempty"` // sent, perhaps, and not in the record
	UnsentArrivals   uint64 `json:"unsent_arrivals,omitempty"`   // users who were never sent
	ExtraArrivals    uint64 `json:"extra_arrivals,omitempty"`    // sent by it though they were another's by then, who sent them too
	InDoubtSeconds   int    `json:"in_doubt_seconds,omitempty"`  // seconds with users in doubt
	ExtraSeconds     int    `json:"extra_seconds,omitempty"`     // seconds with extra users
}

// Verdicts on a level.
const (
	LevelPass    = "pass"    // the thresholds were met
	LevelFail    = "fail"    // one was crossed
	LevelInvalid = "invalid" // the generator was at fault: nothing is known of the target
)

// Level is one rate that was held in a search for capacity. Its seconds are whole and count from T0.
type Level struct {
	RatePerSec      float64 `json:"rate_per_sec"`      // users who came
	FromSeconds     int     `json:"from_seconds"`      // the first users came
	HoldFromSeconds int     `json:"hold_from_seconds"` // what was due from here on is judged
	ToSeconds       int     `json:"to_seconds"`        // no more users came
	EndSeconds      int     `json:"end_seconds"`       // nothing was under way any more
	CutShort        bool    `json:"cut_short"`         // it was lost before its time was over
	Drained         bool    `json:"drained"`           // every user had finished; else the rest was given up
	Verdict         string  `json:"verdict"`
	Why             string  `json:"why,omitempty"` // of a level that did not pass
}

// Hold returns the seconds that are judged.
func (l *Level) Hold() Window { return Window{From: l.HoldFromSeconds, To: l.ToSeconds} }

// Reasons why a run ended.
const (
	Completed   = "completed"   // the storm was sent to its end
	Interrupted = "interrupted" // by the user
	Aborted     = "aborted"     // by an abortOnFail threshold
	Failed      = "failed"      // by an error, which is in Message
)

// End is how the run ended.
type End struct {
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
	Message string    `json:"message,omitempty"`
}

// Interval is one second of a run. Second counts from T0: 0 is [T0, T0+1s), -1 the second before.
//
// Histograms hold the requests that were DUE in the second, whenever they were answered, so that a
// window of a threshold holds exactly the requests which users wanted then; one due second may
// come in several intervals, which add up. Packed holds such histograms too, for who has them in that form; a
// tag that is in both has the sum. Steps and Generator count what HAPPENED in the second.
type Interval struct {
	Second     int
	Histograms map[Tag]*Histogram
	Packed     map[Tag]Packed
	Steps      map[string]*Counters
	Generator  *Generator
}

// Counters are the events of one step in one second. They add up over seconds, steps and agents.
type Counters struct {
	Due          uint64             `json:"due"`                // requests that were to be sent
	Sent         uint64             `json:"sent"`               // requests
	Done         uint64             `json:"done"`               // answered or failed; every sent request ends here once
	Failed       uint64             `json:"failed"`             // outcome failed or error
	Unsent       uint64             `json:"unsent"`             // given up when the run ended
	GivenUp      uint64             `json:"given_up,omitempty"` // never sent: no connection was free until their users, who have a patience, gave up
	Late         uint64             `json:"late"`               // sent later than the lateness limit allows though a connection was idle
	Waited       uint64             `json:"waited"`             // sent later than the lateness limit allows because all that may be open were busy
	Opening      uint64             `json:"opening,omitempty"`  // sent later than the lateness limit allows because connections were still being opened
	Frozen       uint64             `json:"frozen,omitempty"`   // sent late, never sent, or read late because the generator did not run when it was to
	ChecksPassed uint64             `json:"checks_passed"`      // conditions on answers
	ChecksFailed uint64             `json:"checks_failed"`      // conditions on answers
	Errors       map[string]uint64  `json:"errors,omitempty"`   // requests without a whole answer by class: refused, reset, timeout, ...
	Failures     map[string]uint64  `json:"failures,omitempty"` // answers that are failures by reason: extract, status, or a check's text
	Statuses     map[string]uint64  `json:"statuses,omitempty"` // answers by status code, such as 200
	Counted      map[string]float64 `json:"counted,omitempty"`  // own counters of the scenario by name, any number from 0, in whole millionths
	BytesOut     uint64             `json:"bytes_out"`          // of request bodies
	BytesIn      uint64             `json:"bytes_in"`           // of answer bodies
	Resent       uint64             `json:"resent,omitempty"`   // times that a request was sent again: the server closed its connection before an answer
	InFlight     Levels             `json:"in_flight,omitzero"` // answered requests by how many were in flight when they were sent
	Sends        Span               `json:"sends,omitzero"`     // when those that are done were sent
	Ends         Span               `json:"ends,omitzero"`      // when they ended

	// In place of InFlight in records of older versions, whose connections were fixed before the run.
	Quiet Load `json:"quiet,omitzero"` // answered requests sent while at most a quarter of the connections were busy
	Full  Load `json:"full,omitzero"`  // and those sent while all of them were
}

// Load sums service times, to distinguish a target that queues from a generator short of connections.
type Load struct {
	Requests uint64  `json:"requests"` // answered
	Seconds  float64 `json:"seconds"`  // sum of their service times [s]
}

// Generator is the generator's own health in one second. What the system does not report is 0.
type Generator struct {
	CPUSeconds         float64 `json:"cpu_seconds"`               // of this process, in the second
	ElapsedSeconds     float64 `json:"elapsed_seconds,omitempty"` // that the figures cover; 0 stands for 1: records of older versions do not say
	Connections        int     `json:"connections"`               // open or in use at its end
	Busy               int     `json:"busy"`                      // with a request in flight at its end
	Waiting            int     `json:"waiting"`                   // users in a think or pause at its end
	BacklogSeconds     float64 `json:"backlog_seconds"`
	MaxLatenessSeconds float64 `json:"max_lateness_seconds"` // of any request sent in the second
	Arrivals           uint64  `json:"arrivals"`             // users who came
	Iterations         uint64  `json:"iterations"`           // journeys that ended

	Opened            uint64  `json:"opened,omitempty"`              // connections
	OpeningSeconds    float64 `json:"opening_seconds,omitempty"`     // that took in all: TCP and TLS
	MaxOpeningSeconds float64 `json:"max_opening_seconds,omitempty"` // and the longest
	AllBusySeconds    float64 `json:"all_busy_seconds,omitempty"`    // while all connections that may be open were busy, times their number
	InFlightSeconds   float64 `json:"in_flight_seconds,omitempty"`   // of those seconds, with a request in flight: all of them but for the generator's own delays

	EvictedCookies uint64 `json:"evicted_cookies,omitempty"` // that had to leave the jars of users whose journey ended: the targets set more than a user keeps

	Gaps    []Gap `json:"gaps,omitempty"`   // longer than the lateness limit; one that several seconds name counts once, with the sum of their requests
	Answers Span  `json:"answers,omitzero"` // the first and the last sign of life of the target, whatever it was

	Journeys map[string]Journey `json:"journeys,omitempty"` // the same users by journey, and how they ended

	// What the cores that this process may run on did in the second besides: with CPUSeconds that is all of it.
	OtherCPUSeconds  float64 `json:"other_cpu_seconds"`  // work of other processes
	StolenCPUSeconds float64 `json:"stolen_cpu_seconds"` // taken by the hypervisor for its other guests
	IdleCPUSeconds   float64 `json:"idle_cpu_seconds"`   // nothing
	SpareCPUSeconds  float64 `json:"-"`                  // of the idle ones, those that this process stayed awake in without work

	ThrottledSeconds        float64 `json:"throttled_seconds"`          // in which the CPU quota of its control group stopped it, summed over cores
	GCCycles                uint64  `json:"gc_cycles"`                  // garbage collections that ended
	MaxGCPauseSeconds       float64 `json:"max_gc_pause_seconds"`       // in which one of them stopped all else
	MaxSchedulerWaitSeconds float64 `json:"max_scheduler_wait_seconds"` // of anything that was ready to run for a core
	OpenFiles               int     `json:"open_files"`                 // file descriptors at the second's end
	FileLimit               int     `json:"file_limit"`                 // file descriptors allowed
	MemoryBytes             uint64  `json:"memory_bytes"`               // resident at the second's end
}

// UsableCoresRatio is the share of its cores that a generator may use and still be punctual; from there on it
// counts as out of CPU. The rest goes to the kernel's side of its connections.
const UsableCoresRatio = 0.85

// Order is a sale as one side knows it.
type Order = orders.Order

// Ledger is both sides of every sale.
type Ledger struct {
	Told  []Order        // what buyers were told: one entry per answer that confirmed an order
	Sold  orders.List    // what the shop says it sold
	Stock map[string]int // what the shop says it had, per SKU
	Read  bool           // the shop's ledger was read whole
	Error string         // why not

	Baseline      orders.List    // what the shop said before T0 that it had sold
	BaselineStock map[string]int // what it said it had then, per SKU
	BaselineRead  bool           // its ledger was read before T0; false for one that is not to be, and in records of older versions
	BaselineUsers int            // users of this run who had orders then, as far as they can be recognised
}
