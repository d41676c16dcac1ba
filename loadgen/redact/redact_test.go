package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"fsctl/loadgen/redact"
)

// TestKnownValues takes a value out in every form that targets repeat it in.
func TestKnownValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, text, want string }{
		{"as it is", "s3cret", "a s3cret b", "a (redacted) b"},
		{"within a word", "s3cret", "xs3crety", "x(redacted)y"},
		{"twice", "s3cret", "s3crets3cret", "(redacted)(redacted)"},
		{"percent-encoded", "a b/c=", "?q=a%20b%2Fc%3D&r", "?q=(redacted)&r"},
		{"percent-encoded, small letters", "a b/c=", "?q=a%20b%2fc%3d&r", "?q=(redacted)&r"},
		{"in a form", "a b/c=", "q=a+b%2Fc%3D", "q=(redacted)"},
		{"plus in a path", "a+b/c=", "/a+b%2Fc%3D", "/(redacted)"},
		{"twice percent-encoded", "a b/c=", "?to=%2Fx%3Fq%3Da%2520b%252Fc%253D", "?to=%2Fx%3Fq%3D(redacted)"},
		{"in JSON", "a\"b\\c", `{"v":"a\"b\\c"}`, `{"v":"(redacted)"}`},
		{"JSON's slash", "a/b/c", `{"v":"a\/b\/c"}`, `{"v":"(redacted)"}`},
		{"JSON by number", "a<b>c", `{"v":"a\u003cb\u003ec"}`, `{"v":"(redacted)"}`},
		{"JSON in ASCII", "passé", `{"v":"pass\u00e9"}`, `{"v":"(redacted)"}`},
		{"bytes taken for Latin-1", "passé", `'X-K': 'passÃ©'`, `'X-K': '(redacted)'`},
		{"bytes taken for Latin-1, JSON in ASCII", "passé", `{"x-k":"pass\u00c3\u00a9"}`, `{"x-k":"(redacted)"}`},
		{"in HTML", "a<b&c", "<p>a&lt;b&amp;c</p>", "<p>(redacted)</p>"},
		{"in base64", "s3cret", "x " + base64.StdEncoding.EncodeToString([]byte("s3cret")) + " y", "x (redacted) y"},
		{"in small letters", "S3cReT", `{"v":"s3cret"}`, `{"v":"(redacted)"}`},
		{"in capitals", "S3cReT/x", "v=S3CRET%2FX", "v=(redacted)"},
		{"in hexadecimal digits", "s3cret", "v=733363726574 733363726574", "v=(redacted) (redacted)"},
		{"short, another case", "aB", "AB ab aB", "AB ab (redacted)"},
		{"short, a word", "ab", `{"v":"ab","w":"abc","x":"cab"}`, `{"v":"(redacted)","w":"abc","x":"cab"}`},
		{"short, one letter", "7", "id=7&n=17", "id=(redacted)&n=17"},
		{"unknown", "s3cret", "nothing here", "nothing here"},
		{"empty", "", "nothing here", "nothing here"},
	} {
		if got := redact.New(c.value).Text(c.text); got != c.want {
			t.Errorf("%s: %q without %q is %q, wanted %q", c.name, c.text, c.value, got, c.want)
		}
	}
}

func TestValuesThatAreCutOff(t *testing.T) {
	t.Parallel()
	r := redact.New("eyJhbGciOiJIUzI1NiJ9.payload")
	for text, want := range map[string]string{"token is eyJhbGci": "token is (redacted)", "token is eyJ": "token is eyJ"} {
		if got := r.Start(text); got != want {
			t.Errorf("%q became %q, wanted %q", text, got, want)
		}
	}
	if got := r.Quote(`found "token eyJhbGci", want a status`); got != `found "token (redacted)", want a status` {
		t.Errorf("an error became %q", got)
	}
	if got := r.Text("the word eyJhb"); got != "the word eyJhb" {
		t.Errorf("a whole text became %q", got)
	}
}

func TestNamedValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"password":"x y\"z","n":1}`:               `{"password":"(redacted)","n":1}`,
		`{"password":"x\\","n":"y"}`:                `{"password":"(redacted)","n":"y"}`,
		`{"in":"{\"token\":\"a\\\"b\",\"n\":1}"}`:   `{"in":"{\"token\":\"(redacted)\",\"n\":1}"}`,
		`{"tokens":["abc", "d]e"],"n":1}`:           `{"tokens":[(redacted)],"n":1}`,
		"password=it's,mine;x&n=1":                  "password=(redacted)&n=1",
		`{"access_token": "abc", "token_type":"B"}`: `{"access_token": "(redacted)", "token_type":"(redacted)"}`,
		`{"token":null,"apiKey":true}`:              `{"token":null,"apiKey":true}`,
		`{"token":""}`:                              `{"token":""}`,
		`{"token":12345}`:                           `{"token":(redacted)}`,
		`{"in":"{\"token\":\"abc\"}"}`:              `{"in":"{\"token\":\"(redacted)\"}"}`,
		`{"token":"abc`:                             `{"token":"(redacted)`,
		"user=bob&password=hunter2&n=1":             "user=bob&password=(redacted)&n=1",
		"<Password>hunter2</Password>":              "<Password>(redacted)</Password>",
		"X-Api-Key: hunter2\r\nHost: x":             "X-Api-Key: (redacted)\r\nHost: x",
		"see http://bob:p%40ss@shop/x":              "see http://(redacted)@shop/x",
		"see http://bob@shop/x and a@b":             "see http://(redacted)@shop/x and a@b",
		"invalid token":                             "invalid token",
	} {
		if got := new(redact.Redactor).Names(text); got != want {
			t.Errorf("%q became %q, wanted %q", text, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"Authorization", "Bearer abc", "Bearer (redacted)"},
		{"Authorization", "abc", "(redacted)"},
		{"proxy-authorization", "Basic Ym9i", "Basic (redacted)"},
		{"Cookie", "sid=abc; lang=en", "sid=(redacted); lang=(redacted)"},
		{"Set-Cookie", "sid=abc=; Path=/; HttpOnly", "sid=(redacted); Path=/; HttpOnly"},
		{"Set-Cookie", "sid=; Max-Age=0", "sid=; Max-Age=0"},
		{"X-Api-Key", "abc", "(redacted)"},
		{"X-Auth-Token", "abc", "(redacted)"},
		{"Www-Authenticate", `Bearer realm="shop"`, `Bearer realm="shop"`},
		{"Location", "https://bob:pw@shop/cb?code=1&access_token=abc", "https://(redacted)@shop/cb?code=1&access_token=(redacted)"},
		{"Content-Type", "text/html", "text/html"},
	} {
		if got := new(redact.Redactor).Header(c[0], c[1]); got != c[2] {
			t.Errorf("%s: %q became %q, wanted %q", c[0], c[1], got, c[2])
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Käse 你好 👍\u3000x": "Käse 你好 👍\u3000x", `{"a":"b\n"}`: `{"a":"b\n"}`, "a\nb\r\tc": `a\nb\r\tc`,
		"\x1b[2J\x07\x00\x7f": `\x1b[2J\x07\x00\x7f`, "\u009b31m": `\x9b31m`, "\xff\xc3": `\xff\xc3`,
		"a\u202eb\u2066\u200f": `a\u{202e}b\u{2066}\u{200f}`, "\u2028\ufeff\U000e0041": `\u{2028}\u{feff}\u{e0041}`, "\u00a0": `\xa0`, "\ufffd": "\ufffd",
	} {
		if got := redact.Escape(text); got != want || redact.Escape(got) != got {
			t.Errorf("%q became %q, wanted %q", text, got, want)
		}
	}
}

// forms are those that a target may repeat a value in.
func forms(value string) []string {
	quoted, _ := json.Marshal(value)
	inside := string(quoted[1 : len(quoted)-1])
	return []string{value, strings.ToLower(value), strings.ToUpper(value), hex.EncodeToString([]byte(value)), url.QueryEscape(value), url.PathEscape(value), strings.ToLower(url.QueryEscape(value)), url.QueryEscape(url.QueryEscape(value)),
		inside, html.EscapeString(value), base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value))}
}

// TestNothingSecretIsLeft repeats a value anywhere in a text, in any form, and finds it no more.
func TestNothingSecretIsLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[A-Za-z0-9 +/=&%"\\<._:-]{8,40}`).Draw(t, "value")
		form := rapid.SampledFrom(forms(value)).Draw(t, "form")
		text := rapid.String().Draw(t, "before") + form + rapid.String().Draw(t, "after")
		for _, whole := range []bool{true, false} {
			kept := redact.New(value).Kept(text, 1<<10, whole)
			if strings.Contains(kept, form) || !strings.Contains(kept, redact.Mark) {
				t.Fatalf("%q in %q is left: %q", value, text, kept)
			}
			checkShown(t, kept)
		}
		// Twice percent-encoded, four characters, from which on a part is taken out, are 20 bytes, and one that is cut in two 5.
		cutOff := redact.New(value).Kept(text[:len(text)-rapid.IntRange(0, len(text)).Draw(t, "cut")], 1<<10, false)
		if n := len(form) / 2; n >= 25 && strings.Contains(cutOff, redact.Escape(form[:n])) {
			t.Fatalf("half of %q is left: %q", value, cutOff)
		}
	})
}

func checkShown(t rapid.TB, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Fatalf("not UTF-8: %q", text)
	}
	for _, r := range text {
		if unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			t.Fatalf("%q is left: %q", r, text)
		}
	}
}

// FuzzKept holds the redactor and the escaper to what they promise, whatever a target sends.
func FuzzKept(f *testing.F) {
	f.Add("s3cret-value", "a\x1b[31m s3cret-value \u202e \xff")
	f.Add("ab", "ab %61%62 \\u0061b")
	f.Add("%25%25%25%25", "%25%25%2525%25%25%25")
	f.Fuzz(func(t *testing.T, value, text string) {
		r := redact.New(value)
		for _, kept := range []string{r.Kept(text, 1<<10, true), r.Kept(text, 1<<10, false), r.Error(text, 1<<10), r.Field("X-Any", text), r.Field("Set-Cookie", text)} {
			checkShown(t, kept)
			if len(value) >= 4 && redact.Escape(value) == value && !strings.Contains(redact.Mark, value) &&
				strings.Contains(strings.ReplaceAll(kept, redact.Mark, "\x00"), value) && !strings.Contains(text, `\`) && !strings.ContainsAny(value, `\`) {
				t.Fatalf("%q is left in %q: %q", value, text, kept)
			}
		}
	})
}

func TestErrorsAreShownWithoutSecrets(t *testing.T) {
	err := redact.Error(fmt.Errorf("GET /x?key=s3cret: %w", io.EOF), "s3cret")
	if err.Error() != "GET /x?key=(redacted): EOF" || !errors.Is(err, io.EOF) {
		t.Errorf("found %v", err)
	}
	if redact.Error(nil, "s3cret") != nil || redact.Error(io.EOF) != io.EOF {
		t.Error("found another error, wanted none, or the same where there are no secrets")
	}
}
