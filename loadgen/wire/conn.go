package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"fsctl/loadgen/budget"
	"fsctl/loadgen/transport"
)

const (
	// look is how long a wait lasts before the connection is looked at whether or not it reported anything.
	look = time.Second
	// quiet is how long a connection is trusted to be still open without a look at it.
	quiet = time.Millisecond
	// firstBuffer is the memory for reading that an idle connection keeps at least, keptBuffer at most.
	firstBuffer, keptBuffer = 4 << 10, 64 << 10
)

// Conn is one connection, opened anew when it broke. One goroutine at a time may use it.
type Conn struct {
	engine *Engine
	jitter *rand.Rand

	mu     sync.Mutex // guards what close and interrupt read, which come from other goroutines
	closed bool
	stream net.Conn // nil where there is none

	socket *socket   // beneath stream, nil where it is not the kernel's
	secure *tls.Conn // stream, where it is TLS

	in   []byte // in[r:w] has been read and not been taken
	r, w int
	held int // bytes of the budget of all answers
	out  []byte

	ctx     context.Context // of the request at hand
	done    <-chan struct{} // of ctx, watched
	unwatch func() bool
	until   time.Time // the request's deadline, zero for none
	sent    time.Time // the instant from which its times count, zero for that of the exchange
	message message
	reply   reply
	start   start
	named   named // by the last Host header

	// Instants are times since the engine's epoch.
	began, deadline time.Duration // of the request at hand
	armed           time.Duration // when a wait ends at the latest
	lastByte        time.Duration // of the connection, about
	notBefore       time.Duration // the next attempt to connect
	failures        int           // since the last whole answer

	head    head
	used    bool          // the connection has carried a whole answer
	cut     bool          // the request was not sent to its end
	owed    bool          // the request's body waits for 100 Continue
	resumed bool          // a connection opened for this request took up an earlier TLS session
	resent  int           // how often the request was sent again because its connection was closed, redirects included
	put     int           // bytes of the request, head and framing included, in all attempts
	got     int           // bytes of the answer, head and framing included, in the last attempt
	first   time.Duration // from began to the first of them
	last    time.Duration // when the latest of them was read
	took    time.Duration // to connect
	secured time.Duration // of took, to shake hands
}

func newConn(e *Engine, number uint64) *Conn {
	return &Conn{engine: e, jitter: rand.New(rand.NewPCG(e.config.Seed, number)), in: make([]byte, firstBuffer),
		ctx: context.Background()}
}

// Connect opens the connection if it is not open, so that the first request finds it ready. It fails where the
// target refuses it, TLS fails, or ctx ends; transport.Classify names the class.
func (c *Conn) Connect(ctx context.Context) error {
	if c.stream != nil {
		return nil
	}
	return c.connect(ctx, time.Time{})
}

// Disconnect closes the connection. The next one is opened at once, whatever became of this one.
func (c *Conn) Disconnect() {
	c.drop()
	c.failures = 0
}

// Do sends r, follows redirects and reads the whole answer into a, whose memory it uses again. It returns when the
// answer is whole or cannot be any more: after r.Timeout (0 for none), or soon after ctx is done.
//
// A request that got no byte of answer because the server closed or reset a connection which was open before is sent once more
// on a new connection, at once, if transport.MayResend allows it; its times and its timeout include both attempts. After an error
// the connection is closed, and a says how far it came. Errors are listed at transport.ErrMalformed.
//
// Calls with the same ctx cost less than calls with a ctx each.
func (c *Conn) Do(ctx context.Context, r *transport.Request, a *transport.Answer) {
	a.Reset()
	c.sent, c.until, c.resent = r.Sent, time.Time{}, 0
	if r.Timeout > 0 {
		if c.sent.IsZero() {
			c.sent = time.Now()
		}
		c.until = c.sent.Add(r.Timeout)
	}
	c.message.wantBody, c.message.jar = r.WantBody, r.Jar
	if r.Jar != nil {
		c.message.site = c.siteOf(r.Header)
	}
	c.message.write(c.engine, r.Method, c.engine.path, r.URL, r.Header, r.Body, r.Rest)
	err := c.exchange(ctx, a)
	if err == nil && r.Redirects > 0 && transport.IsRedirect(a.Status) {
		err = c.follow(ctx, r, a)
	} else if r.Jar != nil {
		c.keepCookies(r.Jar, a)
	}
	a.BytesOut, a.Resent = uint64(r.BodyBytes()), c.resent
	if r.WantBody {
		c.start.share(a, err == nil)
	}
	if err != nil {
		a.Body, a.BytesIn = a.Body[:0], 0
		a.Fail(err)
		return
	}
	for _, name := range r.WantHeader {
		for field, value := range c.reply.all() {
			if len(field) == len(name) && sameFold(field, name) {
				a.AddField(name, value)
			}
		}
	}
}

