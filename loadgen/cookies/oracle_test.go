package cookies

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/publicsuffix"
	"pgregory.net/rapid"
)

// oracle is net/http's jar.
type oracle struct{ *cookiejar.Jar }

func newOracle() oracle {
	j, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		panic(err)
	}
	return oracle{j}
}

func (o oracle) set(from, field string) {
	u, err := url.Parse(from)
	if err != nil {
		panic(err)
	}
	o.SetCookies(u, (&http.Response{Header: http.Header{"Set-Cookie": {field}}}).Cookies())
}

func (o oracle) header(to string) string {
	r, err := http.NewRequest(http.MethodGet, to, nil)
	if err != nil {
		panic(err)
	}
	for _, c := range o.Cookies(r.URL) {
		r.AddCookie(c)
	}
	return r.Header.Get("Cookie")
}

// In whatever order answers of several hosts set, change, delete and outlive cookies, a request sends what net/http/cookiejar
// would send. The generator leaves out what TestDifferencesFromCookieJar lists.
func TestJarsAgreeWithNetHTTP(t *testing.T) {
	pick := func(texts ...string) *rapid.Generator[string] { return rapid.SampledFrom(texts) }
	hosts := pick("home.example.org", "api.home.example.org", "shop.example.co.uk", "10.0.0.1", "localhost", "me.github.io")
	paths := pick("", "/", "/a", "/a/", "/a/b", "/ab", "/a/b/c?d=/e/f")
	places := rapid.Custom(func(t *rapid.T) string {
		return pick("http://", "https://", "http://").Draw(t, "scheme") + hosts.Draw(t, "host") + pick("", ":8080").Draw(t, "port") + paths.Draw(t, "path")
	})
	attributes := pick("; Path=/", "; path=/a", ";PATH=/a/b ", "; Path=", "; Path=a", "; Domain=example.org", "; domain=.Example.org", "; Domain=org", "; Domain=co.uk", "; Domain=github.io",
		"; Domain=evil.example", "; Domain=example.co.uk", "; Max-Age=0", "; Max-Age=-7", "; Max-Age=5", "; Max-Age=3600", "; Expires=Thu, 01 Jan 1970 00:00:01 GMT", "; Expires=Sat, 01-Jan-2000 00:00:07 GMT",
		"; Expires=Fri, 31 Dec 2049 23:59:59 GMT", "; HttpOnly", "; SameSite=Lax", "; x=y", ";", "", "")
	steps := rapid.Custom(func(t *rapid.T) jarStep {
		s := jarStep{place: places.Draw(t, "place")}
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			s.pause = time.Duration(rapid.IntRange(1, 4000).Draw(t, "pause")) * time.Millisecond
		case 1, 2, 3:
		default:
			s.field = pick("a", "b", "c", "aa").Draw(t, "name") + "=" + pick("1", "2", "", "a-longer-value", "x=y").Draw(t, "value")
			for range rapid.IntRange(0, 3).Draw(t, "attributes") {
				s.field += attributes.Draw(t, "attribute")
			}
			if strings.HasPrefix(s.place, "https:") && rapid.Bool().Draw(t, "secure") {
				s.field = "s" + s.field + "; Secure" // by names of their own: the other cookies are not to be guarded
			}
		}
		return s
	})
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(steps, 1, 40).Draw(rt, "steps")
		problem := ""
		synctest.Test(t, func(t *testing.T) { problem = compareJars(t, all) }) // net/http/cookiejar reads the clock
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// jarStep is a field that an answer sets, or a request where there is none, after a pause.
type jarStep struct {
	place, field string
	pause        time.Duration
}

// compareJars returns in what the two jars differ, empty for nothing.
func compareJars(t *testing.T, steps []jarStep) string {
	var j Jar
	o := newOracle()
	for _, s := range steps {
		if time.Sleep(s.pause); s.field != "" {
			j.set(s.place, s.field, time.Now())
			o.set(s.place, s.field)
		} else if got, want := j.header(s.place, time.Now()), o.header(s.place); got != want {
			return fmt.Sprintf("to %s: %q, net/http has %q", s.place, got, want)
		}
		checkJar(t, &j)
	}
	return ""
}

