package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/pflag"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
	"fsctl/loadgen/record/atomicfile"
	"fsctl/scenarios"
)

// fleetOptions are the flags for a storm from many agents.
type fleetOptions struct {
	agents      int
	expect      int
	link        linkOptions
	listen      string
	keys        string
	joinTimeout time.Duration
	maxSkew     time.Duration
	onLoss      string
	replicas    int
	resume      string
}

// linkOptions are the flags of whoever connects to a bus that is there already.
type linkOptions struct {
	url, creds, authority string
}

func (o *linkOptions) flags(f *pflag.FlagSet, what string) {
	f.StringVar(&o.url, "nats", "", what)
	f.StringVar(&o.creds, "nats-creds", "", "credentials of NATS itself, .creds `FILE`, for a server of your own")
	f.StringVar(&o.authority, "nats-ca", "", "certificate authority of the NATS server, PEM `FILE`")
}

func (o *fleetOptions) flags(f *pflag.FlagSet) {
	o.link.flags(f, "agents meet at this NATS server, `URL` such as tls://nats.example:4222")
	f.IntVar(&o.expect, "expect-agents", 0, "with --nats or --listen: how many agents to wait for")
	f.StringVar(&o.listen, "listen", "", "agents dial a bus in this process, `HOST:PORT`; beyond this machine it needs --keys")
	f.StringVar(&o.keys, "keys", "", "keys of the fleet, `DIR` made by fsctl agent-keys")
	f.DurationVar(&o.joinTimeout, "join-timeout", time.Minute, "for how long to wait until every agent is ready")
	f.DurationVar(&o.maxSkew, "max-skew", 20*time.Millisecond, "refuse agents whose clock is known less well")
	f.StringVar(&o.onLoss, "on-agent-loss", fleet.OnLossAccount, "when one is lost: "+strings.Join(fleet.LossPolicies, ", ")+" (go on and say what was not sent, have the others send it, end the run)")
	f.StringVar(&o.resume, "resume", "", "take over from a coordinator that died: its run `DIR`, with the same scenario and flags")
	f.IntVar(&o.replicas, "replicas", 1, "with --nats: copies of the measurements that a cluster keeps")
}

// useDefaults is for a command that has no flag but --agents.
func (o *fleetOptions) useDefaults() { o.flags(pflag.NewFlagSet("", pflag.ContinueOnError)) }

// on tells whether the storm is sent by agents.
func (o *fleetOptions) on() bool { return o.agents > 0 || o.link.url != "" || o.listen != "" }

func (o *fleetOptions) check(storm *stormOptions) error {
	ways := 0
	for _, way := range []bool{o.agents > 0, o.link.url != "", o.listen != ""} {
		if way {
			ways++
		}
	}
	switch {
	case o.agents < 0 || o.agents > 100:
		return usagef("found --agents %d, wanted 1 to 100 processes of this machine", o.agents)
	case ways > 1:
		return usagef("found more than one of --agents, --nats and --listen, wanted one way to find agents")
	case o.agents == 0 && ways == 1 && (o.expect < 1 || o.expect > bus.MaxAgents):
		return usagef("found --expect-agents %d, wanted 1 to %d: the storm is divided by their number", o.expect, bus.MaxAgents)
	case ways == 0 && o.expect != 0, o.agents > 0 && o.expect != 0:
		return usagef("found --expect-agents without --nats or --listen")
	case o.resume != "" && (o.agents > 0 || ways == 0):
		return usagef("found --resume without --nats or --listen, where the agents are to be found again")
	case ways == 0:
		return checkAllowed(storm.allow)
	case storm.raw:
		return usagef("found --raw beside agents: single requests are kept by a storm from one process only")
	case !slices.Contains(fleet.LossPolicies, o.onLoss):
		return usagef("found --on-agent-loss %q, wanted %s", o.onLoss, strings.Join(fleet.LossPolicies, " or "))
	case o.joinTimeout <= 0:
		return usagef("found --join-timeout %v, wanted above 0", o.joinTimeout)
	case o.maxSkew < 0:
		return usagef("found --max-skew %v, wanted 0 or more, 0 for any", o.maxSkew)
	case o.replicas < 1 || o.replicas > 5:
		return usagef("found --replicas %d, wanted 1 to 5", o.replicas)
	}
	return checkAllowed(storm.allow)
}

// slots returns the number of agents.
func (o *fleetOptions) slots() int { return max(o.agents, o.expect) }

// connect connects to the bus as a slot. hooks may set the hooks of the configuration.
func (o *linkOptions) connect(ctx context.Context, slot int, creds *bus.Creds, hooks func(*bus.Config)) (*nats.Conn, error) {
	c := bus.Config{URL: o.url, Slot: slot, Creds: creds, UserCredentials: o.creds, CAFile: o.authority}
	if hooks != nil {
		hooks(&c)
	}
	return bus.Connect(ctx, c)
}

