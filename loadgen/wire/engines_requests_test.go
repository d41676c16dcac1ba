package wire

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// fields makes header fields of NAME, VALUE, NAME, VALUE, ...
func fields(text ...string) (list []transport.Field) {
	for i := 0; i < len(text); i += 2 {
		list = append(list, transport.Field{Name: text[i], Value: []byte(text[i+1])})
	}
	return list
}

// recorder is a server that keeps the heads of requests: the request line, then the fields in alphabetical order.
type recorder struct {
	address string
	conns   atomic.Int32
	mu      sync.Mutex
	heads   [][]string
}

// record starts a recorder. answer says what to answer to a request line at the server's address; the connection stays open unless the request ends it.
func record(t *testing.T, answer func(line, address string) string) *recorder {
	r := &recorder{}
	r.address = serve(t, func(_ int, nc *net.TCPConn) {
		r.conns.Add(1)
		in := bufio.NewReader(nc)
		for {
			var lines []string
			length := 0
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line = strings.TrimRight(line, "\r\n"); line == "" {
					break
				}
				if strings.HasPrefix(line, "Content-Length: ") {
					length = int(line[len(line)-1] - '0')
				}
				lines = append(lines, line)
			}
			if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
				return
			}
			slices.Sort(lines[1:])
			r.mu.Lock()
			r.heads = append(r.heads, lines)
			r.mu.Unlock()
			if _, err := io.WriteString(nc, answer(lines[0], nc.LocalAddr().String())); err != nil {
				return
			}
		}
	})
	return r
}

// take returns the heads so far, and forgets them.
func (r *recorder) take() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	heads := r.heads
	r.heads = nil
	return heads
}

const noBody = "Content-Length: 0\r\n\r\n"

func ok(string, string) string { return okLine + noBody }

// writtenCase is a request, and what of it goes over the wire.
type writtenCase struct {
	name   string
	target string // in which HOST stands for the server's
	change func(*transport.Request)
	line   string
	has    []string
	lacks  string
}

