package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"fsctl/scenarios/quantity"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ReceiverOptions say which stream is read into what. Durations that are 0 get their default.
type ReceiverOptions struct {
	Conn        *nats.Conn
	Collector   *Collector
	Stream      string
	Subjects    []string                          // that the stream stores
	Replicas    int                               // of the stream, on a cluster; default 1
	SlotOf      func(subject string) (int, error) // the slot that the bus lets publish on a subject
	Control     func(slot int) string             // subject on which a slot gets resend requests and seals
	Poll        time.Duration                     // how often the stream's state is checked; default 1 s
	ResendEvery time.Duration                     // how often missing snapshots are asked for; default 1 s
	AskWait     time.Duration                     // for an answer of the bus; default 5 s
	Problem     func(error)                       // gets every refused message and every error of the bus; may be nil
}

func (o *ReceiverOptions) setDefaults() {
	o.Replicas = cmp.Or(o.Replicas, 1)
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.ResendEvery = cmp.Or(o.ResendEvery, time.Second)
	o.AskWait = cmp.Or(o.AskWait, 5*time.Second)
	if o.Problem == nil {
		o.Problem = func(error) {}
	}
}

// kept is how long the bus keeps the messages of a stream that was not deleted.
const kept = 7 * 24 * time.Hour

// Receiver reads a run's stream from its first message into a Collector. Where the bus has lost the stream it creates
// it again, and asks the agents for whatever is missing. Errors of the bus and invalid messages do not end it: it reports
// them and goes on.
type Receiver struct {
	o       ReceiverOptions
	js      jetstream.JetStream
	created time.Time // creation time of the stream that was read last
	read    uint64    // sequence number of its last message that was read
	lost    int       // how often the bus has lost the stream
	asked   time.Time
	errors  errorFilter
	sealing atomic.Bool
}

// StreamLostError says that the bus lost the run's stream with all it held. It is reported to Problem; the
// agents still have everything in their spools.
type StreamLostError struct{ Stream string }

// Error says what the receiver does about it.
func (e *StreamLostError) Error() string {
	return fmt.Sprintf("stream %s: the bus lost what it held; made anew, and the agents are asked for what is missing", e.Stream)
}

// NewReceiver returns a receiver that has read nothing. It fails where JetStream refuses the connection's options.
func NewReceiver(o ReceiverOptions) (*Receiver, error) {
	js, err := jetstream.New(o.Conn)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	o.setDefaults()
	return &Receiver{o: o, js: js}, nil
}

// Open creates the stream where there is none, so that agents can publish: to be called before they start. Run does it
// too. It fails where the bus does not answer, or refuses to make the stream.
func (r *Receiver) Open(ctx context.Context) error {
	if _, _, err := r.stream(ctx); err != nil {
		return fmt.Errorf("make stream %s: %w", r.o.Stream, explain(err))
	}
	return nil
}

// Run reads until ctx is done, and returns its error, or that of the collector's Write or Told, after which
// the record is incomplete. It must not run twice at once.
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
			sleep(ctx, r.o.Poll, nil)
		}
	}
}

// report reports an error of the bus once.
func (r *Receiver) report(err error) {
	if r.errors.isNew(err) {
		r.o.Problem(err)
	}
}

// stream returns the run's stream, created where there is none, and the number of its last message. Where it is not the
// stream that was read before, reading starts again at its first message.
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

// session reads the stream until an error.
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

// follow reads what a consumer delivers, and after each poll checks the stream itself: a consumer whose stream was lost
// may hang without an error. It returns without an error when the stream is another one.
func (r *Receiver) follow(ctx context.Context, consumer jetstream.Consumer) error {
	messages, err := consumer.Messages(jetstream.PullMaxMessages(pulled))
	if err != nil {
		return err
	}
	defer messages.Stop()
	lost := r.lost
	var delivered, stored uint64 // messages delivered, and the stream's last one at the check before
	for ctx.Err() == nil {
		before := delivered
		if delivered, err = r.poll(ctx, messages, before); err != nil {
			return err
		}
		r.ask()
		if delivered == before && r.read < stored {
			return fmt.Errorf("found nothing in %s, wanted message %d of %d", quantity.Exact(r.o.Poll), r.read+1, stored)
		}
		if _, stored, err = r.stream(ctx); err != nil || r.lost != lost {
			return err
		}
	}
	return nil
}

// consumer returns a new consumer of what has not been read yet. The bus deletes it a minute after it was last used.
func (r *Receiver) consumer(ctx context.Context, stream jetstream.Stream) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.o.AskWait)
	defer cancel()
	return stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: r.read + 1, AckPolicy: jetstream.AckNonePolicy,
		InactiveThreshold: time.Minute, MemoryStorage: true, Replicas: 1,
	})
}

// pulled is how many messages may be on their way: some hundred megabytes of the largest ones.
const pulled = 256

// poll reads what arrives within one poll. delivered is the consumer's number of the last message; a gap in these numbers
// means that a message was lost on the way.
func (r *Receiver) poll(ctx context.Context, messages jetstream.MessagesContext, delivered uint64) (uint64, error) {
	polling, cancel := context.WithTimeout(ctx, r.o.Poll)
	defer cancel()
	for {
		message, err := messages.Next(jetstream.NextContext(polling))
		if errors.Is(err, context.DeadlineExceeded) {
			return delivered, ctx.Err()
		}
		if err != nil {
			return delivered, err
		}
		if delivered, err = r.take(message, delivered); err != nil {
			return delivered, err
		}
	}
}

// take takes the message that follows number delivered.
func (r *Receiver) take(message jetstream.Msg, delivered uint64) (uint64, error) {
	at, err := message.Metadata()
	if err != nil {
		return delivered, err
	}
	if at.Sequence.Consumer != delivered+1 {
		return delivered, fmt.Errorf("found message %d of the consumer after %d", at.Sequence.Consumer, delivered)
	}
	if err := r.accept(message); err != nil {
		return delivered, err
	}
	r.read = at.Sequence.Stream
	return at.Sequence.Consumer, nil
}

// accept passes a message to the collector. Only an error of CollectorOptions.Write or Told is returned.
func (r *Receiver) accept(m jetstream.Msg) error {
	r.errors.reset()
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

// ask asks every agent for the snapshots of its logs that are missing.
func (r *Receiver) ask() {
	if time.Since(r.asked) < r.o.ResendEvery {
		return
	}
	r.asked = time.Now()
	for _, p := range r.o.Collector.Progress() {
		if len(p.Missing) > 0 {
			request := Resend{Key: p.Key, Ranges: p.Missing[:min(len(p.Missing), mostRanges)]}
			r.send(p.Slot, request.Encode())
		}
	}
}

// mostRanges keeps a Resend well below the smallest message limit; the rest is asked for next time.
const mostRanges = 500

// send sends an agent a message. An error is ignored: every such message is repeated, and the connection reports its own
// errors.
func (r *Receiver) send(slot int, data []byte) { _ = r.o.Conn.Publish(r.o.Control(slot), data) }

// Seal sends a Seal for every log that is complete, now and in answer to each further Fin of it. To be called when the
// record is closed, that is on the disk, while Run goes on.
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
		return // cannot happen: the collector took it
	}
	if known, ok := r.o.Collector.complete(fin.Key); ok {
		r.send(fin.Slot, Seal{fin.Key, known.Hash}.Encode())
	}
}
