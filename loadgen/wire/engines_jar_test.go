package wire

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/cookies"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
)

// jarAnswer is what a target answers to a path: a status line where it is not that of 200, and fields.
type jarAnswer struct {
	status string
	fields []string
	body   string // with its frame
}

func (a jarAnswer) String() string {
	status, body := a.status, a.body
	if status == "" {
		status = "200 OK"
	}
	if body == "" {
		body = noBody
	}
	lines := append([]string{"HTTP/1.1 " + status}, a.fields...)
	return strings.Join(lines, "\r\n") + "\r\n" + body
}

// jarCase is a user's requests in turn, and what a target sees of each.
type jarCase struct {
	name    string
	answers map[string]jarAnswer
	paths   []string          // that the user asks for; the last with own
	own     []transport.Field // of the last request
	saw     []string          // path and Cookie of every request
	class   string            // of the last answer
	want    string            // cookies of the jar in the end that go to /shop/
	header  []transport.Field // of every request
}

func jarCases() []jarCase {
	login := jarAnswer{fields: []string{"Set-Cookie: sid=1; Path=/", "set-cookie: b=2"}}
	home := func(cookie string) jarAnswer {
		return jarAnswer{status: "302 Found", fields: []string{"Location: /shop/home", "Set-Cookie: " + cookie}}
	}
	return []jarCase{
		{name: "kept from request to request", answers: map[string]jarAnswer{"/login": login}, paths: []string{"/login", "/shop/x?y=/z", "/"},
			saw: []string{"/login ", "/shop/x?y=/z sid=1; b=2", "/ sid=1; b=2"}, want: "sid=1; b=2"},
		{name: "by path", answers: map[string]jarAnswer{"/shop/login?a=/b/c": login}, paths: []string{"/shop/login?a=/b/c", "/shop/x", "/"},
			saw: []string{"/shop/login?a=/b/c ", "/shop/x b=2; sid=1", "/ sid=1"}, want: "b=2; sid=1"},
		{name: "own cookies win", answers: map[string]jarAnswer{"/login": login}, paths: []string{"/login", "/x"}, own: fields("Cookie", " sid=own ", "X-A", "1", "Cookie", "c=3"),
			saw: []string{"/login ", "/x sid=own; c=3; b=2"}, want: "sid=1; b=2"},
		{name: "set on the way", answers: map[string]jarAnswer{"/login": home("sid=1; Path=/")}, paths: []string{"/login", "/x"},
			saw: []string{"/login ", "/shop/home sid=1", "/x sid=1"}, want: "sid=1"},
		{name: "set on the way over own", answers: map[string]jarAnswer{"/login": login, "/go": home("sid=2; Path=/")}, paths: []string{"/login", "/go"}, own: fields("Cookie", "sid=own; b=own"),
			saw: []string{"/login ", "/go sid=own; b=own", "/shop/home b=own; sid=2"}, want: "sid=2; b=2"},
		{name: "deleted on the way", answers: map[string]jarAnswer{"/login": login, "/go": home("sid=; Path=/; Max-Age=0")}, paths: []string{"/login", "/go", "/x"},
			saw: []string{"/login ", "/go sid=1; b=2", "/shop/home b=2", "/x b=2"}, want: "b=2"},
		{name: "set at the end of the way", answers: map[string]jarAnswer{"/login": home("a=1; Path=/"), "/shop/home": {fields: []string{"Set-Cookie: a=2"}}}, paths: []string{"/login", "/x"},
			saw: []string{"/login ", "/shop/home a=1", "/x a=1"}, want: "a=2; a=1"},
		{name: "no Location", answers: map[string]jarAnswer{"/login": {status: "302 Found", fields: login.fields}}, paths: []string{"/login", "/x"},
			saw: []string{"/login ", "/x sid=1; b=2"}, want: "sid=1; b=2"},
		{name: "away", answers: map[string]jarAnswer{"/login": {status: "302 Found", fields: []string{"Location: http://evil.example/", "Set-Cookie: a=1"}}}, paths: []string{"/login"},
			saw: []string{"/login "}, class: transport.ClassRedirect, want: "a=1"},
		{name: "too many", answers: map[string]jarAnswer{"/login": {status: "302 Found", fields: []string{"Location: /login", "Set-Cookie: a=1"}}}, paths: []string{"/login"},
			saw: []string{"/login ", "/login a=1", "/login a=1"}, class: transport.ClassRedirect, want: "a=1"},
		{name: "a refusal", answers: map[string]jarAnswer{"/login": {status: "503 Down", fields: login.fields}}, paths: []string{"/login", "/x"},
			saw: []string{"/login ", "/x sid=1; b=2"}, want: "sid=1; b=2"},
		{name: "half a body", answers: map[string]jarAnswer{"/login": {fields: login.fields, body: "Transfer-Encoding: chunked\r\n\r\nnone\r\n"}}, paths: []string{"/login"},
			saw: []string{"/login "}, class: transport.ClassMalformed, want: "sid=1; b=2"},
		{name: "half a body at the end of the way", answers: map[string]jarAnswer{"/login": home("a=1; Path=/"), "/shop/home": {fields: login.fields, body: "Transfer-Encoding: chunked\r\n\r\nnone\r\n"}}, paths: []string{"/login"},
			saw: []string{"/login ", "/shop/home a=1"}, class: transport.ClassMalformed, want: "b=2; a=1; sid=1"},
		{name: "half a head", answers: map[string]jarAnswer{"/login": {fields: append(slices.Clone(login.fields), "no field")}}, paths: []string{"/login"},
			saw: []string{"/login "}, class: transport.ClassMalformed},
		{name: "early hints", answers: map[string]jarAnswer{"/login": {status: "103 Early Hints", fields: []string{"Set-Cookie: a=1"}, body: "\r\n" + okLine + "Set-Cookie: b=2\r\n" + noBody}}, paths: []string{"/login"},
			saw: []string{"/login "}, want: "b=2"},
		{name: "refused", answers: map[string]jarAnswer{"/login": {fields: []string{"Set-Cookie: a=1; Domain=evil.example", "Set-Cookie: =x", "Set-Cookie: __Host-a=1"}}}, paths: []string{"/login", "/x"},
			saw: []string{"/login ", "/x "}},
		{name: "the host of the header", header: fields("Host", "shop.example"), answers: map[string]jarAnswer{"/login": {fields: []string{"Set-Cookie: a=1; Domain=shop.example", "Set-Cookie: b=1; Domain=127.0.0.1", "Set-Cookie: c=1; Secure"}}},
			paths: []string{"/login", "/x"}, saw: []string{"/login ", "/x a=1"}},
	}
}

