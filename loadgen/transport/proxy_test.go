package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/loadtest"
)

func TestParseProxy(t *testing.T) {
	for text, address := range map[string]string{
		"http://proxy.example:3128":             "proxy.example:3128",
		"http://proxy.example":                  "proxy.example:80",
		"https://proxy.example/":                "proxy.example:443",
		"HTTP://127.0.0.1:1":                    "127.0.0.1:1",
		"socks5://[::1]:1080":                   "[::1]:1080",
		"socks5h://proxy.example":               "proxy.example:1080",
		"http://bob:s3cret@proxy.example:3128":  "proxy.example:3128",
		"http://bob:s3%40cret@proxy.example:31": "proxy.example:31",
	} {
		p, err := ParseProxy(text)
		if err != nil || p.Address() != address || strings.Contains(p.String(), "cret") || strings.Contains(fmt.Sprint(Route{Proxy: p}, p), "cret") {
			t.Errorf("%s: %v, %v, wanted %s, without its password", text, p, err, address)
			continue
		}
		var again Route
		if err := json.Unmarshal(loadtest.Must(json.Marshal(Route{Proxy: p})), &again); err != nil || again.Proxy.URL().String() != p.URL().String() {
			t.Errorf("%s: an agent reads %v, %v", text, again.Proxy, err)
		}
	}
	for _, text := range []string{"", "env", "127.0.0.1:3128", "proxy.example", "ftp://proxy.example", "socks4://proxy.example:1", "http://", "http://:3128", "http:proxy", "http://proxy.example:0",
		"http://proxy.example:99999", "http://proxy.example:x", "http://bob:s3cret@proxy.example:x", "http://bob:s3cret@", "bob:s3cret@proxy.example:1", "http://bob:s3/cret@proxy.example:1",
		"http://bob:s3 cret@proxy.example:1", "http://proxy.example/x", "http://proxy.example?x", "http://proxy.example#x", "//proxy.example:1", "http://[::1:1", "http://a@b:s3cret@%zz"} {
		p, err := ParseProxy(text)
		input, ok := errors.AsType[*InputError](err)
		if !ok || input.Hint == "" || strings.Contains(err.Error(), "cret") {
			t.Errorf("%q: %v, %v, wanted an InputError with a hint, without the password", text, p, err)
		}
	}
	if data := loadtest.Must(json.Marshal(Route{})); strings.Contains(string(data), "roxy") || strings.Contains(string(data), "Names") {
		t.Errorf("a route without a proxy is written as %s", data)
	}
}

// Neither an error nor what is shown of a proxy holds what stands between a colon and the last at sign.
func TestNoPasswordOfAProxyIsShown(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.SampledFrom([]string{"http://", "https://", "socks5://", "", "x://", "//", "http:"}).Draw(rt, "scheme") + rapid.StringMatching(`[a-z%@]{0,3}`).Draw(rt, "user") +
			":SECRET" + rapid.StringMatching(`[ -~é]{0,4}`).Draw(rt, "rest") + "@" + rapid.StringMatching(`[a-z.\[\]:%0-9]{0,9}`).Draw(rt, "host")
		p, err := ParseProxy(text)
		if err != nil && strings.Contains(err.Error(), "SECRET") || err == nil && strings.Contains(fmt.Sprintf("%v %+v %s", p, p, Reached{Proxy: p}), "SECRET") {
			rt.Errorf("%s: %v, %v", text, p, err)
		}
	})
}

func TestProxyOfTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		environment, target, variable, address string
	}{
		{"", "http://shop.example", "", ""},
		{"HTTP_PROXY=http://p:1", "http://shop.example", "HTTP_PROXY", "p:1"},
		{"http_proxy=http://p:1", "http://shop.example", "http_proxy", "p:1"},
		{"HTTP_PROXY=http://p:1 http_proxy=http://q:1", "http://shop.example", "HTTP_PROXY", "p:1"},
		{"HTTP_PROXY=bob:pw@p:1", "http://shop.example", "HTTP_PROXY", "p:1"},
		{"HTTP_PROXY=http://p:1", "https://shop.example", "", ""},
		{"HTTPS_PROXY=http://p:1", "https://shop.example", "HTTPS_PROXY", "p:1"},
		{"https_proxy=http://p:1", "http://shop.example", "", ""},
		{"ALL_PROXY=socks5://p", "http://shop.example", "ALL_PROXY", "p:1080"},
		{"all_proxy=socks5://p HTTPS_PROXY=http://q:1", "https://shop.example", "HTTPS_PROXY", "q:1"},
		{"HTTP_PROXY=http://p:1 NO_PROXY=shop.example", "http://shop.example", "", ""},
		{"HTTP_PROXY=http://p:1 no_proxy=.example", "http://shop.example:8080", "", ""},
		{"HTTP_PROXY=http://p:1 no_proxy=10.0.0.0/8", "http://10.2.3.4", "", ""},
		{"HTTP_PROXY=http://p:1 no_proxy=*", "http://shop.example", "", ""},
		{"HTTP_PROXY=http://p:1 NO_PROXY=other.example", "http://shop.example", "HTTP_PROXY", "p:1"},
		{"HTTP_PROXY=http://p:1", "http://127.0.0.1:8080", "", ""}, // as with net/http
		{"HTTP_PROXY=http://p:1", "http://localhost", "", ""},
		{"HTTP_PROXY=ftp://p:1", "http://shop.example", "HTTP_PROXY", "error"},
		{"HTTP_PROXY=http://u:SECRET@p:x", "http://shop.example", "HTTP_PROXY", "error"},
	} {
		values := map[string]string{}
		for _, pair := range strings.Fields(c.environment) {
			name, value, _ := strings.Cut(pair, "=")
			values[name] = value
		}
		p, variable, err := EnvProxy(loadtest.Must(url.Parse(c.target)), func(name string) string { return values[name] })
		address := ""
		if p != nil {
			address = p.Address()
		}
		if err != nil {
			address = "error"
		}
		if variable != c.variable || address != c.address || err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s, to %s: %s by %s, %v, wanted %s by %s", c.environment, c.target, address, variable, err, c.address, c.variable)
		}
	}
}

// Behind a proxy on another machine, loopback is that machine's.
func TestTargetsBehindProxies(t *testing.T) {
	for _, c := range []struct {
		target, proxy, allow string
		ok                   bool
	}{
		{"http://127.0.0.1:8080", "http://127.0.0.1:3128", "", true},
		{"http://localhost:8080", "http://[::1]:3128", "", true},
		{"http://127.0.0.1:8080", "http://proxy.example:3128", "", false},
		{"http://127.0.0.1:8080", "http://proxy.example:3128", "proxy.example", false},
		{"http://127.0.0.1:8080", "http://proxy.example:3128", "127.0.0.1", true},
		{"http://[::1]", "http://proxy.example:3128", "[::1]:80", true},
		{"http://localhost", "http://proxy.example:3128", "", false},
		{"http://shop.example", "http://127.0.0.1:3128", "", false},
		{"http://shop.example", "http://127.0.0.1:3128", "shop.example:80", true},
		{"https://shop.example", "http://127.0.0.1:3128", "shop.example:80", false},
	} {
		r := Route{Proxy: loadtest.Must(ParseProxy(c.proxy))}
		if err := CheckTarget(loadtest.Must(url.Parse(c.target)), []string{c.allow}, r); (err == nil) != c.ok {
			t.Errorf("%s through %s, allowed %q: %v, wanted it allowed: %t", c.target, c.proxy, c.allow, err, c.ok)
		}
	}
	r := Route{Proxy: loadtest.Must(ParseProxy("http://bob:s3cret@proxy.example"))}
	for allow, ok := range map[string]bool{"": false, "shop.example": false, "proxy.example": true, "proxy.example:80": true, "proxy.example:3128": false} {
		if err := r.CheckProxy([]string{allow}); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("a proxy that somebody else named, allowed %q: %v, wanted it allowed: %t", allow, err, ok)
		}
	}
	r.ConnectTo = detours("::127.0.0.1:").ConnectTo
	if err := r.Check([]string{"shop.example:80"}); err == nil {
		t.Error("a detour beside a proxy was accepted")
	}
	if err := (Route{}).CheckProxy(nil); err != nil {
		t.Error(err)
	}
}
