package cmd

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"fsctl/loadgen/fleet/bus"
)

func newAgentKeys(s Streams) *cobra.Command {
	var agents int
	var hosts []string
	var conf bool
	c := &cobra.Command{
		Use:   "agent-keys DIR --agents N --host HOST",
		Short: "Make the keys of a fleet",
		Long: "agent-keys makes a certificate authority of the fleet's own, the bus's certificate for the hosts that agents dial, and a key\n" +
			"for the coordinator and for each agent slot. An agent gets one file and can do nothing for any slot but its own.",
		Example: "  fsctl agent-keys keys --agents 20 --host coordinator.example\n" +
			"  fsctl attack my-sale.yaml --target https://shop.example --allow-target shop.example --listen 0.0.0.0:4222 --keys keys --expect-agents 20",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			keys, err := bus.MakeKeys(args[0], agents, hosts)
			if err != nil {
				return err
			}
			fmt.Fprintf(s.Err, "made keys for %d agents, good until %s; give each agent its own file, such as %s\n",
				keys.Agents(), keys.Expires().Format("2006-01-02"), filepath.Join(args[0], bus.AgentFile(1)))
			if conf {
				fmt.Fprint(s.Out, keys.ServerConf())
			}
			return nil
		},
	}
	c.Flags().IntVar(&agents, "agents", 1, "number of agent slots")
	c.Flags().StringSliceVar(&hosts, "host", []string{"127.0.0.1", "localhost"}, "`HOST` name or address that agents dial; may be repeated")
	c.Flags().BoolVar(&conf, "server-conf", false, "print the same as a configuration for a nats-server of your own")
	return c
}
