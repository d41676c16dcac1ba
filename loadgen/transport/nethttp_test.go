package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"

	"fsctl/loadgen/loadtest"
)

func TestAnswersInFull(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", fmt.Sprintf("%s %s %s %q %s", r.Method, r.Host, r.URL, body, r.Header["X-A"]))
		fmt.Fprint(w, "answer")
	}))
	defer server.Close()
	engine := NewNetHTTP(loadtest.Must(url.Parse(server.URL+"/api/")), 1, nil, nil)
	defer engine.Close()
	conn, a := engine.Conn(), new(Answer)
	r := &Request{Method: "PUT", URL: []byte("/x?y=1"), Body: []byte("hello"), Timeout: patience, WantBody: true, WantHeader: []string{"X-Saw"},
		Header: []Field{{"Host", []byte("shop.invalid")}, {"X-A", []byte("1")}, {"X-A", []byte("2")}}}
	conn.Do(context.Background(), r, a)
	if want := `PUT shop.invalid /api/x?y=1 "hello" [1 2]`; string(a.Field("X-Saw")) != want || a.Err != nil {
		t.Errorf("the target saw %s, wanted %s; %v", string(a.Field("X-Saw")), want, a.Err)
	}
	if string(a.Body) != "answer" || a.BytesIn != 6 || a.BytesOut != 5 || a.Status != 200 || a.Connect <= 0 || a.Waiting <= 0 {
		t.Errorf("found %+v", a)
	}
	a.Reset()
	r = &Request{Method: "HEAD", URL: []byte("/"), Timeout: patience}
	conn.Do(context.Background(), r, a)
	if a.Status != 200 || a.BytesIn != 0 || a.Err != nil || a.Connect != 0 {
		t.Errorf("HEAD on an open connection: %+v", a)
	}
}

func TestFailuresToConnect(t *testing.T) {
	for class, err := range map[string]error{
		ClassRefused: syscall.ECONNREFUSED, ClassPorts: syscall.EADDRNOTAVAIL, ClassNetwork: syscall.ENETUNREACH,
		ClassDNS: &net.DNSError{Err: "no such host", Name: "shop.invalid", IsNotFound: true}, ClassReset: syscall.ECONNRESET,
		ClassOther: errors.New("whatever"),
	} {
		engine := NewNetHTTP(loadtest.Must(url.Parse("http://shop.invalid/malformed")), 1, nil, func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		})
		a := new(Answer)
		engine.Conn().Do(context.Background(), &Request{Method: "GET", URL: []byte("/tls: x"), Timeout: patience}, a)
		if a.Class != class {
			t.Errorf("%v is classified as %q, wanted %q", a.Err, a.Class, class)
		}
		engine.Close()
	}
	refusing, _ := loadtest.Refused(t)
	if a := ask(loadtest.Must(url.Parse("http://"+refusing)), patience); a.Class != ClassRefused {
		t.Errorf("class %q of a port without a listener: %v", a.Class, a.Err)
	}
	if Classify(nil) != "" || Classify(syscall.EMFILE) != ClassPorts {
		t.Error("no error has a class, or too many open files are not the generator's fault")
	}
}

func TestRequestsThatCannotBeWritten(t *testing.T) {
	u := loadtest.Rude(t, loadtest.Write("HTTP/1.1 200 OK\r\n\r\n"))
	for name, change := range map[string]func(*Request){
		"control characters in a header": func(r *Request) { r.Header = []Field{{"X-A", []byte("a\r\nb")}} },
		"control characters in a URL":    func(r *Request) { r.URL = []byte("/\x01") },
		"a broken method":                func(r *Request) { r.Method = "G E T" },
	} {
		if a := ask(u, patience, change); a.Class != ClassOther || a.Status != 0 {
			t.Errorf("%s: class %q, status %d: %v", name, a.Class, a.Status, a.Err)
		}
	}
}

func TestCanceledRequest(t *testing.T) {
	arrived := make(chan bool, 1)
	u := loadtest.Rude(t, func(c *net.TCPConn) { arrived <- true; loadtest.Hang("")(c) })
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
	a := &Answer{Body: make([]byte, SmallBody+1)}
	if a.Reset(); cap(a.Body) != 0 {
		t.Errorf("an answer keeps %d bytes for the next", cap(a.Body))
	}
	a.Body = make([]byte, 100, SmallBody)
	if a.Reset(); cap(a.Body) != SmallBody || len(a.Body) != 0 {
		t.Errorf("an answer keeps %d bytes, %d of them in use", cap(a.Body), len(a.Body))
	}
}
