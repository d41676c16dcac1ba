package transport

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"fsctl/loadgen/loadtest"
)

func TestParseDetour(t *testing.T) {
	for text, want := range map[string]Detour{
		"shop.example:443:127.0.0.1:8443": {"shop.example", "443", "127.0.0.1", "8443"},
		"::127.0.0.1:8443":                {"", "", "127.0.0.1", "8443"},
		"shop.example::127.0.0.1:":        {"shop.example", "", "127.0.0.1", ""},
		":80::8080":                       {"", "80", "", "8080"},
		":::":                             {},
		"[::1]:80:[2001:db8::1]:8080":     {"::1", "80", "2001:db8::1", "8080"},
		"[::1]:80:[2001:db8::1]:":         {"::1", "80", "2001:db8::1", ""},
		"[::1]:80::":                      {"::1", "80", "", ""},
		"a:80:localhost:81":               {"a", "80", "localhost", "81"},
	} {
		got, err := ParseDetour(text)
		if err != nil || got != want {
			t.Errorf("%s: found %+v, %v, wanted %+v", text, got, err, want)
		}
		if again, err := ParseDetour(got.String()); err != nil || again != want {
			t.Errorf("%s: written as %s and read as %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"", "a", "a:80", "a:80:b", "a:80:b:81:c", "a:x:b:81", "a:80:b:0", "a:80:b:65536", "a:80:b:-1", "::1:80:b:81", "[a]:80:b:81", "[::1:80:b:81", "[::1]x:80:b:81", "a:80:[::1]",
		"http://a:80:b:81", "u@a:80:b:81", "a b:80:c:81"} {
		if got, err := ParseDetour(text); err == nil {
			t.Errorf("%s: found %+v, wanted an error", text, got)
		} else if _, ok := errors.AsType[*InputError](err); !ok {
			t.Errorf("%s: %v is no InputError", text, err)
		}
	}
}

func detours(texts ...string) (r Route) {
	for _, text := range texts {
		r.ConnectTo = append(r.ConnectTo, loadtest.Must(ParseDetour(text)))
	}
	return r
}

// Wherever connections really go must be this machine or allowed.
func TestCheckTargetWithDetours(t *testing.T) {
	for _, c := range []struct {
		target, detour, allow string
		ok                    bool
	}{
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:80", "", false},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:80", "127.0.0.1", false},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:80", "10.0.0.1", true},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:81", "10.0.0.1:81", true},
		{"http://127.0.0.1:80", "127.0.0.1:80:10.0.0.1:81", "10.0.0.1:80", false},
		{"http://127.0.0.1:80", "::shop.example:", "", false},
		{"http://127.0.0.1:80", "::shop.example:", "shop.example", true},
		{"http://127.0.0.1:80", "::[2001:db8::1]:", "", false},
		{"http://127.0.0.1:80", "::[2001:db8::1]:", "2001:db8::1", true},
		{"http://127.0.0.1:80", "::0.0.0.0:", "", false},
		{"http://127.0.0.1:80", "::localhost:8080", "", true},
		{"http://127.0.0.1:80", "::[::1]:8080", "", true},
		{"http://127.0.0.1:80", ":::8080", "", true},
		{"https://shop.example", "shop.example:443:127.0.0.1:8443", "", true}, // nothing goes to shop.example
		{"https://shop.example", "SHOP.EXAMPLE:443:127.0.0.1:8443", "", true},
		{"https://shop.example", "shop.example:80:127.0.0.1:8443", "", false}, // is not the port meant
		{"https://shop.example", "other.example:443:127.0.0.1:8443", "", false},
		{"https://shop.example", ":::8443", "", false},
		{"https://shop.example", ":::8443", "shop.example", true},
		{"http://[::1]:80", "[0:0:0:0:0:0:0:1]:80:10.0.0.1:80", "", false},
		{"http://[::ffff:127.0.0.1]:80", "127.0.0.1:80:10.0.0.1:80", "", false},
		{"http://bücher.example", "bücher.example:80:127.0.0.1:80", "", false}, // net/http would dial xn--bcher-kva.example
		{"http://xn--bcher-kva.example", "xn--bcher-kva.example:80:127.0.0.1:80", "", true},
	} {
		err := CheckTarget(loadtest.Must(url.Parse(c.target)), []string{c.allow}, detours(c.detour))
		if (err == nil) != c.ok {
			t.Errorf("%s by %s, allowed %q: %v, wanted it allowed: %t", c.target, c.detour, c.allow, err, c.ok)
		}
	}
}

func TestFirstDetourHolds(t *testing.T) {
	r := detours("shop.example:80:127.0.0.1:1", "shop.example::127.0.0.1:2", "::[::1]:")
	for from, to := range map[string]string{
		"shop.example:80": "127.0.0.1:1", "shop.example:81": "127.0.0.1:2", "other.example:80": "[::1]:80", "[2001:db8::1]:7": "[::1]:7",
		"no port": "no port",
	} {
		if got := r.Lead(from); got != to {
			t.Errorf("%s leads to %s, wanted %s", from, got, to)
		}
	}
}

func TestParseSource(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "127.9.8.7", " 127.0.0.2 "} {
		if a, err := ParseSource(text); err != nil || a.String() != strings.TrimSpace(text) {
			t.Errorf("%q: %v, %v", text, a, err)
		}
	}
	for _, text := range []string{"", "localhost", "0.0.0.0", "::", "224.0.0.1", "192.0.2.1", "127.0.0.1:80", "2001:db8::1"} {
		_, err := ParseSource(text)
		if input, ok := errors.AsType[*InputError](err); !ok || input.Hint == "" {
			t.Errorf("%q: %v, wanted an InputError with a hint", text, err)
		}
	}
}