func writtenCases() []writtenCase {
	return []writtenCase{
		{name: "plain", line: "GET /x HTTP/1.1", has: []string{"Host: HOST", "User-Agent: fsctl"}, lacks: "Authorization"},
		{name: "user and password", target: "http://bob:s3cret@HOST", has: []string{"Authorization: Basic Ym9iOnMzY3JldA=="}},
		{name: "encoded password", target: "http://bob:p%40ss%3A%2F@HOST", has: []string{"Authorization: Basic Ym9iOnBAc3M6Lw=="}},
		{name: "only a user", target: "http://token@HOST", has: []string{"Authorization: Basic dG9rZW46"}},
		{name: "only a password", target: "http://:pw@HOST", has: []string{"Authorization: Basic OnB3"}},
		{name: "own Authorization", target: "http://bob:s3cret@HOST", change: func(r *transport.Request) { r.Header = fields("Authorization", "Bearer t") },
			has: []string{"Authorization: Bearer t"}, lacks: "Basic"},
		{name: "type without a body", change: func(r *transport.Request) { r.Method, r.Header = "POST", fields("Content-Type", "application/json") },
			line: "POST /x HTTP/1.1", has: []string{"Content-Type: application/json", "Content-Length: 0"}},
		{name: "PATCH without a body", change: func(r *transport.Request) { r.Method = "PATCH" }, has: []string{"Content-Length: 0"}},
		{name: "DELETE without a body", change: func(r *transport.Request) { r.Method = "DELETE" }, lacks: "Content-Length"},
		{name: "DELETE with a body", change: func(r *transport.Request) { r.Method, r.Body = "DELETE", []byte("x") }, has: []string{"Content-Length: 1"}},
		{name: "GET with a body", change: func(r *transport.Request) { r.Body = []byte("x") }, has: []string{"Content-Length: 1"}},
		{name: "no agent", change: func(r *transport.Request) { r.Header = fields("User-Agent", "") }, lacks: "User-Agent"},
		{name: "own agent", change: func(r *transport.Request) { r.Header = fields("User-Agent", "buyer") }, has: []string{"User-Agent: buyer"}, lacks: "fsctl"},
		{name: "own host", change: func(r *transport.Request) { r.Header = fields("Host", "shop.example:80") }, has: []string{"Host: shop.example:80"}, lacks: "127.0.0.1"},
		{name: "empty host", change: func(r *transport.Request) { r.Header = fields("Host", "") }, has: []string{"Host: HOST"}},
		{name: "spaces around values", change: func(r *transport.Request) { r.Header = fields("X-A", " \tb c \t", "X-B", "") }, has: []string{"X-A: b c", "X-B: "}},
		{name: "keep-alive", change: func(r *transport.Request) { r.Header = fields("Connection", "keep-alive", "Keep-Alive", "timeout=5") },
			has: []string{"Connection: keep-alive", "Keep-Alive: timeout=5"}},
		{name: "close", change: func(r *transport.Request) { r.Header = fields("Connection", "Close") }, has: []string{"Connection: Close"}},
		{name: "proxy's", change: func(r *transport.Request) { r.Header = fields("Proxy-Authorization", "Basic eA==", "Te", "trailers") }, has: []string{"Proxy-Authorization: Basic eA==", "Te: trailers"}},
		{name: "below a path", target: "http://HOST/api/", line: "GET /api/x HTTP/1.1"},
		{name: "below an odd path", target: "http://HOST/a%2Fb^c/d e", line: "GET /a%2Fb%5Ec/d%20e/x HTTP/1.1"},
		{name: "path in UTF-8", target: "http://HOST/é", line: "GET /%C3%A9/x HTTP/1.1"},
		{name: "encoded slash", change: func(r *transport.Request) { r.URL = []byte("/a%2fb%2Fc?d=%2f") }, line: "GET /a%2fb%2Fc?d=%2f HTTP/1.1"},
		{name: "two slashes", change: func(r *transport.Request) { r.URL = []byte("//x/y?z") }, line: "GET //x/y?z HTTP/1.1"},
		{name: "two slashes below a path", target: "http://HOST/api", change: func(r *transport.Request) { r.URL = []byte("//x") }, line: "GET /api//x HTTP/1.1"},
		{name: "dots", change: func(r *transport.Request) { r.URL = []byte("/a/../b/./c") }, line: "GET /a/../b/./c HTTP/1.1"},
		{name: "empty query", change: func(r *transport.Request) { r.URL = []byte("/x?") }, line: "GET /x? HTTP/1.1"},
		{name: "only a query", change: func(r *transport.Request) { r.URL = []byte("/?a=b&c=d;e") }, line: "GET /?a=b&c=d;e HTTP/1.1"},
		{name: "marks", change: func(r *transport.Request) { r.URL = []byte("/a!$&'()*+,;=:@[]~?a!$&()*+,;=:@[]~/?") }, line: "GET /a!$&'()*+,;=:@[]~?a!$&()*+,;=:@[]~/? HTTP/1.1"},
	}
}

