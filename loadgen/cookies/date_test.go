package cookies

import (
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestParseExpiry reads dates as servers write them, by RFC 6265, 5.1.1; some are of its text and of browsers' tests.
func TestParseExpiry(t *testing.T) {
	epoch := time.Unix(0, 0).UTC()
	for text, want := range map[string]time.Time{
		"Thu, 01 Jan 1970 00:00:00 GMT":                    epoch,
		"Thu, 01-Jan-1970 00:00:00 GMT":                    epoch,
		"Thu, 01-Jan-70 00:00:00 GMT":                      epoch,
		"Thu, 1-Jan-1970 0:00:00 GMT":                      epoch,
		"Thursday, 01-Jan-1970 00:00:00 GMT":               epoch,
		"thu, 01 jan 1970 00:00:00 gmt":                    epoch,
		`"Thu, 01 Jan 1970 00:00:00 GMT"`:                  epoch,
		"Thu Jan  1 00:00:00 1970":                         epoch,
		"Thu Jan 01 1970 00:00:00 GMT+0000 (UTC)":          epoch,
		"1970-01-01T00:00:00Z":                             {}, // months have names
		"Sat, 15-Apr-17 21:01:22 GMT":                      time.Date(2017, 4, 15, 21, 1, 22, 0, time.UTC),
		"21:01:22 15 Apr 2017":                             time.Date(2017, 4, 15, 21, 1, 22, 0, time.UTC),
		"Fri, 31 Dec 9999 23:59:59 GMT":                    time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"Fri, 31 Dec 9999 24:00:00 GMT":                    {},
		"Fri, 32 Dec 1999 23:00:00 GMT":                    {},
		"Fri, 31 Foo 1999 23:00:00 GMT":                    {},
		"Fri, 31 Dec 1999":                                 {},
		"Fri, 31 Dec 99999999999999999999999 23:00:00 GMT": {},
		"Sat, 31 Feb 2026 00:00:00 GMT":                    {}, // no such day
		"Sat, 29 Feb 2025 00:00:00 GMT":                    {},
		"Thu, 29 Feb 2024 00:00:00 GMT":                    time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"15 Apr 21:01:22 2017 11:22:33":                    time.Date(2017, 4, 15, 21, 1, 22, 0, time.UTC), // the first of two times
		"15 Apr 2017 21:01:99999999999":                    {},
		"015 Apr 2017 21:01:22":                            {},
		"x:1:2 1:02:3x 5/Apr\\69":                          time.Date(2069, 4, 5, 1, 2, 3, 0, time.UTC),
		"0":                                                {}, "-1": {}, "": {}, ":::": {}, "never": {},
	} {
		if got := parseExpiry([]byte(text)); !got.Equal(want) {
			t.Errorf("%q is %v, wanted %v", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-3e9, 200e9).Draw(t, "seconds"), 0).UTC()
		for _, layout := range []string{http.TimeFormat, time.ANSIC, "Monday, 02-Jan-2006 15:04:05 GMT", "2 January 2006 15:04:05"} {
			if got := parseExpiry([]byte(at.Format(layout))); !got.Equal(at) {
				t.Fatalf("%q is %v, wanted %v", at.Format(layout), got, at)
			}
		}
	})
}

// TestMaxAge: it outranks Expires, whatever its length.
func TestMaxAge(t *testing.T) {
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for field, gone := range map[string]bool{
		"a=1": false, "a=1; Max-Age=0": true, "a=1; Max-Age=-1": true, "a=1; Max-Age=60": false, "a=1; max-age=-99999999999999999999": true,
		"a=1; Max-Age=99999999999999999999; Expires=Thu, 01 Jan 1970 00:00:00 GMT": false,
		"a=1; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT":                    true,
		"a=1; Max-Age=; Expires=Thu, 01 Jan 1970 00:00:00 GMT":                     true,
	} {
		if c := parse([]byte(field), now); c.gone(now) != gone {
			t.Errorf("%q: deleted is %v", field, !gone)
		}
	}
}

// TestSecureCookies go without TLS only to this machine, as browsers and curl have it.
func TestSecureCookies(t *testing.T) {
	for _, c := range []struct {
		scheme, host string
		kept         bool
	}{{"https", "shop.example", true}, {"http", "shop.example", false}, {"http", "localhost", true}, {"http", "shop.localhost", true}, {"http", "127.9.9.9", true},
		{"http", "::1", true}, {"http", "10.0.0.1", false}, {"http", "localhost.example", false}} {
		var jar Jar
		at, now := NewHost(c.scheme, c.host), time.Now()
		jar.Set([]byte("a=1; Secure"), &at, root, now)
		if kept := string(jar.AppendHeader(nil, 0, &at, root, now)) == "a=1"; kept != c.kept {
			t.Errorf("%s://%s: kept is %v", c.scheme, c.host, kept)
		}
	}
}

// FuzzParseExpiry: no date is too odd.
func FuzzParseExpiry(f *testing.F) {
	f.Add("Thu, 01 Jan 1970 00:00:00 GMT")
	f.Fuzz(func(_ *testing.T, text string) { parseExpiry([]byte(text)) })
}