// open connects to the agents' bus, which it starts where it is to be in this process.
func (o *fleetOptions) open(ctx context.Context, hooks func(*bus.Config), problem func(error)) (conn *nats.Conn, close func(), err error) {
	var keys *bus.Keys
	var creds *bus.Creds
	if o.keys != "" {
		if keys, err = bus.LoadKeys(o.keys); err != nil {
			return nil, nil, err
		}
		creds = keys.Coordinator
		if keys.Agents() < o.slots() {
			return nil, nil, usagef("--keys %s: found keys for %d agents, wanted %d", o.keys, keys.Agents(), o.slots())
		}
	}
	link, stop := o.link, func() {}
	if link.url == "" {
		store, err := os.MkdirTemp("", "fsctl-bus-")
		if err != nil {
			return nil, nil, fmt.Errorf("start the bus: %w", err)
		}
		server, err := bus.StartServer(bus.ServerOptions{Address: o.listen, StoreDir: store, Keys: keys, OnError: problem})
		if err != nil {
			return nil, nil, errors.Join(err, os.RemoveAll(store))
		}
		link.url = server.URL()
		stop = func() { server.Close(); _ = os.RemoveAll(store) } // a file that stays there is in the way of nobody
	}
	if conn, err = link.connect(ctx, bus.Coordinator, creds, hooks); err != nil {
		stop()
		return nil, nil, err
	}
	return conn, func() { conn.Close(); stop() }, nil
}

// planOf returns what the agents must know of a storm.
func (o *stormOptions) planOf(storm *loadgen.Storm, sc *scenarios.Scenario, scale float64) (*fleet.Plan, error) {
	p := &fleet.Plan{Scenario: sc.Document, ScaleRatio: scale, Target: o.target, Seed: o.seed, Slots: o.fleet.slots(), Connections: storm.Connections,
		Duration: o.duration, Engine: o.engine, Route: o.route, Insecure: o.tls.insecure, Lead: storm.Lead()}
	if o.tls.authority != "" {
		var err error
		if p.Authority, err = os.ReadFile(o.tls.authority); err != nil {
			return nil, usagef("--cacert: %w", err)
		}
	}
	return p, p.ReadFiles(sc)
}

// conductor is a fleet's storm as something to be sent.
type conductor struct {
	*fleet.Coordinator
	storm   *loadgen.Storm
	resumed bool
}

// Run leads the agents, who know T0 already.
func (c conductor) Run(ctx context.Context, w *record.Writer, _ time.Time, observe loadgen.Observer) (record.End, error) {
	err := c.Keep(keepIn(w.Dir()))
	if err == nil && !c.resumed {
		err = c.Acknowledged(ctx)
	}
	if err == nil {
		return c.Lead(ctx, w, c.storm, observe)
	}
	end := record.End{Reason: record.Failed, Message: err.Error()}
	if ctx.Err() != nil {
		end = record.End{Reason: record.Interrupted, Message: "stopped by the user before the storm began"}
	}
	if !c.resumed { // else the storm is on, and another coordinator may take it over
		c.Dismiss(end.Message)
	}
	end.At = time.Now()
	return end, w.Close(end)
}

// keepIn returns what keeps a ticket beside the record in dir.
func keepIn(dir string) func(fleet.Ticket) error {
	return func(t fleet.Ticket) error { return writeTicket(filepath.Join(dir, ticketFile), t) }
}

// ticketFile is beside the record of a fleet's run, for another coordinator to take over.
const ticketFile = "fleet.json"

func writeTicket(path string, t fleet.Ticket) error {
	data, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return atomicfile.Write(path, atomicfile.Options{}, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// ticket returns that of the run to resume, or one of a new run.
func (o *fleetOptions) ticket() (t fleet.Ticket, err error) {
	if o.resume == "" {
		return fleet.Ticket{Run: bus.NewRun()}, nil
	}
	if r, err := record.Open(o.resume); err == nil && r.Manifest.End != nil && r.Manifest.End.Reason != record.Failed { // of which agents keep all
		return t, &hinted{usagef("--resume: run %s has ended (%s), and there is nothing to take over", o.resume, r.Manifest.End.Reason), "see it with: fsctl report " + o.resume}
	}
	path := filepath.Join(o.resume, ticketFile)
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &t)
	}
	if err != nil {
		return t, usagef("--resume: %s is not the run of a fleet: %w", o.resume, err)
	}
	return t, nil
}