// What goes over the wire is the same from both engines, and is what is wanted.
func TestEnginesWriteTheSame(t *testing.T) {
	for _, c := range writtenCases() {
		t.Run(c.name, func(t *testing.T) {
			saw := map[string]string{}
			for name, engine := range engines {
				server := record(t, ok)
				host := server.address
				target := "http://" + host
				if c.target != "" {
					target = strings.ReplaceAll(c.target, "HOST", host)
				}
				a := askBy(engine(loadtest.Must(url.Parse(target))), patience, func(r *transport.Request) {
					if c.change != nil {
						c.change(r)
					}
				})
				heads := server.take()
				if a.Err != nil || len(heads) != 1 {
					t.Fatalf("%s: %d requests, %v", name, len(heads), a.Err)
				}
				head := strings.ReplaceAll(strings.Join(heads[0], "\n"), host, "HOST")
				saw[name] = head
				lines := strings.Split(head, "\n")
				if c.line != "" && lines[0] != c.line {
					t.Errorf("%s: found %q, wanted %q", name, lines[0], c.line)
				}
				for _, line := range c.has {
					if !slices.Contains(lines, line) {
						t.Errorf("%s: no line %q in\n%s", name, line, head)
					}
				}
				if c.lacks != "" && strings.Contains(head, c.lacks) {
					t.Errorf("%s: found %s in\n%s", name, c.lacks, head)
				}
				names := map[string]bool{}
				for _, line := range lines[1:] {
					field, _, _ := strings.Cut(strings.ToLower(line), ":")
					if names[field] {
						t.Errorf("%s: %s twice in\n%s", name, field, head)
					}
					names[field] = true
				}
			}
			if saw[byWire] != saw[byNetHTTP] {
				t.Errorf("wire sent\n%s\nnet/http\n%s", saw[byWire], saw[byNetHTTP])
			}
		})
	}
}

// A request that ends its connection does, whoever asks for it, and the next one opens another.
func TestConnectionsEnd(t *testing.T) {
	type ending struct {
		name   string
		flag   bool
		header []transport.Field
		conns  int32
	}
	for _, c := range []ending{
		{"kept", false, nil, 1},
		{"kept, said so", false, fields("Connection", "keep-alive"), 1},
		{"closed", false, fields("Connection", "close"), 3},
		{"closed in a list", false, fields("Connection", "keep-alive, CLOSE"), 3},
		{"no keep-alive", true, nil, 3},
		{"no keep-alive against the header", true, fields("Connection", "keep-alive"), 3},
	} {
		for _, name := range []string{byWire, byNetHTTP} {
			server := record(t, ok)
			target := loadtest.Must(url.Parse("http://" + server.address))
			engine := engines[name](target)
			if c.flag && name == byWire {
				config := ConfigFor(target, transport.Route{})
				config.EndConnections = true
				engine = newEngine(t, config)
			} else if c.flag {
				engine.(*transport.NetHTTP).EndConnections()
			}
			conn, a := engine.Conn(), new(transport.Answer)
			for i := range 3 {
				r := &transport.Request{Method: "POST", URL: []byte("/x"), Timeout: patience, Header: c.header}
				conn.Do(context.Background(), r, a)
				if opened := a.Connect > 0; a.Err != nil || opened != (i == 0 || c.conns > 1) {
					t.Errorf("%s, request %d by %s: opened %v: %v", c.name, i, name, opened, a.Err)
				}
			}
			engine.Close()
			if n := server.conns.Load(); n != c.conns {
				t.Errorf("%s by %s: %d connections, wanted %d", c.name, name, n, c.conns)
			}
			for _, head := range server.take() {
				if said := slices.Contains(head, "Connection: close"); c.flag && (!said || strings.Count(strings.Join(head, "\n"), "Connection") != 1) {
					t.Errorf("%s by %s: sent %q", c.name, name, head)
				}
			}
		}
	}
}

// followedCase is a Location, and where it leads.
type followedCase struct {
	name     string
	location string // in which HOST stands for the server's, PORT for its port
	change   func(*transport.Request)
	line     string // of the second request, empty where there is none
	class    string
}

