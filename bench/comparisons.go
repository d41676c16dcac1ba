package main

import (
	"context"
	"fmt"
	"slices"

	"fsctl/scenarios/quantity"
)

// Names of the comparisons, for --only. A name may stand for several tables.
const (
	closedName  = "closed"
	fixedName   = "fixed"
	tlsName     = "tls"
	journeyName = "journey"
	tailName    = "tail"
	memoryName  = "memory"
	openingName = "opening"
)

var comparisonNames = []string{closedName, fixedName, tlsName, journeyName, tailName, memoryName, openingName}

// Titles of the tables that goals look at.
const (
	closedTitle  = "Closed loop"
	tlsTitle     = "Closed loop over TLS"
	journeyTitle = "Journey of three steps"
	tailTitle    = "Tail at half the top rate"
	memoryTitle  = "Memory of waiting users"
	openingTitle = "10,000 users within 100 ms after T0"
)

func fixedTitle(ratePerSec float64) string { return "Fixed rate of " + quantity.Rate(ratePerSec) }

// connections is how many each peer has where the comparison is not about that.
const connections = 64

// busiest is the fixed rate at which goals compare CPU.
const busiest = 20_000

var (
	closedColumns = []*metric{requestRate, coreRate, generatorBusy, serverBusy}
	fixedColumns  = []*metric{requestCPU, wholeCPU, requestRate, serviceP50, serviceP99, responseP50, responseP99}
)

// comparisons returns all comparisons in the order in which they are made.
func (b *bench) comparisons() []*comparison {
	plain := load{url: b.server.plainURL, connections: connections}
	secure, journey := plain, plain
	secure.url, journey.journey = b.server.tlsURL, true
	return []*comparison{
		b.closed(closedName, closedTitle, plain, "wrk", "h2load", "ab", "hey", "vegeta", "k6"),
		b.fixed(plain, 10_000),
		b.fixed(plain, busiest),
		b.closed(tlsName, tlsTitle, secure, "wrk", "h2load", "vegeta", "k6"),
		b.closed(journeyName, journeyTitle, journey, "k6"),
		b.tail(plain),
		b.memory(),
		b.opening(),
	}
}

// closed compares how many requests a second peers make of one core.
func (b *bench) closed(name, title string, l load, peers ...string) *comparison {
	return &comparison{name: name, title: title, columns: closedColumns, primary: requestRate, reference: "fsctl",
		contenders: b.same(l, peers...)}
}

// fixed compares what peers spend on a rate that is given.
func (b *bench) fixed(l load, ratePerSec float64) *comparison {
	l.ratePerSec = ratePerSec
	return &comparison{name: fixedName, title: fixedTitle(ratePerSec), columns: fixedColumns, primary: requestCPU, reference: "fsctl",
		contenders: b.same(l, "wrk2", "hey", "vegeta", "k6")}
}

// same gives fsctl and each peer that is there the same load.
func (b *bench) same(l load, peers ...string) func(context.Context, *results) ([]contender, error) {
	return func(context.Context, *results) ([]contender, error) {
		var all []contender
		for _, name := range slices.Concat([]string{"fsctl"}, peers) {
			if p := b.peers[name]; p != nil {
				all = append(all, b.sends(name, p, l))
			}
		}
		return all, nil
	}
}

// sends is a contender that measures a peer under a load.
func (b *bench) sends(name string, p *peer, l load) contender {
	return contender{name, func(ctx context.Context) (sample, error) {
		s, err := b.measure(ctx, p, l, span{b.warmUp, b.window})
		if err == nil && p.name == "fsctl" && l.ratePerSec == 0 && !l.journey && s[requestRate] > 0.95*overloadPerSec {
			err = fmt.Errorf("fsctl sent %s, nearly all of the %s that it was given: raise overloadPerSec", quantity.Rate(s[requestRate]), quantity.Rate(overloadPerSec))
		}
		return s, err
	}}
}
