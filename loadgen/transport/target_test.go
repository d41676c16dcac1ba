package transport

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestCheckTarget(t *testing.T) {
	allow := []string{"shop.example", "Other.Example:8080", "2001:db8::1"}
	for _, c := range []struct {
		target string
		ok     bool
	}{
		{"http://127.0.0.1:8080", true},
		{"http://127.8.9.1", true},
		{"https://localhost/api", true},
		{"http://LOCALHOST:80", true},
		{"http://[::1]:8080", true},
		{"http://[::ffff:127.0.0.1]", true},
		{"http://user:secret@127.0.0.1", true},
		{"http://shop.example", true},
		{"https://SHOP.example:8443", true},
		{"http://other.example:8080", true},
		{"http://other.example:8081", false},
		{"http://[2001:db8::1]:80", true},
		{"http://[2001:db8::2]:80", false},
		{"http://sub.shop.example", false},
		{"http://shop.example.invalid", false},
		{"http://127.0.0.1@evil.invalid", false},
		{"http://127.0.0.1:80@evil.invalid:80/", false},
		{"http://localhost.evil.invalid", false},
		{"http://127.0.0.1.evil.invalid", false},
		{"http://10.0.0.1", false},
		{"http://0.0.0.0", false},
		{"http://128.0.0.1", false},
		{"http://2130706433", false}, // 127.0.0.1 as one number, to some resolvers
		{"http://127.1", false},
		{"http://%6cocalhost.evil.invalid", false},
		{"ftp://127.0.0.1", false},
		{"127.0.0.1:8080", false},
		{"//127.0.0.1", false},
		{"http://", false},
		{"http:127.0.0.1", false},
		{"/items", false},
		{"", false},
		{"http://127.0.0.1?x=1", false},
		{"http://127.0.0.1#x", false},
	} {
		u, err := url.Parse(c.target)
		if err == nil {
			err = CheckTarget(u, allow, Route{})
			if input, found := errors.AsType[*InputError](err); err != nil && (!found || input.Hint == "") {
				t.Errorf("%s: %v is no InputError with a hint", c.target, err)
			}
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, wanted it allowed: %v", c.target, err, c.ok)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in %v", c.target, err)
		}
	}
	if err := CheckTarget(nil, nil, Route{}); err == nil {
		t.Error("no target was accepted")
	}
}
