// Package fleet sends one storm from many agents.
//
// A coordinator leads agents that meet on a bus. Each agent holds a slot and sends the arrivals of that slot, which follow
// from the seed and the arrival's number alone: together the agents send the same storm as one machine would. Session is
// the coordinator's side from opening the bus to the record's end, Serve an agent's side. docs/distributed.md describes
// the protocol for users.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/fleet/local"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
)

// SessionOptions say which storm a fleet sends, and where its agents are.
type SessionOptions struct {
	Storm       *loadgen.Storm // the whole storm, as one machine would send it
	Plan        *Plan          // the same storm, for the agents
	T0          time.Time      // on the wall clock; zero for as soon as possible
	JoinTimeout time.Duration  // for all agents to be ready
	MaxSkew     time.Duration  // as in CoordinatorOptions
	OnLoss      string         // as in CoordinatorOptions
	Replicas    int            // as in CoordinatorOptions
	Version     string         // as in CoordinatorOptions
	Bus         BusOptions
	Local       *local.Options // agents to start on this machine; nil for none
	Resume      *Resume        // the run to take over; nil for a new one
	Log         func(format string, args ...any)
}

// BusOptions say where the bus is.
type BusOptions struct {
	URL             string    // of a NATS server; empty for one in this process
	Listen          string    // HOST:PORT of the one in this process; empty for a free port of this machine only
	Keys            *bus.Keys // of the fleet; nil for a bus without keys, and for agents of this machine, whose keys are made for the run
	UserCredentials string    // .creds file of NATS itself
	CAFile          string    // of the NATS server, PEM
}

// Resume is a run to take over.
type Resume struct {
	Dir    string // of its record
	Ticket Ticket // by ReadTicket
}

// Session is a fleet that has gathered, and whose T0 is set.
type Session struct {
	T0       time.Time        // by this machine's clock
	Baseline *record.Baseline // of the shop's ledger; nil where none is to be read

	*Coordinator
	o      SessionOptions
	agents *local.Agents // nil for none
	keys   string        // directory of those made for the agents of this machine
	close  []func()      // in the order of opening
}

