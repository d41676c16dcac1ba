// Package loadgen drives a scenario's storm against a target on one machine.
package loadgen

import (
	"cmp"
	"context"
	"crypto/tls"
	"math"
	"net"
	"net/url"
	"runtime"
	"slices"
	"time"

	"fsctl/loadgen/host"
	"fsctl/loadgen/journey"
	"fsctl/loadgen/pace"
	"fsctl/loadgen/queue"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/arrivals"
	"fsctl/scenarios/quantity"
)

// Options say what storm to send where.
type Options struct {
	Scenario    *scenarios.Scenario // scaled already
	Target      *url.URL            // main
	Others      map[string]*url.URL // by name, in place of the scenario's other targets
	Allow       []string            // hosts beyond this machine that may be stormed
	Seed        uint64              // of all that is drawn: when users come, their items and pauses
	Connections int                 // open at once, a fixed number; 0 for as many as are needed
	// MaxConnections is how many may be open at once, where their number is not fixed; 0 for what this machine has room for, up
	// to 10,000 for all users.
	MaxConnections int
	Duration       time.Duration // cuts the storm after so long from the run's start; 0 for all of it
	TLS            *tls.Config
	Engine         string // EngineAuto where it is empty
	Raw            bool   // also write every request as a vegeta result
	NoKeepAlive    bool   // every request opens a connection of its own, and ends it
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)
	Route          transport.Route // how connections reach the target
	// Secrets are values that no sample of an exchange may hold, beside those that are secrets by themselves: what came into the
	// scenario from the environment.
	Secrets []string
	// Owns picks the arrivals that are this process's to send; nil for all of them.
	Owns func(arrivals.Arrival) bool
	// ShareRatio is the share of the users whom Owns picks, about; 0 for all of them.
	ShareRatio float64
	// Together is how many storms this process sends at once, which share what it may have; 0 for one.
	Together int
	// TargetInside says that the target is in this process: each connection takes two file descriptors of it.
	TargetInside bool
	// Meter is that of this process, where it sends several storms at once; nil for one of the storm's own.
	Meter *host.SharedMeter
}

// Storm is a scenario's storm, compiled and checked, ready to be sent.
type Storm struct {
	Options
	schedule *arrivals.Schedule
	journeys *journey.Compiled
	programs []*journey.Program // by stream: what its users do first
	next     []*next            // by stream: what they do after that
	end      time.Duration      // after which no journey begins, from T0; never for no end
	timings  tally.Timings
	targets  []transport.Target // in the order of the scenario's TargetNames
	lateness time.Duration
	secrets  []string // of the options and of the target's URL
	pacing   pace.Pacing
	shards   int
}

// New compiles a storm. Nothing is sent. It fails with a *transport.InputError for a scenario without a storm or
// without arrivals, a target that is not allowed, and a feeder with too few rows.
func New(o Options) (*Storm, error) {
	s, err := Compile(o)
	if err != nil {
		return nil, err
	}
	end := time.Duration(0)
	if o.Duration > 0 {
		if end = o.Duration - s.Lead(); end == 0 {
			end = 1 // T0 itself still counts; 0 would mean no end
		}
	}
	if err := s.checkUsers(); err != nil {
		return nil, err
	}
	s.schedule = s.Scenario.Storm.Schedule(o.Seed, end)
	if s.schedule.Len() == 0 {
		return nil, transport.InputErrorf("use a larger --scale or --duration", "the storm has no arrivals")
	}
	s.shards = s.needed()
	s.setPrograms()
	if s.end = never; end != 0 {
		s.end = end
	}
	return s, s.CheckRows(s.Size())
}

// checkUsers fails where the scale brings more users than a storm may have, before they are drawn.
func (s *Storm) checkUsers() error {
	curve := s.Scenario.Storm.Curve()
	_, to := curve.Span()
	if users := curve.Area(to); users > scenarios.MostUsers {
		return transport.InputErrorf("use a smaller --scale", "the storm brings %s at this scale, wanted at most %s", quantity.EstimateOf(users, "user"), quantity.Estimate(scenarios.MostUsers))
	}
	return nil
}

// Compile compiles all of a storm but its arrivals: it can be opened, and With makes storms that can be sent. It fails
// with a *transport.InputError for a scenario without a storm and a target that is not allowed.
func Compile(o Options) (*Storm, error) {
	sc := o.Scenario
	if sc.Storm == nil {
		return nil, transport.InputErrorf("add a storm, or start from: fsctl scenarios new", "scenario %s has no storm to send", sc.Name)
	}
	targets, err := o.AllTargets()
	if err != nil {
		return nil, err
	}
	if o.Engine == EngineWire && o.Route.Proxy != nil {
		return nil, transport.InputErrorf("leave --engine out, or say --engine vegeta", "engine wire goes through no proxy: found --engine wire beside --proxy %s", o.Route.Proxy)
	}
	journeys, err := journey.Compile(sc, o.Seed)
	if err != nil {
		return nil, err
	}
	s := &Storm{Options: o, targets: targets, journeys: journeys, lateness: sc.Storm.Lateness.Limit, secrets: slices.Concat(targetSecrets(targets), proxySecrets(o.Route), o.Secrets, journeys.Secrets)}
	s.pacing = pace.PacingFor(s.Dial == nil, runtime.GOMAXPROCS(0), host.Cores())
	s.timings = tally.TimingsFor(sc)
	s.timings.Reopens = o.NoKeepAlive
	s.timings.Own = o.connectsEachUser()
	if s.timings.Own && o.Connections > 0 {
		return nil, transport.InputErrorf("leave --connections out, or bound the users who have a connection at once: --max-connections",
			"found --connections %d, but the scenario has each user open a connection of its own (defaults.connections: %s): a fixed number is for connections that users share", o.Connections, scenarios.ConnectionsPerUser)
	}
	return s, nil
}