// What net/http/cookiejar does in another way, and why. It fails when a difference is gone.
func TestDifferencesFromCookieJar(t *testing.T) {
	for _, c := range []struct{ why, from, fields, to string }{
		{"a semicolon within quotes is of the value", home, `a="b;c"`, home},
		{"net/http drops bytes that RFC 6265 allows servers none of; browsers send them", home, "a=b\"c", home},
		{"and names that are no token", home, "a(=b", home},
		{"a value in quotes keeps them in net/http only where it needs them", home, "a=é", home},
		{"a cookie for a host alone is another than one for its domain: RFC 6265bis", home, "a=1; Path=/\na=2; Path=/; Domain=home.example.org", home},
		{"Secure is taken by https alone: RFC 6265bis", home, "a=b; Secure; Path=/", "https://home.example.org/"},
		{"spaces around an attribute are not of it: RFC 6265, 5.2", home, "a=b; Path = /x", home},
		{"a cookie with Secure stays: RFC 6265bis", "https://home.example.org/|http://home.example.org/", "a=1; Secure\na=2", "https://home.example.org/"},
		{"__Secure-: RFC 6265bis", home, "__Secure-a=b", home},
		{"__Host-: RFC 6265bis", home, "__Host-a=b", home},
		{"a path is compared as it is sent, as browsers do", home, "a=b; Path=/shop", "http://home.example.org/%73hop"},
		{"a domain above the host's public suffix: Chromium", "http://a.b.kawasaki.jp/", "a=b; Domain=kawasaki.jp", "http://a.b.kawasaki.jp/"},
		{"4096 bytes: RFC 6265bis", home, "a=" + strings.Repeat("b", 4096), home},
		{"dates in any order: RFC 6265, 5.1.1", home, "a=b; Expires=00:00:01 1970 Jan 1", home},
		{"an address of IPv6 is the same with a port and without: RFC 6265, 5.1.3", "http://[2001:db8::1]/", "a=b", "http://[2001:db8::1]:8080/"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var j Jar
			o := newOracle()
			froms := strings.Split(c.from, "|")
			for i, field := range strings.Split(c.fields, "\n") {
				from := froms[min(i, len(froms)-1)]
				j.set(from, field, time.Now())
				o.set(from, field)
			}
			if got, want := j.header(c.to, time.Now()), o.header(c.to); got == want {
				t.Errorf("%s: no difference any more, both send %.60q", c.why, got)
			}
		})
	}
}

// FuzzJar: whatever a target sets, the jar stays whole and within its bounds, and no header has a control byte or a line end.
func FuzzJar(f *testing.F) {
	for _, c := range jarCases() {
		if len(c.fields) < 500 {
			f.Add(c.fields, "home.example.org", "/shop/cart", uint16(0))
		}
	}
	f.Add("a=1;Max-Age=1\nb=2;Path=/x;Domain=.org\n__Host-c=3", "10.0.0.1", "", uint16(2000))
	f.Fuzz(func(t *testing.T, fields, name, path string, later uint16) {
		if hasControl([]byte(path)) {
			t.Skip("a path has none")
		}
		var j Jar
		secure, plain := NewHost("https", name), NewHost("http", name)
		now := noon
		for i, field := range strings.Split(fields, "\n") {
			from := &secure
			if i%3 == 2 {
				from = &plain
			}
			j.Set([]byte(field), from, []byte(path), now)
			checkJar(t, &j)
			for _, to := range []*Host{&secure, &plain} {
				header := j.AppendHeader(nil, 0, to, []byte(path), now)
				if hasControl(header) || len(header) > MostBytes {
					t.Fatalf("%q", header)
				}
				if again := j.AppendHeader(nil, 0, to, []byte(path), now); string(again) != string(header) {
					t.Fatalf("%q, then %q", header, again)
				}
			}
			now = now.Add(time.Duration(later) * time.Millisecond)
		}
	})
}