// exchange sends the message and reads the answer.
func (c *Conn) exchange(ctx context.Context, a *transport.Answer) error {
	a.Restart()
	c.reply.reset()
	c.start.reset()
	c.began, c.took, c.secured, c.resumed, c.first, c.put = c.engine.instant(c.sent), 0, 0, false, 0, 0
	c.last = c.began
	c.deadline = math.MaxInt64
	if !c.until.IsZero() {
		c.deadline = c.until.Sub(c.engine.epoch)
	}
	err := ctx.Err()
	if err == nil {
		err = c.try(ctx, &c.message, a)
	}
	a.Connect += c.took
	a.TLS += c.secured
	if err != nil {
		c.last = c.engine.now()
		c.drop()
		if isAlert(err) && !errors.Is(err, transport.ErrTLS) {
			err = fmt.Errorf("%w: %w", transport.ErrTLS, err)
		}
	} else {
		a.Waiting = c.first
	}
	a.Took = c.last - c.began
	return err
}

// try sends the message, on a new connection if that is needed, and once more if the old one was stale.
func (c *Conn) try(ctx context.Context, q *message, a *transport.Answer) error {
	c.watch(ctx)
	idle := c.began - c.lastByte
	if c.stream != nil && idle > quiet && !c.alive() {
		c.drop()
	}
	old := c.stream != nil && (c.used || idle > quiet)
	failures, notBefore := c.failures, c.notBefore
	err := c.attempt(ctx, q, a)
	if err == nil || !old || !q.mayResend || c.got > 0 || !isLost(err) || ctx.Err() != nil {
		return err
	}
	c.drop()
	c.resent++
	c.failures, c.notBefore = failures, notBefore // the new connection is to be opened at once
	return c.attempt(ctx, q, a)
}

// attempt sends the message once.
func (c *Conn) attempt(ctx context.Context, q *message, a *transport.Answer) error {
	c.got, c.cut, c.owed = 0, false, false
	if c.stream == nil {
		if err := c.connect(ctx, c.until); err != nil {
			return err
		}
	}
	if c.began >= c.armed || c.armed > c.deadline {
		if err := c.rearm(); err != nil {
			return err
		}
	}
	lost := c.send(q)
	if lost != nil && !isLost(lost) {
		return lost
	}
	err := c.receive(q, a)
	if lost != nil && err != nil && c.got == 0 {
		err = lost // the cause, of which there being no answer is the effect
	}
	if err != nil {
		if !c.used && isLost(err) {
			c.failed()
		}
		return ended(err, c.got)
	}
	c.failures = 0
	c.used = true
	c.lastByte = c.began + c.first
	if lost != nil || c.cut || q.close || !c.head.persists() || c.surplus() {
		c.drop()
	}
	return nil
}

// surplus reports whether more has come than the answer.
func (c *Conn) surplus() bool {
	if c.r == c.w {
		c.r, c.w = 0, 0
		c.shrink()
		return false
	}
	c.engine.unasked.Add(1)
	return true
}

