//go:build servers

package cmd_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// engines are those of fsctl.
var engines = []string{"wire", "vegeta"}

// storming returns a scenario of some steps, in YAML, that every user performs in their order, at a rate of users for two seconds.
func storming(rate string, journey string, steps ...string) string {
	return fmt.Sprintf(`{apiVersion: fsctl/v1, kind: Scenario, name: servers, workload: {requests: 1M},
steps: {%s}, journeys: {visitor: %s},
storm: {t0: 700ms, lateness: {limit: 1s}, phases: [{journey: visitor, from: T0, to: T0+2s, rate: %s}]}}`, strings.Join(steps, ",\n"), journey, rate)
}

// A page that a user has seen is asked for by the ETag, and the date, of its first answer. The server says 304.
func TestServersNotModified(t *testing.T) {
	scenario := storming("60/s", "[page, again, since]",
		`page: {share: 40%, request: {url: /page}, check: [status 200], extract: {etag: "header:ETag", date: "header:Last-Modified"}}`,
		`again: {share: 30%, request: {url: /page, headers: {If-None-Match: "${etag}"}}, check: [status 304]}`,
		`since: {share: 30%, request: {url: /page, headers: {If-Modified-Since: "${date}"}}, check: [status 304]}`)
	for _, s := range realServers() {
		if s.name != "nginx" && s.name != "Apache" && s.name != "lighttpd" && s.name != "Caddy" {
			continue
		}
		for _, engine := range engines {
			t.Run(s.name+" by "+engine, func(t *testing.T) {
				t.Parallel()
				rep, log := s.storm(t, scenario, engine)
				rep.asked = map[string]string{"page": "GET /page", "again": "GET /page", "since": "GET /page"}
				rep.checkAgainst(t, log)
				rep.checkNoErrors(t)
			})
		}
	}
}

// A server that limits rates and connections answers some requests with 503, which are an outcome by name and no errors.
func TestServersLimits(t *testing.T) {
	limited := nginxServer("nginx, limits", "limit_req_zone $binary_remote_addr zone=r:1m rate=30r/s; limit_conn_zone $binary_remote_addr zone=c:1m;",
		"location /page { limit_req zone=r; } location /slow { limit_conn c 2; echo_sleep 0.1; echo slow; }", keepsSome, "")
	scenario := storming("60/s", "[page, slow]",
		`page: {share: 50%, request: {url: /page}, outcome: {limited: "status 503"}}`,
		`slow: {share: 50%, request: {url: /slow}, outcome: {limited: "status 503"}}`)
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			rep, log := limited.storm(t, scenario, engine)
			rep.asked = map[string]string{"page": "GET /page", "slow": "GET /slow"}
			rep.checkAgainst(t, log)
			rep.checkNoErrors(t)
			for _, step := range rep.Steps {
				want := map[string]int{"ok": log[rep.asked[step.Name]]["200"], "limited": log[rep.asked[step.Name]]["503"]}
				if !maps.Equal(step.Outcomes, want) || want["limited"] == 0 || want["ok"] == 0 {
					t.Errorf("%s: outcomes %v, wanted %v by the server's log, with some of each", step.Name, step.Outcomes, want)
				}
			}
		})
	}
}

// Go's server speaks HTTP/2 over TLS with engine vegeta, else HTTP/1.1.
func TestServersGo(t *testing.T) {
	for _, engine := range engines {
		for _, scheme := range []string{"http", "https"} {
			t.Run(scheme+" by "+engine, func(t *testing.T) {
				want := "HTTP/1.1"
				if scheme == "https" && engine == "vegeta" {
					want = "HTTP/2.0"
				}
				var rep *serverReport
				var shop *goShop
				for range 3 { // where the machine was too busy
					shop = newGoShop(scheme == "https")
					rep = serverStorm(t, serversScenario, shop.URL, engine, "--insecure")
					if shop.Close(); rep.Verdict != "invalid" {
						break
					}
				}
				rep.checkAgainst(t, shop.log)
				rep.checkNoErrors(t)
				if got := slices.Sorted(maps.Keys(shop.spoken)); !slices.Equal(got, []string{want}) {
					t.Errorf("spoken: %v, wanted %s", got, want)
				}
			})
		}
	}
}

