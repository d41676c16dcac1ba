package transport

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// BodyMeter counts the bytes of answers' bodies, unpacked where net/http has unpacked them, and ends a body after MaxBody bytes with
// ErrTooLarge: vegeta itself counts what it keeps, and reads on for as long as a body goes on. The requests of one number are one
// after another.
type BodyMeter struct {
	http.RoundTripper
	counts sync.Map // from the request's number, as vegeta's header has it, to the *atomic.Int64 of its last answer
}

// numberHeader has the number that vegeta gives to a request.
const numberHeader = "X-Vegeta-Seq"

// Take returns how many bytes the body of the last answer to a request had, from 0, and forgets them; 0 for one without an answer.
func (m *BodyMeter) Take(number string) uint64 {
	count, ok := m.counts.LoadAndDelete(number)
	if !ok {
		return 0
	}
	return uint64(count.(*atomic.Int64).Load())
}

// RoundTrip sends a request. The errors are those of net/http.Transport.
func (m *BodyMeter) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := m.RoundTripper.RoundTrip(r)
	if err != nil {
		return response, err
	}
	count := new(atomic.Int64)
	m.counts.Store(r.Header.Get(numberHeader), count)
	response.Body = &meteredBody{response.Body, count}
	return response, nil
}

// CloseIdleConnections is for http.Client.CloseIdleConnections.
func (m *BodyMeter) CloseIdleConnections() {
	if t, ok := m.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

type meteredBody struct {
	io.ReadCloser
	count *atomic.Int64
}

// Read reads more of the body. It fails with ErrTooLarge beyond MaxBody bytes.
func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.count.Add(int64(n)) > MaxBody {
		return n, fmt.Errorf("%w: over %d MiB", ErrTooLarge, MaxBody>>20)
	}
	return n, err
}
