package wire

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/budget"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// Answers of many connections take no more than the budget together, by both engines. A body over the limit is the target's doing
// whether or not there was memory for it, one within it that was not kept is the generator's, and all memory comes back.
func TestAnswersShareABudget(t *testing.T) {
	const limit, connections = 8 << 20, 3
	before := budget.Answers.Limit()
	budget.Answers.SetLimit(limit)
	defer budget.Answers.SetLimit(before)
	zeros := strings.Repeat("\x00", transport.MaxBody+1)
	packed := func(text, coding string) string {
		body := pack(text, coding)
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", coding, len(body), body)
	}
	for _, c := range []struct {
		name, answer, class string
	}{
		{"gzip bomb", packed(zeros, "gzip"), transport.ClassTooLarge},
		{"br bomb", packed(zeros, "br"), transport.ClassTooLarge},
		{"zstd bomb", packed(zeros, "zstd"), transport.ClassTooLarge},
		{"gzip within the limit", packed(zeros[:40<<20], "gzip"), transport.ClassMemory},
		{"plain within the limit", "HTTP/1.1 200 OK\r\nContent-Length: 41943040\r\n\r\n" + zeros[:40<<20], transport.ClassMemory},
		{"over the limit without end", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + zeros, transport.ClassTooLarge},
		{"small", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ""},
		{"small and packed", packed("hello", "gzip"), ""},
	} {
		for name, engine := range engines {
			address := serve(t, func(n int, nc *net.TCPConn) { answering(c.answer, true)(n, nc) })
			e := engine(loadtest.Must(url.Parse("http://" + address)))
			most, done := watch()
			var all sync.WaitGroup
			for range connections {
				all.Go(func() {
					a := new(transport.Answer)
					e.Conn().Do(t.Context(), &transport.Request{Method: "GET", URL: []byte("/"), Timeout: 5 * patience, WantBody: true, Header: fields("Accept-Encoding", "gzip, deflate, br, zstd")}, a)
					if a.Class != c.class || c.class == "" && string(a.Body) != "hello" {
						t.Errorf("%s by %s: class %q, wanted %q: %v", c.name, name, a.Class, c.class, a.Err)
					}
					a.Reset()
				})
			}
			all.Wait()
			close(done)
			e.Close()
			if m := <-most; m > limit || c.class == "" && m > 0 {
				t.Errorf("%s by %s: up to %d bytes of the budget were taken, of %d", c.name, name, m, limit)
			}
		}
	}
	if used := budget.Answers.Used(); used != 0 {
		t.Errorf("%d bytes of the budget are still taken", used)
	}
}

// watch samples how much of the budget is taken, until done is closed; most then gives the largest.
func watch() (most chan int64, done chan struct{}) {
	most, done = make(chan int64, 1), make(chan struct{})
	go func() {
		largest := int64(0)
		for {
			select {
			case <-done:
				most <- largest
				return
			case <-time.After(time.Millisecond):
				largest = max(largest, budget.Answers.Used())
			}
		}
	}()
	return most, done
}

// A large head takes of the budget too, and gives it back.
func TestLargeHeadsShareTheBudget(t *testing.T) {
	before := budget.Answers.Limit()
	defer budget.Answers.SetLimit(before)
	answer := "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("x", 200<<10) + "\r\nContent-Length: 5\r\n\r\nhello"
	for limit, class := range map[int64]string{1 << 20: "", 10: transport.ClassMemory} {
		budget.Answers.SetLimit(limit)
		c, a := dialed(t, serve(t, func(n int, nc *net.TCPConn) { answering(answer, true)(n, nc) })), new(transport.Answer)
		_ = exchange(t.Context(), c, patience, get(), a)
		if a.Class != class || budget.Answers.Used() != 0 {
			t.Errorf("limit %d: class %q, %d bytes taken, wanted %q and none: %v", limit, a.Class, budget.Answers.Used(), class, a.Err)
		}
	}
}

// A head has a bound for its fields, each of which takes more memory than text.
func TestFieldsHaveABound(t *testing.T) {
	for n, class := range map[int]string{mostFields - 1: "", mostFields: transport.ClassTooLarge} {
		answer := "HTTP/1.1 200 OK\r\n" + strings.Repeat("Set-Cookie: a=b\r\n", n) + "Content-Length: 5\r\n\r\nhello"
		c, a := dialed(t, serve(t, func(n int, nc *net.TCPConn) { answering(answer, true)(n, nc) })), new(transport.Answer)
		if _ = exchange(t.Context(), c, patience, get(), a); a.Class != class {
			t.Errorf("%d fields and one: class %q, wanted %q: %v", n, a.Class, class, a.Err)
		}
	}
}
