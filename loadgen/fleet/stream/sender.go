package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"fsctl/loadgen/record"
)

// SenderOptions say which log goes where. Durations and numbers that are 0 get their default.
type SenderOptions struct {
	Conn      *nats.Conn
	Key       Key    // of this process's log
	Dir       string // for spools
	Snapshots string // subject that the run's stream stores
	Fins      string // subject that the run's stream stores
	Control   string // subject on which the slot gets resend requests and seals
	Origin    Origin // where this process runs

	Reserve *Reserve // room for this process's log in Dir; nil for none. Close closes it

	MaxMessageBytes int           // largest message of the bus; default what its server says
	InFlight        int           // messages that may be published and not acknowledged yet; default 8
	AckWait         time.Duration // for an acknowledgement, before a message is published again; default 5 s
	RetryWait       time.Duration // after a message that was not accepted; default 250 ms
	FinEvery        time.Duration // how often the Fin is repeated until the log is sealed; default 1 s

	// Problem gets the errors that do not stop the sender; those of publishing once each until a publish succeeds. It may
	// be nil.
	Problem func(error)
}

func (o *SenderOptions) setDefaults() {
	o.InFlight = cmp.Or(o.InFlight, 8)
	o.AckWait = cmp.Or(o.AckWait, 5*time.Second)
	o.RetryWait = cmp.Or(o.RetryWait, 250*time.Millisecond)
	o.FinEvery = cmp.Or(o.FinEvery, time.Second)
	if o.Problem == nil {
		o.Problem = func(error) {}
	}
}

// Sender delivers an agent's log to the coordinator: each second goes to the spool first, then to the run's stream,
// with retries while the bus is away. It keeps no snapshot in memory. It also delivers the logs of the same run and slot
// that earlier processes left in the same directory: it ends them, and publishes the snapshots that it is asked for.
type Sender struct {
	o       SenderOptions
	publish func(ctx context.Context, subject string, data []byte) error
	packer  *record.Packer
	own     *outbox

	mu       sync.Mutex
	outboxes []*outbox // that are not sealed; the own one first
	changed  chan struct{}
	sealed   chan struct{} // closed when every outbox is sealed
	finished bool
	errors   errorFilter
}

// NewSender opens the log's spool, and those that earlier processes left of the same run and slot. It fails with a
// *BusyError where another process has the own spool open, and where a directory or file cannot be read or made. A
// spool of an earlier process that cannot be opened is a Problem only.
func NewSender(o SenderOptions) (*Sender, error) {
	js, err := jetstream.New(o.Conn)
	if err != nil {
		return nil, fmt.Errorf("send measurements: %w", err)
	}
	if o.MaxMessageBytes == 0 {
		o.MaxMessageBytes = int(o.Conn.MaxPayload())
	}
	return newSender(o, func(ctx context.Context, subject string, data []byte) error {
		_, err := js.Publish(ctx, subject, data, jetstream.WithRetryAttempts(0))
		return err
	})
}

func newSender(o SenderOptions, publish func(context.Context, string, []byte) error) (*Sender, error) {
	o.setDefaults()
	own, err := openOutbox(o.Dir, o.Key)
	if err != nil {
		return nil, err
	}
	own.spool.reserve = o.Reserve
	own.pending.add(Range{0, own.spool.Len()})
	s := &Sender{o: o, publish: publish, packer: record.NewPacker(), own: own, outboxes: []*outbox{own},
		changed: make(chan struct{}), sealed: make(chan struct{})}
	keys, err := Spools(o.Dir)
	if err != nil {
		return nil, errors.Join(err, own.spool.Close())
	}
	for _, key := range keys {
		if key.Run != o.Key.Run || key.Slot != o.Key.Slot || key == o.Key {
			continue
		}
		left, err := openOutbox(o.Dir, key)
		if err != nil {
			o.Problem(err) // the own log can go on
			continue
		}
		left.ended, left.recovered = true, true
		s.outboxes = append(s.outboxes, left)
	}
	return s, nil
}

// Leftovers returns the epochs of the logs that earlier processes left, and that are to be delivered too.
func (s *Sender) Leftovers() (epochs []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, box := range s.outboxes {
		if box != s.own {
			epochs = append(epochs, box.key.Epoch)
		}
	}
	return epochs
}

// Send takes what was measured in a second, with at most record.MostSamples samples, as far as they fit into messages: when it returns, the operating system has it, and the slices may be reused.
// It does not wait for the bus. An error means that the measurements are not in the log.
func (s *Sender) Send(intervals []record.Interval, told []record.Order, samples ...record.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own.ended {
		return fmt.Errorf("log %s: found a second after its end", s.own.key)
	}
	packed := make([]Interval, 0, len(intervals))
	for _, interval := range intervals {
		p := Pack(s.packer, interval)
		if p.Generator != nil {
			p.Origin = s.o.Origin
		}
		packed = append(packed, p)
	}
	slices.SortStableFunc(packed, func(a, b Interval) int { return cmp.Compare(a.Second, b.Second) })
	if err := s.own.append(packed, told, samples, s.o.MaxMessageBytes); err != nil {
		s.own.recovered = true // as where a process was killed: requests may have been sent that are not in the log
		return err
	}
	s.wake()
	return nil
}

// Finish ends the log and syncs its spool to the disk. From now on Run publishes its Fin. It fails where the disk does.
func (s *Sender) Finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own.ended, s.finished = true, true
	s.wake()
	return s.own.spool.Sync()
}

