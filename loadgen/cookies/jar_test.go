package cookies

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// split returns host and path of a URL.
func split(text string) (Host, []byte) {
	u, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return NewHost(u.Scheme, u.Hostname()), []byte(u.EscapedPath())
}

// set gives a jar a field that came from a URL.
func (j *Jar) set(from, field string, now time.Time) Outcome {
	host, path := split(from)
	return j.Set([]byte(field), &host, path, now)
}

// header returns the Cookie header of a request to a URL.
func (j *Jar) header(to string, now time.Time) string {
	host, path := split(to)
	return string(j.AppendHeader(nil, 0, &host, path, now))
}

// The examples of RFC 6265, 3.1 and 4.1.2, in order.
func TestExamplesOfRFC6265(t *testing.T) {
	const shop = "https://www.example.com/"
	var j Jar
	for _, c := range []struct{ field, to, want string }{
		{"SID=31d4d96e407aad42", shop, "SID=31d4d96e407aad42"},
		{"SID=31d4d96e407aad42; Path=/; Domain=example.com", "https://example.com/", "SID=31d4d96e407aad42"},
		{"SID=; Path=/; Domain=example.com; Max-Age=0", shop, "SID=31d4d96e407aad42"},
		{"SID=31d4d96e407aad42; Path=/; Secure; HttpOnly", shop, "SID=31d4d96e407aad42"},
		{"lang=en-US; Path=/; Domain=example.com", shop, "SID=31d4d96e407aad42; lang=en-US"},
		{"lang=en-US; Expires=Wed, 09 Jun 2027 10:18:14 GMT", shop, "SID=31d4d96e407aad42; lang=en-US; lang=en-US"},
		{"lang=; Expires=Sun, 06 Nov 1994 08:49:37 GMT", shop, "SID=31d4d96e407aad42; lang=en-US"},
		{"lang=; Domain=example.com; Expires=Sun, 06 Nov 1994 08:49:37 GMT", shop, "SID=31d4d96e407aad42"},
		{"", "http://www.example.com/", ""}, // SID is secure by now
		{"", "https://example.com/", ""},
	} {
		j.set(shop, c.field, noon)
		if got := j.header(c.to, noon); got != c.want {
			t.Errorf("after %q: found %q for %s, wanted %q", c.field, got, c.to, c.want)
		}
	}
}

// jarCase is what answers set, and what a request sends then.
type jarCase struct {
	name   string
	from   string // URL of the requests that were answered
	fields string // one a line
	to     string // URL of the request; empty for that of from
	want   string
}

const home = "http://home.example.org/shop/cart"

