package cmd

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet/bus"
	"fsctl/scenarios/quantity"
)

func newAgentKeys(s Streams) *cobra.Command {
	var agents int
	var hosts []string
	var conf bool
	c := &cobra.Command{
		Use:   "agent-keys DIR --agents N --host HOST",
		Short: "Make the keys of a fleet",
		Long: "agent-keys makes what agents on other machines need to be trusted: a certificate authority, the certificate of the bus\n" +
			"that agents connect to, and a key for the coordinator and for each agent. Give each agent its own file: with it an\n" +
			"agent can act in its own slot only.",
		Example: "  fsctl agent-keys keys --agents 20 --host coordinator.example\n" +
			"  fsctl attack my-sale.yaml --target https://shop.example --allow-target shop.example --listen 0.0.0.0:4222 --keys keys --expect-agents 20",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			keys, err := bus.MakeKeys(args[0], agents, hosts)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Err, "made keys for %s, good until %s; give each agent its own file, such as %s\n",
				quantity.Of(keys.Agents(), "agent"), keys.Expires().Format("2006-01-02"), filepath.Join(args[0], bus.AgentFile(1)))
			if conf {
				fmt.Fprint(s.Out, keys.ServerConf())
			}
			return nil
		},
	}
	c.Flags().IntVar(&agents, "agents", 1, "number of agents")
	c.Flags().StringSliceVar(&hosts, "host", []string{"127.0.0.1", "localhost"}, "name or address that agents connect to, `HOST`; may be repeated")
	c.Flags().BoolVar(&conf, "server-conf", false, "also print the configuration for a nats-server of your own")
	return c
}
