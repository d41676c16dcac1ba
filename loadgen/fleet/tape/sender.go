package tape

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

// SenderOptions say whose tape goes where. Durations and numbers that are 0 get their default.
type SenderOptions struct {
	Conn      *nats.Conn
	Key       Key    // of this process's tape
	Dir       string // for spools
	Snapshots string // subject that the run's stream stores
	Fins      string // subject that the run's stream stores
	Control   string // subject on which the slot is asked for snapshots and told of seals

	MaxMessageBytes int           // what the bus carries at once; default what its server says
	InFlight        int           // messages published and not acknowledged yet; default 8
	AckWait         time.Duration // for an acknowledgement, before a message is published again; default 5 s
	RetryWait       time.Duration // after a message that was not accepted; default 250 ms
	FinEvery        time.Duration // how often the end is told until it is sealed; default 1 s

	// Problem is told what keeps snapshots from being published, each reason once until it is over, and
	// whatever else is wrong and does not stop the sender. It may be nil.
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

// Sender gets an agent's tape to the coordinator: each second goes to the spool first, then to the run's
// stream, again and again while the bus is away. It holds none of it in memory. Tapes of the same slot that
// earlier processes left in the same directory go along: they are ended, and sent as far as they are missing.
type Sender struct {
	o       SenderOptions
	publish func(ctx context.Context, subject string, data []byte) error
	packer  *record.Packer
	own     *reel

	mu       sync.Mutex
	reels    []*reel // that are not sealed; the own one first
	changed  chan struct{}
	sealed   chan struct{} // closed when no reel is left
	finished bool
	troubles troubles
}

// NewSender opens the tape's spool, and those that earlier processes left of the same slot.
func NewSender(o SenderOptions) (*Sender, error) {
	js, err := jetstream.New(o.Conn)
	if err != nil {
		return nil, fmt.Errorf("tape: %w", err)
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
	own, err := openReel(o.Dir, o.Key)
	if err != nil {
		return nil, err
	}
	own.todo.add(Range{0, own.spool.Len()})
	s := &Sender{o: o, publish: publish, packer: record.NewPacker(), own: own, reels: []*reel{own},
		changed: make(chan struct{}), sealed: make(chan struct{})}
	keys, err := Spools(o.Dir)
	if err != nil {
		return nil, errors.Join(err, own.spool.Close())
	}
	for _, key := range keys {
		if key.Run != o.Key.Run || key.Slot != o.Key.Slot || key == o.Key {
			continue
		}
		left, err := openReel(o.Dir, key)
		if err != nil {
			o.Problem(err) // the own tape can go on
			continue
		}
		left.ended, left.cut = true, true
		s.reels = append(s.reels, left)
	}
	return s, nil
}

// Left returns the epochs of the tapes that earlier processes left, and that are to be delivered too.
func (s *Sender) Left() (epochs []uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.reels {
		if r != s.own {
			epochs = append(epochs, r.key.Epoch)
		}
	}
	return epochs
}

// Send takes what was measured in a second, and keeps nothing of it: when it returns, the second is with the
// operating system. It does not wait for the bus. An error means that the measurements are not on the tape.
func (s *Sender) Send(intervals []record.Interval, told []record.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own.ended {
		return fmt.Errorf("tape %s: found a second after its end", s.own.key)
	}
	packed := make([]Interval, 0, len(intervals))
	for _, interval := range intervals {
		packed = append(packed, Pack(s.packer, interval))
	}
	slices.SortStableFunc(packed, func(a, b Interval) int { return cmp.Compare(a.Second, b.Second) })
	if err := s.own.append(packed, told, s.o.MaxMessageBytes); err != nil {
		return err
	}
	s.wake()
	return nil
}

// Finish ends the tape and puts it on the disk. From here on the coordinator is told that this is all.
func (s *Sender) Finish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own.ended, s.finished = true, true
	s.wake()
	return s.own.spool.Sync()
}

// Close closes the spools. Those that are not sealed stay on the disk, for the next process of the slot.
func (s *Sender) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, r := range s.reels {
		errs = append(errs, r.spool.Close())
	}
	return errors.Join(errs...)
}

