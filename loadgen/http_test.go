package loadgen

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"fsctl/loadgen/tally"
)

// A storm sends what its scenario says of HTTP, by both engines: the login's cookie goes along its redirect and can be extracted, credentials
// of the target are sent and kept nowhere, a fragment stays here, a type needs no body, and a connection ends where the step says so.
func TestStormsSpeakHTTPByBothEngines(t *testing.T) {
	const sc = `
steps:
  login: {share: 50%, request: {method: POST, url: "/in put?a=b c#top", headers: {Content-Type: text/plain, Connection: close}}, extract: {session: "cookie:session"}}
  use: {share: 50%, request: {url: "/use/${session}"}, check: ["status 200"]}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 4}]}
journeys: {j: [login, use]}
`
	for _, name := range []string{EngineWire, EngineVegeta} {
		var mu sync.Mutex
		var wrong []string
		ports := map[string]int{}
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			user, password, _ := r.BasicAuth()
			if user != "bob" || password != "s3cret" {
				wrong = append(wrong, r.URL.Path+": "+user)
			}
			switch {
			case r.URL.Path == "/in put":
				if ports[r.RemoteAddr]++; ports[r.RemoteAddr] > 1 || r.Header.Get("Content-Type") != "text/plain" || r.RequestURI != "/in%20put?a=b%20c" || !r.Close {
					wrong = append(wrong, fmt.Sprint(r.RequestURI, r.Header))
				}
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "of " + "the-way", Path: "/"})
				http.Redirect(w, r, "http://"+r.Host+"/landed", http.StatusFound)
			case r.URL.Path == "/landed":
				if c, err := r.Cookie("session"); err != nil || c.Value != "of the-way" {
					wrong = append(wrong, "no cookie")
				}
			case r.RequestURI != "/use/of%20the-way":
				wrong = append(wrong, r.RequestURI)
			}
		})
		server := httptest.NewServer(handler)
		target := must(url.Parse(strings.Replace(server.URL, "//", "//bob:s3cret@", 1)))
		run := send(context.Background(), t, must(New(Options{Scenario: parse(t, sc), Target: target, Seed: 1, Engine: name})), nil)
		server.Close()
		if c := run.All("use"); c.Done != 4 || c.Failed != 0 || run.All("login").Failed != 0 || len(wrong) > 0 {
			t.Errorf("%s: %d done, %d failed, %q", name, c.Done, c.Failed, wrong)
		}
		if strings.Contains(run.Manifest.Target, "bob") || strings.Contains(run.Manifest.Target, "s3cret") {
			t.Errorf("%s: run.json names the target %s", name, run.Manifest.Target)
		}
	}
}

// Without keep-alive every request opens a connection of its own, whoever sends it, and none is opened ahead.
func TestNoKeepAlive(t *testing.T) {
	const sc = `
steps: {a: {share: 100%, request: {url: /}}}
storm: {t0: 100ms, phases: [{journey: j, at: T0, users: 20}]}
journeys: {j: [a, a]}
`
	for _, name := range []string{EngineWire, EngineVegeta, "list"} {
		var mu sync.Mutex
		opened := 0
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			mu.Lock()
			defer mu.Unlock()
			if s == http.StateNew {
				opened++
			}
		}
		server.Start()
		wanted := 40
		if name == "list" {
			wanted = 10
			fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+server.URL+"\n"), Rate: 100, Duration: 1e8, NoKeepAlive: true})
		} else {
			run := send(context.Background(), t, must(New(Options{Scenario: parse(t, sc), Target: must(url.Parse(server.URL)), Seed: 1, Engine: name, NoKeepAlive: true})), nil)
			if c := run.All("a"); c.Done != 40 || c.Failed != 0 {
				t.Errorf("%s: %d done, %d failed", name, c.Done, c.Failed)
			}
		}
		server.Close()
		if opened != wanted {
			t.Errorf("%s: %d connections, wanted one for each of %d requests", name, opened, wanted)
		}
	}
}

// A pool whose connections end with their requests counts opening them into the time that one is busy, and never saves on opening.
func TestPoolWithoutKeepAlive(t *testing.T) {
	for _, reopens := range []bool{false, true} {
		p := newPool(100, false, reopens)
		p.workers = 2
		second := &tally.Tally{}
		for range 100 {
			p.busy++
			p.give(&tally.Request{Sent: 0, Done: 12e6, Connecting: 10e6}, second)
		}
		if short := p.isShort(1, 12e6); short != reopens {
			t.Errorf("connections that are opened again %v: one that waits needs another connection: %v", reopens, short)
		}
	}
}

// A body that came in an encoding which was not asked for is not unpacked for the step; the sample shows what is in it, and says so.
func TestSamplesOfPackedBodies(t *testing.T) {
	const sc = `
steps: {a: {share: 100%, request: {url: /}, extract: {id: "json:$.id"}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a]}
`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"id": "17"}`) // to memory
		_ = z.Close()
	}))
	defer server.Close()
	for _, name := range []string{EngineWire, EngineVegeta} {
		run := send(context.Background(), t, must(New(Options{Scenario: parse(t, sc), Target: must(url.Parse(server.URL)), Seed: 1, Engine: name})), nil)
		if len(run.Samples) != 1 || run.Samples[0].Body != `{"id": "17"}` || !strings.Contains(run.Samples[0].Found, "the body is in gzip, which the request's Accept-Encoding does not ask for") {
			t.Errorf("%s: found %+v", name, run.Samples)
		}
	}
}
