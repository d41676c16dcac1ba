package wire

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/transport"
)

// seen is what one of the two readers made of an answer.
type seen struct {
	status int
	body   string
	header []string
	class  string
}

func (s seen) String() string {
	return fmt.Sprintf("status %d, class %q, header %.300q, %d bytes of body %.40q", s.status, s.class, s.header, len(s.body), s.body)
}

func TestReadsAsNetHTTP(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := serve(t, answering(c.answer, true))
			got, want := asWire(t, address, c.head), asNetHTTP(address, c.head)
			switch {
			case c.differ == "" && !same(got, want):
				t.Errorf("wire:     %v\nnet/http: %v", got, want)
			case c.differ != "" && got.class != c.class:
				t.Errorf("wire: %v, want class %q", got, c.class)
			case c.differ != "" && same(got, want):
				t.Errorf("no difference any more, but the case has one: %s", c.differ)
			}
		})
	}
}

func same(a, b seen) bool {
	return a.status == b.status && a.body == b.body && a.class == b.class && slices.Equal(a.header, b.header)
}

func asWire(t *testing.T, address string, head bool) seen {
	q := get()
	if head {
		q.Method = "HEAD"
	}
	var a transport.Answer
	c := dialed(t, address)
	err := exchange(t.Context(), c, patience, q, &a)
	s := seen{status: a.Status, class: class(err)}
	if err == nil {
		s.body = string(a.Body)
		h := http.Header{}
		for name, value := range c.reply.all() {
			h.Add(string(name), string(value))
			if first := c.reply.value(strings.ToUpper(string(name))); string(first) != h.Get(string(name)) {
				t.Errorf("value(%q) is %q, the first value is %q", name, first, h.Get(string(name)))
			}
		}
		s.header = lines(h)
	}
	return s
}

func asNetHTTP(address string, head bool) seen {
	tr := &http.Transport{DisableCompression: true, MaxResponseHeaderBytes: DefaultMaxHead}
	defer tr.CloseIdleConnections()
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	q, err := http.NewRequest(method, "http://"+address+"/", nil)
	if err != nil {
		return seen{class: err.Error()}
	}
	a, err := tr.RoundTrip(q)
	if err != nil {
		return seen{class: class(err)}
	}
	defer a.Body.Close()
	s := seen{status: a.StatusCode}
	if a.StatusCode != http.StatusSwitchingProtocols {
		body, err := io.ReadAll(a.Body)
		if err != nil {
			return seen{class: class(err)}
		}
		s.body = string(body)
	}
	s.header = lines(a.Header)
	return s
}

// lines lists fields in an order; those that net/http takes out of the header are left out.
func lines(h http.Header) []string {
	var all []string
	for name, values := range h {
		switch name {
		case "Transfer-Encoding", "Trailer", "Content-Length", "Connection":
			continue
		}
		for _, value := range values {
			all = append(all, fmt.Sprintf("%s: %q", name, strings.Trim(value, " \t"))) // net/http leaves the space of an empty fold
		}
	}
	slices.Sort(all)
	return all
}

// TestReadsSplitAnswers gives every case to the reader in every way of cutting it in two, and byte by byte.
func TestReadsSplitAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		want := readScript(c.head, []byte(c.answer))
		if len(c.answer) > 400 {
			continue
		}
		for i := range len(c.answer) {
			if got := readScript(c.head, []byte(c.answer[:i]), []byte(c.answer[i:])); !same(got, want) {
				t.Errorf("%s: cut at byte %d: %v\nwant %v", c.name, i, got, want)
			}
		}
		var bits [][]byte
		for _, b := range []byte(c.answer) {
			bits = append(bits, []byte{b})
		}
		if got := readScript(c.head, bits...); !same(got, want) {
			t.Errorf("%s: byte by byte: %v\nwant %v", c.name, got, want)
		}
	}
}

// script is a connection that reads what was written down for it, piece by piece.
type script struct {
	net.Conn
	pieces [][]byte
	reads  int
}

func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

func (s *script) Read(p []byte) (int, error) {
	for len(s.pieces) > 0 && len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.pieces[0])
	s.pieces[0] = s.pieces[0][n:]
	s.reads += n
	return n, nil
}

func readScript(head bool, pieces ...[]byte) seen {
	s, _, _ := runScript(Config{MaxHead: DefaultMaxHead, MaxBody: DefaultMaxBody}, head, pieces...)
	return s
}

// runScript reads the answer in pieces; it returns how much of them was read too.
func runScript(config Config, head bool, pieces ...[]byte) (seen, *transport.Answer, int) {
	sc := &script{pieces: pieces}
	c := newConn(newEngineFor(config, &url.URL{Scheme: "http", Host: "shop.test"}), 0)
	c.stream, c.lastByte = sc, time.Hour // never idle: there is no second connection to send the request again on
	var a transport.Answer
	q := get()
	if head {
		q.Method = "HEAD"
	}
	err := exchange(context.Background(), c, 0, q, &a)
	s := seen{status: a.Status, class: class(err)}
	if err == nil {
		s.body = string(a.Body)
		h := http.Header{}
		for name, value := range c.reply.all() {
			h.Add(string(name), string(value))
		}
		s.header = lines(h)
	}
	return s, &a, sc.reads
}

// FuzzResponse checks that any bytes end in an answer or an error, within the limits, cut anywhere, and
// that net/http reads what is read here in the same way.
func FuzzResponse(f *testing.F) {
	for _, c := range cases() {
		if len(c.answer) < 1000 {
			f.Add([]byte(c.answer), c.head, uint16(len(c.answer)/2))
		}
	}
	config := Config{MaxHead: 2000, MaxBody: 3000}
	f.Fuzz(func(t *testing.T, p []byte, head bool, at uint16) {
		cut := int(at) % (len(p) + 1)
		got, a, reads := runScript(config, head, bytes.Clone(p[:cut]), bytes.Clone(p[cut:]))
		if whole, _, _ := runScript(config, head, bytes.Clone(p)); !same(got, whole) {
			t.Fatalf("cut at %d: %v\nwhole: %v", cut, got, whole)
		}
		if cap(a.Body) > 2*(config.MaxBody+largeBuffer) || reads > 2*(mostInformational+2)*(config.MaxHead+config.MaxBody+largeBuffer) {
			t.Fatalf("room for a body of %d bytes, %d bytes read", cap(a.Body), reads)
		}
		if got.class != "" {
			if got.status != 0 {
				t.Fatalf("status %d and an error: %s", got.status, got.class)
			}
			return
		}
		if want, ok := standard(p, head); ok && !same(got, want) {
			t.Fatalf("%q\nwire:     %v\nnet/http: %v", p, got, want)
		}
	})
}

// standard reads p with http.ReadResponse, past informational answers.
func standard(p []byte, head bool) (seen, bool) {
	r := bufio.NewReader(bytes.NewReader(p))
	method := http.MethodGet
	if head {
		method = http.MethodHead
	}
	for {
		a, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return seen{}, false
		}
		if a.StatusCode/100 == 1 && a.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		a.Header.Del("Cache-Control") // http.ReadResponse adds it where Pragma asks for it
		body, err := io.ReadAll(a.Body)
		if err != nil {
			return seen{}, false
		}
		return seen{status: a.StatusCode, body: string(body), header: lines(a.Header)}, true
	}
}
