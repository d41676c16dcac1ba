package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"fsctl/scenarios/quantity"
)

// sample is what one measurement gave.
type sample map[*metric]float64

// metric is something that is measured, and how it is written.
type metric struct {
	title  string
	format func(float64) string
	cost   bool // less is better
}

var (
	requestRate   = &metric{"requests/s", quantity.Rate, false}
	coreRate      = &metric{"requests a CPU second", quantity.Estimate, false} // what a core would send that had nothing to wait for
	requestCPU    = &metric{"CPU a request", quantity.Seconds, true}           // of the generator, within the window
	wholeCPU      = &metric{"from start to end", quantity.Seconds, true}
	generatorBusy = &metric{"generator's core", quantity.Percent, false}
	serverBusy    = &metric{"server's core", quantity.Percent, false}
	serviceP50    = &metric{"service p50", quantity.Seconds, true}
	serviceP99    = &metric{"service p99", quantity.Seconds, true}
	responseP50   = &metric{"response p50", quantity.Seconds, true}
	responseP99   = &metric{"response p99", quantity.Seconds, true}
)

// instant is what all clocks and counters said at once.
type instant struct {
	at                time.Time
	requests          uint64
	generator, server time.Duration // CPU time
}

// observe reads all clocks and counters.
func (b *bench) observe(c *child) (i instant, err error) {
	if i.requests, err = b.server.requests(); err != nil {
		return i, err
	}
	i.at = time.Now()
	if i.generator, err = processCPU(c.cmd.Process.Pid); err != nil {
		return i, err
	}
	i.server, err = processCPU(b.server.worker)
	return i, err
}

// span is a length of time to measure, after one that is not counted.
type span struct{ warmUp, window time.Duration }

// slack is how much longer than the window a peer sends, so that its end does not count.
const slack = time.Second

// measure lets a peer send a load and counts, at the server, what came within the window. The load's length
// follows from the span.
func (b *bench) measure(ctx context.Context, p *peer, l load, s span) (sample, error) {
	dir, remove, err := b.directory(p.name)
	if err != nil {
		return nil, err
	}
	defer remove()
	l.length = (s.warmUp + s.window + slack + time.Second - 1).Truncate(time.Second)
	before, err := b.server.requests()
	if err != nil {
		return nil, err
	}
	c, err := start(ctx, b.generatorCore, dir, "GET "+l.target()+"\n", p.path, p.args(l)...)
	if err != nil {
		return nil, err
	}
	defer c.end()
	from, to, err := b.watch(c, before, s)
	if err != nil {
		return nil, err
	}
	if err := c.wait(); err != nil {
		return nil, err
	}
	after, err := b.server.requests()
	if err != nil {
		return nil, err
	}
	own, err := p.read(ctx, p.path, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	b.compare(p, own, after-before)
	return figures(from, to, own, c.wholeCPU()/time.Duration(max(1, after-before))), nil
}

// watch waits for the first request and returns the beginning and the end of the window.
func (b *bench) watch(c *child, before uint64, s span) (from, to instant, err error) {
	for deadline := time.Now().Add(patience); ; {
		now, err := b.server.requests()
		if err != nil {
			return from, to, err
		}
		if now > before {
			break
		}
		if time.Now().After(deadline) {
			return from, to, fmt.Errorf("%s sent nothing within %s", c.name, quantity.Exact(patience))
		}
		if err := c.pause(20 * time.Millisecond); err != nil {
			return from, to, err
		}
	}
	if err := c.pause(s.warmUp); err != nil {
		return from, to, err
	}
	if from, err = b.observe(c); err != nil {
		return from, to, err
	}
	if err := c.pause(s.window); err != nil {
		return from, to, err
	}
	to, err = b.observe(c)
	return from, to, err
}

// figures makes a sample of a window and of what the peer said itself.
func figures(from, to instant, own ownReport, whole time.Duration) sample {
	window := to.at.Sub(from.at).Seconds()
	requests := float64(to.requests - from.requests)
	cpu := (to.generator - from.generator).Seconds()
	v := sample{
		requestRate:   requests / window,
		requestCPU:    cpu / max(1, requests),
		coreRate:      requests / cpu,
		wholeCPU:      whole.Seconds(),
		generatorBusy: cpu / window,
		serverBusy:    (to.server - from.server).Seconds() / window,
	}
	for m, d := range map[*metric]time.Duration{serviceP50: own.service.p50, serviceP99: own.service.p99,
		responseP50: own.response.p50, responseP99: own.response.p99} {
		if d > 0 {
			v[m] = d.Seconds()
		}
	}
	return v
}

// Where a peer's own count may differ from the server's: requests in flight when it ends.
const countTolerance = 0.02

// compare notes where a peer's own account disagrees with the server's.
func (b *bench) compare(p *peer, own ownReport, served uint64) {
	if own.errors > 0 {
		b.remarkf("%s had %s", p.name, quantity.Of(own.errors, "failed request"))
	}
	if difference := math.Abs(float64(own.requests)/float64(max(1, served)) - 1); difference > countTolerance {
		b.remarkf("%s says that it sent %s, the server had %s", p.name, quantity.Of(own.requests, "request"), quantity.Count(served))
	}
}
