package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/pflag"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/local"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/fleet/stream"
	"fsctl/loadgen/host"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/quantity"
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

// linkOptions are the flags for a connection to a bus that runs already.
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
	f.StringVar(&o.onLoss, "on-agent-loss", roster.OnLossAccount, "when one is lost: "+strings.Join(roster.LossPolicies, ", ")+" (go on and say what was not sent, have the others send it, end the run)")
	f.StringVar(&o.resume, "resume", "", "take over from a coordinator that died: its run `DIR`, with the same scenario and flags")
	f.IntVar(&o.replicas, "replicas", 1, "with --nats: copies of the measurements that a cluster keeps")
}

// useDefaults is for a command that has no flag but --agents.
func (o *fleetOptions) useDefaults() { o.flags(pflag.NewFlagSet("", pflag.ContinueOnError)) }

// on reports whether agents send the storm.
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
	case ways > 0 && storm.connections > 0 && storm.connections < o.slots():
		return usagef("found --connections %d for %d agents, wanted one each at least", storm.connections, o.slots())
	case ways > 0 && storm.maxConnections > 0 && storm.maxConnections < o.slots():
		return usagef("found --max-connections %d for %d agents, wanted one each at least", storm.maxConnections, o.slots())
	case storm.raw && ways > 0:
		return usagef("found --raw beside agents: single requests are kept by a storm from one process only")
	case !slices.Contains(roster.LossPolicies, o.onLoss):
		return usagef("found --on-agent-loss %q, wanted %s", o.onLoss, strings.Join(roster.LossPolicies, " or "))
	case o.joinTimeout <= 0:
		return usagef("found --join-timeout %s, wanted above 0", quantity.Exact(o.joinTimeout))
	case o.maxSkew < 0:
		return usagef("found --max-skew %s, wanted 0 or more, 0 for any", quantity.Exact(o.maxSkew))
	case o.replicas < 1 || o.replicas > 5:
		return usagef("found --replicas %d, wanted 1 to 5", o.replicas)
	}
	return errors.Join(o.checkBus(), checkAllowed(storm.allow))
}