func jarCases() []jarCase {
	return []jarCase{
		{"one", home, "a=b", "", "a=b"},
		{"in the order of their creation", home, "z=1\na=2\nz=3", "", "z=3; a=2"},
		{"names differ by case", home, "a=1\nA=2", "", "a=1; A=2"},
		{"no name", home, "nothing\n=x\n;a=b\n   \n  =y; Path=/", "", ""},
		{"an empty value", home, "a=", "", "a="},
		{"equal signs", home, "a== b==", "", "a== b=="},
		{"spaces", home, " \ta \t=\t b  c ;", "", "a=b  c"},
		{"a comma", home, "a=1, b=2", "", "a=1, b=2"},
		{"odd bytes", home, "é=\"{ü\xff\"", "", "é=\"{ü\xff\""},
		{"quotes around a semicolon", home, `a="b;c" ; Path=/`, "", `a="b;c"`},
		{"a lone quote", home, `a="b;c"d; Path=/`, "", `a="b`},
		{"control bytes", home, "a=\x00b\na=b\x7f\na=b; Path=/\x01\na=b\r", "", ""},
		{"a tab", home, "a=b\tc", "", "a=b\tc"},

		{"the default path", home, "a=b", "http://home.example.org/shop", "a=b"},
		{"beside the default path", home, "a=b", "http://home.example.org/shopping", ""},
		{"below the default path", home, "a=b", "http://home.example.org/shop/x/y", "a=b"},
		{"above the default path", home, "a=b", "http://home.example.org/", ""},
		{"the default path of the root", "http://home.example.org/x", "a=b", "http://home.example.org/y", "a=b"},
		{"the default path without a path", "http://home.example.org", "a=b", "http://home.example.org/y", "a=b"},
		{"no path asked for", home, "a=b; Path=/", "http://home.example.org", "a=b"},
		{"a relative path is none", home, "a=b; Path=x", "http://home.example.org/shop/y", "a=b"},
		{"a path with a slash at its end", home, "a=b; Path=/shop/", "http://home.example.org/shop", ""},
		{"the last path", home, "a=b; Path=/x; pAtH = / ", "http://home.example.org/y", "a=b"},
		{"paths are bytes", home, "a=b; Path=/f%6Fo", "http://home.example.org/foo", ""},
		{"another's path", home, "a=b; Path=/x", "http://home.example.org/x/y", "a=b"},
		{"longer paths first", home, "a=1; Path=/\nb=2; Path=/shop/cart\nc=3; Path=/\nd=4; Path=/shop", "", "b=2; d=4; a=1; c=3"},
		{"the same name by paths", home, "a=1; Path=/\na=2; Path=/shop", "", "a=2; a=1"},
		{"a path too long is none", home, "a=b; Path=/shop/cart/x; Path=/" + strings.Repeat("x", 1024), "http://home.example.org/shop/cart/x", "a=b"},

		{"host only", home, "a=b; Path=/", "http://sub.home.example.org/", ""},
		{"a domain", home, "a=b; Path=/; Domain=example.org", "http://sub.example.org/", "a=b"},
		{"a domain with a dot and capitals", home, "a=b; Path=/; dOmain= .EXAMPLE.org", "http://example.org/", "a=b"},
		{"its own domain", home, "a=b; Path=/; Domain=home.example.org", "http://sub.home.example.org/", "a=b"},
		{"two dots", home, "a=b; Domain=..example.org", "", ""},
		{"a dot at the end", home, "a=b; Domain=example.org.", "", ""},
		{"quotes", home, `a=b; Domain="example.org"`, "", ""},
		{"a port", home, "a=b; Domain=example.org:80", "", ""},
		{"a part of a name", home, "a=b; Domain=ple.org", "", ""},
		{"below its own", home, "a=b; Domain=x.home.example.org", "", ""},
		{"a sibling", home, "a=b; Domain=other.example.org", "http://other.example.org/", ""},
		{"another's name", home, "a=b; Domain=evil.example", "", ""},
		{"not the end of a name", home, "a=b; Path=/; Domain=example.org", "http://badexample.org/", ""},
		{"an empty domain", home, "a=b; Path=/; Domain=example.org; Domain=", "http://sub.home.example.org/", ""},
		{"the last domain", home, "a=b; Domain=evil.example; Domain=example.org", "", "a=b"},
		{"letters that fold", home, "a=b; Domain=home.example.orɡ\nc=d; ſecure", "", "c=d"},
		{"a public suffix", home, "a=b; Domain=org", "", ""},
		{"a public suffix of two parts", "http://shop.example.co.uk/", "a=b; Domain=co.uk\nc=d; Domain=example.co.uk", "", "c=d"},
		{"a host of many", "http://me.github.io/", "a=b; Domain=github.io", "", ""},
		{"on a public suffix itself", "http://github.io/", "a=b; Domain=github.io", "http://me.github.io/", ""},
		{"on a public suffix itself, back", "http://github.io/", "a=b; Domain=github.io", "", "a=b"},
		{"one word", "http://localhost/", "a=b; Domain=localhost", "", "a=b"},
		{"a name within a cluster", "http://shop.default.svc.cluster.local/", "a=b; Domain=svc.cluster.local", "http://api.default.svc.cluster.local/", "a=b"},
		{"an address", "http://10.0.0.1/", "a=b; Domain=10.0.0.1", "", "a=b"},
		{"a part of an address", "http://10.0.0.1/", "a=b; Domain=0.0.1", "", ""},
		{"an address of IPv6", "http://[2001:db8::1]/", "a=b\nc=d; Domain=2001:db8::1\ne=f; Domain=[2001:db8::1]", "", "a=b; c=d"},
		{"host only beside the domain", home, "a=1; Path=/\na=2; Path=/; Domain=home.example.org", "", "a=1; a=2"},
		{"two hosts", home, "a=1; Path=/", "http://api.example.org/", ""},

		{"Secure by http", home, "a=b; Secure\nc=d; Secure=no", "", ""},
		{"Secure in quotes", home, `a=b; "Secure"`, "", "a=b"},
		{"Secure by https", "https://home.example.org/", "a=b; Secure", "", "a=b"},
		{"Secure, then http", "https://home.example.org/", "a=b; Secure\nc=d", home, "c=d"},
		{"Secure on this machine", "http://127.0.0.1/", "a=b; Secure", "", "a=b"},
		{"__Secure- without Secure", "https://home.example.org/", "__Secure-a=b\n__SECURE-b=c\n__secure-c=d; Secure", "", "__secure-c=d"},
		{"__Host-", "https://home.example.org/", "__Host-a=b; Secure; Path=/", "", "__Host-a=b"},
		{"__Host- with less", "https://home.example.org/", "__Host-a=b; Secure\n__host-b=c; Secure; Path=/; Domain=home.example.org\n__Host-c=d; Path=/\n__Host-d=e; Secure; Path=/x", "", ""},
		{"__Host- by http", home, "__Host-a=b; Secure; Path=/", "", ""},

		{"deleted by age", home, "a=b\na=; Max-Age=0", "", ""},
		{"deleted by date", home, "a=b\na=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "", ""},
		{"deleted at another path", home, "a=b\na=; Path=/; Max-Age=0", "", "a=b"},
		{"never there", home, "a=; Max-Age=-1\nb=c", "", "b=c"},
		{"deleted and set", home, "a=1\nb=2\na=; Max-Age=0\na=3", "", "b=2; a=3"},
		{"a date that is none after one", home, "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=soon", "", ""},
		{"an age in quotes", home, `a=b; Max-Age="0"`, "", "a=b"},
		{"the last age", home, "a=b; Max-Age=0; Max-Age=9", "", "a=b"},
		{"an age for ever", home, "a=b; Max-Age=" + strings.Repeat("9", 1000), "", "a=b"},
		{"an age too long is none", home, "a=b; Max-Age=0" + strings.Repeat("0", 1024), "", "a=b"},

		{"4096 bytes", home, "a=" + strings.Repeat("b", 4095), "", "a=" + strings.Repeat("b", 4095)},
		{"4097 bytes", home, "a=" + strings.Repeat("b", 4096), "", ""},
		{"a name of 4097 bytes", home, strings.Repeat("b", 4097) + "=", "", ""},
		{"4097 bytes leave what was there", home, "a=1\na=" + strings.Repeat("b", 4096), "", "a=1"},
		{"a request's path that is too long", "http://home.example.org/" + strings.Repeat("x", 1024) + "/", "a=b\nc=d; Path=/", "", "c=d"},
		{"a host that is too long", "http://" + strings.Repeat("x", 256) + "/", "a=b", "", ""},
	}
}

func TestJar(t *testing.T) {
	for _, c := range jarCases() {
		t.Run(c.name, func(t *testing.T) {
			var j Jar
			if c.to == "" {
				c.to = c.from
			}
			for field := range strings.SplitSeq(c.fields, "\n") {
				j.set(c.from, field, noon)
			}
			if got := j.header(c.to, noon); got != c.want {
				t.Errorf("found %.100q, wanted %.100q", got, c.want)
			}
			checkJar(t, &j)
		})
	}
}

// A cookie ends at its instant, and what ended makes room.
func TestCookiesEnd(t *testing.T) {
	var j Jar
	j.set(home, "a=1; Max-Age=10", noon)
	j.set(home, "b=2", noon)
	if got := j.header(home, noon.Add(10*time.Second-time.Millisecond)); got != "a=1; b=2" {
		t.Errorf("before its end: %q", got)
	}
	if got := j.header(home, noon.Add(10*time.Second)); got != "b=2" {
		t.Errorf("at its end: %q", got)
	}
	if value, ok := j.Value("a", noon.Add(10*time.Second)); ok {
		t.Errorf("at its end its value is %q", value)
	}
	if j.set(home, "c=3", noon.Add(time.Minute)); j.Len() != 2 || j.Evicted() != 0 {
		t.Errorf("%d cookies, %d evicted, wanted 2, 0", j.Len(), j.Evicted())
	}
}

// A cookie with Secure is not pushed aside by one that came by http.
func TestSecureCookiesStay(t *testing.T) {
	for field, want := range map[string]Outcome{"a=2": Ignored, "a=2; Path=/x": Ignored, "a=2; Domain=example.org; Path=/": Ignored, "b=2": Kept, "a=; Max-Age=0": Ignored} {
		var j Jar
		j.set("https://home.example.org/", "a=1; Secure; Path=/", noon)
		if got := j.set("http://home.example.org/", field, noon); got != want {
			t.Errorf("%q: outcome %d, wanted %d", field, got, want)
		}
		if got := j.set("https://home.example.org/", field, noon); got == Ignored {
			t.Errorf("%q by https is ignored", field)
		}
	}
}

// What the request says of its own wins by name.
func TestOwnCookiesWin(t *testing.T) {
	var j Jar
	for _, field := range []string{"a=1", "a=2; Path=/shop/cart", "b=3"} {
		j.set(home, field, noon)
	}
	host, path := split(home)
	for own, want := range map[string]string{"": "a=2; a=1; b=3", "x=y": "x=y; a=2; a=1; b=3", "x=y; a=0": "x=y; a=0; b=3", " b = ;a": " b = ;a", "aa=1;ab": "aa=1;ab; a=2; a=1; b=3"} {
		got := j.AppendHeader([]byte("Cookie: a=9; "+own), len(own), &host, path, noon)
		want = "Cookie: a=9; " + want
		if string(got) != want {
			t.Errorf("%q: found %q, wanted %q", own, got, want)
		}
	}
}

// A target that sets cookies without end fills no memory, and it is counted.
func TestJarsAreBounded(t *testing.T) {
	var j Jar
	for i := range 1000 {
		j.set(home, fmt.Sprintf("n%d=v", i), noon)
	}
	if j.Len() != MostCookies || j.Evicted() != 1000-MostCookies {
		t.Errorf("%d cookies and %d evicted, wanted %d and %d", j.Len(), j.Evicted(), MostCookies, 1000-MostCookies)
	}
	if got := j.header(home, noon); !strings.HasPrefix(got, "n820=v; ") || !strings.HasSuffix(got, "; n999=v") {
		t.Errorf("%q", got)
	}
	checkJar(t, &j)
	for i := range 10 { // of 4 KB each: three fit
		j.set(home, fmt.Sprintf("large%d=%s", i, strings.Repeat("x", 4080)), noon)
		checkJar(t, &j)
	}
	if got := j.header(home, noon); j.Len() != 3 || !strings.HasPrefix(got, "large7=") || j.Evicted() != 1000+10-3 {
		t.Errorf("%d cookies, %d evicted: %.20q", j.Len(), j.Evicted(), got)
	}
	j.set(home, "s=1", noon)
	for i, grown := range []string{"large7", "large9"} { // one that grows stays where it is, and others leave
		j.set(home, grown+"="+strings.Repeat("y", 4090), noon)
		checkJar(t, &j)
		if value, ok := j.Value(grown, noon); !ok || len(value) != 4090 {
			t.Errorf("%d: %s has %d bytes", i, grown, len(value))
		}
	}
	if j.Clear(); j.Len() != 0 || j.Evicted() != 0 || j.header(home, noon) != "" || j.Size() > 100 {
		t.Errorf("%d cookies, %d evicted, %d bytes after Clear", j.Len(), j.Evicted(), j.Size())
	}
}

// Value is that of the cookie that was created last.
func TestValues(t *testing.T) {
	var j Jar
	if _, ok := j.Value("a", noon); ok || j.Len() != 0 || j.Size() != 0 {
		t.Error("an empty jar has something")
	}
	j.set(home, `a="x y"; Path=/`, noon)
	if value, ok := j.Value("a", noon); !ok || string(value) != "x y" {
		t.Errorf("%q, %v", value, ok)
	}
	j.set("http://api.example.org/", "a=2", noon)
	if value, _ := j.Value("a", noon); string(value) != "2" {
		t.Errorf("%q", value)
	}
	if j.set(home, "a=; Path=/; Max-Age=0", noon) != Deleted || j.Len() != 1 {
		t.Errorf("%d cookies, wanted 1", j.Len())
	}
}

// AppendAll has every cookie, wherever it goes.
func TestAll(t *testing.T) {
	var j Jar
	if got := j.AppendAll(nil); len(got) != 0 {
		t.Errorf("%q of an empty jar", got)
	}
	j.set(home, "a=1; Path=/x", noon)
	j.set("https://api.example.org/", `b="2;3"; Secure`, noon)
	if got := string(j.AppendAll(nil)); got != `a=1; b="2;3"` {
		t.Errorf("%q", got)
	}
}

// checkJar holds what is true of every jar.
func checkJar(t testing.TB, j *Jar) {
	t.Helper()
	if j.kept == nil {
		return
	}
	n := 0
	for i := 0; i < len(j.kept.entries); n++ {
		r, next := j.kept.entries.at(i)
		if next <= i || next-i != r.size() || len(r.name) == 0 || len(r.name)+len(r.value) > MostCookieBytes || r.path[0] != '/' || hasControl(r.value) {
			t.Fatalf("entry %d is broken: %+v", n, r)
		}
		i = next
	}
	if n != j.Len() || n > MostCookies || len(j.kept.entries) > MostBytes || j.Size() > 2*MostBytes {
		t.Fatalf("%d entries, Len %d, %d bytes, Size %d", n, j.Len(), len(j.kept.entries), j.Size())
	}
}
