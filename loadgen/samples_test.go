package loadgen

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/tally"
	"fsctl/loadgen/transport"
)

// sampled sends a storm and returns its samples by step, and the bytes of samples.jsonl.
func sampled(t *testing.T, scenario, target string, change ...func(*Options)) (byStep map[string][]record.Sample, file string) {
	t.Helper()
	where := must(url.Parse(target))
	s := compile(t, scenario, append(change, func(o *Options) { o.Target, o.Connections = where, 2 })...)
	run := send(context.Background(), t, s, nil)
	if run.Err != nil {
		t.Fatal(run.Err)
	}
	byStep = map[string][]record.Sample{}
	for _, v := range run.Samples {
		byStep[v.Step] = append(byStep[v.Step], v)
	}
	return byStep, string(must(os.ReadFile(filepath.Join(run.Dir, "samples.jsonl"))))
}

// oneStep is a scenario of a step that four users take.
func oneStep(step string) string {
	return "steps: {a: {share: 100%, " + step + "}}\nstorm: {t0: 50ms, phases: [{journey: j, at: T0, users: 4}]}\njourneys: {j: [a]}\n"
}

// engines are those that samples must be the same of.
func engines(t *testing.T, do func(t *testing.T, engine func(*Options))) {
	t.Helper()
	for _, name := range []string{EngineWire, EngineVegeta} {
		t.Run(name, func(t *testing.T) { do(t, func(o *Options) { o.Engine = name }) })
	}
}

var longText = strings.Repeat("0123456789abcdef", 6400)

// faulty answers in ways that a person must be able to read.
func faulty(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Served-By", "node 7")
	switch r.URL.Path {
	case "/long":
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<html>"+longText[6:])
	case "/gzip":
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(http.StatusInternalServerError)
		z := gzip.NewWriter(w)
		fmt.Fprint(z, "a stack trace ", longText)
		_ = z.Close()
	case "/binary":
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte{0, 1, 0xff, 0xfe, 'x', 0x7f})
	case "/ansi":
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "\x1b[2J\u202e]]>\r\n\u009b31m```</details>")
	case "/header":
		w.Header().Set("X-Long", longText[:60_000])
		w.WriteHeader(http.StatusBadGateway)
	case "/json":
		fmt.Fprint(w, `{"token":null,"state":"open"}`)
	case "/hops":
		http.Redirect(w, r, "/second", http.StatusFound)
	case "/second":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "second hop")
	case "/broken":
		w.Header().Set("Content-Length", "5000")
		fmt.Fprint(w, "half of it")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case "/slow":
		time.Sleep(300 * ms)
	}
}

func TestSamplesShowWhatWentWrong(t *testing.T) {
	t.Parallel()
	long := longText
	server := httptest.NewServer(http.HandlerFunc(faulty))
	defer server.Close()
	engines(t, func(t *testing.T, engine func(*Options)) {
		for _, c := range []struct{ name, step, reason, wanted, found, line, body string }{
			{"404 with 100 KB of HTML", `request: {url: /long}`, "status", "a status below 400", "status 404", "HTTP/1.1 404 Not Found", "<html>" + long[6:1024]},
			{"a check", `request: {url: /long}, check: ["status in 200,202"]`, "check: status in 200,202", "status in 200,202", "status 404", "HTTP/1.1 404 Not Found", "<html>" + long[6:1024]},
			{"gzip", `request: {url: /gzip}`, "status", "a status below 400", "status 500", "HTTP/1.1 500 Internal Server Error", "a stack trace " + long[:1010]},
			{"binary", `request: {url: /binary}`, "status", "a status below 400", "status 502", "HTTP/1.1 502 Bad Gateway", `\x00\x01\xff\xfex\x7f`},
			{"ANSI", `request: {url: /ansi}`, "status", "a status below 400", "status 502", "HTTP/1.1 502 Bad Gateway", `\x1b[2J\u{202e}]]>\r\n\x9b31m` + "```</details>"},
			{"60 KB of header", `request: {url: /header}`, "status", "a status below 400", "status 502", "HTTP/1.1 502 Bad Gateway", ""},
			{"null", `request: {url: /json}, extract: {token: "json:$.token"}`, "extract", "$.token in the body", "null", "HTTP/1.1 200 OK", `{"token":null,"state":"open"}`},
			{"nothing", `request: {url: /json}, extract: {id: "json:$.a.b"}`, "extract", "$.a.b in the body", "no $.a.b", "HTTP/1.1 200 OK", `{"token":null,"state":"open"}`},
			{"no header", `request: {url: /json}, extract: {id: "header:x-id"}`, "extract", "header X-Id", "no X-Id", "HTTP/1.1 200 OK", `{"token":null,"state":"open"}`},
			{"no cookie", `request: {url: /json}, extract: {id: "cookie:sid"}`, "extract", "cookie sid", "no cookie sid", "HTTP/1.1 200 OK", `{"token":null,"state":"open"}`},
			{"no match", `request: {url: /json}, extract: {id: 'regex:id=(\d+)'}`, "extract", `a match of id=(\d+) in the body`, "no match", "HTTP/1.1 200 OK", `{"token":null,"state":"open"}`},
			{"second hop", `request: {url: /hops, redirects: 3}`, "status", "a status below 400", "status 403", "HTTP/1.1 403 Forbidden", "second hop"},
			{"broken in mid-body", `request: {url: /broken}`, "truncated", "an answer", "truncated", "HTTP/1.1 200 OK", "half of it"},
			{"too slow", `request: {url: /slow, timeout: 50ms}`, "timeout", "an answer", "timeout", "", ""},
		} {
			byStep, file := sampled(t, oneStep(c.step), server.URL, engine)
			list := byStep["a"]
			if len(list) < 2 || len(list) > 3 {
				t.Errorf("%s: %d samples, wanted 2 or 3: %s", c.name, len(list), file)
				continue
			}
			s := list[0]
			if s.Reason != c.reason || s.Wanted != c.wanted || s.Found != c.found || s.StatusLine != c.line || s.Body != c.body || s.Method != "GET" {
				t.Errorf("%s: found %+v", c.name, s)
			}
			if c.name == "404 with 100 KB of HTML" && (s.BodyBytes != uint64(len(long)) || s.Status != 404) || c.reason == "truncated" && (s.BodyBytes != 5000 || s.Error == "" || s.Status != 200) {
				t.Errorf("%s: %d bytes of body, status %d, error %q", c.name, s.BodyBytes, s.Status, s.Error)
			}
			if c.line != "" && !strings.Contains(strings.Join(s.Headers, "\n"), "X-Served-By: node 7") || len(strings.Join(s.Headers, "")) > record.SampleHeadBytes {
				t.Errorf("%s: headers %.300q", c.name, s.Headers)
			}
			checkShown(t, file)
		}
	})
}

