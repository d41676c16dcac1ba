package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fsctl/scenarios/quantity"
)

var (
	userMemory  = &metric{"a user", quantity.Bytes, true}
	addedMemory = &metric{"above one user", quantity.Bytes, true}
	peakOfUsers = &metric{"peak", quantity.Bytes, true}
)

// memory compares what users cost who wait.
func (b *bench) memory() *comparison {
	return &comparison{name: memoryName, title: memoryTitle, columns: []*metric{userMemory, addedMemory, peakOfUsers},
		primary: userMemory, reference: waiters(newBuild, 10_000), robust: true,
		contenders: func(context.Context) ([]contender, error) {
			var all []contender
			for _, users := range []int{10_000, 1_000_000} {
				all = append(all, b.builds(waiters("", users), func(name string, p *peer) contender { return b.waits(name, p, p.waitArgs, users) })...)
			}
			all = append(all, b.waits(signedIn, b.peers[newBuild], fsctlSignedInArgs, 1_000_000))
			if k6 := b.peers["k6"]; k6 != nil {
				all = append(all, b.waits(waiters("k6", 10_000), k6, k6.waitArgs, 10_000))
			}
			return all, nil
		}}
}

// signedIn are users who wait for T0 with the cookie of a session and a token of 200 bytes.
const signedIn = newBuild + ", 1,000,000 users, signed in"

func waiters(peer string, users int) string {
	return fmt.Sprintf("%s, %s", peer, quantity.Of(users, "user"))
}

// waits is a contender that measures the memory of so many users above that of one.
func (b *bench) waits(name string, p *peer, args func(url string, users int) []string, users int) contender {
	return contender{name: name, measure: func(ctx context.Context) (sample, error) {
		one, err := b.memoryOf(ctx, p, args, 1)
		if err != nil {
			return nil, err
		}
		all, err := b.memoryOf(ctx, p, args, users)
		if err != nil {
			return nil, err
		}
		return sample{userMemory: (all - one) / float64(users), addedMemory: all - one, peakOfUsers: all}, nil
	}}
}

// memoryOf returns the peak of the resident memory of a peer whose users all wait.
func (b *bench) memoryOf(ctx context.Context, p *peer, args func(url string, users int) []string, users int) (sizeBytes float64, err error) {
	dir, remove, err := b.directory(p.name)
	if err != nil {
		return 0, err
	}
	defer remove()
	c, err := start(ctx, b.generatorCore, dir, "", p.path, args(b.server.plainURL, users)...)
	if err != nil {
		return 0, err
	}
	defer c.end()
	if err := c.settle(); err != nil {
		return 0, err
	}
	if sizeBytes, err = peakMemory(c.cmd.Process.Pid); err != nil {
		return 0, err
	}
	c.end()
	waited, err := p.waited(dir)
	if err == nil && waited != float64(users) {
		err = fmt.Errorf("%s had %s waiting, wanted %s", p.name, quantity.EstimateOf(waited, "user"), quantity.Count(users))
	}
	return sizeBytes, err
}

// A program whose users all wait uses next to no CPU.
const (
	settleStep  = 500 * time.Millisecond
	settleSteps = 4
	settleCPU   = settleStep / 50
)

// settle waits until the program has been quiet for some time.
func (c *child) settle() error {
	var last time.Duration
	for quiet, deadline := 0, time.Now().Add(4*patience); quiet < settleSteps; {
		if err := c.pause(settleStep); err != nil {
			return err
		}
		now, err := processCPU(c.cmd.Process.Pid)
		if err != nil {
			return err
		}
		if quiet++; now-last > settleCPU {
			quiet = 0
		}
		if last = now; time.Now().After(deadline) {
			return errors.New(c.name + " was still busy after four minutes of bringing in its users")
		}
	}
	return nil
}
