package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"fsctl/loadgen/record"
	"fsctl/scenarios/quantity"
)

// onTime is the lateness up to which a request has left when it was due.
const onTime = 2 * time.Millisecond

var (
	onTimeShare = &metric{"within 2 ms", quantity.Percent, false}
	latenessP50 = &metric{"lateness p50", quantity.Seconds, true}
	latenessP99 = &metric{"lateness p99", quantity.Seconds, true}
	latenessMax = &metric{"lateness max", quantity.Seconds, true}
)

// openingSpread is over how long the users of opening.yaml come, evenly.
const openingSpread = 100 * time.Millisecond

// Rows of the opening: with connections as everywhere else, and with those that fsctl chooses itself.
var (
	openingFew    = fmt.Sprintf(", %d connections", connections)
	openingChosen = ", as many connections as it chooses"
)

// opening measures whether a crowd leaves when it is due. It is so large that it comes at half the rate that
// fsctl makes of the closed loop.
func (b *bench) opening(plain load) *comparison {
	return &comparison{name: openingName, title: openingTitle, columns: []*metric{onTimeShare, latenessP50, latenessP99, latenessMax},
		primary: onTimeShare, also: []*metric{latenessP99},
		contenders: func(ctx context.Context) ([]contender, error) {
			top, err := b.topRate(ctx, openingTitle, plain)
			if err != nil {
				return nil, err
			}
			users := int(half * top * openingSpread.Seconds())
			b.remarkf("%s: fsctl made %s of the closed loop just before, so that these are %s", openingTitle, quantity.Rate(top), quantity.Of(users, "user"))
			few := b.builds(openingFew, func(name string, p *peer) contender { return b.opens(name, p, users, connections) })
			chosen := b.builds(openingChosen, func(name string, p *peer) contender { return b.opens(name, p, users, 0) })
			return append(few, chosen...), nil
		}}
}

// opens is a contender that lets so many users come; with 0 connections fsctl chooses how many.
func (b *bench) opens(name string, p *peer, users, connections int) contender {
	return contender{name: name, measure: func(ctx context.Context) (sample, error) {
		dir, remove, err := b.directory(p.name)
		if err != nil {
			return nil, err
		}
		defer remove()
		c, err := start(ctx, b.generatorCore, dir, "", p.path, fsctlOpenArgs(b.server.plainURL, users, connections)...)
		if err != nil {
			return nil, err
		}
		defer c.end()
		if err := c.wait(); err != nil {
			return nil, err
		}
		return lateness(filepath.Join(dir, fsctlRun), users)
	}}
}

// lateness reads from a run how long after they were due its requests left.
func lateness(run string, users int) (sample, error) {
	r, err := record.Open(run)
	if err != nil {
		return nil, err
	}
	h := r.Packed(record.Everything, func(t record.Tag) bool { return t.Metric == record.Lateness })
	if h.Count() != int64(users) {
		return nil, fmt.Errorf("fsctl sent %s, wanted %s", quantity.Of(h.Count(), "request"), quantity.Count(users))
	}
	var punctual int64
	for lowest, count := range h.Buckets() {
		if lowest <= onTime.Nanoseconds() {
			punctual += count
		}
	}
	at := func(q float64) float64 { return time.Duration(h.Quantile(q)).Seconds() }
	return sample{onTimeShare: float64(punctual) / float64(users), latenessP50: at(0.5), latenessP99: at(0.99), latenessMax: at(1)}, nil
}