func TestSamplesOfWhatNeverAnswered(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	engines(t, func(t *testing.T, engine func(*Options)) {
		for target, class := range map[string]string{secure.URL: transport.ClassTLS, closed.URL: transport.ClassRefused} {
			byStep, file := sampled(t, oneStep(`request: {url: "/x?password=hunter22"}`), target, engine)
			if s := byStep["a"]; len(s) == 0 || s[0].Reason != class || s[0].Error == "" || s[0].StatusLine != "" || strings.Contains(file, "hunter22") {
				t.Errorf("%s: found %s", class, file)
			}
		}
	})
}

func checkShown(t *testing.T, file string) {
	t.Helper()
	for _, r := range strings.ReplaceAll(file, "\n", "") {
		if unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == utf8.RuneError {
			t.Fatalf("%q is left in %.500q", r, file)
		}
	}
}

// TestSamplesHoldNoSecrets has a target repeat all that it was sent, and what it gave, wherever it can.
func TestSamplesHoldNoSecrets(t *testing.T) {
	t.Parallel()
	const token, old, cookie, password, fromEnvironment, fed = "tok/en+Se cret\"9", "old-token-77", "cookie-v4lue", "p@ss w%rd", "env-s3cret-1", "pw-of-feeder-1"
	echo := func(w http.ResponseWriter, r *http.Request) {
		quoted := must(json.Marshal(token))
		body := fmt.Sprintf("%s %s %s %s %s %s auth=%s key=%s cookies=%s basic=%s old=%s in=%s", token, url.QueryEscape(token), url.PathEscape(token), quoted, base64.StdEncoding.EncodeToString([]byte(token)),
			base64.RawURLEncoding.EncodeToString([]byte("user:"+token)), r.Header.Get("Authorization"), r.Header.Get("X-Tenant"), r.Header.Get("Cookie"), password, old, r.URL)
		w.Header().Set("Location", "http://bob:"+url.QueryEscape(password)+"@shop/cb?to="+url.QueryEscape(token))
		w.Header().Set("X-Debug", fromEnvironment+" "+cookie)
		w.Header().Add("Set-Cookie", "sid="+cookie+"2; Path=/; HttpOnly")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, body[:len(body)-len(token)/2], " ", cookie+"2")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			w.Header().Set("X-Token", token)
			fmt.Fprintf(w, `{"short":"zq","old":%q}`, old)
		case "/again":
			w.Header().Set("X-Token", "")
			fmt.Fprintf(w, `{"old":"new-token-88", "was": %q}`, old)
			return
		default:
			echo(w, r)
		}
	}))
	defer server.Close()
	scenario := `
feeders: {user: {from: sequence, size: 100, fields: {password: "pw-of-feeder-1"}}}
steps:
  login: {share: 50%, request: {url: /login}, extract: {token: "header:x-token", short: "json:$.short", old: "json:$.old"}}
  again: {share: 25%, request: {url: "/again?o=${old}"}, extract: {old: "json:$.old", missing: "json:$.missing"}}
  act:
    share: 25%
    request: {method: POST, url: "/act?t=${token}&s=${short}&o=${old}", headers: {Authorization: "Bearer ${token}", Cookie: "sid=cookie-v4lue; t=${token}", X-Tenant: "env-s3cret-1", X-Mine: "${short}"}, json: {token: "${token}", pw: "${user.password}", s: "${short}"}}
storm: {t0: 50ms, phases: [{journey: j, at: T0, users: 4}]}
journeys: {j: [login, act, again]}
`
	engines(t, func(t *testing.T, engine func(*Options)) {
		target := strings.Replace(server.URL, "http://", "http://bob:"+strings.ReplaceAll(url.QueryEscape(password), "+", "%20")+"@", 1)
		byStep, file := sampled(t, scenario, target, engine, func(o *Options) { o.Secrets = []string{fromEnvironment} })
		if len(byStep["act"]) < 2 || len(byStep["again"]) < 2 {
			t.Fatalf("too few samples: %s", file)
		}
		for _, secret := range []string{token, url.QueryEscape(token), url.PathEscape(token), string(must(json.Marshal(token)))[1:10], base64.StdEncoding.EncodeToString([]byte(token)),
			base64.RawStdEncoding.EncodeToString([]byte("user:" + token))[8:24], old, "new-token-88", cookie, password, url.QueryEscape(password), fromEnvironment, fed, `"zq"`, "=zq", " zq", "bob:"} {
			if strings.Contains(file, secret) {
				t.Errorf("%q is left in %s", secret, file)
			}
		}
		s := byStep["act"][0]
		if s.RedactedCount < 10 || !strings.Contains(strings.Join(s.Headers, "\n"), "Set-Cookie: sid=(redacted); Path=/; HttpOnly") ||
			!strings.Contains(strings.Join(s.RequestHeaders, "\n"), "Authorization: Bearer (redacted)") || !strings.Contains(s.Body, "(redacted)") {
			t.Errorf("found %+v", s)
		}
	})
}