// checkBus finds what is wrong with the address of the bus.
func (o *fleetOptions) checkBus() error {
	if o.listen != "" {
		if err := transport.CheckListen(o.listen); err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
	}
	if o.link.url != "" {
		return bus.CheckURL(o.link.url)
	}
	return nil
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

// loadKeys reads the fleet's keys, nil without --keys.
func (o *fleetOptions) loadKeys() (*bus.Keys, error) {
	if o.keys == "" {
		return nil, nil
	}
	keys, err := bus.LoadKeys(o.keys)
	if err != nil {
		return nil, err
	}
	if keys.Agents() < o.slots() {
		return nil, usagef("--keys %s: found keys for %s, wanted %d", o.keys, quantity.Of(keys.Agents(), "agent"), o.slots())
	}
	return keys, nil
}

// takeOver returns the run that --resume names, nil for a new run.
func (o *fleetOptions) takeOver() (*fleet.Resume, error) {
	if o.resume == "" {
		return nil, nil
	}
	ticket, err := fleet.ReadTicket(o.resume)
	if ended, ok := errors.AsType[*fleet.EndedError](err); ok {
		return nil, &hinted{usagef("--resume: run %s has ended (%s), and there is nothing to take over", o.resume, ended.Reason), "see it with: fsctl report " + o.resume}
	}
	if err != nil {
		return nil, usagef("--resume: %s is not the run of a fleet: %w", o.resume, err)
	}
	return &fleet.Resume{Dir: o.resume, Ticket: ticket}, nil
}

// planOf returns what the agents must know of a storm.
func (o *stormOptions) planOf(storm *loadgen.Storm, sc *scenarios.Scenario, scale float64) (*fleet.Plan, error) {
	p := &fleet.Plan{Secrets: secretsIn(o.set), Environment: storm.Scenario.Environment(), Scenario: sc.Document, ScaleRatio: scale, Target: o.target, Others: o.others, Seed: o.seed, Slots: o.fleet.slots(), Connections: storm.Connections, MaxConnections: o.maxConnections,
		Duration: o.duration, Engine: o.engine, Route: o.route, NoKeepAlive: o.noKeepAlive, Insecure: o.tls.insecure, Lead: storm.Lead(), NoPreflight: o.noPreflight}
	if o.tls.authority != "" {
		var err error
		if p.Authority, err = inputfile.Read(o.tls.authority, inputfile.MostText); err != nil {
			return nil, usagef("--cacert: %w", err)
		}
	}
	return p, p.ReadFiles(sc)
}

// localAgents returns how to start the agents of this machine, nil without --agents.
func (o *stormOptions) localAgents() *local.Options {
	if o.fleet.agents == 0 {
		return nil
	}
	return &local.Options{Count: o.fleet.agents, Environment: host.ShareMemory(o.fleet.agents + 1), ErrorPrefix: errorPrefix, HintPrefix: hintPrefix, Args: func(a local.Agent) []string {
		args := []string{"agent", "--nats", a.URL, "--creds", a.Creds, "--spool", a.Spool, "--linger", "1m", "--child", "--slot", strconv.Itoa(a.Slot)}
		for _, host := range o.allow {
			args = append(args, "--allow-target", host)
		}
		if o.route.Proxy != nil { // which this user has named
			args = append(args, "--allow-target", o.route.Proxy.Address())
		}
		if o.tls.certificate != "" {
			args = append(args, "--cert", o.tls.certificate, "--key", o.tls.key)
		}
		return args
	}}
}

// checkBefore finds what would end the attack only once all agents are there.
func (o *stormOptions) checkBefore(storm *loadgen.Storm, sc *scenarios.Scenario, now time.Time) error {
	if err := o.checkRun(); err != nil {
		return err
	}
	at := sc.Storm.T0.At
	if o.fleet.resume != "" || at.IsZero() {
		return nil
	}
	if earliest := now.Add(fleet.Notice(storm.Lead())); at.Before(earliest) {
		return &hinted{usagef("T0 is %s: found %s from now, wanted %s at the least for the agents to get ready", at.Format(time.RFC3339), quantity.Duration(at.Sub(now)), quantity.Exact(earliest.Sub(now))),
			"set storm.t0 to a later time, or to a duration after the run's start"}
	}
	return nil
}

// session returns what the flags say of a fleet that sends a storm.
func (o *stormOptions) session(storm *loadgen.Storm, sc *scenarios.Scenario, scale float64) (so fleet.SessionOptions, err error) {
	f := &o.fleet
	so = fleet.SessionOptions{Storm: storm, T0: sc.Storm.T0.At, JoinTimeout: f.joinTimeout, MaxSkew: f.maxSkew, OnLoss: f.onLoss, Replicas: f.replicas,
		Version: version(), Local: o.localAgents(),
		Bus: fleet.BusOptions{URL: f.link.url, Listen: f.listen, UserCredentials: f.link.creds, CAFile: f.link.authority}}
	if so.Plan, err = o.planOf(storm, sc, scale); err != nil {
		return so, err
	}
	if so.Resume, err = f.takeOver(); err != nil {
		return so, err
	}
	if err := o.checkBefore(storm, sc, time.Now()); err != nil {
		return so, err
	}
	so.Bus.Keys, err = f.loadKeys()
	return so, err
}

// dispatchFleet sends a storm by agents.
func (o *stormOptions) dispatchFleet(ctx context.Context, s Streams, storm *loadgen.Storm, sc *scenarios.Scenario, scale float64) (dir string, err error) {
	options, err := o.session(storm, sc, scale)
	if err != nil {
		return "", err
	}
	if _, err := o.preflight(ctx, s, sc, nil, nil); err != nil { // the agents look for themselves
		return "", err
	}
	if err := o.checkRoom(ctx, storm, sc); err != nil {
		return "", err
	}
	o.lookAhead(ctx, s)
	shown := newProgress(s.Err)
	options.Log = func(format string, args ...any) { shown.note("fleet: " + fmt.Sprintf(format, args...)) }
	release := holdOn(ctx)
	defer func() { release(dir) }()
	session, err := fleet.StartSession(ctx, options)
	if err != nil {
		return "", err
	}
	defer session.Close()
	m := storm.ManifestAt(time.Now(), session.T0)
	m.PlannedArrivals, m.ScaleRatio, m.Agents, m.Cores = storm.Arrivals(), scale, session.Agents(), session.Cores()
	m.Settings = map[string]any{"agents": o.fleet.slots(), "on_agent_loss": o.fleet.onLoss, "max_skew": o.fleet.maxSkew.String()}
	for _, a := range m.Agents {
		if a.Reached != "" && !slices.Contains(o.reached, a.Reached) { // each looks the target up for itself
			shown.note("fleet: " + a.Name + " differs: " + a.Reached)
		}
	}
	dir, err = o.send(ctx, s, attack{session, m, sc, shown, watchOf(sc, m), session.Baseline, shareOf(storm, sc)})
	if dir == "" {
		session.Abandon("the storm does not begin: " + strings.TrimPrefix(err.Error(), "not started: "))
	}
	return dir, err
}

// checkRoom fails where the disk of the run directory has no room for the record: the agents have not been asked for yet.
func (o *stormOptions) checkRoom(ctx context.Context, storm *loadgen.Storm, sc *scenarios.Scenario) error {
	dir := o.directory(sc.Name, time.Now())
	for { // up to the directory that is there already
		parent := filepath.Dir(dir)
		if _, err := os.Stat(parent); err == nil || parent == dir {
			dir = parent
			break
		}
		dir = parent
	}
	room, err := stream.NewReserve(ctx, dir, storm.LeastRecordBytes())
	room.Close()
	if err == nil || ctx.Err() != nil {
		return err
	}
	return preflight.NotStarted(fmt.Errorf("run directory: %w", err), "make room, or name another directory with --run")
}