func followedCases() []followedCase {
	return []followedCase{
		{name: "path", location: "/y", line: "GET /y HTTP/1.1"},
		{name: "relative", location: "y?z", line: "GET /api/y?z HTTP/1.1"},
		{name: "up", location: "../y", line: "GET /y HTTP/1.1"},
		{name: "dots", location: "/a/./b/../c/.", line: "GET /a/c/ HTTP/1.1"},
		{name: "encoded dots", location: "/a/%2e%2E/c", line: "GET /c HTTP/1.1"},
		{name: "query", location: "?z=1", line: "GET /api/x?z=1 HTTP/1.1"},
		{name: "fragment", location: "/y#top", line: "GET /y HTTP/1.1"},
		{name: "whole", location: "http://HOST/y", line: "GET /y HTTP/1.1"},
		{name: "whole in capitals", location: "HTTP://HOST/y", line: "GET /y HTTP/1.1"},
		{name: "without a path", location: "http://HOST", line: "GET / HTTP/1.1"},
		{name: "only a query on the host", location: "http://HOST?a", line: "GET /?a HTTP/1.1"},
		{name: "without a scheme", location: "//HOST/y", line: "GET /y HTTP/1.1"},
		{name: "backslashes", location: `\y\z`, line: "GET /y/z HTTP/1.1"},
		{name: "backslashes before a host", location: `/\evil.example/y`, class: transport.ClassRedirect},
		{name: "with a user", location: "http://a:b@HOST/y", line: "GET /y HTTP/1.1"},
		{name: "IPv6 form of IPv4", location: "http://[::ffff:127.0.0.1]:PORT/y", line: "GET /y HTTP/1.1"},
		{name: "blank and quotes", location: `/a b"c'd?e f"g'h`, line: "GET /a%20b%22c'd?e%20f%22g%27h HTTP/1.1"},
		{name: "UTF-8", location: "/é/ü?ß", line: "GET /%C3%A9/%C3%BC?%C3%9F HTTP/1.1"},
		{name: "not UTF-8", location: "/\xe9", line: "GET /%E9 HTTP/1.1"},
		{name: "lone percent", location: "/100%/%zz?%", line: "GET /100%/%zz?% HTTP/1.1"},
		{name: "encoded slash", location: "/a%2Fb%2fc", line: "GET /a%2Fb%2fc HTTP/1.1"},
		{name: "braces", location: "/<a>^`{|}", line: "GET /%3Ca%3E%5E%60%7B%7C%7D HTTP/1.1"},
		{name: "two slashes after dots", location: "/.//y", line: "GET //y HTTP/1.1"},
		{name: "host in its header", location: "http://Shop.Example/y", change: func(r *transport.Request) { r.Header = fields("Host", "shop.example") }, line: "GET /y HTTP/1.1"},
		{name: "other port than in its header", location: "http://shop.example:81/y", change: func(r *transport.Request) { r.Header = fields("Host", "shop.example") }, class: transport.ClassRedirect},
		{name: "other host", location: "http://evil.example/y", class: transport.ClassRedirect},
		{name: "other port", location: "http://127.0.0.1:1/y", class: transport.ClassRedirect},
		{name: "other scheme", location: "https://HOST/y", class: transport.ClassRedirect},
		{name: "no web", location: "mailto:a@b", class: transport.ClassRedirect},
		{name: "host in the user", location: "http://HOST@evil.example/", class: transport.ClassRedirect},
		{name: "broken port", location: "http://127.0.0.1:x/", class: transport.ClassMalformed},
		{name: "nothing", location: ""},
	}
}