// watch makes the end of ctx interrupt whatever the connection waits for.
func (c *Conn) watch(ctx context.Context) {
	c.ctx = ctx
	done := ctx.Done()
	if done == c.done {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unwatch != nil {
		c.unwatch()
		c.unwatch = nil
	}
	c.done, c.armed = done, 0
	if done != nil && !c.closed {
		c.unwatch = context.AfterFunc(ctx, c.interrupt)
	}
}

func (c *Conn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream != nil {
		_ = c.stream.SetDeadline(time.Unix(1, 0)) // fails only where nothing waits any more
	}
}

// rearm sets the end of the next wait. Waits are cut into slices because what had arrived when the request
// was sent does not end one, as the socket says, and because an end that stays costs nothing per request.
func (c *Conn) rearm() error {
	now := c.engine.now()
	if now >= c.deadline {
		return errLate
	}
	c.armed = min(c.deadline, now+look)
	if err := c.stream.SetReadDeadline(c.engine.epoch.Add(c.armed)); err != nil {
		return err
	}
	return c.ctx.Err() // after the deadline was set: an interruption from now on sets it anew
}

var errLate = fmt.Errorf("no whole answer by the deadline: %w", os.ErrDeadlineExceeded)

// alive reports whether an idle connection can be used: the server has not closed it, and has sent no more than was
// asked for.
func (c *Conn) alive() bool {
	if c.socket == nil {
		return true
	}
	if c.engine.now() >= c.armed && c.rearm() != nil {
		return true // the request will say why
	}
	n, err := c.poll()
	switch {
	case n > 0:
		c.engine.unasked.Add(1)
	case errors.Is(err, errNothing), errors.Is(err, os.ErrDeadlineExceeded):
		return true
	default:
		c.engine.stale.Add(1)
	}
	return false
}

// poll reads what is there without waiting.
func (c *Conn) poll() (int, error) {
	c.socket.poll = true
	n, err := c.stream.Read(c.in[c.w:])
	c.socket.poll = false
	return n, err
}

// fill reads more of the answer; it waits until there is some.
func (c *Conn) fill() error {
	c.start.save()
	if c.r == c.w {
		c.r, c.w = 0, 0
	}
	if c.w == len(c.in) {
		if err := c.makeRoom(); err != nil {
			return err
		}
	}
	for empty := 0; empty < 100; {
		n, err := c.stream.Read(c.in[c.w:])
		if n > 0 {
			c.arrived(n)
			return nil
		}
		switch {
		case err == nil:
			empty++
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		default:
			if err := c.rearm(); err != nil {
				return err
			}
		}
	}
	return malformed("reads without bytes")
}

// arrived counts n bytes that were just read.
func (c *Conn) arrived(n int) {
	c.last = c.engine.now()
	if c.got == 0 {
		c.first = c.last - c.began
	}
	c.got += n
	c.w += n
}

// makeRoom makes a full buffer larger, or moves what is left of it to the front.
func (c *Conn) makeRoom() error {
	from := c.in
	if c.r == 0 {
		if size := 2 * len(from); size > keptBuffer {
			if !budget.Answers.Take(headShare * len(from)) {
				return transport.NoMemory()
			}
			c.held += headShare * len(from)
		}
		c.in = make([]byte, 2*len(from))
	}
	c.w = copy(c.in, from[c.r:c.w])
	c.r = 0
	return nil
}

// headShare is how many bytes a large head takes of the budget of all answers for each byte of the buffer: for the buffer, a copy of the head
// and its fields.
const headShare = 2

// shrink gives a buffer back that has become large, by a head, and what the budget gave for it.
func (c *Conn) shrink() {
	if len(c.in) <= keptBuffer {
		return
	}
	c.in = make([]byte, firstBuffer)
	budget.Answers.Give(c.held)
	c.held = 0
}

// drop gives the connection up.
func (c *Conn) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream == nil {
		return
	}
	c.hangUp()
	c.stream, c.socket, c.secure = nil, nil, nil
	c.shrink()
}

// close closes the connection for good.
func (c *Conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.stream != nil {
		c.hangUp() // stream itself belongs to the goroutine that may be using it
	}
	if c.unwatch != nil {
		c.unwatch()
	}
}

func (c *Conn) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// hangUp closes the connection without the close_notify of TLS, which could block on a peer that does not read.
func (c *Conn) hangUp() {
	nc := c.stream
	if c.secure != nil {
		nc = c.secure.NetConn()
	}
	_ = nc.Close() // whatever it says, it is gone
}
