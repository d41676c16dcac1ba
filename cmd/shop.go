package cmd

import (
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/shop"
)

type shopOptions struct {
	listen string
	faults string
	config shop.Config
}

func newShop(s Streams) *cobra.Command {
	o := &shopOptions{}
	c := &cobra.Command{
		Use:   "shop",
		Short: "Run the reference flash-sale shop, to practise on",
		Long: "shop serves items, orders, payment, a ledger of what it sold (/ledger), /metrics and /healthz until Ctrl-C.\n" +
			"Its stock, capacity and faults are known, so what fsctl says about it can be checked.",
		Example: "  fsctl shop --stock 1000 --service-time 5ms --workers 8\n  fsctl shop --faults oversell,slow=200ms",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return runShop(c, s, o) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`HOST:PORT` to serve; port 0 takes a free one")
	f.IntVar(&o.config.Items, "items", 1, "number of different items: sku-1, sku-2 and so on")
	f.IntVar(&o.config.Stock, "stock", 1000, "pieces of each item")
	f.IntVar(&o.config.PerUser, "per-user", 1, "pieces of one item that a user may buy; 0 for no limit")
	f.DurationVar(&o.config.ServiceTime, "service-time", 2*time.Millisecond, "time a worker takes for a request")
	f.IntVar(&o.config.Workers, "workers", 16, "requests served at once, further ones queue; 0 for no limit")
	f.DurationVar(&o.config.ConfirmAfter, "confirm-after", 0, "time that an order stays pending")
	f.StringVar(&o.faults, "faults", "", faultsUsage)
	f.Uint64Var(&o.config.Seed, "seed", 1, "seed that chooses which requests the faults hit")
	return c
}

func runShop(c *cobra.Command, s Streams, o *shopOptions) error {
	defer holdOn(c.Context())("") // it answers what it has begun to
	var err error
	if o.config.Faults, err = shop.ParseFaults(o.faults); err != nil {
		return usagef("--faults: %w", err)
	}
	if err := transport.CheckListen(o.listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	v, err := shop.New(o.config)
	if err != nil {
		return &usageError{error: err}
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return &hinted{fmt.Errorf("start shop: %w", err), "choose another port with --listen 127.0.0.1:0"}
	}
	fmt.Fprintf(s.Err, "shop sells %s at http://%s; Ctrl-C ends it\n", stockText(o.config), listener.Addr())
	return v.Serve(c.Context(), listener)
}

// stockText writes what a shop sells.
func stockText(c shop.Config) string {
	return quantity.Count(c.Items) + " x " + quantity.Of(c.Stock, "piece")
}
