package loadgen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// rude listens on loopback and does to every connection what a test wants, once a request's header was read.
func rude(t *testing.T, do func(c *net.TCPConn)) *url.URL {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					do(c.(*net.TCPConn))
				}
			})
		}
	})
	t.Cleanup(func() { listener.Close(); wait.Wait() })
	return must(url.Parse("http://" + listener.Addr().String()))
}

// write answers with text and closes the connection.
func write(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) { _, _ = io.WriteString(c, text) }
}

// breakOff answers with text and resets the connection.
func breakOff(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = io.WriteString(c, text)
		_ = c.SetLinger(0)
	}
}

// hang answers with text and then keeps the connection until the client closes it.
func hang(text string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// engines are those that must agree on every answer.
var engines = map[string]func(*url.URL) Engine{
	EngineVegeta: func(u *url.URL) Engine { return NewNetHTTP(u, 1, nil, nil) },
	EngineWire:   func(u *url.URL) Engine { return must(newWireEngine(context.Background(), u, 1, nil, Route{}, nil)) },
}

// ask sends one GET request on a new engine on net/http.
func ask(u *url.URL, timeout time.Duration, change ...func(*Request)) *Answer {
	return askBy(engines[EngineVegeta](u), timeout, change...)
}

// askBy sends one GET request, and closes the engine.
func askBy(engine Engine, timeout time.Duration, change ...func(*Request)) *Answer {
	defer engine.Close()
	r := &Request{Method: "GET", URL: []byte("/x"), Timeout: timeout, Redirects: 3, WantBody: true}
	for _, c := range change {
		c(r)
	}
	a := new(Answer)
	engine.Conn().Do(context.Background(), r, a)
	return a
}

const patience = 20 * time.Second // longer than any answer here takes

func TestBrokenAnswers(t *testing.T) {
	const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	flood := func(header, chunk string) func(*net.TCPConn) {
		return func(c *net.TCPConn) {
			_, err := io.WriteString(c, header)
			for text := strings.Repeat(chunk, 1+(1<<18)/len(chunk)); err == nil; {
				_, err = io.WriteString(c, text)
			}
		}
	}
	for _, c := range []struct {
		name    string
		do      func(*net.TCPConn)
		timeout time.Duration
		class   string
	}{
		{"whole", write(whole), patience, ""},
		{"closed without an answer", write(""), patience, ClassClosed},
		{"closed within the header", write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"), patience, ClassTruncated},
		{"closed within a header line", write("HTTP/1.1 200 OK\r\nContent-Le"), patience, ""}, // told apart below
		{"reset without an answer", breakOff(""), patience, ClassReset},
		{"reset half-way", breakOff("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), patience, ClassReset},
		{"truncated body", write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), patience, ClassTruncated},
		{"truncated chunks", write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"), patience, ClassTruncated},
		{"no last chunk", write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), patience, ClassTruncated},
		{"a body until the end", write("HTTP/1.1 200 OK\r\n\r\nok"), patience, ""},
		{"an endless body", flood("HTTP/1.1 200 OK\r\n\r\n", "x"), patience, ClassTooLarge},
		{"endless chunks", flood("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "4000\r\n"+strings.Repeat("x", 0x4000)+"\r\n"), patience, ClassTooLarge},
		{"a body that stalls", hang("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), 50 * ms, ClassTimeout},
		{"invalid chunk length", write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"), patience, ClassMalformed},
		{"negative length", write("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"), patience, ClassMalformed},
		{"unknown encoding", write("HTTP/1.1 200 OK\r\nTransfer-Encoding: gibberish\r\n\r\nabc"), patience, ClassMalformed},
		{"garbage", write("\x16\x03\x01\x02 no HTTP at all\r\n\r\n"), patience, ClassMalformed},
		{"no status", write("HTTP/1.1 abc OK\r\n\r\n"), patience, ClassMalformed},
		{"a broken header line", write("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), patience, ClassMalformed},
		{"a huge header", flood("HTTP/1.1 200 OK\r\n", "X-Filler: "+strings.Repeat("x", 1000)+"\r\n"), patience, ClassTooLarge},
		{"silence", hang(""), 50 * ms, ClassTimeout},
		{"early hints", hang("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + whole), patience, ""},
		{"continue", hang("HTTP/1.1 100 Continue\r\n\r\n" + whole), patience, ""},
		{"another protocol", hang("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nwhatever"), patience, ""},
		{"no content", hang("HTTP/1.1 204 No Content\r\n\r\n"), patience, ""},
		{"not modified", hang("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"), patience, ""},
	} {
		for name, engine := range engines {
			t.Run(c.name+" by "+name, func(t *testing.T) {
				class := c.class
				if c.name == "closed within a header line" { // net/http takes the half line for a whole one
					class = map[string]string{EngineVegeta: ClassMalformed, EngineWire: ClassTruncated}[name]
				}
				a := askBy(engine(rude(t, c.do)), c.timeout, func(r *Request) { r.WantBody = c.name != "endless chunks" })
				if a.Class != class || (a.Err == nil) != (class == "") {
					t.Fatalf("class %q, wanted %q: %v", a.Class, class, a.Err)
				}
				if (a.Status == 0) != (class != "") {
					t.Errorf("status %d: only a whole answer has one", a.Status)
				}
			})
		}
	}
}

func TestAnswersInFull(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", fmt.Sprintf("%s %s %s %q %s", r.Method, r.Host, r.URL, body, r.Header["X-A"]))
		fmt.Fprint(w, "answer")
	}))
	defer server.Close()
	engine := NewNetHTTP(must(url.Parse(server.URL+"/api/")), 1, nil, nil)
	defer engine.Close()
	conn, a := engine.Conn(), new(Answer)
	r := &Request{Method: "PUT", URL: []byte("/x?y=1"), Body: []byte("hello"), Timeout: patience, WantBody: true, WantHeader: []string{"X-Saw"},
		Header: []Field{{"Host", []byte("shop.invalid")}, {"X-A", []byte("1")}, {"X-A", []byte("2")}}}
	conn.Do(context.Background(), r, a)
	if want := `PUT shop.invalid /api/x?y=1 "hello" [1 2]`; string(a.header("X-Saw")) != want || a.Err != nil {
		t.Errorf("the target saw %s, wanted %s; %v", string(a.header("X-Saw")), want, a.Err)
	}
	if string(a.Body) != "answer" || a.BytesIn != 6 || a.BytesOut != 5 || a.Status != 200 || a.Connect <= 0 || a.Waiting <= 0 {
		t.Errorf("found %+v", a)
	}
	a.reset()
	r = &Request{Method: "HEAD", URL: []byte("/"), Timeout: patience}
	conn.Do(context.Background(), r, a)
	if a.Status != 200 || a.BytesIn != 0 || a.Err != nil || a.Connect != 0 {
		t.Errorf("HEAD on an open connection: %+v", a)
	}
}

func TestRedirects(t *testing.T) {
	var strangers atomic.Int32
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	defer stranger.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/loop": "/loop", "/away": stranger.URL, "/tls": "https://" + r.Host + "/x", "/3": "/2", "/2": "/1", "/1": "/0", "/post": "/0", "/4": "/3"}[r.URL.Path]
		if to == "" {
			_, _ = io.Copy(w, r.Body)
			return
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	for _, c := range []struct {
		path   string
		most   int
		class  string
		status int
	}{
		{"/3", 3, "", 200},
		{"/4", 3, ClassRedirect, 0},
		{"/3", 0, "", 307},
		{"/loop", 10, ClassRedirect, 0},
		{"/away", 10, ClassRedirect, 0},
		{"/away", 0, "", 307},
		{"/tls", 10, ClassRedirect, 0},
		{"/post", 1, "", 200},
	} {
		for name, engine := range engines {
			a := askBy(engine(must(url.Parse(server.URL))), patience, func(r *Request) {
				r.Method, r.URL, r.Redirects, r.Body = "POST", []byte(c.path), c.most, []byte("kept")
			})
			if a.Class != c.class || a.Status != c.status || c.status == 200 && string(a.Body) != "kept" {
				t.Errorf("%s with %d redirects by %s: class %q, status %d, body %q, wanted %q and %d: %v", c.path, c.most, name, a.Class, a.Status, a.Body, c.class, c.status, a.Err)
			}
		}
	}
	if n := strangers.Load(); n != 0 {
		t.Errorf("a host that nobody named got %d requests", n)
	}
}

func TestFailuresToConnect(t *testing.T) {
	for class, err := range map[string]error{
		ClassRefused: syscall.ECONNREFUSED, ClassPorts: syscall.EADDRNOTAVAIL, ClassNetwork: syscall.ENETUNREACH,
		ClassDNS: &net.DNSError{Err: "no such host", Name: "shop.invalid", IsNotFound: true}, ClassReset: syscall.ECONNRESET,
		ClassOther: errors.New("whatever"),
	} {
		engine := NewNetHTTP(must(url.Parse("http://shop.invalid/malformed")), 1, nil, func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		})
		a := new(Answer)
		engine.Conn().Do(context.Background(), &Request{Method: "GET", URL: []byte("/tls: x"), Timeout: patience}, a)
		if a.Class != class {
			t.Errorf("%v is classified as %q, wanted %q", a.Err, a.Class, class)
		}
		engine.Close()
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	listener.Close()
	if a := ask(must(url.Parse("http://"+listener.Addr().String())), patience); a.Class != ClassRefused {
		t.Errorf("class %q where nobody listens: %v", a.Class, a.Err)
	}
	if Classify(nil) != "" || Classify(syscall.EMFILE) != ClassPorts {
		t.Error("no error has a class, or too many open files are not the generator's fault")
	}
}

func TestRequestsThatCannotBeWritten(t *testing.T) {
	u := rude(t, write("HTTP/1.1 200 OK\r\n\r\n"))
	for name, change := range map[string]func(*Request){
		"control characters in a header": func(r *Request) { r.Header = []Field{{"X-A", []byte("a\r\nb")}} },
		"a broken URL":                   func(r *Request) { r.URL = []byte("/%zz") },
		"a broken method":                func(r *Request) { r.Method = "G E T" },
	} {
		if a := ask(u, patience, change); a.Class != ClassOther || a.Status != 0 {
			t.Errorf("%s: class %q, status %d: %v", name, a.Class, a.Status, a.Err)
		}
	}
}

func TestCanceledRequest(t *testing.T) {
	arrived := make(chan bool, 1)
	u := rude(t, func(c *net.TCPConn) { arrived <- true; hang("")(c) })
	engine := NewNetHTTP(u, 1, nil, nil)
	defer engine.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	a := new(Answer)
	engine.Conn().Do(ctx, &Request{Method: "GET", URL: []byte("/"), Timeout: patience}, a)
	if a.Class != ClassCanceled {
		t.Errorf("class %q: %v", a.Class, a.Err)
	}
}

func TestHugeBuffersAreNotKept(t *testing.T) {
	a := &Answer{Body: make([]byte, keptBody+1)}
	if a.reset(); cap(a.Body) != 0 {
		t.Errorf("an answer keeps %d bytes for the next", cap(a.Body))
	}
	a.Body = make([]byte, 100, keptBody)
	if a.reset(); cap(a.Body) != keptBody || len(a.Body) != 0 {
		t.Errorf("an answer keeps %d bytes, %d of them in use", cap(a.Body), len(a.Body))
	}
}
