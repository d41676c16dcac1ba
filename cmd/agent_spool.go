package cmd

import (
	"os"
	"path/filepath"
	"time"

	"fsctl/loadgen/fleet/stream"
	"fsctl/scenarios/quantity"
)

// openSpool creates the spool's directory where there is none, and logs what earlier agents left in it.
func (o *agentOptions) openSpool(log func(format string, args ...any)) error {
	if o.spool == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return usagef("found no directory for measurements: %w; name one with --spool", err)
		}
		o.spool = filepath.Join(cache, "fsctl", "spool")
	}
	if err := os.MkdirAll(o.spool, 0o700); err != nil {
		log("spool: %v", err) // the coordinator of a storm is to hear of it too: no agent is ready without room for its share
		return nil
	}
	kept := o.sweep(log)
	if len(kept) == 0 {
		return nil
	}
	sizeBytes, oldest := int64(0), kept[0].Written
	for _, l := range kept {
		sizeBytes += l.SizeBytes
		if l.Written.Before(oldest) {
			oldest = l.Written
		}
	}
	log("the spool %s holds %s that no coordinator has confirmed, %s, the oldest of %s: attack --resume of their run takes them in while agents of their slots are up, or delete them",
		o.spool, quantity.Of(len(kept), "spool file"), bytesOf(sizeBytes), oldest.Format(time.DateOnly))
	return nil
}

// sweep deletes spool files that have not been confirmed for longer than --spool-keep, and returns those that are left.
// A failure is logged only: the agent can work without.
func (o *agentOptions) sweep(log func(format string, args ...any)) (kept []stream.Leftover) {
	var before time.Time // the zero time, which no file is older than
	if o.spoolKeep > 0 {
		before = time.Now().Add(-o.spoolKeep)
	}
	deleted, kept, err := stream.Sweep(o.spool, before)
	for _, l := range deleted {
		log("deleted from the spool: run %s, slot %d, %s that no coordinator has confirmed since %s (--spool-keep %s)",
			l.Key.Run, l.Key.Slot, bytesOf(l.SizeBytes), l.Written.Format(time.DateOnly), quantity.Exact(o.spoolKeep))
	}
	if err != nil {
		log("%v", err)
	}
	o.sweepPlans()
	return kept
}

// planAge is an age of a plan's files at which no agent is reading them any more: that takes seconds.
const planAge = time.Hour

// sweepPlans deletes what agents of version 0.15 and before wrote of a plan's files, and left where they were killed while they read them.
func (o *agentOptions) sweepPlans() {
	dirs, _ := filepath.Glob(filepath.Join(o.spool, "plan-*")) // the pattern is a good one
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && time.Since(info.ModTime()) > planAge {
			_ = os.RemoveAll(dir) // what stays is tried again
		}
	}
}

func bytesOf(n int64) string { return quantity.Bytes(float64(n)) }
