// Package transport defines how a request reaches a target.
//
// An Engine opens connections, a Route says where they lead, and errors have classes. The net/http engine is here too.
package transport

import (
	"context"
	"fmt"
	"time"

	"fsctl/loadgen/cookies"
)

// Engine sends requests. Each of its connections carries one request at a time.
type Engine interface {
	// Conn returns a connection, to be used by one goroutine.
	Conn() Conn
	// Close frees every connection.
	Close()
}

// Conn is one connection, or the right to one.
type Conn interface {
	// Connect opens the connection ahead of its first request, where the engine can. After an error the first
	// request tries again.
	Connect(ctx context.Context) error
	// Disconnect closes the connection, which is idle. The next Connect or Do opens another one, as if the connection had never been
	// opened.
	Disconnect()
	// Do sends a request and reads the whole answer into a, whose memory it uses again. It returns when the answer is
	// whole or cannot be any more: no later than the request's timeout, or soon after ctx is done. What went wrong is
	// in a.Err and a.Class.
	Do(ctx context.Context, r *Request, a *Answer)
	// Last returns what the connection still has of the answer to its last request, wanted or not, and also where the answer is
	// no whole one. It may be called once Do has returned, and its memory is good until the next Do.
	Last() Exchange
}

// Exchange is what came of an answer.
type Exchange struct {
	Head []byte // status line and header fields as they came, or as HTTP/1.1 would write them; empty where no whole head came
	Body []byte // the first MostStart bytes of the body, unpacked where the answer's is
	Sent []byte // request line and header fields of the last request, redirects included; empty where the engine does not have them
}

// MostStart is how many bytes of a body a connection has for Last, at most.
const MostStart = 2 << 10

// Request is one request, ready to send. The engine may not keep it.
//
// With a jar it sends the cookies that go to its host and path beside those of its own Cookie header; of one name its own is sent,
// until an answer on the way along redirects sets or deletes that cookie. The jar takes the cookies of every answer whose head came
// whole, also on the way.
type Request struct {
	Target     int // the number of the target, from 0, of an engine on several
	Method     string
	URL        []byte // path and query, below the path of the target
	Header     []Field
	Body       []byte        // all of it, or what stands before Rest
	Rest       [][]byte      // of the body, after Body: in turn a file, which requests share and which is never written to, and text like Body
	Timeout    time.Duration // from Sent, redirects included
	Redirects  int           // how many to follow at most
	WantBody   bool          // else the body is read and only counted
	WantHeader []string      // names, in canonical form, of the answer's header fields that are wanted
	Jar        *cookies.Jar  // the user's: see below; nil for none
	Sent       time.Time     // the instant that counts as that of sending; zero for that of the call
}

// BodyBytes returns how many bytes the whole body has, 0 or more.
func (r *Request) BodyBytes() int { return bodyBytes(r.Body, r.Rest) }

func bodyBytes(body []byte, rest [][]byte) int {
	n := len(body)
	for _, piece := range rest {
		n += len(piece)
	}
	return n
}

// BodyStart returns the beginning of the body, most bytes of it at most, and whether that is all of it. Where it is in one piece it is
// not copied.
func (r *Request) BodyStart(most int) (start []byte, whole bool) {
	start = r.Body[:min(len(r.Body), most)]
	for _, piece := range r.Rest {
		if len(start) == most {
			break
		}
		start = append(start[:len(start):len(start)], piece[:min(len(piece), most-len(start))]...)
	}
	return start, len(start) == r.BodyBytes()
}

// Field is one header field.
type Field struct {
	Name  string
	Value []byte
}

// Answer is what came back.
type Answer struct {
	Status   int           // of a whole answer, else 0
	Header   []Field       // those that were wanted, in the order in which they came
	Passed   []Field       // Set-Cookie fields of the answers that redirected to this one, in the order in which they came
	Body     []byte        // where it was wanted, without the content encodings that the request asks for
	Packed   string        // Content-Encoding of Body, where the request does not ask for it: Body is as it was sent
	BytesOut uint64        // of the request's body
	BytesIn  uint64        // of the answer's body as it was sent, without the framing of chunks
	Waiting  time.Duration // from sending to the first byte of the answer
	Took     time.Duration // from sending to the last byte of the answer, or to the error
	Connect  time.Duration // handshakes of the connection it opened, 0 for one that was open
	TLS      time.Duration // the TLS part of Connect
	Followed int           // redirects; the rest is of the last answer
	Resent   int           // how often it was sent again on a new connection, see MayResend; redirects may each add one
	Err      error
	Class    string // of Err

	memory, spareMemory buffer // of Body, and of spare
	spare               []byte // to unpack into
	start               []byte // of a body that was dropped, or whose encodings were taken off one by one
	dropped             bool   // Body was not kept: the budget of all answers was used up
}

// Reset makes an answer ready for the next request. Its buffers are kept as Release says.
func (a *Answer) Reset() {
	a.Release()
	*a = Answer{Header: a.Header[:0], Body: a.Body[:0], memory: a.memory, spare: a.spare, spareMemory: a.spareMemory, start: a.start[:0]}
}

// Restart makes an answer ready for another one to the same request, such as that at the end of a redirect.
func (a *Answer) Restart() {
	a.Status, a.Body, a.BytesIn, a.Waiting, a.start, a.dropped = 0, a.Body[:0], 0, 0, a.start[:0], false
}

// Fail notes an error and its class. Half an answer has no status: it must not count as one.
func (a *Answer) Fail(err error) { a.Status, a.Err, a.Class = 0, err, Classify(err) }

// Abandon notes that the user had given up by the time that the request timed out, when its connection was closed.
func (a *Answer) Abandon() { a.Fail(fmt.Errorf("%w: %w", ErrAbandoned, a.Err)) }

// AddField adds a field to the header; the value is copied.
func (a *Answer) AddField(name string, value []byte) {
	n := len(a.Header)
	if n == cap(a.Header) {
		a.Header = append(a.Header, Field{})
	}
	a.Header = a.Header[:n+1]
	a.Header[n].Name, a.Header[n].Value = name, append(a.Header[n].Value[:0], value...)
}

// SetCookies returns the Set-Cookie fields of the answers that led to this one and, where they were wanted, its own, in the order in
// which they came. Other wanted fields may be among them. It is not to be changed.
func (a *Answer) SetCookies() []Field {
	if len(a.Passed) == 0 {
		return a.Header
	}
	return append(a.Passed[:len(a.Passed):len(a.Passed)], a.Header...)
}

// Field returns the first value of a header field that was wanted, by its canonical name.
func (a *Answer) Field(name string) []byte {
	for i := range a.Header {
		if a.Header[i].Name == name {
			return a.Header[i].Value
		}
	}
	return nil
}
