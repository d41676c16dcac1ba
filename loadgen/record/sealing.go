package record

import (
	"fsctl/loadgen/record/seal"
)

// checkpoint writes what waits in memory, and then what all files hold. It must be called with mu held.
func (w *Writer) checkpoint() error {
	for _, flush := range []func() error{w.ledger.flush, w.samples.flush, w.raw.flush} {
		if err := flush(); err != nil {
			return err
		}
	}
	return w.checkpoints.Append(seal.Checkpoint{Files: w.files()}.Line())
}

// announce writes, and puts on the disk, that a file is about to be replaced by one that holds something else. It must be called
// with mu held.
func (w *Writer) announce(made seal.File) error {
	c := seal.Checkpoint{Files: w.files(), Replaces: made.Name}
	for i := range c.Files {
		if c.Files[i].Name == made.Name {
			c.Files[i] = made
		}
	}
	if err := w.checkpoints.Append(c.Line()); err != nil {
		return err
	}
	return w.checkpoints.Sync()
}

// files returns what the files hold that grow.
func (w *Writer) files() []seal.File {
	list := []seal.File{w.latency.State(), w.counters.State(), w.ledger.state(), w.samples.state()}
	if results, ok := w.raw.state(); ok {
		list = append(list, results)
	}
	return list
}

// putInOrder writes latency.hlog and samples.jsonl anew when all is in them.
func (w *Writer) putInOrder() error {
	if err := w.checkpoints.Append(seal.Checkpoint{Files: w.files()}.Line()); err != nil {
		return err
	}
	digest, err := compactLog(w.path(latencyFile), w.start, w.announce)
	if err != nil {
		return err
	}
	w.latency.Replaced(digest)
	return w.orderSamples()
}

// seal returns the seal of the files as they are. Only a whole record has totals.
func (w *Writer) seal(whole bool) *seal.Seal {
	s := &seal.Seal{Files: append([]seal.File{w.scenario, w.checkpoints.State()}, w.files()...)}
	if whole {
		w.totals.Told, w.totals.Sold = w.ledger.count(toldLine), w.ledger.count(soldLine)
		s.Totals = &w.totals
	}
	return s
}

// addTotals counts what is written of an interval.
func (w *Writer) addTotals(interval Interval, histograms map[Tag]Packed) {
	t := &w.totals
	for _, c := range interval.Steps {
		if c != nil {
			t.Due, t.Sent, t.Done, t.Failed = t.Due+c.Due, t.Sent+c.Sent, t.Done+c.Done, t.Failed+c.Failed
		}
	}
	if g := interval.Generator; g != nil {
		t.Arrivals, t.Iterations = t.Arrivals+g.Arrivals, t.Iterations+g.Iterations
	}
	for _, packed := range histograms {
		t.Values += uint64(packed.Count())
	}
}
