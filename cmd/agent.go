package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet"
	"fsctl/loadgen/fleet/bus"
)

type agentOptions struct {
	link     linkOptions
	creds    string
	allow    []string
	slot     int
	slots    int
	capacity float64
	spool    string
	linger   time.Duration
	storms   int
	shares   bool
	tls      tlsOptions
}

func newAgent(s Streams) *cobra.Command {
	o := &agentOptions{}
	c := &cobra.Command{
		Use:   "agent --nats URL --allow-target HOST",
		Short: "Wait for storms and send a share of them",
		Long: "agent connects to the bus, waits for a storm (fsctl attack --nats, --listen), opens its connections, leaves with all\n" +
			"others at T0, and hands over what it measured. It storms no host but this machine and those that --allow-target names.\n" +
			"What nobody has confirmed to be on record stays in the spool, and is offered again by the next agent of the slot.",
		Example: "  fsctl agent --nats nats://127.0.0.1:4222\n" +
			"  fsctl agent --nats tls://coordinator.example:4222 --creds agent-1.creds --allow-target shop.example --storms 0",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAgent(c.Context(), s, o) },
	}
	f := c.Flags()
	o.link.flags(f, "where the fleet meets, `URL` such as tls://coordinator.example:4222")
	f.StringVar(&o.creds, "creds", "", "keys of one slot, `FILE` made by fsctl agent-keys")
	f.StringSliceVar(&o.allow, "allow-target", nil, "`HOST` beyond this machine that may be stormed; may be repeated")
	f.IntVar(&o.slot, "slot", 0, "take this slot only (default: that of --creds, else any)")
	f.IntVar(&o.slots, "slots", 1, "agents in this process, each with a share of its own")
	f.Float64Var(&o.capacity, "capacity", 1, "its part of the load against that of the others")
	f.StringVar(&o.spool, "spool", "", "`DIR` for measurements until they are on record (default: in the user's cache)")
	f.DurationVar(&o.linger, "linger", 10*time.Minute, "for how long to keep offering them once all is sent")
	f.IntVar(&o.storms, "storms", 1, "leave after so many storms, 0 for never")
	f.BoolVar(&o.shares, "shares-machine", false, "other agents run on this machine too")
	f.StringVar(&o.tls.certificate, "cert", "", "client certificate for the target, PEM `FILE`")
	f.StringVar(&o.tls.key, "key", "", "key of the client certificate, PEM `FILE`")
	return c
}

func (o *agentOptions) check() error {
	switch {
	case o.link.url == "":
		return &hinted{usagef("no bus to connect to"), "add --nats URL; without a server of your own: fsctl attack --listen, or fsctl attack --agents"}
	case o.slots < 1 || o.slots > 1000 || o.slot < 0 || o.slot > bus.MaxAgents:
		return usagef("found --slots %d and --slot %d, wanted 1 to 1000, and 0 to %d", o.slots, o.slot, bus.MaxAgents)
	case o.slots > 1 && (o.slot > 0 || o.creds != ""):
		return usagef("found --slots %d beside --slot or --creds, which are for one slot: start an agent for each", o.slots)
	case !(o.capacity > 0) || o.capacity > 1e6:
		return usagef("found --capacity %v, wanted above 0, up to 1000000", o.capacity)
	case o.storms < 0 || o.linger < 0:
		return usagef("found --storms %d and --linger %v, wanted 0 or more", o.storms, o.linger)
	}
	return nil
}

func runAgent(ctx context.Context, s Streams, o *agentOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	config, err := o.tls.config()
	if err != nil {
		return err
	}
	var creds *bus.Creds
	if o.creds != "" {
		if creds, err = bus.LoadCreds(o.creds); err != nil {
			return err
		}
		if creds.Slot == bus.Coordinator {
			return usagef("--creds %s: found the coordinator's keys, wanted those of an agent, such as %s", o.creds, bus.AgentFile(1))
		}
		if o.slot != 0 && o.slot != creds.Slot {
			return usagef("found --slot %d beside keys for slot %d", o.slot, creds.Slot)
		}
		o.slot = creds.Slot
	}
	if o.spool == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return usagef("found no directory for measurements: %w; name one with --spool", err)
		}
		o.spool = filepath.Join(cache, "fsctl", "spool")
	}
	if err := os.MkdirAll(o.spool, 0o700); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	var mu sync.Mutex
	log := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(s.Err, format+"\n", args...)
	}
	var agents sync.WaitGroup
	failures := make([]error, o.slots)
	for i := range o.slots {
		agents.Go(func() {
			failures[i] = o.serve(ctx, creds, fleet.AgentOptions{Slot: o.slot, Capacity: o.capacity, Version: version(), Linger: o.linger,
				Local:         fleet.Local{Allow: o.allow, Certificates: config.Certificates, Dir: o.spool},
				SharesMachine: o.shares || o.slots > 1, Log: log})
		})
	}
	agents.Wait()
	return errors.Join(failures...)
}

// serve takes part in storms, one after the other.
func (o *agentOptions) serve(ctx context.Context, creds *bus.Creds, a fleet.AgentOptions) error {
	conn, err := o.link.connect(ctx, a.Slot, creds, func(c *bus.Config) {
		c.Retry = true
		c.OnError = func(err error) { a.Log("%v", err) }
		c.OnDisconnect = func(err error) { a.Log("the link to the bus is gone: %v", err) }
		c.OnReconnect = func() { a.Log("the link to the bus is back") }
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	a.Conn = conn
	for n := 0; o.storms == 0 || n < o.storms; n++ {
		err := fleet.Serve(ctx, a)
		if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
			return nil
		}
		if o.storms != 0 && err != nil {
			return err
		}
		if err != nil {
			a.Log("%v", err)
		}
	}
	return nil
}
