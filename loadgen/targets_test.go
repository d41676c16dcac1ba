package loadgen

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
)

func targetFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "targets.txt")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// fire fires a list and reads its record.
func fire(ctx context.Context, t *testing.T, o TargetOptions) loadtest.Run {
	t.Helper()
	l, err := NewTargetList(o)
	if err != nil {
		t.Fatal(err)
	}
	m := l.Manifest(time.Now())
	w := must(record.Create(filepath.Join(t.TempDir(), "run"), m, nil))
	end, err := l.Run(ctx, w, m.T0, nil)
	return loadtest.Run{End: end, Err: err, Record: must(record.Open(w.Dir()))}
}

func TestTargetList(t *testing.T) {
	var mu sync.Mutex
	saw := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		saw[fmt.Sprintf("%s %s %s %s", r.Method, r.URL, body, r.Header.Get("X-A"))]++
		if r.URL.Path == "/sorry" {
			w.WriteHeader(503)
		}
		fmt.Fprint(w, "four")
	}))
	defer server.Close()
	body := targetFile(t, "hello")
	for name, text := range map[string]string{
		"http": fmt.Sprintf("# a comment\nGET %[1]s/a?x=1\nX-A: 1\n\nPOST %[1]s/b\n@%[2]s\n\nGET %[1]s/sorry\n", server.URL, body),
		"JSON": fmt.Sprintf(`{"method":"GET","url":"%[1]s/a?x=1","header":{"X-A":["1"]}}
{"method":"POST","url":"%[1]s/b","body":"%[2]s"}
{"method":"GET","url":"%[1]s/sorry"}
`, server.URL, base64.StdEncoding.EncodeToString([]byte("hello"))),
		"with a byte-order mark and CRLF": fmt.Sprintf("\uFEFFGET %[1]s/a?x=1\r\nX-A: 1\r\n\r\nPOST %[1]s/b\r\n@%[2]s\r\n\r\nGET %[1]s/sorry\r\n", server.URL, body),
	} {
		t.Run(name, func(t *testing.T) {
			clear(saw)
			run := fire(context.Background(), t, TargetOptions{File: targetFile(t, text), Rate: 300, Duration: 200 * time.Millisecond, Raw: true})
			if run.Err != nil || run.End.Reason != record.Completed {
				t.Fatalf("end %+v, %v", run.End, run.Err)
			}
			if saw["GET /a?x=1  1"] != 20 || saw["POST /b hello "] != 20 || saw["GET /sorry  "] != 20 || len(saw) != 3 {
				t.Errorf("the target saw %v, wanted each of three 20 times", saw)
			}
			c := run.All(record.VegetaStep)
			if c.Due != 60 || c.Done != 60 || c.Failed != 20 || c.BytesIn != 240 || c.BytesOut != 100 || len(c.Errors) != 0 {
				t.Errorf("%+v, wanted 60 done, 20 failed, 240 bytes in and 100 out", c)
			}
			if problem := run.Unbalanced(60); problem != "" {
				t.Error(problem)
			}
			if arrivals, iterations := run.Users(); arrivals != 60 || iterations != 60 || run.Manifest.PlannedArrivals != 60 {
				t.Errorf("%d of %d users came, %d finished", arrivals, run.Manifest.PlannedArrivals, iterations)
			}
			if codes := rawCodes(t, run.Dir); codes[200] != 40 || codes[503] != 20 || len(codes) != 2 {
				t.Errorf("the raw results have %v, wanted 40 of 200 and 20 of 503", codes)
			}
		})
	}
}

// rawCodes counts the statuses in a run's raw results.
func rawCodes(t *testing.T, dir string) map[uint16]int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "results.bin"))
	if err != nil {
		t.Fatal(err)
	}
	codes := map[uint16]int{}
	for decode := vegeta.NewDecoder(bytes.NewReader(data)); ; {
		var r vegeta.Result
		if err := decode(&r); errors.Is(err, io.EOF) {
			return codes
		} else if err != nil {
			t.Fatal(err)
		}
		codes[r.Code]++
	}
}

