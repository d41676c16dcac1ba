package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// load is what a peer is asked to send.
type load struct {
	url         string // of the server, without a path
	connections int
	ratePerSec  float64 // 0: the closed loop, as fast as the connections allow
	journey     bool    // the three steps in place of one GET
	shop        bool    // buyers in place of one GET, three requests each
	length      time.Duration
}

// secure reports whether the load goes over TLS.
func (l load) secure() bool { return strings.HasPrefix(l.url, "https:") }

// seconds returns the length in whole seconds, which is all that some peers take.
func (l load) seconds() string { return strconv.Itoa(int(l.length / time.Second)) }

// target returns the URL of the one GET.
func (l load) target() string { return l.url + "/" }

// peer is a load generator. Its program runs in a directory that holds the scenarios and scripts, and that
// keeps what it writes.
type peer struct {
	name   string
	debian string // package that has it, or
	golang string // Go package that is built; neither: the user has it

	args func(load) []string
	read func(ctx context.Context, path, dir string) (ownReport, error)

	waitArgs func(url string, users int) []string        // many users who wait, where it can have them
	waited   func(dir string) (users float64, err error) // how many it had

	path    string // of the program, once it is found
	version string
}

// Go packages of the peers: vegeta in the version of go.mod.
const (
	vegetaPackage = "github.com/tsenart/vegeta/v12"
	k6Package     = "go.k6.io/k6@v1.8.1"
)

// overloadPerSec is the arrival rate that stands for "as fast as it can": far above what one core sends.
const overloadPerSec = 400_000

// allPeers returns every load generator that this program knows how to run, by name.
func allPeers() map[string]*peer {
	all := map[string]*peer{}
	for _, p := range []*peer{
		fsctl(newBuild), fsctl(oldBuild),
		{name: "wrk", debian: "wrk", args: wrkArgs, read: fromOutput(parseWrk)},
		{name: "wrk2", args: wrk2Args, read: fromOutput(parseWrk2)},
		{name: "h2load", debian: "nghttp2-client", args: h2loadArgs, read: fromOutput(parseH2load)},
		{name: "ab", debian: "apache2-utils", args: abArgs, read: fromOutput(parseAb)},
		{name: "hey", debian: "hey", args: heyArgs, read: fromOutput(parseHey)},
		{name: "vegeta", golang: vegetaPackage, args: vegetaArgs, read: readVegeta},
		{name: "k6", golang: k6Package, args: k6Args, read: readK6, waitArgs: k6WaitArgs, waited: k6Waited},
	} {
		all[p.name] = p
	}
	return all
}

// Builds of fsctl: of this tree, and of the program that --peer fsctl=PATH names.
const (
	newBuild = "fsctl"
	oldBuild = "fsctl-old"
)

func fsctl(build string) *peer {
	return &peer{name: build, golang: "fsctl", args: fsctlArgs, read: readFsctl, waitArgs: fsctlWaitArgs, waited: fsctlWaited}
}

func fsctlArgs(l load) []string {
	scenario, length := "plain.yaml", "storm.phases.0.to=T0+"+l.length.String()
	rate := l.ratePerSec
	if rate == 0 {
		rate = overloadPerSec
	}
	sets := []string{"--set", length, "--set", fmt.Sprintf("storm.phases.0.rate=%.0f/s", rate)}
	switch {
	case l.shop:
		scenario = "shop.yaml"
		sets = []string{"--set", length, "--set", fmt.Sprintf("storm.phases.0.rate=%.0f/s", l.buyersPerSec())}
	case l.journey:
		scenario = "journey.yaml"
		sets = []string{"--set", "journeys.buyer.0.repeat.for=" + l.length.String(),
			"--set", fmt.Sprintf("storm.phases.0.users=%d", l.connections)}
	}
	args := append(fsctlAttack(scenario, l.url), "--connections", strconv.Itoa(l.connections))
	if l.secure() {
		args = append(args, "--insecure")
	}
	return append(args, sets...)
}

// fsctlRun is the run directory of an attack.
const fsctlRun = "run"