// goShop is a shop of net/http.
type goShop struct {
	*httptest.Server

	mu     sync.Mutex
	log    map[string]map[string]int
	spoken map[string]bool // protocols
}

func newGoShop(secure bool) *goShop {
	s := &goShop{log: map[string]map[string]int{}, spoken: map[string]bool{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.EnableHTTP2 = true
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	return s
}

func (s *goShop) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	status := http.StatusOK
	switch {
	case err != nil:
		status = http.StatusBadRequest
	case r.URL.Path == "/page":
		body = bytes.Repeat([]byte("page "), 200)
	case r.URL.Path != "/echo":
		status = http.StatusNotFound
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails where the client has gone, which the report says
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := r.Method + " " + r.URL.Path
	if s.log[asked] == nil {
		s.log[asked] = map[string]int{}
	}
	s.log[asked][strconv.Itoa(status)]++
	s.spoken[r.Proto] = true
}

// oddServers are what servers do besides answering: each is a step that must find what is checked, without an error.
func oddServers() []struct{ name, method, request, check string } {
	const get, body = "method: GET", "method: POST, headers: {Content-Type: text/plain}, body: "
	large := body + strings.Repeat("x", 256<<10)
	return []struct{ name, method, request, check string }{
		{"hints", "GET", get, `[status 200, body hinted]`},
		{"trailers", "GET", get, `[status 200, 'body == "in pieces"']`},
		{"heads", "GET", get, `[status 200, body large]`},
		{"none", "GET", get, `[status 204]`},
		{"surplus", "GET", get, `[status 204]`},
		{"close", "GET", get, `[status 200, body closed]`},
		{"close", "POST", body + "x", `[status 200, body closed]`},
		{"mute", "GET", get, `[status 200, body closed]`},
		{"reset", "GET", get, `[status 200, body reset]`},
		{"slow", "GET", get, `[status 200, body slow]`},
		{"old", "GET", get, `[status 200, 'body == "until the end"']`},
		{"early", "POST", large, `[status 413, 'body == "too large"']`},
		{"refused", "POST", large, `[status 401, 'body == "who are you"']`},
		{"echo", "POST", `method: POST, headers: {Content-Type: application/json, Expect: 100-continue}, body: '` + serversOrder + `'`, `[status 200, body contains whole]`},
	}
}

// onlyWire has what net/http, which is engine vegeta, now and then does not get right, and wire always does: it reads the surplus as the begin
// of the next answer, which is malformed, and drops an answer that came before it was told that the body cannot be written any more.
var onlyWire = map[string]bool{"surplus": true, "early": true}

// Node does what is rare: 103 Early Hints, trailers, large heads, bytes after a 204, connections that are closed in every way, an
// answer before the body was read, 100 Continue.
func TestServersOddities(t *testing.T) {
	node := realServers()[slices.IndexFunc(realServers(), func(s realServer) bool { return s.name == "Node" })]
	for _, c := range oddServers() {
		for _, engine := range engines {
			if engine == "vegeta" && onlyWire[c.name] {
				continue
			}
			t.Run(c.method+" "+c.name+" by "+engine, func(t *testing.T) {
				if len(c.request) < 10<<10 {
					t.Parallel()
				}
				rep, log := node.storm(t, storming("40/s", "[odd]", fmt.Sprintf(`odd: {share: 100%%, request: {url: /%s, %s}, check: %s}`, c.name, c.request, c.check)),
					engine)
				rep.asked = map[string]string{"odd": c.method + " /" + c.name}
				rep.checkAgainst(t, log)
				rep.checkNoErrors(t)
			})
		}
	}
}

// nginx refuses a large body before it has read it.
func TestServersRefuseBodies(t *testing.T) {
	small := nginxServer("nginx, small bodies", "", "client_max_body_size 2k;", keepsSome, "")
	for _, engine := range engines {
		for _, size := range []int{4 << 10, 256 << 10} {
			t.Run(fmt.Sprint(size, " by ", engine), func(t *testing.T) {
				rep, log := small.storm(t, storming("40/s", "[order]", `order: {share: 100%, request: {method: POST, url: /echo, body: `+strings.Repeat("x", size)+
					`}, check: [status 413, body contains Too Large]}`), engine)
				rep.asked = map[string]string{"order": "POST /echo"}
				rep.checkAgainst(t, log)
				rep.checkNoErrors(t)
			})
		}
	}
}
