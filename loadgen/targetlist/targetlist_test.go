package targetlist

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/transport"
)

func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "targets")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every rule holds for both forms of a list.
func TestHeadersOfLists(t *testing.T) {
	for _, c := range []struct {
		header string // NAME: VALUE, several separated by |
		wrong  string // in the error, empty for none
	}{
		{"Content-Length: 5", "computed from the body"},
		{"content-length: 5", "computed from the body"},
		{"Transfer-Encoding: chunked", "wanted no such header"},
		{"Trailer: X-A", "wanted no such header"},
		{"Upgrade: h2c", "wanted no such header"},
		{"Connection: upgrade", "wanted close or keep-alive"},
		{"connection: Close", ""},
		{"TE: gzip", "wanted trailers"},
		{"Expect: nothing", "wanted 100-continue"},
		{"Host: a b", "wanted a host"},
		{"X(Y: 1", "header name"},
		{"User-Agent: a|user-agent: b", "found it beside User-Agent"},
		{"host: a.example|host: b.example", "found it twice"},
		{"Content-Type: a/b|content-type: c/d", "found it beside Content-Type"},
		{"X-A: 1|x-a: 2|Cookie: a=1|Accept-Encoding: gzip", ""},
	} {
		header := http.Header{}
		for field := range strings.SplitSeq(c.header, "|") {
			name, value, _ := strings.Cut(field, ": ")
			header[name] = append(header[name], value)
		}
		object, err := json.Marshal(map[string]any{"method": "POST", "url": "http://127.0.0.1:1/x", "header": header})
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{
			"http": "POST http://127.0.0.1:1/x\n" + strings.ReplaceAll(c.header, "|", "\n") + "\n", "JSON": string(object) + "\n",
		} {
			_, err := Read(written(t, text))
			input, found := errors.AsType[*transport.InputError](err)
			if c.wrong == "" && err != nil || c.wrong != "" && (!found || input.Hint == "" || !strings.Contains(err.Error(), c.wrong) || !strings.Contains(err.Error(), "target 1")) {
				t.Errorf("%s as %s: %v, wanted %q", c.header, form, err, c.wrong)
			}
		}
	}
}

// Names that net/http sends by itself become those that it knows.
func TestNamesThatNetHTTPKnows(t *testing.T) {
	targets, err := Read(written(t, "GET http://127.0.0.1:1/x\nuser-agent: buyer\nhost: shop.example\nx-odd: 1\n"))
	if err != nil || len(targets) != 1 {
		t.Fatal(err)
	}
	h := map[string][]string(targets[0].Header) // names other than those stay as they are written
	if len(h) != 3 || h["User-Agent"][0] != "buyer" || h["Host"][0] != "shop.example" || len(h["x-odd"]) != 1 {
		t.Errorf("found %q", h)
	}
}

// Fields that net/http or vegeta sends too are one field in any case, and what it would not percent-encode is.
func TestWhatNetHTTPSendsToo(t *testing.T) {
	targets, err := Read(written(t, "GET http://127.0.0.1:1/é?ü=|'#top\naccept-encoding: br\ncookie: a=1\nCookie: b=2\nx-vegeta-seq: 7\nreferer: r\n"))
	if err != nil || len(targets) != 1 {
		t.Fatal(err)
	}
	h := map[string][]string(targets[0].Header) // names other than those stay as they are written
	if len(h) != 4 || len(h["Cookie"]) != 2 || h["Accept-Encoding"][0] != "br" || h["X-Vegeta-Seq"][0] != "7" || h["Referer"][0] != "r" {
		t.Errorf("found %q", h)
	}
	if u := targets[0].URL; u != "http://127.0.0.1:1/%C3%A9?%C3%BC=%7C%27" {
		t.Errorf("found %s", u)
	}
	if _, err := Read(written(t, "CONNECT http://127.0.0.1:1/x\n")); err == nil || !strings.Contains(err.Error(), "CONNECT") {
		t.Errorf("CONNECT: %v", err)
	}
}

// Neither an error nor a result that is kept shows the user and the password of a URL.
func TestPasswordsOfLists(t *testing.T) {
	for _, text := range []string{"GET http://bob:s3cret@127.0.0.1:1/%zz\n", "GET http://bob:s3cret@127.0.0.1:1/\nno colon\n", `{"method":"GET","url":1,"x":"http://bob:s3cret@h"}` + "\n"} {
		if _, err := Read(written(t, text)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	r := &vegeta.Result{URL: "http://token@127.0.0.1:1/x?a=b", Error: `Get "http://token@127.0.0.1:1/x": refused`}
	if p := Public(r); p.URL != "http://127.0.0.1:1/x?a=b" || strings.Contains(p.Error, "token@") || r.URL == p.URL {
		t.Errorf("found %q and %q", p.URL, p.Error)
	}
	r = &vegeta.Result{URL: "http://127.0.0.1:1/x?access_token=s3cret&a=b", Error: `Get "http://127.0.0.1:1/y?x=s3cret": EOF`, BytesIn: 6, Body: []byte("s3cret"), Headers: http.Header{"Set-Cookie": {"sid=s3cret"}}}
	if p := Public(r); p.URL != "http://127.0.0.1:1/x?access_token=(redacted)&a=b" || strings.Contains(fmt.Sprint(p), "s3cret") || p.BytesIn != 6 || r.Body == nil {
		t.Errorf("found %+v", p)
	}
	plain := &vegeta.Result{URL: "http://127.0.0.1:1/x"}
	if Public(plain) != plain {
		t.Error("a result without a user was copied")
	}
}

// TestOtherEncodings wants the line and the encoding, not a part of the text.
func TestOtherEncodings(t *testing.T) {
	for text, want := range map[string]string{
		"\xff\xfeG\x00E\x00T\x00 \x00/\x00\n\x00": "line 1: found text in UTF-16, wanted UTF-8: convert it",
		"GET http://127.0.0.1:1/\n\nM\xdcLL /\n":  "line 3: found a byte that is not UTF-8",
	} {
		if _, err := Read(written(t, text)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "targets: ") {
			t.Errorf("%q: found %v, wanted %q", text, err, want)
		}
	}
}
