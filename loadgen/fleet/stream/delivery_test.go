package stream

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
)

const busRun = bus.Run(testRun)

// patience is how long a test waits for what should come soon.
const patience = 2 * time.Minute

func await[T any](t *testing.T, from <-chan T, what string) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return got
}

// testCoordinator is a coordinator: a receiver that fills a record.
type testCoordinator struct {
	t         *testing.T
	recording *recording
	receiver  *Receiver
	problems  problems
	complete  chan Progress // logs as they are complete
	reached   chan int      // seconds as they are written
	stop      context.CancelFunc
	over      chan error
}

func startCoordinator(t *testing.T, conn *nats.Conn, slots int) *testCoordinator {
	t.Helper()
	d := &testCoordinator{t: t, complete: make(chan Progress, 100), reached: make(chan int, 10_000), over: make(chan error, 1)}
	d.recording = newRecording(t, filepath.Join(t.TempDir(), "run"), slots)
	collector, err := NewCollector(CollectorOptions{Run: testRun, Slots: slots, Told: d.recording.writer.Told,
		Complete: func(p Progress) { d.complete <- p },
		Write: func(i record.Interval) error {
			d.reached <- i.Second
			return d.recording.writer.Write(i)
		}})
	if err != nil {
		t.Fatal(err)
	}
	d.recording.collector = collector
	d.receiver, err = NewReceiver(ReceiverOptions{Conn: conn, Collector: collector, Stream: busRun.Stream(), Subjects: busRun.StoredSubjects(),
		SlotOf: bus.SlotOf, Control: busRun.DownSlotSubject,
		Poll: 50 * time.Millisecond, ResendEvery: 20 * time.Millisecond, AskWait: 3 * time.Second, Problem: d.problems.add})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	d.stop = cancel
	for err = d.receiver.Open(ctx); err != nil; err = d.receiver.Open(ctx) { // the bus may take longer to answer than AskWait
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	go func() { d.over <- d.receiver.Run(ctx) }()
	return d
}

// await waits until a second has been written.
func (d *testCoordinator) await(second int) {
	d.t.Helper()
	for await(d.t, d.reached, fmt.Sprintf("second %d", second)) < second {
	}
}

// leave ends the coordinator's process without a word.
func (d *testCoordinator) leave() {
	d.t.Helper()
	d.stop()
	if err := await(d.t, d.over, "the receiver's end"); !errors.Is(err, context.Canceled) {
		d.t.Errorf("the receiver ended with error %v", err)
	}
}

// settle waits for so many logs, holds the record against what was measured and seals it.
func (d *testCoordinator) settle(seconds map[logID]int) {
	d.t.Helper()
	for range seconds {
		await(d.t, d.complete, "a complete log")
	}
	checkComplete(d.t, d.recording.collector, len(seconds))
	checkSame(d.t, d.recording.close(d.t), want(seconds))
	d.receiver.Seal()
}

// busAgent is a sender at work over a real bus.
type busAgent struct {
	*Sender
	t        *testing.T
	slot     int
	problems problems
	stop     context.CancelFunc
	over     chan error
}

func startBusAgent(t *testing.T, conn *nats.Conn, dir string, slot int, epoch uint64) *busAgent {
	t.Helper()
	p := &busAgent{t: t, slot: slot, over: make(chan error, 1)}
	sender, err := NewSender(SenderOptions{Conn: conn, Key: Key{testRun, slot, epoch}, Dir: dir,
		Snapshots: busRun.RecordSubject(slot), Fins: busRun.FinalSubject(slot), Control: busRun.DownSlotSubject(slot),
		AckWait: time.Second, RetryWait: 10 * time.Millisecond, FinEvery: 50 * time.Millisecond, Problem: p.problems.add})
	if err != nil {
		t.Fatal(err)
	}
	p.Sender = sender
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	p.stop = cancel
	go func() { p.over <- sender.Run(ctx) }()
	return p
}

func (p *busAgent) send(from, to int) {
	p.t.Helper()
	for second := from; second < to; second++ {
		m := measure(p.slot, p.o.Key.Epoch, second)
		if err := p.Send(m.intervals, m.told); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *busAgent) finish() {
	p.t.Helper()
	if err := p.Finish(); err != nil {
		p.t.Fatal(err)
	}
}

// close waits for the seal.
func (p *busAgent) close() {
	p.t.Helper()
	if err := await(p.t, p.over, "the seal"); err != nil {
		p.t.Fatal(err)
	}
	p.stop()
	if err := p.Close(); err != nil {
		p.t.Error(err)
	}
	if keys, err := Spools(p.o.Dir); err != nil || len(keys) > 0 {
		p.t.Errorf("spools %v (%v) are left after the seal", keys, err)
	}
}

// die ends the agent's process; its spools stay.
func (p *busAgent) die() {
	p.t.Helper()
	p.stop()
	if err := await(p.t, p.over, "the sender's end"); !errors.Is(err, context.Canceled) {
		p.t.Errorf("the sender ended with error %v", err)
	}
	if err := p.Close(); err != nil {
		p.t.Error(err)
	}
}

// Whatever happens to the bus, each second is in the record once.
func TestEachSecondOnceWhateverHappensToTheBus(t *testing.T) {
	t.Parallel()
	for name, wipe := range map[string]bool{"killed": false, "killed and wiped": true} {
		t.Run(name, func(t *testing.T) {
			onEachBroker(t, func(t *testing.T, b *broker) {
				d := startCoordinator(t, b.connect(), 2)
				one, two := startBusAgent(t, b.connect(), t.TempDir(), 1, 1), startBusAgent(t, b.connect(), t.TempDir(), 2, 1)
				one.send(0, 20)
				two.send(0, 20)
				d.await(15)
				b.down()
				one.send(20, 40) // while noTest hears it
				two.send(20, 30)
				b.restart(wipe)
				d.await(25)
				one.send(40, 50)
				two.send(30, 50)
				one.finish()
				two.finish()
				b.restart(wipe) // in the middle of the rest
				d.settle(map[logID]int{{1, 1}: 50, {2, 1}: 50})
				one.close()
				two.close()
				d.leave()
				for _, problem := range d.problems.take() {
					_, lost := errors.AsType[*StreamLostError](problem)
					_, refused := errors.AsType[*RefusedError](problem)
					if refused || lost && !wipe {
						t.Errorf("problem: %v", problem)
					}
				}
			})
		})
	}
}

// A new coordinator knows what the one before knew, also where the bus forgot it in between.
func TestNewCoordinatorReplays(t *testing.T) {
	if testing.Short() {
		t.Skip("waits real seconds for the bus")
	}
	t.Parallel()
	for name, wipe := range map[string]bool{"stream kept": false, "stream lost": true} {
		t.Run(name, func(t *testing.T) {
			onEachBroker(t, func(t *testing.T, b *broker) {
				first := startCoordinator(t, b.connect(), 1)
				p := startBusAgent(t, b.connect(), t.TempDir(), 1, 1)
				p.send(0, 30)
				first.await(20)
				first.leave()
				if wipe {
					b.restart(true)
				}
				p.send(30, 40)
				p.finish()
				second := startCoordinator(t, b.connect(), 1)
				second.settle(map[logID]int{{1, 1}: 40})
				p.close()
				second.leave()
			})
		})
	}
}

// An agent that was killed is replaced, and its successor brings what it could not send.
func TestSuccessorOfAKilledAgent(t *testing.T) {
	t.Parallel()
	onEachBroker(t, func(t *testing.T, b *broker) {
		d, dir := startCoordinator(t, b.connect(), 1), t.TempDir()
		dead := startBusAgent(t, b.connect(), dir, 1, 1)
		dead.send(0, 10)
		d.await(8)
		b.down()
		dead.send(10, 20)
		dead.die()
		b.up()
		successor := startBusAgent(t, b.connect(), dir, 1, 2)
		successor.send(0, 10)
		successor.finish()
		d.settle(map[logID]int{{1, 1}: 20, {1, 2}: 10})
		successor.close()
		for _, p := range d.recording.collector.Progress() {
			if p.Fin.Recovered != (p.Epoch == 1) {
				t.Errorf("log %s: cut %v", p.Key, p.Fin.Recovered)
			}
		}
		d.leave()
	})
}

// What is no log's message, or another slot's, is told of and changes nothing.
func TestForgedMessagesChangeNothing(t *testing.T) {
	t.Parallel()
	onEachBroker(t, func(t *testing.T, b *broker) {
		d := startCoordinator(t, b.connect(), 2)
		forger := b.connect()
		foreign := messagesOf(t, Key{testRun, 2, 1}, 1, 1<<20)
		for subject, data := range map[string][]byte{
			busRun.RecordSubject(1):           foreign[0],
			busRun.FinalSubject(1):            foreign[1],
			busRun.RecordSubject(2):           []byte("hello"),
			"fsctl." + testRun + ".rec.every": foreign[0],
		} {
			if err := forger.Publish(subject, data); err != nil {
				t.Fatal(err)
			}
		}
		p, q := startBusAgent(t, b.connect(), t.TempDir(), 1, 1), startBusAgent(t, b.connect(), t.TempDir(), 2, 1)
		p.send(0, 3)
		q.send(0, 3)
		if err := forger.Flush(); err != nil {
			t.Fatal(err)
		}
		p.finish()
		q.finish()
		d.settle(map[logID]int{{1, 1}: 3, {2, 1}: 3})
		p.close()
		q.close()
		d.leave()
		refused := slices.DeleteFunc(d.problems.take(), func(problem error) bool { // that a bus is slow is told, too
			_, forged := errors.AsType[*RefusedError](problem)
			return !forged
		})
		if len(refused) != 4 {
			t.Errorf("told of %v, wanted the four forged messages", refused)
		}
	})
}

// With keys, an agent may do just what its log needs, and what it hears and says passes between accounts.
func TestLogsNeedNoMoreThanAnAgentMay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := bus.MakeKeys(filepath.Join(dir, "keys"), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err := bus.StartServer(bus.ServerOptions{StoreDir: filepath.Join(dir, "store"), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	creds, err := bus.LoadCreds(filepath.Join(dir, "keys", bus.AgentFile(1)))
	if err != nil {
		t.Fatal(err)
	}
	var denied problems
	connect := func(creds *bus.Creds) *nats.Conn {
		conn, err := bus.Connect(t.Context(), bus.Config{URL: server.URL(), Creds: creds, OnError: denied.add})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		return conn
	}
	d := startCoordinator(t, connect(keys.Coordinator), 1)
	early := startBusAgent(t, connect(creds), filepath.Join(dir, "spools"), 1, 1)
	early.send(0, 5)
	early.die()
	p := startBusAgent(t, connect(creds), filepath.Join(dir, "spools"), 1, 2)
	p.send(0, 5)
	p.finish()
	d.settle(map[logID]int{{1, 1}: 5, {1, 2}: 5})
	p.close()
	d.leave()
	if all := denied.take(); len(all) > 0 {
		t.Errorf("the bus denied %v", all)
	}
}
