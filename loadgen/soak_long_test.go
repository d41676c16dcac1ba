//go:build long

package loadgen

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen/record"
)

// TestSoakInside sends a storm through each engine for ten minutes, or SOAK: users come, think, order and go, over TLS, and the target
// refuses, errs, is slow beyond the timeout and ends connections. Memory, descriptors and goroutines are printed each minute and do not
// grow after the first.
func TestSoakInside(t *testing.T) {
	length := 10 * time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil || length < 20*time.Second {
			t.Fatalf("SOAK: found %q, wanted a duration of at least 20s", text)
		}
	}
	soak(t, length, length/10)
}

// soak sends both storms for so long, and looks at the process in every interval.
func soak(t *testing.T, length, interval time.Duration) {
	server := moodyServer(t)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
steps:
  browse: {share: 50%%, request: {url: "/items?u=${arrival}"}, check: [status in 200]}
  order: {share: 50%%, request: {method: POST, url: /orders, json: {user: "${arrival}"}, timeout: 500ms}, extract: {id: "json:$.id"}}
  pay: {request: {method: POST, url: "/orders/${id}/pay"}}
storm: {t0: 1s, phases: [{journey: visitor, from: T0, to: T0+%s, rate: 120/s}], drain: 10s}
journeys: {visitor: [browse, {think: {exponential: 2s}}, order, {repeat: {times: 3, every: 500ms, do: [browse]}}, pay]}`, length)
	var storms sync.WaitGroup
	for _, engine := range []string{EngineWire, EngineVegeta} {
		s := compile(t, text, func(o *Options) {
			o.Target, o.Engine, o.TLS, o.MaxConnections = target, engine, &tls.Config{InsecureSkipVerify: true}, 200 // else they grow where the machine is busy
		})
		storms.Go(func() {
			run := send(context.Background(), t, s, nil)
			c := run.All("")
			t.Logf("%s: %s, %d due, %d done, %d failed, %d unsent, errors %v", engine, run.End.Reason, c.Due, c.Done, c.Failed, c.Unsent, c.Errors)
			if run.End.Reason != record.Completed || c.Due != c.Done+c.Unsent || c.Failed == 0 || len(c.Errors) == 0 {
				t.Errorf("%s: ended %+v, counters %+v, wanted it completed with errors and nothing lost", engine, run.End, c)
			}
		})
	}
	over := make(chan struct{})
	go func() { storms.Wait(); close(over) }()
	var uses []use
	for tick := time.NewTicker(interval); ; {
		select {
		case <-tick.C:
			u := useNow(t)
			t.Logf("after %v: %v", time.Duration(len(uses)+1)*interval, u)
			uses = append(uses, u)
			continue
		case <-over:
			tick.Stop()
		}
		break
	}
	checkFlat(t, uses)
}

// moodyServer answers over TLS: most requests well, some with an error, some too late, some with a connection that ends.
func moodyServer(t *testing.T) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch time.Now().UnixNano() / 1000 % 100 {
		case 0, 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			time.Sleep(700 * time.Millisecond)
		case 3:
			panic(http.ErrAbortHandler)
		case 4, 5:
			w.Header().Set("Connection", "close")
		}
		fmt.Fprint(w, `{"id": "42"}`)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// use is what the process uses, its server included.
type use struct{ heap, resident, files, goroutines int }

func (u use) String() string {
	return fmt.Sprintf("heap after GC %d kB, resident %d kB, %d descriptors, %d goroutines", u.heap>>10, u.resident>>10, u.files, u.goroutines)
}

func useNow(t *testing.T) use {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := use{heap: int(m.HeapAlloc), goroutines: runtime.NumGoroutine()}
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size int
		_, _ = fmt.Sscan(string(text), &size, &u.resident) // it has that form
		u.resident *= os.Getpagesize()
	}
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		u.files = len(files)
	}
	return u
}

// checkFlat wants the median of each figure in the last half within a quarter, and some room, of the most in the first half without its
// first interval, in which users and connections come up. What grows stays; what a busy moment of the machine took for a while is given back.
func checkFlat(t *testing.T, uses []use) {
	if len(uses) < 6 {
		t.Fatalf("found %d measurements, wanted 6", len(uses))
	}
	for what, f := range map[string]struct {
		of   func(use) int
		room int
	}{
		"heap":        {func(u use) int { return u.heap }, 8 << 20},
		"resident":    {func(u use) int { return u.resident }, 32 << 20},
		"descriptors": {func(u use) int { return u.files }, 100},
		"goroutines":  {func(u use) int { return u.goroutines }, 200},
	} {
		sorted := func(of []use) (list []int) {
			for _, u := range of {
				list = append(list, f.of(u))
			}
			slices.Sort(list)
			return list
		}
		before, after := sorted(uses[1:len(uses)/2]), sorted(uses[len(uses)/2:])
		early, late := before[len(before)-1], after[len(after)/2]
		if late > early+early/4+f.room {
			t.Errorf("%s grew from %d to %d", what, early, late)
		}
	}
}
