package cmd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"fsctl/loadgen"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/amount"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/plaintext"
	"fsctl/scenarios/quantity"
)

// runsDir is where runs are kept.
const runsDir = "runs"

// targetOptions are the flags that every command has that sends a scenario's requests: what is sent, and how it reaches the target.
type targetOptions struct {
	target string
	others map[string]string // URLs by name, in place of the scenario's other targets
	scale  string
	seed   uint64
	allow  []string
	set    []string
	engine string
	tls    tlsOptions

	noKeepAlive bool
	connectTo   []string
	sources     []string
	proxy       string
	route       transport.Route // of connectTo, sources and proxy, once they are checked
	aims        []*url.URL      // what is sent to, once it is known
	reached     []string        // what connections for them really go to, where their URLs do not say it
	notes       []string        // of the proxy, to be said before the storm
	shown       atomic.Pointer[progress]
}

// stormOptions are the flags that attack and rehearse share.
type stormOptions struct {
	targetOptions
	run            string
	duration       time.Duration
	connections    int
	maxConnections int
	raw            bool
	fleet          fleetOptions
	noPreflight    bool
	outputs        []preflight.Output // that are written when the storm is over
	inside         bool               // the target is in this process, and its connections take file descriptors here too
}

type tlsOptions struct {
	authority, certificate, key string
	insecure                    bool
}

func (o *stormOptions) flags(c *cobra.Command) {
	o.targetOptions.flags(c)
	f := c.Flags()
	f.StringVar(&o.run, "run", "", "new `DIR` for what is measured (default runs/<UTC time>-<scenario>)")
	f.DurationVar(&o.duration, "duration", 0, "stop sending after this time from the run's start; 0 sends the whole storm")
	f.IntVar(&o.connections, "connections", 0, "test a pool of this many connections: a fixed number, open before the storm (default as many as are needed)")
	f.IntVar(&o.maxConnections, "max-connections", 0, "open at most this many connections, as they are needed; agents share them (default 10,000, or what this machine has room for)")
	f.BoolVar(&o.noPreflight, "no-preflight", false, "send without a look first whether target, ledger and outputs can be reached: for a target that comes up only at T0")
	f.BoolVar(&o.raw, "raw", false, "also write every request to results.bin, in vegeta's format")
	f.IntVar(&o.fleet.agents, "agents", 0, "send from this number of processes on this machine, such as 4")
}

func (o *targetOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.Var(&targetFlag{o}, "target", "`URL` to send the load to, such as http://127.0.0.1:8080; NAME=URL for another of the scenario's targets; may be repeated")
	f.StringVar(&o.scale, "scale", "", "multiply rates, populations and stock by this, such as 1%")
	f.Uint64Var(&o.seed, "seed", 1, "seed of all that is random: arrivals, users, items, think times")
	f.StringSliceVar(&o.allow, "allow-target", nil, "`HOST` that load may be sent to; this machine always may; may be repeated")
	f.StringArrayVar(&o.set, "set", nil, "set any field of the scenario, `PATH=VALUE` such as storm.t0=30s; may be repeated")
	f.BoolVar(&o.noKeepAlive, "no-keepalive", false, "open a connection for every request, and end it with the answer")
	f.StringVar(&o.engine, "engine", "auto", "HTTP client: wire (fsctl's own, HTTP/1.1, least CPU per request), vegeta (Go's net/http, HTTP/2 too) or auto (wire)")
	f.StringArrayVar(&o.connectTo, "connect-to", nil, "send what is meant for HOST1:PORT1 to HOST2:PORT2, written `HOST1:PORT1:HOST2:PORT2` as for curl; may be repeated")
	f.StringSliceVar(&o.sources, "source", nil, "local `ADDRESS` to send from; several, separated by commas, are used in turn")
	f.StringVar(&o.proxy, "proxy", "", "send through this proxy, `URL` such as http://proxy.example:3128, or env for the one that HTTP_PROXY or HTTPS_PROXY names (default none, whatever they say)")
	f.StringVar(&o.tls.authority, "cacert", "", "PEM `FILE` of a certificate authority to trust for the target")
	f.StringVar(&o.tls.certificate, "cert", "", "PEM `FILE` of a client certificate for the target")
	f.StringVar(&o.tls.key, "key", "", "PEM `FILE` of the client certificate's key")
	f.BoolVar(&o.tls.insecure, "insecure", false, "accept any certificate of the target")
}

// check finds what is wrong with the flags alone.
func (o *stormOptions) check() error {
	if o.connections < 0 || o.connections > 1_000_000 {
		return usagef("found --connections %d, wanted 1 to 1,000,000, or 0 for as many as are needed", o.connections)
	}
	if o.maxConnections < 0 || o.maxConnections > 1_000_000 {
		return usagef("found --max-connections %d, wanted 1 to 1,000,000, or 0 for what this machine has room for", o.maxConnections)
	}
	if o.connections > 0 && o.maxConnections > 0 {
		return usagef("found --connections %d and --max-connections %d, wanted one: a fixed number, or the most that may be opened", o.connections, o.maxConnections)
	}
	if o.duration < 0 {
		return usagef("found --duration %s, wanted 0 or more", quantity.Exact(o.duration))
	}
	return o.targetOptions.check()
}

