package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios"
)

func TestOptions(t *testing.T) {
	o, err := parseOptions(strings.Fields("--rounds 3 --only closed,tail --peers wrk --peer wrk2=/opt/a=b/wrk --cores 2,3"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.rounds != 3 || len(o.only) != 2 || o.paths["wrk2"] != "/opt/a=b/wrk" || o.generatorCore != 2 || o.serverCore != 3 {
		t.Errorf("found %+v", o)
	}
	if !o.wants("wrk") || !o.wants("fsctl") || o.wants("k6") {
		t.Error("--peers wrk: wanted wrk and fsctl, and nothing else")
	}
	for _, line := range []string{"--rounds 0", "--window 10ms", "--warm-up -1s", "--only nothing", "--peers nobody", "--peer wrk2",
		"--peer nobody=/x", "--peer wrk2=", "--cores 0", "--cores 1,1", "--cores a,b", "closed", "--what"} {
		if _, err := parseOptions(strings.Fields(line), io.Discard); err == nil {
			t.Errorf("%s: wanted an error", line)
		}
	}
}

// fsctl=PATH is a peer of its own; this tree's build is measured all the same.
func TestOlderBuildIsAPeer(t *testing.T) {
	o, err := parseOptions(strings.Fields("--peers wrk --peer fsctl=/opt/before/fsctl"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.paths["fsctl-old"] != "/opt/before/fsctl" || o.paths["fsctl"] != "" {
		t.Errorf("found programs %v, wanted fsctl-old alone", o.paths)
	}
	if !o.wants("fsctl") || !o.wants("fsctl-old") || !o.wants("wrk") || o.wants("k6") {
		t.Error("wanted fsctl, fsctl-old and wrk, and nothing else")
	}
	if o, err = parseOptions(nil, io.Discard); err != nil || o.wants("fsctl-old") || !o.wants("k6") {
		t.Errorf("without --peer (%v): wanted every peer but an older build", err)
	}
	b := &bench{options: options{paths: map[string]string{"fsctl-old": binDir + "/fsctl"}}}
	if err := b.find(t.Context(), fsctl(oldBuild)); err == nil {
		t.Error("took the program that is built here for an older one, wanted an error")
	}
}

// The scenarios, with what the command lines set in them, are ones that fsctl takes.
func TestScenarios(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		fsctlArgs(load{connections: connections, length: 6 * time.Second}),
		fsctlArgs(load{connections: connections, length: 6 * time.Second, ratePerSec: 106_543.21}),
		fsctlArgs(load{connections: connections, length: 6 * time.Second, journey: true}),
		fsctlArgs(load{connections: connections, length: 6 * time.Second, ratePerSec: 6_000, shop: true}),
		fsctlWaitArgs("", 1_000_000),
		fsctlOpenArgs("", 11_623, 0),
	} {
		var sets []string
		for i, arg := range args {
			if arg == "--set" {
				sets = append(sets, args[i+1])
			}
		}
		if _, err := scenarios.Load(filepath.Join(dir, args[1]), sets...); err != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}