// TestFailuresAllocateNothingOnceSampled has every request fail, on and on.
func TestFailuresAllocateNothingOnceSampled(t *testing.T) {
	where := parrot(t, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 46\r\n\r\n"+strings.Repeat("x", 46))
	s := compile(t, `
steps: {order: {share: 100%, request: {url: "/x"}, check: ["status 200"]}}
storm: {t0: 0s, phases: [{journey: buyer, at: T0, users: 200M}]}
journeys: {buyer: [order]}
`, func(o *Options) { o.Target, o.Connections = where, 1 })
	engine := must(s.NewEngine(t.Context()))
	v := newShard(s, 0, time.Now().Add(-time.Hour)) // everybody is due
	taken := 0
	v.samples.out = func(record.Sample) { taken++ }
	w := &worker{shard: v, conn: &link{Conn: engine.Conn()}}
	t.Cleanup(func() { v.pacer.Close(); engine.Close() })
	var u *journey.User
	var done *tally.Request
	request := func() {
		u = v.next(w, done, u)
		done = w.perform(context.Background(), u)
	}
	for range 3000 {
		request()
	}
	if n := testing.AllocsPerRun(5000, request); n != 0 || taken != samplesPerKind {
		t.Errorf("%v allocations a request, %d samples, wanted 0 and %d", n, taken, samplesPerKind)
	}
}

// TestSamplesOfATargetList holds vegeta's results to the same.
func TestSamplesOfATargetList(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "sid=abcdefg")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "no \x1b[31m", r.Header.Get("Authorization"), " abcdefg")
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "targets")
	loadtest.Must(0, os.WriteFile(file, []byte("GET "+server.URL+"/a?token=q1w2e3\nAuthorization: Bearer hunter22\n"), 0o600))
	l := must(NewTargetList(TargetOptions{File: file, Rate: 20, Duration: 200 * ms}))
	m := l.Manifest(time.Now())
	w := must(record.Create(filepath.Join(t.TempDir(), "run"), m, nil))
	if _, err := l.Run(context.Background(), w, m.T0, nil); err != nil {
		t.Fatal(err)
	}
	r := must(record.Open(w.Dir()))
	if len(r.Samples) != samplesPerKind {
		t.Fatalf("found %+v", r.Samples)
	}
	s := r.Samples[0]
	if s.URL != "/a?token=(redacted)" || s.Status != 403 || s.Found != "status 403" || s.Body != `no \x1b[31mBearer (redacted) (redacted)` || strings.Join(s.RequestHeaders, "") != "Authorization: Bearer (redacted)" {
		t.Errorf("found %+v", s)
	}
}
