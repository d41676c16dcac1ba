package transport

import (
	"context"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain also fails where a goroutine is left over.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second // longer than any answer here takes

// ask sends one GET request on a new engine.
func ask(u *url.URL, timeout time.Duration, change ...func(*Request)) *Answer {
	engine := NewNetHTTP(u, 1, nil, nil)
	defer engine.Close()
	r := &Request{Method: "GET", URL: []byte("/x"), Timeout: timeout, Redirects: 3, WantBody: true}
	for _, c := range change {
		c(r)
	}
	a := new(Answer)
	engine.Conn().Do(context.Background(), r, a)
	return a
}
