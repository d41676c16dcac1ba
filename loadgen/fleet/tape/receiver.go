package tape

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ReceiverOptions say which stream is read into what. Durations that are 0 get their default.
type ReceiverOptions struct {
	Conn      *nats.Conn
	Collector *Collector
	Stream    string
	Subjects  []string                          // that the stream stores
	Replicas  int                               // of the stream, on a cluster; default 1
	SlotOf    func(subject string) (int, error) // the slot that the bus lets publish on a subject
	Control   func(slot int) string             // subject on which a slot is asked for snapshots and told of seals
	Poll      time.Duration                     // how often the stream itself is looked at; default 1 s
	NeedEvery time.Duration                     // how often what is missing is asked for; default 1 s
	AskWait   time.Duration                     // for an answer of the bus; default 5 s
	Problem   func(error)                       // told of every message that is refused, and of trouble with the bus
}

func (o *ReceiverOptions) setDefaults() {
	o.Replicas = cmp.Or(o.Replicas, 1)
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.NeedEvery = cmp.Or(o.NeedEvery, time.Second)
	o.AskWait = cmp.Or(o.AskWait, 5*time.Second)
	if o.Problem == nil {
		o.Problem = func(error) {}
	}
}

// kept is how long the bus keeps a stream that nobody has taken off it.
const kept = 7 * 24 * time.Hour

// Receiver reads a run's stream from its first message into a Collector. Where the bus lost the stream it makes
// it anew, and it asks the agents for whatever is missing. Problems with the bus and wrong messages do not end
// it: it tells of them and goes on.
type Receiver struct {
	o        ReceiverOptions
	js       jetstream.JetStream
	created  time.Time // of the stream that was read last
	read     uint64    // its last message that was read
	lost     int       // streams before it that the bus lost
	asked    time.Time
	troubles troubles
	sealing  atomic.Bool
}

// StreamLostError says that the bus lost the run's stream with all it held. It is told to Problem; nothing
// is lost by it as long as the agents live.
type StreamLostError struct{ Stream string }

// Error says what is done about it.
func (e *StreamLostError) Error() string {
	return fmt.Sprintf("stream %s: the bus lost what it held; made anew, and the agents are asked for what is missing", e.Stream)
}

// NewReceiver returns a receiver that has read nothing yet.
func NewReceiver(o ReceiverOptions) (*Receiver, error) {
	js, err := jetstream.New(o.Conn)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	o.setDefaults()
	return &Receiver{o: o, js: js}, nil
}

// Open makes the stream where there is none, so that agents can publish: to be called before they are told
// to. Run does it too.
func (r *Receiver) Open(ctx context.Context) error {
	if _, _, err := r.stream(ctx); err != nil {
		return fmt.Errorf("make stream %s: %w", r.o.Stream, explain(err))
	}
	return nil
}

// Run reads until ctx is done, and returns its error, or that of the collector's Write or Told, after which
// the record is not whole. To be called once at a time.
func (r *Receiver) Run(ctx context.Context) error {
	for {
		err := r.session(ctx)
		if failed := r.o.Collector.failed(); failed != nil {
			return failed
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.report(fmt.Errorf("read stream %s: %w", r.o.Stream, explain(err)))
			rest(ctx, r.o.Poll, nil)
		}
	}
}

// report tells of trouble with the bus, unless it is known.
func (r *Receiver) report(err error) {
	if r.troubles.isNews(err) {
		r.o.Problem(err)
	}
}

// stream returns the run's stream, made where there is none, and the number of its last message. Where that is
// not the stream that was read before, all of it is to be read.
func (r *Receiver) stream(ctx context.Context) (stream jetstream.Stream, last uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.AskWait)
	defer cancel()
	stream, err = r.js.Stream(ctx, r.o.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = r.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: r.o.Stream, Subjects: r.o.Subjects, Storage: jetstream.FileStorage, Replicas: r.o.Replicas, MaxAge: kept,
		})
	}
	if err != nil {
		return nil, 0, err
	}
	info := stream.CachedInfo()
	if r.created.IsZero() {
		r.created = info.Created
	}
	if !info.Created.Equal(r.created) || info.State.LastSeq < r.read {
		r.o.Problem(&StreamLostError{r.o.Stream})
		r.created, r.read, r.lost = info.Created, 0, r.lost+1
	}
	return stream, info.State.LastSeq, nil
}

// session reads the stream until something is wrong with it.
func (r *Receiver) session(ctx context.Context) error {
	stream, _, err := r.stream(ctx)
	if err != nil {
		return err
	}
	consumer, err := r.consumer(ctx, stream)
	if err != nil {
		return err
	}
	return r.follow(ctx, consumer)
}

