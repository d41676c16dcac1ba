package transport

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:8080": "127.0.0.1:8080", "https://shop.example": "shop.example:443", "HTTP://shop.example": "shop.example:80",
		"http://[::1]:8080/a": "[::1]:8080", "http://[fe80::1%25eth0]": "[fe80::1%eth0]:80", "http://bob:s3cret@127.0.0.1:1": "127.0.0.1:1",
		"http://localhost:80/x/": "localhost:80", "http://shop.example.:80": "shop.example.:80", "http://shop.example:": "shop.example:80",
		"http://my_shop:1": "my_shop:1", "http://läden.example": "läden.example:80", "http://1.shop": "1.shop:80", "http://a:p@ss@host": "host:80",
	} {
		u, err := ParseTarget(text)
		if err != nil || AddressOf(u) != want {
			t.Errorf("%s: found %v, %v, wanted the address %s", text, u, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                              "found no URL",
		"127.0.0.1:8080":                "does not begin with http",
		"shop.example":                  "does not begin with http",
		"localhost:80/x":                "does not begin with http",
		"/etc/hosts":                    "does not begin with http",
		"./targets.txt":                 "does not begin with http",
		"http:/127.0.0.1":               "does not begin with http",
		"http:127.0.0.1":                "does not begin with http",
		"//127.0.0.1":                   "does not begin with http",
		"mailto:a@b":                    "does not begin with http",
		"htp://127.0.0.1":               "neither http nor https",
		"file:///etc/hosts":             "neither http nor https",
		"://127.0.0.1":                  "neither http nor https",
		"http://":                       "has no host",
		"http://:80":                    "has no host",
		"http:///x":                     "has no host",
		"http://.":                      "has no host",
		"http://bob@":                   "has no host",
		"http://bob@:80":                "has no host",
		"http://127.0.0.1:99999":        "port must be 1 to 65535",
		"http://127.0.0.1:0":            "port must be 1 to 65535",
		"http://127.0.0.1:-1":           "port must be 1 to 65535",
		"http://127.0.0.1:http":         "port must be 1 to 65535",
		"http://[::1]:99999":            "port must be 1 to 65535",
		"http://bob:pa/ss@127.0.0.1":    "port must be 1 to 65535",
		"http://::1:8080":               "in brackets",
		"http://::1":                    "in brackets",
		"http://[::1":                   "brackets hold no IPv6",
		"http://[::1]8080":              "brackets hold no IPv6",
		"http://[127.0.0.1]:80":         "brackets hold no IPv6",
		"http://[shop]:80":              "brackets hold no IPv6",
		"http://127.0.0.1:80 ":          "a space",
		"http://shop example":           "a space",
		"http://shop.example/a b":       "a space",
		"http://shop.example\n":         "a space",
		"http://shop.example/\x00":      "a space or a control character",
		"http://a..b":                   "no name of letters",
		"http://shop%20example":         "no name of letters",
		"http://sh$op":                  "no name of letters",
		"http://\xff":                   "no name of letters",
		"http://256.0.0.1":              "no IPv4 address",
		"http://127.1":                  "no IPv4 address",
		"http://1.2.3.4.5":              "no IPv4 address",
		"http://shop.example/%zz":       "percent-encoded",
		"http://b{ob@shop.example":      "percent-encoded",
		"http://shop.example?a=1":       "query or a fragment",
		"http://shop.example?":          "query or a fragment",
		"http://shop.example/x#top":     "query or a fragment",
		"http://shop.example/?k=s3cret": `after "http://shop.example/",`,
		"http://" + long + ".example":   "no name of letters",
		"http://shop.example:80:80":     "colon too many",
		"HTTP://127.0.0.1:80\\path":     "port must be",
		"http://shop.example\\path":     "no name of letters",
		"http://127.0.0.1:8080,http:/":  "colon too many",
	} {
		checkRefusal(t, text, want)
	}
}

var long = strings.Repeat("x", 300)

// checkRefusal wants an *InputError with a hint, in one line, that shows neither a password nor the words of net/url.
func checkRefusal(t *testing.T, text, want string) {
	t.Helper()
	u, err := ParseTarget(text)
	input, ok := errors.AsType[*InputError](err)
	if !ok || u != nil {
		t.Errorf("%q: found %v, %v, wanted an *InputError", text, u, err)
		return
	}
	said := input.Message
	if !strings.Contains(said, want) || !strings.Contains(said, "wanted http://HOST:PORT") || input.Hint == "" || len(said) > 1500 {
		t.Errorf("%q: found %q with the hint %q, wanted %q, what is wanted and a hint", text, said, input.Hint, want)
	}
	for _, raw := range []string{"parse ", "invalid ", "first path segment", "unsupported protocol", "net/url"} {
		if strings.Contains(strings.ReplaceAll(said, strconv.Quote(Public(text)), ""), raw) {
			t.Errorf("%q: %q has the words of net/url", text, said)
		}
	}
	if strings.ContainsFunc(said, unicode.IsControl) {
		t.Errorf("%q: %q has control characters", text, said)
	}
}

// TestParseTargetShowsNoPassword has a password in URLs that are wrong in many ways.
func TestParseTargetShowsNoPassword(t *testing.T) {
	for _, text := range []string{"http://bob:s3cret@127.0.0.1:99999", "bob:s3cret@127.0.0.1", "htp://bob:s3cret@h", "http://bob:s3cret@", "http://bob:s3cret@h?x=1",
		"http://bob:s3/cret@h:1", "http://bob:s3cret@@h:0", "http://bob:s3cret@h/%zz", "http://bob: s3cret@h", "//bob:s3cret@h", "http:bob:s3cret@h"} {
		_, err := ParseTarget(text)
		input, ok := errors.AsType[*InputError](err)
		if !ok || strings.Contains(input.Message+input.Hint, "s3") || strings.Contains(input.Message+input.Hint, "cret") {
			t.Errorf("%q: found %v, %+v", text, err, input)
		}
	}
}

// FuzzParseTarget: what is accepted can be dialled and is read the same again, all else is refused in plain words.
func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"http://127.0.0.1:8080/x", "https://bob:p@[::1]:443", "127.0.0.1:80", "htp://x", "http://a?b#c", "http://%", "http://[", "http://x:99999", "http://1.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseTarget(text)
		if err != nil {
			checkRefusal(t, text, "")
			return
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q: accepted as %+v", text, u)
		}
		if port := u.Port(); port != "" {
			if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
				t.Fatalf("%q: accepted with the port %s", text, port)
			}
		}
		again, err := ParseTarget(u.String())
		if err != nil || again.String() != u.String() {
			t.Fatalf("%q: %s is read as %v, %v", text, u, again, err)
		}
	})
}

