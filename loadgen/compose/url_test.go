package compose

import (
	"strings"
	"testing"

	"fsctl/loadgen/transport"
)

// What a step's URL is sent as: encoded as browsers do, without its fragment, with values that break nothing.
func TestURLsOfSteps(t *testing.T) {
	for url, want := range map[string]string{
		"/x#top":                     "/x",
		"/x?a=b#top?c":               "/x?a=b",
		"/x#${arrival}":              "/x",
		"/#":                         "/",
		"/a b/c?d e":                 "/a%20b/c?d%20e",
		`/"'<>?"'<>`:                 "/%22'%3C%3E?%22%27%3C%3E",
		"/^`{|}?^`{|}":               "/%5E%60%7B%7C%7D?%5E%60%7B%7C%7D",
		`/a\b?c\d`:                   "/a/b?c%5Cd",
		"/é?ü=你":                     "/%C3%A9?%C3%BC=%E4%BD%A0",
		"/%2f%2F%e9%25?%20":          "/%2f%2F%e9%25?%20",
		"/a/../b/./c//d":             "/a/../b/./c//d",
		"//x":                        "//x",
		"/x?a=b&c=d?e&f[0]=g":        "/x?a=b&c=d?e&f[0]=g",
		"/a b?c=${arrival}'d":        "/a%20b?c=7%27d",
		"/${arrival} b?${arrival} c": "/7%20b?7%20c",
		"/\x01\x7f":                  "/%01%7F",
	} {
		c := &Compiler{}
		text, err := c.text(url, escapeURL)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := text.append(nil, &User{Arrival: 7}, &Scratch{}); string(got) != want {
			t.Errorf("%q is sent as %q, wanted %q", url, got, want)
		}
	}
}

// FuzzURLsOfSteps checks that whatever a step's URL is, it is sent as RFC 3986 allows, and that encoding it again changes nothing.
func FuzzURLsOfSteps(f *testing.F) {
	for _, text := range []string{"/x#top", "/a b?c'd", "/é\\%2F%zz?\\", "/<>\"{}|^`"} {
		f.Add(text, false)
		f.Add(text, true)
	}
	f.Fuzz(func(t *testing.T, text string, inQuery bool) {
		once, query, _ := transport.EncodeURL(text, inQuery)
		for i := range len(once) {
			c := once[i]
			letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
			if !letter && strings.IndexByte("-._~:/?[]@!$&'()*+,;=%", c) < 0 {
				t.Fatalf("%q is sent as %q, with %q", text, once, c)
			}
		}
		again, _, fragment := transport.EncodeURL(once, inQuery)
		if again != once || fragment || query != (inQuery || strings.Contains(once, "?")) {
			t.Fatalf("%q is sent as %q, again %q", text, once, again)
		}
	})
}
