package shop

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener without a network, so that its connections stay inside a synctest bubble.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "pipe"} }

// client returns a client that dials the pipes.
func (p *pipes) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		select {
		case p.conns <- theirs:
			return ours, nil
		case <-p.closed:
			return nil, net.ErrClosed
		}
	}}}
}

// start serves s on pipes until stop is called; ended receives what Serve returned.
func start(s *Shop) (p *pipes, stop context.CancelFunc, ended chan error) {
	ctx, stop := context.WithCancel(context.Background())
	p, ended = newPipes(), make(chan error, 1)
	go func() { ended <- s.Serve(ctx, p) }()
	return p, stop, ended
}

// get returns the status code of a GET, or 0 when there was no answer.
func get(c *http.Client, url string) int {
	resp, err := c.Get(url)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

func TestShutdownLetsRequestsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, Workers: 1, ServiceTime: time.Second})
		p, stop, ended := start(s)
		client := p.client()
		codes := make(chan int, 3)
		for range cap(codes) { // one is served, two wait
			go func() { codes <- get(client, "http://shop/items") }()
		}
		synctest.Wait()
		stop()
		synctest.Wait()
		if code := get(client, "http://shop/healthz"); code != 0 {
			t.Errorf("a new connection got %d, want none after the stop", code)
		}
		for range cap(codes) {
			if code := <-codes; code != http.StatusOK {
				t.Errorf("a request under way got %d, want 200", code)
			}
		}
		if err := <-ended; err != nil {
			t.Errorf("got %v, want a graceful end", err)
		}
		client.CloseIdleConnections()
	})
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, ServiceTime: time.Hour})
		p, stop, ended := start(s)
		code := make(chan int, 1)
		go func() { code <- get(p.client(), "http://shop/items") }()
		synctest.Wait()
		stopped := time.Now()
		stop()
		err := <-ended
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "still under way") || time.Since(stopped) != shutdownGrace {
			t.Errorf("got %v after %v, want an error after %v", err, time.Since(stopped), shutdownGrace)
		}
		if got := <-code; got != 0 {
			t.Errorf("the request got %d, want it cut off", got)
		}
		time.Sleep(time.Hour) // the service ends all the same
	})
}

func TestClientThatHangsUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{Items: 1, Stock: 9, Workers: 1, ServiceTime: time.Minute})
		p, stop, ended := start(s)
		client := p.client()
		go get(client, "http://shop/items")
		synctest.Wait()
		ctx, hangUp := context.WithCancel(t.Context())
		order, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://shop/orders", strings.NewReader(`{"sku":"sku-1","quantity":1}`))
		if err != nil {
			t.Fatal(err)
		}
		order.Header.Set("Authorization", "Bearer u")
		go func() {
			if resp, err := client.Do(order); err == nil {
				_ = resp.Body.Close()
				t.Error("the order was answered, want it given up")
			}
		}()
		synctest.Wait()
		if _, waiting, _ := s.line.load(); waiting != 1 {
			t.Fatalf("%d wait, want 1", waiting)
		}
		hangUp()
		synctest.Wait()
		if _, waiting, _ := s.line.load(); waiting != 0 {
			t.Errorf("%d wait after the client hung up, want 0", waiting)
		}
		time.Sleep(time.Hour)
		if got := s.Truth(); got.Orders != 0 || got.Busy != time.Minute {
			t.Errorf("got %+v, want no order from the client that hung up", got)
		}
		text := call{method: "GET", path: "/metrics"}.to(s).Body.String()
		if !strings.Contains(text, `shop_requests_total{code="gone",step="order"} 1`) {
			t.Errorf("the client that hung up is not counted in\n%s", text)
		}
		client.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestServeSaysWhereItFailed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	err = open(t, Config{Items: 1}).Serve(t.Context(), l)
	if !errors.Is(err, net.ErrClosed) || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want the address and the cause", err)
	}
}

// listen serves s on a free loopback port until the test ends, and returns its URL.
func listen(t *testing.T, s *Shop) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func TestResetIsATCPReset(t *testing.T) {
	broken := Config{Items: 1, Stock: 1, Faults: Faults{ResetRatio: 1}}
	t.Run("plain", func(t *testing.T) {
		s := open(t, broken)
		resetOn(t, &http.Client{Transport: &http.Transport{}}, listen(t, s), s)
	})
	t.Run("TLS", func(t *testing.T) {
		s := open(t, broken)
		server := httptest.NewUnstartedServer(s)
		server.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
		server.StartTLS()
		defer server.Close()
		resetOn(t, server.Client(), server.URL, s)
	})
}

func resetOn(t *testing.T, client *http.Client, url string, s *Shop) {
	t.Helper()
	defer client.CloseIdleConnections()
	order, err := http.NewRequest(http.MethodPost, url+"/orders", strings.NewReader(`{"sku":"sku-1","quantity":1}`))
	if err != nil {
		t.Fatal(err)
	}
	order.Header.Set("Authorization", "Bearer u")
	resp, err := client.Do(order)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v, want connection reset by peer", err)
	}
	if got := s.Truth(); got.Orders != 0 {
		t.Errorf("got %+v, want no order from a reset request", got)
	}
	if code := get(client, url+"/healthz"); code != http.StatusOK {
		t.Errorf("healthz: got %d, want 200", code)
	}
	text := call{method: "GET", path: "/metrics"}.to(s).Body.String()
	if !strings.Contains(text, `shop_requests_total{code="reset",step="order"} 1`) {
		t.Errorf("the reset is not counted in\n%s", text)
	}
}

// HTTP/2 shares a connection, so a reset must end the one stream and leave the others alone.
func TestResetOfAStream(t *testing.T) {
	s := open(t, Config{Items: 1, Faults: Faults{ResetRatio: 0.1}})
	url := listen(t, s)
	var mu sync.Mutex
	dials := 0
	transport := &http.Transport{Protocols: new(http.Protocols), DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		dials++
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: transport}
	defer client.CloseIdleConnections()
	codes := map[int]int{}
	for range 100 {
		codes[get(client, url+"/items")]++
	}
	if codes[0] != 10 || codes[http.StatusOK] != 90 || dials != 1 {
		t.Errorf("got %v over %d connections, want 10 resets and 90 answers over one", codes, dials)
	}
}