// wake tells everyone who waits that there may be something to do. It must be called with mu held.
func (s *Sender) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Run publishes until the tape is finished and every tape is sealed, then it returns nil, or until ctx is
// done, then it returns its error. It fails where the bus refuses the subscription. To be called once.
func (s *Sender) Run(ctx context.Context) error {
	subscription, err := s.o.Conn.Subscribe(s.o.Control, func(m *nats.Msg) { s.control(m.Data) })
	if err != nil {
		return fmt.Errorf("tape %s: subscribe to %s: %w", s.o.Key, s.o.Control, err)
	}
	defer func() { _ = subscription.Unsubscribe() }() // fails where the connection is closed, and then it is over too
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

// job is one message to publish: a snapshot, or the Fin of a reel.
type job struct {
	reel   *reel
	number uint64
	fin    bool
}

// work publishes one message after the other.
func (s *Sender) work(ctx context.Context) {
	for ctx.Err() == nil {
		next, found, changed, wait := s.next(time.Now())
		if !found {
			rest(ctx, wait, changed)
			continue
		}
		err := s.deliver(ctx, next)
		if s.done(next, err); err != nil && ctx.Err() == nil {
			s.report(next.reel, fmt.Errorf("publish tape %s: %w", next.reel.key, explain(err)))
			rest(ctx, s.o.RetryWait, nil)
		}
	}
}

// rest waits for so long, for a change, or for the end.
func rest(ctx context.Context, wait time.Duration, changed <-chan struct{}) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-changed:
	case <-ctx.Done():
	}
}

// next picks what to publish. Where there is nothing, changed is closed as soon as there may be, and after
// wait the next Fin is due.
func (s *Sender) next(now time.Time) (j job, found bool, changed <-chan struct{}, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.reels {
		if number, ok := r.todo.takeFirst(); ok {
			r.flying++
			return job{reel: r, number: number}, true, nil, 0
		}
	}
	wait = math.MaxInt64
	for _, r := range s.reels {
		if !r.ended || !r.idle() {
			continue
		}
		if due := r.finAt.Sub(now); due > 0 {
			wait = min(wait, due)
			continue
		}
		r.finAt = now.Add(s.o.FinEvery)
		return job{reel: r, fin: true}, true, nil, 0
	}
	return job{}, false, s.changed, wait
}

func (s *Sender) deliver(ctx context.Context, j job) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.AckWait)
	defer cancel()
	if j.fin {
		s.mu.Lock()
		fin := j.reel.fin()
		s.mu.Unlock()
		return s.publish(ctx, s.o.Fins, fin.Encode())
	}
	data, err := j.reel.spool.Read(j.number)
	if err != nil {
		return err
	}
	return s.publish(ctx, s.o.Snapshots, data)
}

// done takes note of what became of a job. A snapshot that was not accepted is to be published again.
func (s *Sender) done(j job, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.troubles.over()
	}
	if j.fin {
		return
	}
	j.reel.flying--
	if err != nil {
		j.reel.todo.add(Range{j.number, j.number + 1})
	}
	s.wake()
}

// report tells of trouble with a reel, unless that is known or the reel is not needed any more.
func (s *Sender) report(r *reel, err error) {
	if errors.Is(err, nats.ErrReconnectBufExceeded) {
		return // the link is down, which the connection's owner knows
	}
	s.mu.Lock()
	news := !r.sealed && s.troubles.isNews(err)
	s.mu.Unlock()
	if news {
		s.o.Problem(err)
	}
}

// control does what the coordinator asks for. What else is said on the same subject is not for it.
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
		var need Need
		if need, err = DecodeNeed(data); err == nil {
			s.need(need)
		}
	}
	if err != nil {
		s.o.Problem(fmt.Errorf("tape %s: asked by the coordinator: %w", s.o.Key, err))
	}
}

// need queues what is asked for, as far as it is there.
func (s *Sender) need(n Need) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.reels {
		if r.key != n.Key {
			continue
		}
		for _, asked := range n.Ranges {
			r.todo.add(Range{asked.From, min(asked.To, r.spool.Len())})
		}
		s.wake()
	}
}

// seal deletes a tape that the coordinator has whole.
func (s *Sender) seal(seal Seal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.reels, func(r *reel) bool { return r.key == seal.Key })
	if at < 0 {
		return nil // the second of two seals
	}
	r := s.reels[at]
	if hash := r.hasher.hash(); !r.ended || hash != seal.Hash {
		return fmt.Errorf("seal of %s: found hash %x, wanted %x of a tape that has ended", seal.Key, seal.Hash[:4], hash[:4])
	}
	r.sealed = true
	s.reels = slices.Delete(s.reels, at, at+1)
	if len(s.reels) == 0 && s.finished {
		close(s.sealed)
	}
	s.wake()
	return r.spool.Remove()
}
