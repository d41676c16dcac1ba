package compose

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestHMACIsThatOfTheLibrary holds the HMAC, whose memory is used again, against crypto/hmac.
func TestHMACIsThatOfTheLibrary(t *testing.T) {
	m := &Scratch{}
	rapid.Check(t, func(t *rapid.T) {
		key, text := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "key"), rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "text")
		for name, function := range map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New} {
			want := hmac.New(function, key)
			want.Write(text)
			cut := rapid.IntRange(0, len(text)).Draw(t, "cut") // where the rest of a body begins
			if m.hmac(algorithms[name], key, text[:cut], [][]byte{text[cut:], nil}); !hmac.Equal(m.sum, want.Sum(nil)) {
				t.Fatalf("%s of %x by %x is %x", name, text, key, m.sum)
			}
		}
	})
}

// TestURLEncodeIsThatOfTheLibrary also holds that a server reads the value that was encoded.
func TestURLEncodeIsThatOfTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		got := string(appendEncoded(nil, text))
		if want := strings.ReplaceAll(url.QueryEscape(string(text)), "+", "%20"); got != want {
			t.Fatalf("%q is %s, wanted %s", text, got, want)
		}
	})
}