func TestTargetListErrors(t *testing.T) {
	var strangers atomic.Int32
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	defer stranger.Close()
	// Another machine's name, which leads back here if anybody were to follow it.
	away := strings.Replace(stranger.URL, "127.0.0.1", "shop.invalid", 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, map[string]string{"/away": away, "/beside": stranger.URL, "/loop": "/loop"}[r.URL.Path], http.StatusFound)
	}))
	defer server.Close()
	refusing, _ := loadtest.Refused(t)
	for _, c := range []struct{ name, url, class string }{
		{"refused", "http://" + refusing, transport.ClassRefused},
		{"closed", loadtest.Rude(t, loadtest.Write("")).String(), transport.ClassClosed},
		{"reset", loadtest.Rude(t, loadtest.BreakOff("")).String(), transport.ClassReset},
		{"truncated", loadtest.Rude(t, loadtest.Write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")).String(), transport.ClassTruncated},
		{"garbage", loadtest.Rude(t, loadtest.Write("no HTTP\r\n\r\n")).String(), transport.ClassMalformed},
		{"a redirect to another machine", server.URL + "/away", transport.ClassRedirect},
		{"a redirect to another port of this machine", server.URL + "/beside", transport.ClassRedirect},
		{"a redirect without end", server.URL + "/loop", transport.ClassRedirect},
		{"TLS to a plain port", "https" + server.URL[len("http"):], transport.ClassTLS},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+c.url+"\n"), Rate: 100, Duration: 50 * time.Millisecond, Raw: true})
			if n := run.All(""); n.Done != 5 || n.Failed != 5 || n.Errors[c.class] != 5 {
				t.Errorf("%+v, wanted 5 errors of class %s", n, c.class)
			}
			if codes := rawCodes(t, run.Dir); codes[0] != 5 {
				t.Errorf("the raw results have %v, wanted no status", codes)
			}
		})
	}
	if n := strangers.Load(); n != 0 {
		t.Errorf("a host that nobody named got %d requests", n)
	}
}

func TestStoppedTargetListEndsSoon(t *testing.T) {
	if testing.Short() {
		t.Skip("waits real seconds")
	}
	t.Parallel() // it waits out the grace
	ctx, cancel := context.WithCancel(context.Background())
	var asked atomic.Int32
	u := loadtest.Rude(t, func(c *net.TCPConn) {
		if asked.Add(1) == 4 {
			cancel()
		}
		loadtest.Hang("")(c)
	})
	run := fire(ctx, t, TargetOptions{File: targetFile(t, "GET "+u.String()+"\n"), Rate: 1000, Duration: time.Hour, Connections: 4})
	c := run.All("")
	if run.End.Reason != record.Interrupted || run.Err != nil || c.Done != 4 || c.Errors[transport.ClassCanceled] != 4 {
		t.Errorf("end %+v, %v, %+v, wanted four requests that were given up", run.End, run.Err, c)
	}
	if problem := run.Unbalanced(3_600_000); problem != "" {
		t.Error(problem)
	}
}