// follow reads what a consumer hands out, and once a poll looks at the stream itself: a consumer whose stream
// was lost may just hang. It returns without an error when the stream is another one.
func (r *Receiver) follow(ctx context.Context, consumer jetstream.Consumer) error {
	messages, err := consumer.Messages(jetstream.PullMaxMessages(pulled))
	if err != nil {
		return err
	}
	defer messages.Stop()
	lost := r.lost
	var handed, stored uint64 // messages that came, and the stream's last one when it was looked at before
	for ctx.Err() == nil {
		before := handed
		if handed, err = r.poll(ctx, messages, before); err != nil {
			return err
		}
		r.ask()
		if handed == before && r.read < stored {
			return fmt.Errorf("found nothing in %v, wanted message %d of %d", r.o.Poll, r.read+1, stored)
		}
		if _, stored, err = r.stream(ctx); err != nil || r.lost != lost {
			return err
		}
	}
	return nil
}

// consumer returns a new consumer of what has not been read yet. The bus forgets it soon after it is not used.
func (r *Receiver) consumer(ctx context.Context, stream jetstream.Stream) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.AskWait)
	defer cancel()
	return stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.read + 1, AckPolicy: jetstream.AckNonePolicy,
		InactiveThreshold: time.Minute, MemoryStorage: true, Replicas: 1,
	})
}

// pulled is how many messages may be on their way: of the largest ones some hundred megabytes.
const pulled = 256

// poll reads what comes within a poll. handed is how many messages the consumer has handed out: where it counts
// one more than has come, that one was lost on the way.
func (r *Receiver) poll(ctx context.Context, messages jetstream.MessagesContext, handed uint64) (uint64, error) {
	polling, cancel := context.WithTimeout(ctx, r.o.Poll)
	defer cancel()
	for {
		message, err := messages.Next(jetstream.NextContext(polling))
		if errors.Is(err, context.DeadlineExceeded) {
			return handed, ctx.Err()
		}
		if err != nil {
			return handed, err
		}
		if handed, err = r.take(message, handed); err != nil {
			return handed, err
		}
	}
}

// take takes the message that follows the one before.
func (r *Receiver) take(message jetstream.Msg, handed uint64) (uint64, error) {
	at, err := message.Metadata()
	if err != nil {
		return handed, err
	}
	if at.Sequence.Consumer != handed+1 {
		return handed, fmt.Errorf("found message %d of the consumer after %d", at.Sequence.Consumer, handed)
	}
	if err := r.accept(message); err != nil {
		return handed, err
	}
	r.read = at.Sequence.Stream
	return at.Sequence.Consumer, nil
}

// accept gives a message to the collector. Only the failure of a sink is an error.
func (r *Receiver) accept(m jetstream.Msg) error {
	r.troubles.over()
	slot, err := r.o.SlotOf(m.Subject())
	if err != nil {
		r.o.Problem(&RefusedError{err})
		return nil
	}
	err = r.o.Collector.Accept(slot, m.Data())
	if _, refused := errors.AsType[*RefusedError](err); refused {
		r.o.Problem(err)
		return nil
	}
	if err == nil && r.sealing.Load() {
		r.answer(m.Data())
	}
	return err
}

// ask asks every agent for what is missing of its tapes.
func (r *Receiver) ask() {
	if time.Since(r.asked) < r.o.NeedEvery {
		return
	}
	r.asked = time.Now()
	for _, p := range r.o.Collector.Progress() {
		if len(p.Missing) > 0 {
			need := Need{Key: p.Key, Ranges: p.Missing[:min(len(p.Missing), mostRanges)]}
			r.send(p.Slot, need.Encode())
		}
	}
}

// mostRanges keeps a Need well below the smallest message limit: the rest is asked for next time.
const mostRanges = 500

// send tells an agent something. Where the bus is away it will be said again, so that its trouble is not told
// here too.
func (r *Receiver) send(slot int, data []byte) { _ = r.o.Conn.Publish(r.o.Control(slot), data) }

// Seal tells every agent whose tape is complete that it may delete it, now and whenever it says again that
// its tape has ended. To be called when the record is closed, that is on the disk, while Run goes on.
func (r *Receiver) Seal() {
	r.sealing.Store(true)
	for _, p := range r.o.Collector.Progress() {
		if p.Complete {
			r.send(p.Slot, Seal{p.Key, p.Fin.Hash}.Encode())
		}
	}
}

// answer answers a fin with the seal.
func (r *Receiver) answer(data []byte) {
	if kindOf(data) != kindFin {
		return
	}
	fin, err := DecodeFin(data)
	if err != nil {
		return // cannot be: the collector took it
	}
	if known, ok := r.o.Collector.complete(fin.Key); ok {
		r.send(fin.Slot, Seal{fin.Key, known.Hash}.Encode())
	}
}
