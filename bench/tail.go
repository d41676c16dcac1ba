package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"fsctl/scenarios/quantity"
)

// tail compares the service time's p99 at half of fsctl's top rate: wrk with the number of connections that
// comes closest to that rate, and fsctl at the rate that wrk then has.
func (b *bench) tail(plain load) *comparison {
	return &comparison{name: tailName, title: tailTitle, columns: []*metric{serviceP99, serviceP50, requestRate, generatorBusy, serverBusy},
		primary: serviceP99, reference: fsctlTail,
		contenders: func(ctx context.Context) ([]contender, error) {
			wrk := b.peers["wrk"]
			if wrk == nil {
				return nil, errors.New("there is no wrk to compare with")
			}
			top, err := b.topRate(ctx, tailTitle, plain)
			if err != nil {
				return nil, err
			}
			few, rate, err := b.connectionsFor(ctx, wrk, plain, top/2)
			if err != nil {
				return nil, err
			}
			b.remarkf("half of fsctl's %s is %s; wrk comes closest with %s: %s", quantity.Rate(top), quantity.Rate(top/2), quantity.Of(few, "connection"), quantity.Rate(rate))
			closed, open := plain, plain
			closed.connections, open.ratePerSec = few, rate
			narrow := open
			narrow.connections = few
			all := b.builds(withAll, func(name string, p *peer) contender { return b.sends(name, p, open) })
			all = append(all, b.builds(withFew, func(name string, p *peer) contender { return b.sends(name, p, narrow) })...)
			return append(all, b.sends(wrkTail, wrk, closed)), nil
		}}
}

// Rows of the tail.
var (
	withAll         = fmt.Sprintf(", %d connections", connections)
	withFew         = ", as many connections as wrk"
	fsctlTail       = newBuild + withAll
	fsctlNarrowTail = newBuild + withFew
	wrkTail         = "wrk, closed loop at that rate"
)

// connectionsFor returns the number of connections with which a closed loop comes closest to a rate, and the
// rate that it has then. More connections give a higher rate until the core is full, so that halving finds it.
func (b *bench) connectionsFor(ctx context.Context, p *peer, l load, ratePerSec float64) (n int, found float64, err error) {
	low, high := 1, connections
	n, found = high, math.Inf(1)
	for low <= high {
		l.connections = (low + high) / 2
		s, err := b.measure(ctx, p, l, span{200 * time.Millisecond, time.Second})
		if err != nil {
			return 0, 0, err
		}
		rate := s[requestRate]
		if math.Abs(rate-ratePerSec) < math.Abs(found-ratePerSec) {
			n, found = l.connections, rate
		}
		if rate < ratePerSec {
			low = l.connections + 1
		} else {
			high = l.connections - 1
		}
	}
	return n, found, nil
}