// start has the agents gather and sets T0, or finds those of the run to resume.
func (o *fleetOptions) start(ctx context.Context, c *fleet.Coordinator, t fleet.Ticket, at time.Time) (t0 time.Time, err error) {
	if o.resume != "" {
		if err := c.Keep(keepIn(o.resume)); err != nil {
			return time.Time{}, err
		}
		return c.Resume(ctx, t, o.joinTimeout)
	}
	if err := c.Gather(ctx, o.joinTimeout); err != nil {
		return time.Time{}, err
	}
	return c.SetT0(ctx, at)
}

// checkBefore finds what would end the attack once all agents are there.
func (o *stormOptions) checkBefore(storm *loadgen.Storm, sc *scenarios.Scenario, now time.Time) error {
	if dir := o.directory(sc.Name, now); o.run != "" {
		if _, err := os.Lstat(dir); err == nil {
			return &record.ExistsError{Dir: dir}
		}
	}
	at := sc.Storm.T0.At
	if o.fleet.resume != "" || at.IsZero() {
		return nil
	}
	if earliest := now.Add(fleet.Notice(storm.Lead())); at.Before(earliest) {
		return &hinted{usagef("T0 is %s: found %v from now, wanted %v at the least for the agents to get ready", at.Format(time.RFC3339), at.Sub(now).Round(time.Second), earliest.Sub(now)),
			"set storm.t0 to a later time, or to a duration after the run's start"}
	}
	return nil
}

// dispatchFleet sends a storm by agents.
func (o *stormOptions) dispatchFleet(ctx context.Context, s Streams, storm *loadgen.Storm, sc *scenarios.Scenario, scale float64) (dir string, err error) {
	p, err := o.planOf(storm, sc, scale)
	if err != nil {
		return "", err
	}
	ticket, err := o.fleet.ticket()
	if err != nil {
		return "", err
	}
	if err := o.checkBefore(storm, sc, time.Now()); err != nil {
		return "", err
	}
	shown := newProgress(s.Err)
	log := func(format string, args ...any) { shown.note("fleet: " + fmt.Sprintf(format, args...)) }
	var c *fleet.Coordinator
	up := make(chan struct{}) // closed once c is there, or will never be
	linked := func(is bool) {
		if <-up; c != nil {
			c.Link(is)
		}
	}
	conn, closeBus, err := o.fleet.open(ctx, func(config *bus.Config) {
		config.OnDisconnect = func(error) { linked(false) }
		config.OnReconnect = func() { linked(true) }
		config.OnError = func(err error) { log("%v", err) }
	}, func(err error) { log("%v", err) })
	if err != nil {
		return "", err
	}
	defer closeBus()
	c, err = fleet.New(fleet.CoordinatorOptions{Conn: conn, Run: ticket.Run, Plan: p, Version: version(), MaxSkew: o.fleet.maxSkew,
		OnLoss: o.fleet.onLoss, Replicas: o.fleet.replicas, Log: log})
	close(up)
	if err != nil {
		return "", err
	}
	if err := c.Fits(ticket); o.fleet.resume != "" && err != nil {
		return "", err // before agents hear of this coordinator, who would refuse them
	}
	stop, err := c.Listen()
	if err != nil {
		return "", err
	}
	defer stop()
	local, err := o.startAgents(conn.ConnectedUrl())
	if err != nil {
		return "", err
	}
	defer local.wait()
	if o.fleet.agents == 0 {
		log("waiting for agents at %s", conn.ConnectedUrlRedacted())
	}
	starting, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	stopWatching := local.watch(failed, log)
	defer stopWatching()
	t0, err := o.fleet.start(starting, c, ticket, sc.Storm.T0.At)
	if err != nil {
		if cause := context.Cause(starting); ctx.Err() == nil && cause != nil {
			err = cause // an agent of this machine ended
		}
		if o.fleet.resume == "" { // else it is on, and another coordinator may take it over
			c.Dismiss("the storm does not begin: " + strings.TrimSpace(err.Error()))
		}
		local.kill()
		return "", err
	}
	m := storm.ManifestAt(time.Now(), t0)
	m.PlannedArrivals, m.ScaleRatio, m.Agents, m.Cores = storm.Arrivals(), scale, c.Agents(), c.Cores()
	m.Settings = map[string]any{"agents": o.fleet.slots(), "on_agent_loss": o.fleet.onLoss, "max_skew": o.fleet.maxSkew.String()}
	dir, err = o.send(ctx, s, attack{conductor{c, storm, o.fleet.resume != ""}, m, sc, shown, watchOf(sc, m)})
	if dir == "" && o.fleet.resume == "" {
		c.Dismiss("there is no record to write to")
		local.kill()
	}
	return dir, err
}