func TestBadTargetListsAreTheUsersInput(t *testing.T) {
	good := "GET http://127.0.0.1:1/\n"
	for name, o := range map[string]TargetOptions{
		"empty":                  {File: targetFile(t, ""), Rate: 1, Duration: time.Second},
		"only a comment":         {File: targetFile(t, "# nothing\n"), Rate: 1, Duration: time.Second},
		"no method":              {File: targetFile(t, "http://127.0.0.1:1/\n"), Rate: 1, Duration: time.Second},
		"no URL":                 {File: targetFile(t, "GET\n"), Rate: 1, Duration: time.Second},
		"a broken header":        {File: targetFile(t, "GET http://127.0.0.1:1/\nno colon\n"), Rate: 1, Duration: time.Second},
		"torn JSON":              {File: targetFile(t, `{"method":"GET","url":"http://127.0.0.1:1/`), Rate: 1, Duration: time.Second},
		"JSON without a URL":     {File: targetFile(t, `{"method":"GET"}`), Rate: 1, Duration: time.Second},
		"another machine":        {File: targetFile(t, good+"\nGET http://shop.invalid/\n"), Rate: 1, Duration: time.Second},
		"another machine, JSON":  {File: targetFile(t, `{"method":"GET","url":"http://shop.invalid/"}`), Rate: 1, Duration: time.Second},
		"no rate":                {File: targetFile(t, good), Duration: time.Second},
		"no duration":            {File: targetFile(t, good), Rate: 1},
		"less than one request":  {File: targetFile(t, good), Rate: 1, Duration: time.Millisecond},
		"a URL that is no URL":   {File: targetFile(t, "GET http://127.0.0.1:1/%zz\n"), Rate: 1, Duration: time.Second},
		"a host behind userinfo": {File: targetFile(t, "GET http://127.0.0.1@evil.invalid/\n"), Rate: 1, Duration: time.Second},
	} {
		_, err := NewTargetList(o)
		if input, found := errors.AsType[*transport.InputError](err); !found || input.Hint == "" {
			t.Errorf("%s: %v, wanted an InputError with a hint", name, err)
		}
	}
	l, err := NewTargetList(TargetOptions{File: targetFile(t, "GET http://shop.invalid/x?y#z\n"), Rate: 2, Duration: time.Second, Allow: []string{"shop.invalid"}})
	if err != nil || l.Hits() != 2 || l.Manifest(time.Now()).Target != "http://shop.invalid" {
		t.Errorf("a host that was allowed: %v", err)
	}
}

// TestClassOfAText holds the classes of vegeta's texts against those of the errors themselves.
func TestClassOfAText(t *testing.T) {
	for _, err := range []error{transport.ErrForeign, transport.ErrRedirects, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF,
		&net.DNSError{Err: "no such host", Name: "shop.invalid", IsNotFound: true}} {
		wrapped := &url.Error{Op: "Get", URL: "http://127.0.0.1/", Err: err}
		if text, class := transport.ClassifyText(wrapped.Error()), transport.Classify(wrapped); text != class || class == transport.ClassOther {
			t.Errorf("%v is %q, its text %q", wrapped, class, text)
		}
	}
	if class := transport.ClassifyText("whatever"); class != transport.ClassOther {
		t.Errorf("an unknown text is %q", class)
	}
}

// TestTargetListWaitsForTheTarget: a target that is slower than the list's rate holds all connections, and what is sent late for it, a
// whole queue after the stall too, waited for a connection: none of it is the generator's own lateness.
func TestTargetListWaitsForTheTarget(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) <= 4 { // two connections stall twice
			time.Sleep(300 * time.Millisecond)
		}
	}))
	defer server.Close()
	run := fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+server.URL+"\n"), Rate: 100, Duration: time.Second, Connections: 2})
	c := run.All(record.VegetaStep)
	if c.Done != 100 || c.Waited < 20 || c.Late > c.Waited {
		t.Errorf("of %d requests %d waited for a connection and %d were late, wanted 100 requests, some 60 waiting, and hardly any late", c.Done, c.Waited, c.Late)
	}
}

// TestTargetListEndsAfterItsDrain: a list that one connection cannot send in time ends so long after the last request was due, and what was
// not sent by then is unsent.
func TestTargetListEndsAfterItsDrain(t *testing.T) {
	if testing.Short() {
		t.Skip("real seconds")
	}
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(10 * time.Millisecond) }))
	defer server.Close()
	began := time.Now()
	run := fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+server.URL+"\n"), Rate: 200_000, Duration: time.Second, Connections: 1})
	c := run.All(record.VegetaStep)
	if c.Due != 200_000 || c.Sent+c.Unsent != c.Due || c.Sent == 0 || c.Sent > 5000 || run.End.Reason != record.Completed || !strings.Contains(run.End.Message, "still not drained 30 s") {
		t.Errorf("after %s: %d due, %d sent, %d unsent, ended %+v", time.Since(began), c.Due, c.Sent, c.Unsent, run.End)
	}
}
