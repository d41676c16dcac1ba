package main

import (
	"context"
	"fmt"
	"math"

	"fsctl/scenarios/quantity"
)

// Names of the comparisons, for --only. A name may stand for several tables.
const (
	closedName  = "closed"
	fixedName   = "fixed"
	tlsName     = "tls"
	journeyName = "journey"
	shopName    = "shop"
	tailName    = "tail"
	memoryName  = "memory"
	openingName = "opening"
)

var comparisonNames = []string{closedName, fixedName, tlsName, journeyName, shopName, tailName, memoryName, openingName}

// Titles of the tables that goals look at.
const (
	closedTitle  = "Closed loop"
	tlsTitle     = "Closed loop over TLS"
	journeyTitle = "Journey of three steps"
	shopTitle    = "Buyers with a form, a cookie and checks, at the same rate"
	tailTitle    = "Tail at half the top rate"
	memoryTitle  = "Memory of waiting users"
	openingTitle = "Users within 100 ms after T0, at half the closed-loop rate"
)

// fixedTitle names a fixed rate by its ratio to the closed loop's.
func fixedTitle(ratio float64) string {
	return "Fixed rate of " + quantity.Percent(ratio) + " of the closed loop"
}

// connections is how many each peer has where the comparison is not about that.
const connections = 64

// Fixed rates, as ratios to what fsctl makes of a core in the closed loop: what all peers can send, what most
// can, what few can. Goals compare CPU at the second.
const (
	quiet   = 0.05
	busiest = 0.10
	half    = 0.50
)

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
		b.fixed(plain, quiet, "wrk2", "hey", "vegeta", "k6"),
		b.fixed(plain, busiest, "wrk2", "hey", "vegeta", "k6"),
		b.fixed(plain, half, "wrk2"),
		b.closed(tlsName, tlsTitle, secure, "wrk", "h2load", "vegeta", "k6"),
		b.closed(journeyName, journeyTitle, journey, "k6"),
		b.shop(plain),
		b.tail(plain),
		b.memory(),
		b.opening(plain),
	}
}

// closed compares how many requests a second peers make of one core.
func (b *bench) closed(name, title string, l load, peers ...string) *comparison {
	return &comparison{name: name, title: title, columns: closedColumns, primary: requestRate, also: []*metric{coreRate}, reference: newBuild,
		contenders: func(context.Context) ([]contender, error) { return b.same(l, peers...), nil }}
}

// fixed compares what peers spend on a rate that is given, as a ratio to the closed loop's of this minute.
func (b *bench) fixed(l load, ratio float64, peers ...string) *comparison {
	title := fixedTitle(ratio)
	return &comparison{name: fixedName, title: title, columns: fixedColumns, primary: requestCPU, also: []*metric{wholeCPU, responseP99},
		reference: newBuild,
		contenders: func(ctx context.Context) ([]contender, error) {
			top, err := b.topRate(ctx, title, l)
			if err != nil {
				return nil, err
			}
			given := l
			given.ratePerSec = math.Round(ratio * top)
			b.remarkf("%s: fsctl made %s of the closed loop just before, so that this is %s", title, quantity.Rate(top), quantity.Rate(given.ratePerSec))
			return b.same(given, peers...), nil
		}}
}

// same gives fsctl and each peer that is there the same load.
func (b *bench) same(l load, peers ...string) []contender {
	all := b.builds("", func(name string, p *peer) contender { return b.sends(name, p, l) })
	for _, name := range peers {
		if p := b.peers[name]; p != nil {
			all = append(all, b.sends(name, p, l))
		}
	}
	return all
}

// builds returns a contender for this tree's build of fsctl, and one for the older build if there is one. What
// they do follows on the build in their names.
func (b *bench) builds(what string, does func(name string, p *peer) contender) []contender {
	all := []contender{does(newBuild+what, b.peers[newBuild])}
	if old := b.peers[oldBuild]; old != nil {
		c := does(oldBuild+what, old)
		c.joins = true
		all = append(all, c)
	}
	return all
}

// topRateRounds is how often the closed loop is measured for a rate that is a ratio to it.
const topRateRounds = 3

// topRate measures what fsctl makes of one core now, in the closed loop: the median of a few windows.
func (b *bench) topRate(ctx context.Context, what string, l load) (ratePerSec float64, err error) {
	top := b.sends(newBuild, b.peers[newBuild], l)
	var rates []float64
	for range topRateRounds {
		s, err := b.undisturbed(what+", the closed loop before it", false, func() (sample, error) { return top.measure(ctx) })
		if err != nil {
			return 0, err
		}
		rates = append(rates, s[requestRate])
	}
	return estimateOf(rates).median, nil
}

// sends is a contender that measures a peer under a load.
func (b *bench) sends(name string, p *peer, l load) contender {
	return contender{name: name, measure: func(ctx context.Context) (sample, error) {
		s, err := b.measure(ctx, p, l, span{b.warmUp, b.window})
		if err == nil && p.golang == "fsctl" && l.ratePerSec == 0 && !l.journey && s[requestRate] > 0.95*overloadPerSec {
			err = fmt.Errorf("fsctl sent %s, nearly all of the %s that it was given: raise overloadPerSec", quantity.Rate(s[requestRate]), quantity.Rate(overloadPerSec))
		}
		return s, err
	}}
}
