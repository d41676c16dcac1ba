// Package preflight finds, before a storm, what would keep it from being sent or saved.
//
// Whoever sends looks for itself: a process alone, and every agent of a fleet. A connection is opened to each target and closed
// again; no request is sent but the one that reads a shop's ledger.
package preflight

import (
	"context"
	"fmt"
	"sync"
	"time"

	"fsctl/scenarios/quantity"
)

// Within is how long all targets together may take to accept a connection each.
const Within = 10 * time.Second

// Checks are what is looked at. The zero value looks at nothing.
type Checks struct {
	Outputs []Output // that are written when the storm is over
	RunDir  string   // that is to be made for the record; empty for none
	Targets []Target // that are stormed, each once
	// Ledger asks the shop what it has sold; nil for no ledger. It is called where every target was reached.
	Ledger func(context.Context) error
}

// Run makes the checks, all of them, and returns what was found at the targets, in their order. It fails with a *NotStartedError
// that holds every reason, and with ctx's error as soon as ctx is done.
func (c *Checks) Run(ctx context.Context) ([]Found, error) {
	var reasons []Reason
	for _, o := range c.Outputs {
		reasons = add(reasons, o.check(c.RunDir))
	}
	if c.RunDir != "" {
		reasons = add(reasons, checkDir(c.RunDir))
	}
	found, missed := reachAll(ctx, c.Targets)
	reasons = append(reasons, missed...)
	var err error
	if len(missed) == 0 && c.Ledger != nil && ctx.Err() == nil {
		err = c.Ledger(ctx)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("look at what the storm needs: %w", ctx.Err())
	}
	return found, Join(reasons, err)
}

func add(reasons []Reason, r *Reason) []Reason {
	if r == nil {
		return reasons
	}
	return append(reasons, *r)
}

// Bounds of what is done at once, and of how much is said of it.
const (
	atOnce    = 16
	mostShown = 10
)

// reachAll opens a connection to each target, some of them side by side.
func reachAll(ctx context.Context, targets []Target) (found []Found, reasons []Reason) {
	reaching, cancel := context.WithTimeout(ctx, Within)
	defer cancel()
	found = make([]Found, len(targets))
	missed := make([]*Reason, len(targets))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range targets {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			found[i], missed[i] = targets[i].reach(reaching)
		})
	}
	all.Wait()
	for _, m := range missed {
		reasons = add(reasons, m)
	}
	if more := len(reasons) - mostShown; more > 0 {
		reasons = append(reasons[:mostShown], Reason{Err: fmt.Errorf("and %s that could not be reached either", quantity.Of(more, "target"))})
	}
	return found, reasons
}