// Where a Location leads, and what goes along, is the same by both engines.
func TestEnginesFollowTheSame(t *testing.T) {
	for _, c := range followedCases() {
		t.Run(c.name, func(t *testing.T) {
			saw := map[string]string{}
			for name, engine := range engines {
				server := record(t, func(line, address string) string {
					if !strings.Contains(line, "/api/x ") {
						return okLine + noBody
					}
					_, port, _ := net.SplitHostPort(address)
					return "HTTP/1.1 302 Found\r\nLocation: " + strings.NewReplacer("HOST", address, "PORT", port).Replace(c.location) + "\r\n" + noBody
				})
				a := askBy(engine(loadtest.Must(url.Parse("http://"+server.address+"/api"))), patience, func(r *transport.Request) {
					if c.change != nil {
						c.change(r)
					}
				})
				line := ""
				if heads := server.take(); len(heads) > 1 {
					line = heads[1][0]
					saw[name] = strings.ReplaceAll(strings.Join(heads[1], "\n"), server.address, "HOST")
				}
				if a.Class != c.class || line != c.line {
					t.Errorf("%s: class %q, then %q, wanted %q and %q: %v", name, a.Class, line, c.class, c.line, a.Err)
				}
				if c.class == transport.ClassRedirect && !strings.Contains(a.Err.Error(), "redirect to another place than the target") {
					t.Errorf("%s: %v", name, a.Err)
				}
			}
			if saw[byWire] != saw[byNetHTTP] {
				t.Errorf("wire sent\n%s\nnet/http\n%s", saw[byWire], saw[byNetHTTP])
			}
		})
	}
}

// The default port is equal to none, in the target, in its Host header and in a Location.
func TestDefaultPorts(t *testing.T) {
	server := record(t, func(line, _ string) string {
		if strings.Contains(line, "/x") {
			return "HTTP/1.1 302 Found\r\nLocation: http://shop.example:80/landed\r\n" + noBody
		}
		return okLine + noBody
	})
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.address)
	}
	for _, text := range []string{"http://shop.example", "http://shop.example:80", "http://Shop.Example.", "http://shop.example:"} {
		target := loadtest.Must(url.Parse(text))
		config := ConfigFor(target, transport.Route{})
		config.Dial = dial
		for name, engine := range map[string]transport.Engine{byWire: newEngine(t, config), byNetHTTP: transport.NewNetHTTP(target, 1, nil, dial)} {
			a := askBy(engine, patience)
			heads := server.take()
			host := "Host: " + strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(text[7:]), "80"), ":")
			if a.Status != 200 || len(heads) != 2 || !slices.Contains(heads[0], host) || !slices.Contains(heads[1], host) {
				t.Errorf("%s by %s: %d, %v: %q, wanted %q", text, name, a.Status, a.Err, heads, host)
			}
		}
	}
}

// Method, body and cookies along redirects, as browsers and net/http have them.
func TestWhatGoesAlongRedirects(t *testing.T) {
	for _, c := range []struct {
		status, method, saw string
		body                string
	}{
		{"301", "POST", "GET 0 ", "{}"}, {"302", "POST", "GET 0 ", "{}"}, {"303", "POST", "GET 0 ", "{}"}, {"303", "PUT", "GET 0 ", "{}"},
		{"307", "POST", "POST 2 application/json", "{}"}, {"308", "PUT", "PUT 2 application/json", "{}"}, {"307", "POST", "POST 0 application/json", ""},
		{"301", "HEAD", "HEAD 0 ", ""}, {"303", "HEAD", "HEAD 0 ", ""}, {"300", "POST", "", "{}"}, {"304", "GET", "", ""}, {"305", "GET", "", ""},
	} {
		for name, engine := range engines {
			saw := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/x" {
					w.Header().Set("Location", "/y")
					w.WriteHeader(int(c.status[0]-'0')*100 + int(c.status[2]-'0'))
					return
				}
				body, _ := io.ReadAll(r.Body)
				saw = r.Method + " " + itoa(len(body)) + " " + r.Header.Get("Content-Type")
				if r.Header.Get("Authorization") != "Bearer t" {
					saw += ", not authorized"
				}
			}))
			a := askBy(engine(loadtest.Must(url.Parse(server.URL))), patience, func(r *transport.Request) {
				r.Method, r.Body, r.Header = c.method, []byte(c.body), fields("Content-Type", "application/json", "Authorization", "Bearer t", "Content-Language", "en")
			})
			server.Close()
			if a.Err != nil || saw != c.saw {
				t.Errorf("%s to a %s by %s: saw %q, wanted %q: %v", c.status, c.method, name, saw, c.saw, a.Err)
			}
		}
	}
}