// A user's cookies are the same by both engines, whatever answers set.
func TestCookiesOfUsersByBothEngines(t *testing.T) {
	for _, c := range jarCases() {
		for name, engine := range engines {
			server := record(t, func(line, _ string) string { return c.answers[strings.Fields(line)[1]].String() })
			target := loadtest.Must(url.Parse("http://" + server.address))
			e := engine(target)
			conn, a, jar := e.Conn(), new(transport.Answer), new(cookies.Jar)
			for i, path := range c.paths {
				r := &transport.Request{Method: http.MethodGet, URL: []byte(path), Timeout: patience, Redirects: 2, Jar: jar, Header: c.header}
				if i == len(c.paths)-1 {
					r.Header = append(slices.Clone(c.header), c.own...)
				}
				if conn.Do(context.Background(), r, a); a.Err != nil && i < len(c.paths)-1 {
					t.Fatalf("%s by %s: %s: %v", c.name, name, path, a.Err)
				}
			}
			e.Close()
			var saw []string
			for _, head := range server.take() {
				seen := strings.Fields(head[0])[1] + " "
				for _, line := range head {
					if cookie, ok := strings.CutPrefix(line, "Cookie: "); ok {
						seen += cookie
					}
				}
				saw = append(saw, seen)
			}
			host := transport.CookieHost("http", target.Host)
			if got := string(jar.AppendHeader(nil, 0, &host, []byte("/shop/"), time.Now())); got != c.want || a.Class != c.class || !slices.Equal(saw, c.saw) {
				t.Errorf("%s by %s: class %q, saw %q, wanted %q; then %q, wanted %q: %v", c.name, name, a.Class, saw, c.saw, got, c.want, a.Err)
			}
		}
	}
}

// A request with a jar, and an answer that sets a cookie of it again, allocate nothing.
func TestNoAllocationsForCookies(t *testing.T) {
	c := dialed(t, serve(t, quick(settingCookies)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	q := post("{}")
	q.Header, q.Jar = fields("Cookie", "lang=en", "Host", "shop.example"), new(cookies.Jar)
	var a transport.Answer
	n := testing.AllocsPerRun(1000, func() {
		if err := exchange(ctx, c, patience, q, &a); err != nil || a.Status != 200 {
			t.Fatal(a.Status, err)
		}
	})
	if n != 0 || q.Jar.Len() != 1 || !strings.Contains(string(c.Last().Sent), "\r\nCookie: lang=en; connect.sid=") {
		t.Errorf("%v allocations a request, wanted 0; %d cookies; sent %q", n, q.Jar.Len(), c.Last().Sent)
	}
}

// settingCookies is an answer as of Express with express-session.
var settingCookies = []byte("HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nDate: Sun, 22 Nov 2026 03:16:02 GMT\r\nContent-Type: application/json\r\n" +
	"Content-Length: 2\r\nset-cookie: connect.sid=s%3A0123456789abcdefghij; Path=/; Expires=Fri, 26 Nov 2100 12:00:00 GMT; HttpOnly\r\n\r\n{}")

// BenchmarkDoWithCookies measures a request that sends a cookie and gets it set again, beside one without a jar.
func BenchmarkDoWithCookies(b *testing.B) {
	for name, jar := range map[string]*cookies.Jar{"jar": new(cookies.Jar), "none": nil} {
		b.Run(name, func(b *testing.B) {
			c := dialed(b, serve(b, quick(settingCookies)))
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			q := post("{}")
			q.Jar = jar
			var a transport.Answer
			b.ReportAllocs()
			for b.Loop() {
				if err := exchange(ctx, c, patience, q, &a); err != nil || a.Status != 200 {
					b.Fatal(a.Status, err)
				}
			}
		})
	}
}