func fsctlAttack(scenario, url string) []string {
	return []string{"attack", scenario, "--target", url, "--run", fsctlRun, "--no-verdict", "-o", "json"}
}

func fsctlWaitArgs(url string, users int) []string {
	return append(fsctlAttack("waiting.yaml", url), "--connections", "1", "--set", fmt.Sprintf("storm.phases.0.users=%d", users))
}

// signInsPerSec is the rate at which users sign in who are to wait: what one connection is sure to carry.
const signInsPerSec = 15_000

func fsctlSignedInArgs(url string, users int) []string {
	end := time.Hour - max(time.Duration(users)*time.Second/signInsPerSec, time.Second).Round(time.Second)
	return append(fsctlAttack("signedin.yaml", url), "--connections", "4", "--set", fmt.Sprintf("storm.phases.0.users=%d", users),
		"--set", "storm.phases.0.before.to=T0-"+end.String())
}

func fsctlOpenArgs(url string, users, connections int) []string {
	return append(fsctlAttack("opening.yaml", url), "--connections", strconv.Itoa(connections), "--set", fmt.Sprintf("storm.phases.0.users=%d", users))
}

func wrkArgs(l load) []string {
	return []string{"-t1", "-c" + strconv.Itoa(l.connections), "-d" + l.seconds() + "s", "--latency", l.target()}
}

func wrk2Args(l load) []string {
	return append([]string{"-R" + strconv.FormatFloat(l.ratePerSec, 'f', 0, 64)}, wrkArgs(l)...)
}

func h2loadArgs(l load) []string {
	return []string{"--h1", "-t1", "-c", strconv.Itoa(l.connections), "-D", l.seconds(), l.target()}
}

func abArgs(l load) []string { // -n after -t, which sets it to 50,000
	return []string{"-q", "-k", "-c", strconv.Itoa(l.connections), "-t", l.seconds(), "-n", "100000000", l.target()}
}

func heyArgs(l load) []string {
	args := []string{"-z", l.length.String(), "-c", strconv.Itoa(l.connections)}
	if l.ratePerSec > 0 { // of each connection
		args = append(args, "-q", strconv.FormatFloat(l.ratePerSec/float64(l.connections), 'f', -1, 64))
	}
	return append(args, l.target())
}

func vegetaArgs(l load) []string { // its targets come from standard input
	workers := strconv.Itoa(l.connections)
	args := []string{"attack", "-rate", strconv.FormatFloat(l.ratePerSec, 'f', 0, 64), "-duration", l.length.String(),
		"-workers", workers, "-max-workers", workers, "-output", vegetaResults}
	if l.secure() {
		args = append(args, "-insecure")
	}
	return args
}

// vegetaResults is where vegeta writes every result.
const vegetaResults = "results.bin"

func readVegeta(ctx context.Context, path, dir string) (ownReport, error) {
	report := exec.CommandContext(ctx, path, "report", "-type=json", vegetaResults)
	report.Dir = dir
	text, err := report.Output()
	if err != nil {
		return ownReport{}, fmt.Errorf("vegeta report: %w", err)
	}
	return parseVegeta(text)
}

// k6Summary is where k6 writes its summary.
const k6Summary = "summary.json"

func k6Run(script, url string, environment ...string) []string {
	args := []string{"run", "--quiet", "--no-usage-report", "--address", "", "--summary-export", k6Summary,
		"--summary-trend-stats", "med,p(99)", "-e", "TARGET=" + url}
	for _, e := range environment {
		args = append(args, "-e", e)
	}
	return append(args, script)
}

func k6Args(l load) []string {
	script, ratePerSec := "plain.js", l.ratePerSec
	switch {
	case l.shop:
		script, ratePerSec = "shop.js", l.buyersPerSec()
	case l.journey:
		script = "journey.js"
	}
	return k6Run(script, l.url, fmt.Sprintf("CONNECTIONS=%d", l.connections), fmt.Sprintf("RATE=%.0f", ratePerSec), "LENGTH="+l.length.String())
}

func k6WaitArgs(url string, users int) []string {
	return k6Run("waiting.js", url, fmt.Sprintf("USERS=%d", users))
}