// Cookies that answers set on the way are sent to the next hop, and can be extracted.
func TestCookiesAlongRedirects(t *testing.T) {
	const name = "session"
	for _, c := range []struct {
		name, own string
		set       [][]string // by hop
		saw       []string   // Cookie of each request after the first
		value     string     // of the cookie session in the end
	}{
		{"kept", "", [][]string{{"session=1"}}, []string{"session=1"}, "1"},
		{"two hops", "", [][]string{{"session=1; Path=/"}, {"b=2"}}, []string{"session=1", "session=1; b=2"}, "1"},
		{"set anew", "", [][]string{{"session=1"}, {"session=2"}}, []string{"session=1", "session=2"}, "2"},
		{"merged", "a=0; session=0", [][]string{{"session=1"}}, []string{"a=0; session=1"}, "1"},
		{"deleted by age", "session=0; a=1", [][]string{{"session=; Max-Age=0"}}, []string{"a=1"}, ""},
		{"deleted by date", "", [][]string{{"session=1"}, {"session=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT"}}, []string{"session=1", ""}, ""},
		{"age over date", "", [][]string{{"session=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT"}}, []string{"session=1"}, "1"},
		{"deleted and set", "", [][]string{{"session=; Max-Age=-1"}, {"session=2"}}, []string{"", "session=2"}, "2"},
		{"other path", "", [][]string{{"session=1; Path=/shop"}}, []string{""}, "1"},
		{"same path", "", [][]string{{"session=1; Path=/1"}}, []string{"session=1"}, "1"},
		{"longer path first", "", [][]string{{"a=1; Path=/", "a=2; Path=/1"}}, []string{"a=2; a=1"}, ""},
		{"secure, from this machine", "", [][]string{{"session=1; Secure"}}, []string{"session=1"}, "1"},
		{"other domain", "", [][]string{{"session=1; Domain=evil.example"}}, []string{""}, "1"},
		{"own domain", "", [][]string{{"session=1; Domain=127.0.0.1; HttpOnly; SameSite=Lax"}}, []string{"session=1"}, "1"},
		{"quoted", "", [][]string{{`session="b c; d"; Path=/`}}, []string{`session="b c; d"`}, "b c; d"},
		{"quoted in part", "", [][]string{{`session="b; Path="/1"`}}, []string{`session="b`}, `"b`},
		{"odd bytes", "", [][]string{{`session={"a":"b,c"} é; Path=/`}}, []string{`session={"a":"b,c"} é`}, `{"a":"b,c"} é`},
		{"equal signs", "", [][]string{{"session=a=b=="}}, []string{"session=a=b=="}, "a=b=="},
		{"no name", "", [][]string{{"nothing", "=x", "; a=b"}}, []string{""}, ""},
	} {
		for engineName, engine := range engines {
			var saw []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hop := int(r.URL.Path[1] - '0')
				if hop > 0 {
					saw = append(saw, strings.Join(r.Header["Cookie"], " | "))
				}
				if hop < len(c.set) {
					w.Header()["Set-Cookie"] = c.set[hop]
					w.Header().Set("Location", "/"+itoa(hop+1))
					w.WriteHeader(http.StatusFound)
				}
			}))
			a := askBy(engine(loadtest.Must(url.Parse(server.URL))), patience, func(r *transport.Request) {
				r.URL, r.WantHeader = []byte("/0"), []string{"Set-Cookie"}
				if c.own != "" {
					r.Header = fields("Cookie", c.own)
				}
			})
			server.Close()
			value, _ := transport.CookieValue(a.SetCookies(), name, time.Now())
			if a.Err != nil || !slices.Equal(saw, c.saw) || value != c.value {
				t.Errorf("%s by %s: saw %q, wanted %q; extracted %q, wanted %q: %v", c.name, engineName, saw, c.saw, value, c.value, a.Err)
			}
		}
	}
}