// StartSession opens the bus, starts the agents of this machine, waits until all agents are ready and sets T0; or it
// takes over a run, and waits until its agents are back. The session is to be closed. It fails when ctx ends; with a
// *preflight.NotStartedError where the bus cannot be reached or started, where an agent is not ready within JoinTimeout or one
// of this machine cannot take part, and where T0 is too soon or set already; with a *bus.InputError where the bus cannot be
// what o.Bus says; and where a run cannot be taken over. All that was opened is closed then.
func StartSession(ctx context.Context, o SessionOptions) (*Session, error) {
	s := &Session{o: o}
	err := s.open(ctx)
	if err != nil && o.Resume == nil && ctx.Err() == nil {
		err = notStarted(err)
	}
	if err == nil {
		err = s.gather(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// open opens everything that the coordinator needs, up to the agents of this machine.
func (s *Session) open(ctx context.Context) error {
	up := make(chan struct{}) // closed once the coordinator is there, or will never be
	linked := func(isUp bool) {
		if <-up; s.Coordinator != nil {
			s.Link(isUp)
		}
	}
	problem := func(err error) { s.o.Log("%v", err) }
	conn, err := s.connect(ctx, bus.Config{OnDisconnect: func(error) { linked(false) }, OnReconnect: func() { linked(true) }, OnError: problem})
	if err != nil {
		return err
	}
	run := bus.NewRun()
	if s.o.Resume != nil {
		run = s.o.Resume.Ticket.Run
	}
	s.Coordinator, err = New(CoordinatorOptions{Conn: conn, Run: run, Plan: s.o.Plan, Version: s.o.Version, MaxSkew: s.o.MaxSkew,
		OnLoss: s.o.OnLoss, Replicas: s.o.Replicas, Log: s.o.Log})
	close(up)
	if err != nil {
		return err
	}
	if s.o.Resume != nil {
		if err := s.Fits(s.o.Resume.Ticket); err != nil {
			return err
		}
	}
	stop, err := s.Listen()
	if err != nil {
		return err
	}
	s.close = append(s.close, stop)
	if s.o.Local == nil {
		s.o.Log("waiting for agents at %s", conn.ConnectedUrlRedacted())
		return nil
	}
	if s.agents, err = local.Start(*s.o.Local, conn.ConnectedUrl(), func(slot int) string { return filepath.Join(s.keys, bus.AgentFile(slot)) }); err != nil {
		return err
	}
	s.close = append(s.close, s.agents.Close)
	return nil
}

// connect connects to the bus, which it starts where it is to be in this process.
func (s *Session) connect(ctx context.Context, c bus.Config) (*nats.Conn, error) {
	b := s.o.Bus
	c.URL, c.Slot, c.UserCredentials, c.CAFile = b.URL, bus.Coordinator, b.UserCredentials, b.CAFile
	if b.Keys != nil {
		c.Creds = b.Keys.Coordinator
	}
	if c.URL == "" {
		dir, err := os.MkdirTemp("", "fsctl-bus-")
		if err != nil {
			return nil, preflight.NotStarted(fmt.Errorf("start the bus: %w", err), "make room in the directory for temporary files, or name another one in TMPDIR")
		}
		if s.o.Local != nil { // else every user of this machine could read the plan and write to the record
			s.keys = filepath.Join(dir, "keys")
			if b.Keys, err = bus.MakeKeys(s.keys, s.o.Local.Count, nil); err != nil {
				return nil, errors.Join(err, os.RemoveAll(dir))
			}
			c.Creds = b.Keys.Coordinator
		}
		server, err := bus.StartServer(bus.ServerOptions{Address: b.Listen, StoreDir: dir, Keys: b.Keys, OnError: c.OnError})
		if _, given := errors.AsType[*bus.InputError](err); err != nil && !given {
			err = preflight.NotStarted(err, "name another address with --listen; port 0 takes a free one")
		}
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		c.URL = server.URL()
		s.close = append(s.close, func() {
			server.Close()
			_ = os.RemoveAll(dir) // where this fails, files stay in the system's directory for temporary ones
		})
	}
	conn, err := bus.Connect(ctx, c)
	if err != nil {
		return nil, err
	}
	s.close = append(s.close, conn.Close)
	return conn, nil
}

// gather waits for the agents and sets T0. The end of an agent of this machine ends the wait.
func (s *Session) gather(ctx context.Context) (err error) {
	gathering, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if s.agents != nil {
		s.close = append(s.close, s.agents.Watch(func(err error) {
			fail(err)
			s.Log("%v", err)
		}))
	}
	if s.T0, err = s.setT0(gathering); err == nil {
		return nil
	}
	if cause := context.Cause(gathering); ctx.Err() == nil && cause != nil {
		err = cause
	}
	s.Abandon("the storm does not begin: " + strings.TrimSpace(err.Error()))
	if s.o.Resume != nil || ctx.Err() != nil {
		return err
	}
	return notStarted(err)
}

func (s *Session) setT0(ctx context.Context) (time.Time, error) {
	if resume := s.o.Resume; resume != nil {
		if err := s.Keep(writeTicket(resume.Dir)); err != nil {
			return time.Time{}, err
		}
		if err := s.keepBaseline(record.BaselineOf(resume.Dir)); err != nil {
			return time.Time{}, err
		}
		return s.Coordinator.Resume(ctx, resume.Ticket, s.o.JoinTimeout)
	}
	if err := s.Gather(ctx, s.o.JoinTimeout); err != nil {
		return time.Time{}, err
	}
	b, err := s.o.Storm.ReadBaseline(ctx)
	if s.o.Plan.NoPreflight && ctx.Err() == nil && err != nil {
		s.Log("%v; going on without it", err)
		err = nil
	}
	if err := s.keepBaseline(b, err); err != nil {
		return time.Time{}, err
	}
	return s.SetT0(ctx, s.o.T0)
}

func (s *Session) keepBaseline(b *record.Baseline, err error) error {
	if b != nil {
		s.Baseline = b
		s.close = append(s.close, b.Close)
	}
	return err
}

// Run leads the agents, who know T0 already, to the end of the storm. It closes the record. It fails where the record
// cannot be written, and with a *preflight.NotStartedError where not every agent knows T0 in time: then the run directory is
// removed, and the session is to be abandoned. What else went wrong is in the end that it returns. observe is called with every merged second, and may be nil.
func (s *Session) Run(ctx context.Context, w *record.Writer, _ time.Time, observe loadgen.Observer) (record.End, error) {
	err := s.Keep(writeTicket(w.Dir()))
	if err == nil && s.o.Resume == nil {
		err = s.Acknowledged(ctx)
	}
	if err == nil {
		return s.Lead(ctx, w, s.o.Storm, observe)
	}
	if s.o.Resume == nil && ctx.Err() == nil {
		return record.End{}, errors.Join(notStarted(err), w.Discard())
	}
	end := record.End{Reason: record.Failed, Message: err.Error()}
	if ctx.Err() != nil {
		end = record.End{Reason: record.Interrupted, Message: "stopped by the user before the storm began"}
	}
	if s.o.Resume == nil {
		s.CallOff(end.Message)
	}
	end.At = time.Now()
	return end, w.Close(end)
}

// Abandon ends a session whose storm does not begin: agents hear why, and those of this machine are killed. The agents of a
// run that was to be taken over go on: another coordinator may take it over.
func (s *Session) Abandon(reason string) {
	if s.o.Resume == nil {
		s.CallOff(reason)
	}
	if s.agents != nil {
		s.agents.Kill()
	}
}

// Close waits for the agents of this machine to end, and closes the bus.
func (s *Session) Close() {
	for len(s.close) > 0 {
		last := len(s.close) - 1
		s.close[last]()
		s.close = s.close[:last]
	}
}
