package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// options are the command line.
type options struct {
	rounds                    int
	window                    time.Duration     // of one measurement, after the warm-up
	warmUp                    time.Duration     // not counted
	only                      []string          // names of comparisons, empty for all
	peers                     []string          // names of peers, empty for all; fsctl is always there
	paths                     map[string]string // of programs that are there already, by peer
	generatorCore, serverCore int
	write                     string
}

func parseOptions(args []string, usage io.Writer) (options, error) {
	o := options{paths: map[string]string{}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(usage)
	f.IntVar(&o.rounds, "rounds", 9, fmt.Sprintf("how often each peer is measured; intervals take %d or more", fewestRounds))
	f.DurationVar(&o.window, "window", 2*time.Second, "length of one measurement")
	f.DurationVar(&o.warmUp, "warm-up", time.Second, "time before it that is not counted")
	f.StringVar(&o.write, "write", "", "put the figures into this `FILE` between its markers")
	only := f.String("only", "", "`NAMES` of the comparisons wanted: "+strings.Join(comparisonNames, ","))
	peers := f.String("peers", "", "`NAMES` of the peers wanted: "+strings.Join(peerNames, ","))
	cores := f.String("cores", "0,1", "`CORES` of the generator and of the server")
	f.Func("peer", "a program that is there already, `NAME=PATH` such as wrk2=/opt/wrk2/wrk; may be repeated. "+
		"fsctl=PATH is an older build, measured beside this tree's as "+oldBuild, o.addPath)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("found %q, wanted flags alone; see -help", f.Arg(0))
	}
	o.only, o.peers = names(*only), names(*peers)
	return o, errors.Join(o.check(), o.setCores(*cores))
}

func (o *options) addPath(text string) error {
	name, path, ok := strings.Cut(text, "=")
	if !ok || path == "" || !slices.Contains(peerNames, name) {
		return fmt.Errorf("found %q, wanted NAME=PATH with a name of %s", text, strings.Join(peerNames, ", "))
	}
	if name == newBuild { // itself, it is always built from the tree
		name = oldBuild
	}
	o.paths[name] = path
	return nil
}

func (o *options) check() error {
	if o.rounds < 1 {
		return fmt.Errorf("--rounds: found %d, wanted 1 or more", o.rounds)
	}
	if o.window < time.Second || o.warmUp < 0 {
		return fmt.Errorf("--window %s, --warm-up %s: wanted a window of 1 s or more and no negative warm-up", quantity.Exact(o.window), quantity.Exact(o.warmUp))
	}
	return errors.Join(known("--only", o.only, comparisonNames), known("--peers", o.peers, peerNames))
}

func (o *options) setCores(text string) error {
	generator, server, _ := strings.Cut(text, ",")
	var errs [2]error
	o.generatorCore, errs[0] = strconv.Atoi(generator)
	o.serverCore, errs[1] = strconv.Atoi(server)
	if errors.Join(errs[:]...) != nil || o.generatorCore == o.serverCore {
		return fmt.Errorf("--cores: found %q, wanted two different cores such as 0,1", text)
	}
	return nil
}

// wants reports whether a peer is to be measured.
func (o *options) wants(peer string) bool {
	if peer == oldBuild {
		return o.paths[oldBuild] != ""
	}
	return peer == newBuild || len(o.peers) == 0 || slices.Contains(o.peers, peer)
}

func names(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(s string) bool { return s == "" })
}

func known(flag string, found, all []string) error {
	for _, name := range found {
		if !slices.Contains(all, name) {
			return fmt.Errorf("%s: found %q, wanted some of %s", flag, name, strings.Join(all, ","))
		}
	}
	return nil
}

// peerNames are all names that --peers and --peer take.
var peerNames = slices.DeleteFunc(slices.Sorted(maps.Keys(allPeers())), func(name string) bool { return name == oldBuild })