// Discard deletes the spool of this process's log, which is no longer needed; call it before Close. It fails where the
// file cannot be deleted.
func (s *Sender) Discard() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.outboxes, s.own)
	if at < 0 {
		return nil // on record already
	}
	s.outboxes = slices.Delete(s.outboxes, at, at+1)
	return s.own.spool.Remove()
}

// Close closes the spools. Those that are not sealed stay on the disk for the next process of the slot. It fails where
// a file cannot be closed.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, box := range s.outboxes {
		errs = append(errs, box.spool.Close())
	}
	s.o.Reserve.Close()
	return errors.Join(errs...)
}

// wake wakes the workers that wait for something to publish. It must be called with mu held.
func (s *Sender) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Run publishes until the log is finished and every log is sealed, then it returns nil; or until ctx is done, then it
// returns its error. It fails where the bus refuses the subscription. To be called once.
func (s *Sender) Run(ctx context.Context) error {
	subscription, err := s.o.Conn.Subscribe(s.o.Control, func(m *nats.Msg) { s.control(m.Data) })
	if err != nil {
		return fmt.Errorf("log %s: subscribe to %s: %w", s.o.Key, s.o.Control, err)
	}
	defer func() { _ = subscription.Unsubscribe() }() // fails where the connection is closed, and the subscription with it
	return s.run(ctx)
}

func (s *Sender) run(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	for range s.o.InFlight {
		workers.Go(func() { s.work(working) })
	}
	select {
	case <-s.sealed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// job is one message to publish: a snapshot, or the Fin of a outbox.
type job struct {
	outbox *outbox
	number uint64
	fin    bool
}

// work publishes one message after the other.
func (s *Sender) work(ctx context.Context) {
	for ctx.Err() == nil {
		next, found, changed, wait := s.next(time.Now())
		if !found {
			sleep(ctx, wait, changed)
			continue
		}
		err := s.deliver(ctx, next)
		if s.done(next, err); err != nil && ctx.Err() == nil {
			s.report(next.outbox, fmt.Errorf("publish log %s: %w", next.outbox.key, explain(err)))
			sleep(ctx, s.o.RetryWait, nil)
		}
	}
}

// next picks what to publish. Where there is nothing, changed is closed as soon as there may be, and wait is the time
// until the next Fin.
func (s *Sender) next(now time.Time) (j job, found bool, changed <-chan struct{}, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, box := range s.outboxes {
		if number, ok := box.pending.takeFirst(); ok {
			box.inFlight++
			return job{outbox: box, number: number}, true, nil, 0
		}
	}
	wait = math.MaxInt64
	for _, box := range s.outboxes {
		if !box.ended || !box.isIdle() {
			continue
		}
		if due := box.nextFinAt.Sub(now); due > 0 {
			wait = min(wait, due)
			continue
		}
		box.nextFinAt = now.Add(s.o.FinEvery)
		return job{outbox: box, fin: true}, true, nil, 0
	}
	return job{}, false, s.changed, wait
}

func (s *Sender) deliver(ctx context.Context, j job) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.AckWait)
	defer cancel()
	if j.fin {
		s.mu.Lock()
		fin := j.outbox.fin()
		s.mu.Unlock()
		return s.publish(ctx, s.o.Fins, fin.Encode())
	}
	data, err := j.outbox.spool.Read(j.number)
	if err != nil {
		return err
	}
	return s.publish(ctx, s.o.Snapshots, data)
}

// done records the result of a job. A snapshot that was not accepted becomes pending again.
func (s *Sender) done(j job, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.errors.reset()
	}
	if j.fin {
		return
	}
	j.outbox.inFlight--
	if err != nil {
		j.outbox.pending.add(Range{j.number, j.number + 1})
	}
	s.wake()
}

// report reports an error of an outbox that is not sealed, once.
func (s *Sender) report(box *outbox, err error) {
	if errors.Is(err, nats.ErrReconnectBufExceeded) {
		return // the link is down, which the connection reports itself
	}
	s.mu.Lock()
	isNew := !box.sealed && s.errors.isNew(err)
	s.mu.Unlock()
	if isNew {
		s.o.Problem(err)
	}
}

// control handles a message of the coordinator. Messages of other kinds on the same subject are ignored.
func (s *Sender) control(data []byte) {
	var err error
	switch kindOf(data) {
	case 0:
	case kindSeal:
		var seal Seal
		if seal, err = DecodeSeal(data); err == nil {
			err = s.seal(seal)
		}
	default:
		var request Resend
		if request, err = DecodeResend(data); err == nil {
			s.resend(request)
		}
	}
	if err != nil {
		s.o.Problem(fmt.Errorf("log %s: message of the coordinator: %w", s.o.Key, err))
	}
}

// resend makes the snapshots that are asked for pending, as far as they exist.
func (s *Sender) resend(request Resend) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, box := range s.outboxes {
		if box.key != request.Key {
			continue
		}
		for _, asked := range request.Ranges {
			box.pending.add(Range{asked.From, min(asked.To, box.spool.Len())})
		}
		s.wake()
	}
}

// seal deletes the spool of a log that is on record.
func (s *Sender) seal(seal Seal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.outboxes, func(box *outbox) bool { return box.key == seal.Key })
	if at < 0 {
		return nil // the second of two seals
	}
	box := s.outboxes[at]
	if hash := box.hasher.hash(); !box.ended || hash != seal.Hash {
		return fmt.Errorf("seal of %s: found hash %x, wanted %x of a log that has ended", seal.Key, seal.Hash[:4], hash[:4])
	}
	box.sealed = true
	s.outboxes = slices.Delete(s.outboxes, at, at+1)
	if len(s.outboxes) == 0 && s.finished {
		close(s.sealed)
	}
	s.wake()
	return box.spool.Remove()
}