// check finds what is wrong with the flags alone.
func (o *targetOptions) check() error {
	if engines := []string{loadgen.EngineAuto, loadgen.EngineWire, loadgen.EngineVegeta}; !slices.Contains(engines, o.engine) {
		return usagef("found --engine %q, wanted %s", o.engine, strings.Join(engines, ", "))
	}
	return o.findRoute()
}

// checkAllowed fails unless the hosts are written as in an address.
func checkAllowed(hosts []string) error {
	for _, h := range hosts {
		if err := transport.CheckHost(h); err != nil {
			return fmt.Errorf("--allow-target: %w", err)
		}
	}
	return nil
}

// ratio returns the scale, or absent where the flag is not given.
func (o *targetOptions) ratio(absent float64) (float64, error) {
	if o.scale == "" {
		return absent, nil
	}
	r, err := amount.ParseScale(o.scale)
	if err != nil {
		return 0, usagef("--scale: %w", err)
	}
	return r, nil
}

// otherURLs returns the URLs that --target NAME=URL gave, by name.
func (o *targetOptions) otherURLs() (map[string]*url.URL, error) {
	others := map[string]*url.URL{}
	for name, text := range o.others {
		u, err := transport.ParseTarget(text)
		if err != nil {
			return nil, fmt.Errorf("--target %s: %w", name, err)
		}
		others[name] = u
	}
	return others, nil
}

func (o *targetOptions) url() (*url.URL, error) {
	u, err := transport.ParseTarget(o.target)
	if err != nil {
		return nil, fmt.Errorf("--target: %w", err)
	}
	return u, nil
}

// config returns the TLS configuration.
func (o *tlsOptions) config() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: o.insecure, MinVersion: tls.VersionTLS12}
	if o.authority != "" {
		pem, err := inputfile.Read(o.authority, inputfile.MostText)
		if err != nil {
			return nil, usagef("--cacert: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(plaintext.Trim(pem)) {
			return nil, usagef("--cacert %s: found no certificate, wanted PEM", o.authority)
		}
	}
	if (o.certificate == "") != (o.key == "") {
		return nil, usagef("found one of --cert and --key, wanted both")
	}
	if o.certificate != "" {
		pair, err := tls.LoadX509KeyPair(o.certificate, o.key)
		if err != nil {
			return nil, usagef("--cert, --key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// directory returns the run directory: that of --run, else a new name under runs.
func (o *stormOptions) directory(scenario string, now time.Time) string {
	if o.run != "" {
		return o.run
	}
	return filepath.Join(runsDir, record.RunName(scenario, now))
}

// checkRun fails where the directory of --run is there: a run is never overwritten. It sends nothing.
func (o *stormOptions) checkRun() error {
	if o.run == "" {
		return nil
	}
	if _, err := os.Lstat(o.run); err == nil {
		return &record.ExistsError{Dir: o.run}
	}
	return nil
}

// settings are the flags that run.json keeps.
func (o *stormOptions) settings() map[string]any {
	return map[string]any{"duration": o.duration.String(), "engine": o.engine, "raw": o.raw, "no_keepalive": o.noKeepAlive, "allow_target": o.allow, "set": shownSet(o.set), "insecure": o.tls.insecure, "connections": o.connections, "max_connections": o.maxConnections,
		"connect_to": o.connectTo, "source": o.sources, "proxy": o.proxySetting()}
}

// storm compiles a scenario's storm at a scale, for the target and the settings of the flags.
func (o *stormOptions) storm(sc *scenarios.Scenario, scale float64) (*loadgen.Storm, error) {
	resolved, err := o.resolve(sc, scale)
	if err != nil {
		return nil, err
	}
	return loadgen.New(resolved)
}

// resolve returns the options of loadgen that the flags ask for.
func (o *stormOptions) resolve(sc *scenarios.Scenario, scale float64) (loadgen.Options, error) {
	lo, err := o.targetOptions.resolve(sc, scale)
	if err != nil {
		return loadgen.Options{}, err
	}
	lo.Connections, lo.MaxConnections, lo.Duration, lo.Raw, lo.TargetInside = o.connections, o.maxConnections, o.duration, o.raw, o.inside
	return lo, nil
}

// resolve returns the options of loadgen that say what is sent, and how it reaches the target.
func (o *targetOptions) resolve(sc *scenarios.Scenario, scale float64) (loadgen.Options, error) {
	target, err := o.url()
	if err != nil {
		return loadgen.Options{}, err
	}
	config, err := o.tls.config()
	if err != nil {
		return loadgen.Options{}, err
	}
	others, err := o.otherURLs()
	if err != nil {
		return loadgen.Options{}, err
	}
	all, err := transport.Targets(target, sc.Targets, others)
	if err != nil {
		return loadgen.Options{}, err
	}
	for _, t := range all {
		if o.route.Proxy, err = o.findProxy(t.URL); err != nil {
			return loadgen.Options{}, err
		}
	}
	if sc, err = sc.WithEnvironment(os.LookupEnv); err != nil {
		return loadgen.Options{}, err
	}
	return loadgen.Options{Scenario: sc.Scaled(scale), Target: target, Others: others, Allow: o.allow, Seed: o.seed, Engine: o.engine, TLS: config, NoKeepAlive: o.noKeepAlive, Route: o.route,
		Secrets: secretsIn(o.set)}, nil
}
