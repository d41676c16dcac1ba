package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/roster"
	"fsctl/loadgen/host"
	"fsctl/scenarios/quantity"
)

type agentOptions struct {
	link      linkOptions
	creds     string
	allow     []string
	slot      int
	slots     int
	capacity  float64
	spool     string
	spoolKeep time.Duration
	linger    time.Duration
	storms    int
	child     bool
	tls       tlsOptions
}

// retryWait is the pause after a storm that ended with an error, before the next one.
const retryWait = 2 * time.Second

func newAgent(s Streams) *cobra.Command {
	o := &agentOptions{}
	c := &cobra.Command{
		Use:   "agent --nats URL --allow-target HOST",
		Short: "Send a share of the load that an attack on another machine divides",
		Long: "agent waits for an attack (fsctl attack --nats or --listen), sends its share of the load at the same T0 as all other\n" +
			"agents, and hands over what it measured. Hosts other than this machine must be named with --allow-target.\n" +
			"Measurements that the attack has not confirmed stay in the spool, and the next agent of the slot offers them again.\n" +
			"With a directory of keys it takes any of their slots that is free, or waits until one is.",
		Example: "  fsctl agent --nats nats://127.0.0.1:4222\n" +
			"  fsctl agent --nats tls://coordinator.example:4222 --creds agent-1.creds --allow-target shop.example --storms 0",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAgent(c.Context(), s, o) },
	}
	f := c.Flags()
	o.link.flags(f, "connect to the bus at this `URL`, such as tls://coordinator.example:4222")
	f.StringVar(&o.creds, "creds", "", "`PATH` of a key that fsctl agent-keys made, or of a directory of keys: then any of their slots")
	f.StringSliceVar(&o.allow, "allow-target", nil, "`HOST` that load may be sent to; this machine always may; may be repeated")
	f.IntVar(&o.slot, "slot", 0, "take this slot only (default: those of --creds, else any)")
	f.IntVar(&o.slots, "slots", 1, "number of agents in this process, each with a share of its own")
	f.Float64Var(&o.capacity, "capacity", 1, "weight of this agent: with 2 it sends twice as much as an agent with 1")
	f.StringVar(&o.spool, "spool", "", "keep measurements in this `DIR` until they are on record (default: in the user's cache)")
	f.DurationVar(&o.spoolKeep, "spool-keep", 7*24*time.Hour, "delete unconfirmed measurements that were last written this long ago; 0 for never")
	f.DurationVar(&o.linger, "linger", 10*time.Minute, "how long to go on offering measurements once all is sent")
	f.IntVar(&o.storms, "storms", 1, "leave after this number of attacks; 0 for never")
	f.Bool("shares-machine", false, "has no effect: the coordinator sees which agents are on one machine")
	_ = f.MarkHidden("shares-machine") // for command lines of older versions
	f.BoolVar(&o.child, "child", false, "leave when standard input ends")
	_ = f.MarkHidden("child") // for the agents of attack --agents, which must end with it
	f.StringVar(&o.tls.certificate, "cert", "", "PEM `FILE` of a client certificate for the target")
	f.StringVar(&o.tls.key, "key", "", "PEM `FILE` of the client certificate's key")
	return c
}

func (o *agentOptions) check() error {
	switch {
	case o.link.url == "":
		return &hinted{usagef("no bus to connect to"), "add --nats URL; without a server of your own: fsctl attack --listen, or fsctl attack --agents"}
	case o.slots < 1 || o.slots > 1000:
		return usagef("found --slots %d, wanted 1 to 1,000", o.slots)
	case o.slot < 0 || o.slot > bus.MaxAgents:
		return usagef("found --slot %d, wanted 1 to %s, or 0 for any", o.slot, quantity.Count(bus.MaxAgents))
	case o.slots > 1 && o.slot > 0:
		return usagef("found --slots %d beside --slot, which is for one slot: leave out one of them", o.slots)
	case !(o.capacity > 0) || o.capacity > roster.MostCapacity:
		return usagef("found --capacity %v, wanted above 0, up to %s", o.capacity, quantity.Given(roster.MostCapacity))
	case o.storms < 0:
		return usagef("found --storms %d, wanted a number, or 0 for no end", o.storms)
	case o.linger < 0 || o.spoolKeep < 0:
		return usagef("found --linger %s and --spool-keep %s, wanted 0 or more", quantity.Exact(o.linger), quantity.Exact(o.spoolKeep))
	}
	return checkAllowed(o.allow)
}

func runAgent(ctx context.Context, s Streams, o *agentOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	defer holdOn(ctx)("") // it hands over what it measured
	if o.child {
		var leave context.CancelFunc
		ctx, leave = context.WithCancel(ctx)
		go func() { _, _ = io.Copy(io.Discard, s.In); leave() }()
	}
	config, err := o.tls.config()
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(s.Err, format+"\n", args...)
	}
	keys, err := o.keys()
	if err != nil {
		return err
	}
	if err := o.openSpool(say); err != nil {
		return err
	}
	order := keys.order(o.spool)
	process := fleet.NewProcess(host.Identify())
	var agents sync.WaitGroup
	failures := make([]error, o.slots)
	for i := range o.slots {
		first := o.slot
		if len(order) > 0 {
			first = order[i]
		}
		log := say
		if o.slots > 1 {
			log = func(format string, args ...any) { say(fmt.Sprintf("agent %d: ", i+1)+format, args...) }
		}
		agents.Go(func() {
			failures[i] = o.serve(ctx, &agentLink{options: &o.link, keys: keys, log: log, slot: first}, fleet.AgentOptions{
				Slots: order, Capacity: o.capacity, Version: version(), Linger: o.linger,
				Local:   fleet.Local{Allow: o.allow, Certificates: config.Certificates, Dir: o.spool, Slots: o.slots},
				Process: process, Log: log})
		})
	}
	agents.Wait()
	return errors.Join(failures...)
}

// keys reads those that the agents of this process may use, none without --creds.
func (o *agentOptions) keys() (keyring, error) {
	if o.creds == "" {
		return nil, nil
	}
	keys, err := loadKeyring(o.creds)
	if err != nil {
		return nil, err
	}
	return keys.restrict(o)
}

// serve takes part in storms, one after the other, at first as the slot that the link is for.
func (o *agentOptions) serve(ctx context.Context, link *agentLink, a fleet.AgentOptions) error {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	link.refused = leave // the server does not accept these keys any more
	if _, err := link.move(ctx, link.slot); ctx.Err() != nil {
		return nil // stopped before it had anything to do
	} else if err != nil {
		return err
	}
	defer link.close()
	a.Move = link.move
	for n := 0; o.storms == 0 || n < o.storms; n++ {
		a.Conn, a.Slot = link.conn, link.slot
		err := fleet.Serve(ctx, a)
		if cause := context.Cause(ctx); cause != nil && (err == nil || errors.Is(err, context.Canceled)) {
			if refused, ok := errors.AsType[*bus.ConnectError](cause); ok {
				return refused
			}
			return nil
		}
		if o.storms != 0 && err != nil {
			return err
		}
		if err != nil {
			a.Log("%v", err)
			select {
			case <-time.After(retryWait):
			case <-ctx.Done():
			}
		}
		o.sweep(a.Log)
	}
	return nil
}
