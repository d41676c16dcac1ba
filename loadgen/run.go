package loadgen

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios/quantity"
)

// Abort is a reason to stop a run early that an observer gives.
type Abort struct{ Message string }

// Error returns the observer's message.
func (a *Abort) Error() string { return a.Message }

// Observer sees every second of a run as it is written. An *Abort stops the run.
type Observer func(record.Interval) error

// Recorder keeps what is measured while a storm goes on: a run's record, or what an agent sends to its coordinator.
type Recorder interface {
	// WriteAll takes the seconds that were flushed together, in order, and keeps nothing of them. It fails where they
	// cannot be kept, which ends the storm.
	WriteAll([]record.Interval) error
	// Told takes an order that a buyer was told of. It fails where the order cannot be kept.
	Told(record.Order) error
	// Sample takes an exchange that failed. It fails where the sample cannot be kept.
	Sample(record.Sample) error
	// Raw takes a request in vegeta's form, where these are wanted. It fails where it cannot be kept.
	Raw(*vegeta.Result) error
}

// Grace is how long requests in flight may still be answered once a run is stopped.
const Grace = 5 * time.Second

// Manifest returns what run.json says of the storm before it is sent, with T0 set from now. It fails with a
// *transport.InputError where T0 is an instant, and the first arrival would have been due already.
func (s *Storm) Manifest(now time.Time) (record.Manifest, error) {
	t0 := now.Add(s.Lead())
	if at := s.Scenario.Storm.T0.At; !at.IsZero() {
		t0 = now.Add(at.Sub(now)) // by the monotonic clock from here on
		if begin := t0.Add(s.earliest()); begin.Before(now) {
			return record.Manifest{}, transport.InputErrorf("set storm.t0 to a later time, or to a duration after the run's start",
				"T0 is %s, so that the storm should have begun %s ago", at.Format(time.RFC3339), quantity.Duration(now.Sub(begin)))
		}
	}
	m := s.ManifestAt(now, t0)
	m.PlannedArrivals = s.schedule.Len()
	return m, nil
}

// ManifestAt returns what run.json says of the storm before it is sent, with a T0 that is known.
func (s *Storm) ManifestAt(now, t0 time.Time) record.Manifest {
	return record.Manifest{
		Scenario: s.Scenario.Name, Target: transport.WithoutUser(s.Target).String(), Targets: s.otherTargets(), Engine: s.engineName(), Seed: s.Seed, Connections: s.Connections, MaxConnections: s.most(), PerUser: s.timings.Own,
		Cores: runtime.GOMAXPROCS(0), Start: now, T0: t0, Agents: []record.Agent{{Name: "local", ShareRatio: 1}},
	}
}

// otherTargets returns the targets beside main by name, without users and passwords; nil for none.
func (s *Storm) otherTargets() (others map[string]string) {
	for _, t := range s.targets[1:] {
		if others == nil {
			others = map[string]string{}
		}
		others[t.Name] = transport.WithoutUser(t.URL).String()
	}
	return others
}

// ConnectionsText says over how many connections the storm is sent.
func (s *Storm) ConnectionsText() string {
	m := record.Manifest{Connections: s.Connections, MaxConnections: s.most(), PerUser: s.timings.Own}
	return m.ConnectionsText()
}

// Run sends the storm and writes its record, which it closes. It returns when the storm is over and drained, or soon
// after ctx is done: what was measured is kept, and the record says how the run ended. It fails where the target's
// name cannot be looked up, or the record cannot be written: a full disk, say.
func (s *Storm) Run(ctx context.Context, w *record.Writer, t0 time.Time, observe Observer) (record.End, error) {
	return s.RunWith(ctx, w, t0, func(x *Session) record.End { return x.Send(ctx, s, observe) })
}

// RunWith opens the session that send sends storms through, reads the ledger when it is over, and closes the record.
// It fails where the target's name cannot be looked up, or the record cannot be written; the record is closed all
// the same.
func (s *Storm) RunWith(ctx context.Context, w *record.Writer, t0 time.Time, send func(*Session) record.End) (record.End, error) {
	x, err := s.Open(ctx)
	if err != nil {
		return record.End{Reason: record.Failed}, errors.Join(err, w.Close(record.End{At: time.Now(), Reason: record.Failed, Message: err.Error()}))
	}
	defer x.Close()
	x.Begin(t0, w)
	end := send(x)
	s.ReadLedger(ctx, w)
	err = w.Update(func(m *record.Manifest) {
		m.Agents[0].T0SkewSeconds = x.Skew().Seconds()
		m.Agents[0].Finished = true
	})
	end.At = time.Now()
	return end, errors.Join(err, w.Close(end))
}

// save writes what was measured in a second and shows it to the observer.
func save(out Recorder, intervals map[int]*record.Interval, observe Observer) error {
	var all []record.Interval
	for _, second := range slices.Sorted(maps.Keys(intervals)) {
		all = append(all, *intervals[second])
	}
	if err := out.WriteAll(all); err != nil {
		return err
	}
	var stop error // of the observer, who sees all of them
	for _, i := range all {
		if observe != nil {
			stop = errors.Join(stop, observe(i))
		}
	}
	return stop
}

// endOf says how a run ends by an error: a second could not be saved, or the observer stopped the run.
func endOf(err error) record.End {
	if abort, ok := errors.AsType[*Abort](err); ok {
		return record.End{Reason: record.Aborted, Message: abort.Message}
	}
	return record.End{Reason: record.Failed, Message: err.Error()}
}
