package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
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

// openingUsers is how many users opening.yaml has.
const openingUsers = 10_000

// Rows of the opening: with connections as everywhere else, and with those that fsctl chooses itself.
var (
	openingFew    = fmt.Sprintf("fsctl, %d connections", connections)
	openingChosen = "fsctl, as many connections as it chooses"
)

// opening measures whether a crowd leaves when it is due.
func (b *bench) opening() *comparison {
	return &comparison{name: openingName, title: openingTitle, columns: []*metric{onTimeShare, latenessP50, latenessP99, latenessMax},
		primary: onTimeShare,
		contenders: func(context.Context, *results) ([]contender, error) {
			return []contender{b.opens(openingFew, connections), b.opens(openingChosen, 0)}, nil
		}}
}

func (b *bench) opens(name string, connections int) contender {
	return contender{name, func(ctx context.Context) (sample, error) {
		dir, remove, err := b.directory("fsctl")
		if err != nil {
			return nil, err
		}
		defer remove()
		args := append(fsctlAttack("opening.yaml", b.server.plainURL), "--connections", strconv.Itoa(connections))
		c, err := start(ctx, b.generatorCore, dir, "", b.peers["fsctl"].path, args...)
		if err != nil {
			return nil, err
		}
		defer c.end()
		if err := c.wait(); err != nil {
			return nil, err
		}
		return lateness(filepath.Join(dir, fsctlRun))
	}}
}

// lateness reads from a run how long after they were due its requests left.
func lateness(run string) (sample, error) {
	r, err := record.Open(run)
	if err != nil {
		return nil, err
	}
	h := r.Histogram(record.Everything, func(t record.Tag) bool { return t.Metric == record.Lateness })
	if h.TotalCount() != openingUsers {
		return nil, fmt.Errorf("fsctl sent %s, wanted %s", quantity.Of(h.TotalCount(), "request"), quantity.Count(openingUsers))
	}
	var punctual int64
	for _, bar := range h.Distribution() {
		if bar.From <= onTime.Nanoseconds() {
			punctual += bar.Count
		}
	}
	at := func(percent float64) float64 { return time.Duration(h.ValueAtQuantile(percent)).Seconds() }
	return sample{onTimeShare: float64(punctual) / openingUsers, latenessP50: at(50), latenessP99: at(99), latenessMax: at(100)}, nil
}