// connectsEachUser reports whether each user opens a connection of its own. Where each request does, users keep none.
func (o *Options) connectsEachUser() bool {
	return o.Scenario.Defaults.Connections == scenarios.ConnectionsPerUser && !o.NoKeepAlive
}

// DefaultMaxConnections is how many connections may be open at once, unless the user says otherwise, or each user has one of its own.
const DefaultMaxConnections = 10_000

// mostOwn is how many users may have a connection of their own at once, unless the user says otherwise or the machine has room for fewer.
const mostOwn = 1_000_000

// most returns how many connections may be open at once, 1 or more.
func (s *Storm) most() int {
	if s.Connections > 0 {
		return s.Connections
	}
	most := cmp.Or(s.MaxConnections, int(math.Ceil(DefaultMaxConnections*s.shareOfUsers())))
	if s.timings.Own && s.MaxConnections == 0 {
		most = mostOwn
	}
	if s.schedule == nil {
		return most
	}
	return max(int(min(uint64(most), s.schedule.Len())), 1) // a user has one request in flight at most
}

// perShard is up to how many requests a second go to one shard: far fewer than a core can send. Each shard has connections of
// its own, so that two would open more of them than one.
const (
	perShard    = 2000.0
	shardWindow = 10 * time.Millisecond // in which a crowd at T0 counts
)

// needed returns how many shards the storm needs at its busiest, at most one a core.
func (s *Storm) needed() int {
	crowd := arrivals.MostWithin(s.Scenario.Storm.Curve(), shardWindow) / shardWindow.Seconds()
	ratePerSec := max(crowd, s.forecast().requestsPerSec) * s.shareOfUsers()
	return max(min(int(math.Ceil(min(ratePerSec/perShard, 1e6))), runtime.GOMAXPROCS(0), s.most()), 1)
}

// share returns how many of them a shard may have.
func (s *Storm) share(shard int) int {
	return max((s.most()+s.shards-1-shard)/s.shards, 1)
}

// Lead returns the time from the run's start to T0, 0 or more. For a T0 on the wall clock that time is only known when
// the run starts: Lead is then that of the earliest phase.
func (s *Storm) Lead() time.Duration {
	if storm := s.Scenario.Storm; storm.T0.At.IsZero() {
		return storm.T0.After
	}
	return -s.earliest()
}

func (s *Storm) earliest() time.Duration {
	from, _ := s.Scenario.Storm.Curve().Span()
	return min(from, 0)
}

// With returns a storm of other phases, for the same session. Its users get numbers from first on; what is drawn for them by
// their numbers alone is as in s, and seed draws when they come.
func (s *Storm) With(phases []scenarios.Phase, seed, first uint64) *Storm {
	v, sc, storm := *s, *s.Scenario, *s.Scenario.Storm
	storm.Phases, sc.Storm = phases, &storm
	v.Scenario, v.Seed, v.Duration, v.end = &sc, seed, 0, never
	v.setPrograms()
	v.schedule = storm.Schedule(seed, 0)
	v.schedule.NumberFrom(first)
	v.shards = v.needed()
	return &v
}

// CheckRows fails with a *transport.InputError where feeders have no row of their own for each of so many users. users
// is a number of users, 0 or more.
func (s *Storm) CheckRows(users uint64) error { return s.journeys.CheckRows(users) }

// Size returns one more than the largest number that a user of the storm can have.
func (s *Storm) Size() uint64 { return s.schedule.Size() }

// Arrivals returns how many users the storm brings.
func (s *Storm) Arrivals() uint64 { return s.schedule.Len() }

// Length returns the time from the first arrival to the last, 0 or more.
func (s *Storm) Length() time.Duration {
	from, to := s.Scenario.Storm.Curve().Span()
	if s.Duration > 0 {
		to = min(to, s.Duration-s.Lead())
	}
	return max(0, to-from)
}

// Peak returns the largest arrival rate over any second, in users per second, and when it begins.
func (s *Storm) Peak() (ratePerSec float64, at time.Duration) {
	return arrivals.Peak(s.Scenario.Storm.Curve(), time.Second)
}

// arriving returns what a shard's queue brings.
func (s *Storm) arriving(shard uint64) queue.Source {
	v := queue.Source{Schedule: s.schedule, Steps: len(s.journeys.Steps), Mine: func(a arrivals.Arrival) bool {
		return a.Index%uint64(s.shards) == shard && (s.Owns == nil || s.Owns(a))
	}}
	for _, p := range s.programs {
		v.Openings = append(v.Openings, p.OpeningIndex())
	}
	return v
}

// Walk returns a cursor over the storm's arrivals, whatever Options.Owns says.
func (s *Storm) Walk() *arrivals.Cursor { return s.schedule.Walk() }
