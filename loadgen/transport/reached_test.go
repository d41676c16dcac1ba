package transport

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"testing"

	"fsctl/loadgen/loadtest"
)

func TestReached(t *testing.T) {
	names := NewResolver(func(_ context.Context, host string) ([]netip.Addr, error) {
		switch host {
		case "shop.example":
			return []netip.Addr{netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("2001:db8::7")}, nil
		case "many.example":
			var list []netip.Addr
			for a := netip.MustParseAddr("10.0.1.1"); len(list) < 20; a = a.Next() {
				list = append(list, a)
			}
			return list, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}, nil)
	for _, c := range []struct {
		target, detour, proxy, source string
		insecure                      bool
		want                          string
	}{
		{"http://127.0.0.1:8080", "", "", "", false, ""},
		{"http://127.0.0.1", "", "", "", true, ""},
		{"https://[::1]", "", "", "", false, ""},
		{"https://[::1]:8443", "", "", "", true, "[::1]:8443, over TLS without a look at its certificate (--insecure)"},
		{"http://shop.example", "", "", "", false, "shop.example is 10.0.0.7:80, [2001:db8::7]:80"},
		{"http://shop.example:81", "", "", "10.0.0.1", false, "shop.example:81 is 10.0.0.7:81, from 10.0.0.1 (--source)"},
		{"https://shop.example", "", "", "", false, "shop.example is 10.0.0.7:443, [2001:db8::7]:443, over TLS"},
		{"http://many.example", "", "", "", false, "many.example is 10.0.1.1:80, 10.0.1.2:80, 10.0.1.3:80, 10.0.1.4:80, 10.0.1.5:80, 10.0.1.6:80, 10.0.1.7:80, 10.0.1.8:80 and 12 more"},
		{"http://none.example", "", "", "", false, "none.example: look up none.example: lookup none.example: no such host"},
		{"http://none.example", "none.example:80:127.0.0.9:9", "", "", false, "none.example by way of 127.0.0.9:9 (--connect-to)"},
		{"http://127.0.0.1:80", "::127.0.0.9:9", "", "", false, "127.0.0.1 by way of 127.0.0.9:9 (--connect-to)"},
		{"http://127.0.0.1:80", "::shop.example:", "", "", false, "127.0.0.1 by way of shop.example:80 (--connect-to), which is 10.0.0.7:80, [2001:db8::7]:80"},
		{"https://none.example", "", "http://bob:s3cret@shop.example:3128", "", false,
			"none.example by way of proxy http://bob:xxxxx@shop.example:3128 (--proxy), which is 10.0.0.7:3128, [2001:db8::7]:3128, over TLS"},
		{"http://127.0.0.1", "", "http://127.0.0.1:3128", "", false, "127.0.0.1 by way of proxy http://127.0.0.1:3128 (--proxy)"},
	} {
		r := Route{}
		if c.detour != "" {
			r = detours(c.detour)
		}
		if c.proxy != "" {
			r.Proxy = loadtest.Must(ParseProxy(c.proxy))
		}
		if c.source != "" {
			r.Sources = []netip.Addr{netip.MustParseAddr(c.source)}
		}
		r.Names = names
		to := r.Reach(t.Context(), loadtest.Must(url.Parse(c.target)), c.insecure)
		if to.IsPlain() != (c.want == "") || c.want != "" && to.String() != c.want {
			t.Errorf("%s: %q, plain %t, wanted %q", c.target, to, to.IsPlain(), c.want)
		}
	}
}