func TestCheckHostAndListen(t *testing.T) {
	for name, c := range map[string]struct {
		check      func(string) error
		good, bad  []string
		wantedForm string
	}{
		"host": {CheckHost, []string{"shop.example", "shop.example:443", "127.0.0.1", "::1", "[::1]:80", "läden.example", "my_shop"},
			[]string{"", "http://x", "x/y", "a b", "x:99999", "x:0", "10.0.0.0/8", "*", "*.example", "bob@x", "a..b", "x\n", "[::1", "300.1.1.1"}, "HOST:PORT"},
		"listen": {CheckListen, []string{":8080", "127.0.0.1:0", "localhost:80", "[::1]:0", "[::]:8080"},
			[]string{"", "8080", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:-1", "127.0.0.1:http", "x y:80", "a:b:c", "::1:80", "http://127.0.0.1:80", "127.0.0.1:80/x", "1.2.3:80", "[x]:80\x00"}, "HOST:PORT"},
	} {
		for _, text := range c.good {
			if err := c.check(text); err != nil {
				t.Errorf("%s %q: found %v", name, text, err)
			}
		}
		for _, text := range c.bad {
			if input, ok := errors.AsType[*InputError](c.check(text)); !ok || input.Hint == "" || !strings.Contains(input.Message, "wanted") || !strings.Contains(input.Message, c.wantedForm) || strings.ContainsFunc(input.Message, unicode.IsControl) {
				t.Errorf("%s %q: found %+v, wanted an *InputError with a hint", name, text, input)
			}
		}
	}
}

// FuzzAddresses: whatever a host, an address to listen on or a detour is, it is accepted, or refused in plain words.
func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{"shop.example:80", "[::1]:0", "a:1:b:2", "::127.0.0.1:80", "[", "x:99999", "\x00", "::::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, detour := ParseDetour(text)
		_, source := ParseSource(text)
		for _, err := range []error{CheckHost(text), CheckListen(text), detour, source} {
			if err == nil {
				continue
			}
			input, ok := errors.AsType[*InputError](err)
			if !ok || input.Hint == "" || !strings.Contains(input.Message, "found ") && !strings.HasPrefix(input.Message, "cannot send from ") || strings.ContainsFunc(input.Message, unicode.IsControl) {
				t.Fatalf("%q: found %+v", text, err)
			}
		}
	})
}
