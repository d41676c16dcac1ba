package journey

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// bodyScenario parses a scenario of one step, in a folder with the files a.png and img/b.txt.
func bodyScenario(t testing.TB, request string) *scenarios.Scenario {
	t.Helper()
	sc, err := parseBody(t, request)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func parseBody(t testing.TB, request string) (*scenarios.Scenario, error) {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "img"), 0o755),
		os.WriteFile(filepath.Join(dir, "a.png"), []byte("\x89PNG\r\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "img", "b.txt"), []byte("bytes"), 0o600),
		os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "users.csv"), []byte("name,odd,escaped\nmax,\"a&b=\"\"c\nü\",a&b c=ü\n"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return scenarios.Parse(filepath.Join(dir, "s.yaml"), []byte(`{apiVersion: fsctl/v1, kind: Scenario, name: s, steps: {a: {request: {url: /x, `+request+`}}},
journeys: {j: [a]}, feeders: {user: {from: csv, file: users.csv, recycle: true}}}`))
}

// renderBody renders the first step's request for the first user.
func renderBody(t testing.TB, request string) (*transport.Request, []byte) {
	t.Helper()
	c, err := Compile(bodyScenario(t, request), 1)
	if err != nil {
		t.Fatal(err)
	}
	r := &transport.Request{}
	c.Steps[0].Render(r, &User{}, &compose.Scratch{})
	return r, slices.Concat(append([][]byte{r.Body}, r.Rest...)...)
}

func headerOf(r *transport.Request, name string) (value string) {
	for _, f := range r.Header {
		if f.Name == name {
			value += string(f.Value)
		}
	}
	return value
}

func TestFormIsEncoded(t *testing.T) {
	r, body := renderBody(t, `form: {z: "1", "a b": "x & y", user: "${user.odd}", tag: [one, "t w o"], lines: "a\nb", plain: "50%"}`)
	const want = "z=1&a+b=x+%26+y&user=a%26b%3D%22c%0A%C3%BC&tag=one&tag=t+w+o&lines=a%0Ab&plain=50%25"
	if string(body) != want || headerOf(r, "Content-Type") != "application/x-www-form-urlencoded" || r.Method != "POST" {
		t.Errorf("found %s %q of %q, wanted %q", r.Method, body, headerOf(r, "Content-Type"), want)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil || values.Get("user") != "a&b=\"c\nü" || len(values["tag"]) != 2 {
		t.Errorf("found %v and %v", values, err)
	}
}

func TestMultipartIsReadByOthers(t *testing.T) {
	r, body := renderBody(t, `multipart: {title: "of ${user.odd}", 'na"me': [{file: a.png, type: image/x-own, name: 'f"${user.name}.png'}, {file: img/b.txt}], last: end, none: {file: empty}}`)
	_, parameters, err := mime.ParseMediaType(headerOf(r, "Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	form := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for _, want := range []string{
		"title|||of a&b=\"c\nü",
		"na%22me|f%22max.png|image/x-own|\x89PNG\r\n",
		"na%22me|b.txt|text/plain; charset=utf-8|bytes",
		"last|||end",
		"none|empty|application/octet-stream|",
	} {
		p, err := form.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(p)
		if found := fmt.Sprintf("%s|%s|%s|%s", p.FormName(), p.FileName(), p.Header.Get("Content-Type"), data); err != nil || found != want {
			t.Errorf("found %q and %v, wanted %q", found, err, want)
		}
	}
	if _, err := form.NextPart(); err != io.EOF {
		t.Errorf("found %v after the last part, wanted its end", err)
	}
	if again, _ := renderBody(t, `multipart: {title: x}`); headerOf(again, "Content-Type") != headerOf(r, "Content-Type") {
		t.Error("the boundary is not a function of the seed and the step")
	}
}

func TestGraphQLIsJSON(t *testing.T) {
	r, body := renderBody(t, `graphql: {query: 'query Q($q: String!) { search(q: $q, tag: "<a>") { id } }', variables: {q: "${user.odd}", n: 1.10}, operation: Q}`)
	var found struct {
		Query, OperationName string
		Variables            map[string]any
	}
	if err := json.Unmarshal(body, &found); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if found.Query != `query Q($q: String!) { search(q: $q, tag: "<a>") { id } }` || found.OperationName != "Q" || found.Variables["q"] != "a&b=\"c\nü" || !strings.Contains(string(body), `"n":1.10`) {
		t.Errorf("found %s", body)
	}
	if headerOf(r, "Content-Type") != "application/json" || r.Method != http.MethodPost {
		t.Errorf("found %s of %s", r.Method, headerOf(r, "Content-Type"))
	}
	if _, body = renderBody(t, `graphql: {query: "{ items }"}`); string(body) != `{"query":"{ items }"}` {
		t.Errorf("found %s", body)
	}
}

func TestFileIsSentAsItIs(t *testing.T) {
	r, body := renderBody(t, `method: PUT, body: {file: a.png}`)
	if string(body) != "\x89PNG\r\n" || headerOf(r, "Content-Type") != "image/png" || len(r.Body) != 0 || len(r.Rest) != 1 {
		t.Errorf("found %q of %q", body, headerOf(r, "Content-Type"))
	}
	if r, _ = renderBody(t, `headers: {Content-Type: image/apng}, body: {file: a.png}`); headerOf(r, "Content-Type") != "image/apng" {
		t.Errorf("found %q, wanted the step's own", headerOf(r, "Content-Type"))
	}
}

// TestFilesAreShared renders files in turn with text into one request: no file is written to.
func TestFilesAreShared(t *testing.T) {
	c, err := Compile(scenarioOf(t, `{apiVersion: fsctl/v1, kind: Scenario, name: s, journeys: {j: [a, b, c]}, steps: {
a: {request: {url: /x, body: {file: a.png}}}, b: {request: {url: /x, form: {x: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}}, c: {request: {url: /x, multipart: {t: "${arrival}", f: {file: a.png}}}}}}`), 1)
	if err != nil {
		t.Fatal(err)
	}
	r := &transport.Request{}
	files := map[int]*byte{}
	for range 3 {
		for i, st := range c.Steps {
			st.Render(r, &User{User: compose.User{Arrival: 7}}, &compose.Scratch{})
			if whole := slices.Concat(append([][]byte{r.Body}, r.Rest...)...); i != 1 && !bytes.Contains(whole, []byte("picture")) || len(whole) != r.BodyBytes() {
				t.Fatalf("%s: found %q", st.Name, whole)
			}
			for _, piece := range r.Rest {
				if string(piece) == "picture" {
					files[i] = &piece[0]
				}
			}
		}
	}
	if files[0] == nil || files[0] != files[2] {
		t.Error("the file was written to, or read twice")
	}
}

func scenarioOf(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.png"), []byte("picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Parse(filepath.Join(dir, "s.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// bodyRequests are requests with bodies of each form.
var bodyRequests = map[string]string{
	"order":     `json: {sku: "${user.name}", quantity: 1}`,
	"form":      `form: {a: "${user.name}", b: "${user.odd}", c: "${arrival}"}`,
	"multipart": `multipart: {a: "${user.name}", file: {file: a.png}}`,
	"graphql":   `graphql: {query: "{ a }", variables: {a: "${user.name}"}}`,
	"file":      `body: {file: a.png}`,
}

func TestBodiesAllocateNothing(t *testing.T) {
	for name, request := range bodyRequests {
		request = strings.ReplaceAll(request, "user.odd", "user.escaped") // a quote within quotes is read with an allocation
		c, err := Compile(bodyScenario(t, request), 1)
		if err != nil {
			t.Fatal(err)
		}
		r, u, m := &transport.Request{}, &User{}, &compose.Scratch{}
		if n := testing.AllocsPerRun(100, func() { c.Steps[0].Render(r, u, m) }); n != 0 {
			t.Errorf("%s: found %v allocations, wanted none", name, n)
		}
	}
}

func BenchmarkRenderForms(b *testing.B) {
	for _, name := range []string{"order", "form", "multipart", "graphql", "file"} {
		c, err := Compile(bodyScenario(b, bodyRequests[name]), 1)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r, u, m := &transport.Request{}, &User{}, &compose.Scratch{}
			for b.Loop() {
				c.Steps[0].Render(r, u, m)
			}
		})
	}
}

func TestBodiesThatCannotBe(t *testing.T) {
	for request, want := range map[string]string{
		`form: {a: b}, json: {a: b}`: "steps.a.request.form: found it beside json, wanted one or the other",
		`form: {}`:                   "found no field, wanted one at least",
		`form: {a: []}`:              "found no value, wanted a text or a list of texts",
		`form: {"${user.name}": b}`:  "variables stand in values",
		`form: {a: "${user.nam}"}`:   `no variable "user.nam"`,
		`form: {a: {b: c}}`:          "wanted a text, or a list of texts",
		`form: {a: b}, headers: {Content-Type: text/plain}`: "found Content-Type text/plain beside form",
		`multipart: {a: b}, headers: {content-type: x/y}`:   "it names the boundary",
		`multipart: {}`:                                      "found no part",
		`multipart: {a: {file: ../x}}`:                       "steps.a.request.multipart.a.file: found the file \"../x\"",
		`multipart: {a: {file: none.png}}`:                   "found no file none.png",
		`multipart: {a: {file: a.png, type: image/png}}`:     "",
		`multipart: {a: {file: a.png, type: "x"}}`:           "wanted a media type such as image/png",
		`multipart: {a: {file: a.png, type: "im age"}}`:      "wanted a media type such as image/png",
		`multipart: {a: {file: a.png, name: "${none}"}}`:     `no variable "none"`,
		`body: {file: img}`:                                  "found the directory img",
		`body: {file: /etc/passwd}`:                          "does not begin with /",
		`body: {}`:                                           "file",
		`graphql: {query: ""}`:                               "steps.a.request.graphql.query",
		`graphql: {query: "{ a(x: ${user.name}) }"}`:         "wanted a variable of GraphQL's own",
		`graphql: {query: "{ a }", variables: [1]}`:          "wanted names with values",
		`graphql: {query: "{ a }", variables: {a: "${no}"}}`: `no variable "no"`,
	} {
		_, err := parseBody(t, request)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: found %v, wanted %q", request, err, want)
		}
	}
}

// TestManualOfRequests sends what docs/requests.md says of requests.
func TestManualOfRequests(t *testing.T) {
	page, err := os.ReadFile("../../docs/requests.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Requests\n")
	_, after, _ := strings.Cut(section, "```yaml\n")
	example, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("found no example in the section on requests")
	}
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "files"), 0o755),
		os.WriteFile(filepath.Join(dir, "avatar.png"), []byte("picture"), 0o600),
		os.WriteFile(filepath.Join(dir, "files", "blob.bin"), []byte("blob"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	sc, err := scenarios.Parse(filepath.Join(dir, "s.yaml"), []byte("apiVersion: fsctl/v1\nkind: Scenario\nname: s\n"+
		"journeys: {j: [login, upload, raw, search]}\nfeeders: {user: {from: sequence, size: 1, fields: {name: max}}}\n"+example))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := &transport.Request{}
	for i, want := range []struct{ body, media, accept string }{
		{"user=max&remember=yes+%26+always&tag=a&tag=b", "application/x-www-form-urlencoded", "application/json"},
		{"name=\"file\"; filename=\"avatar.png\"\r\nContent-Type: image/png\r\n\r\npicture\r\n", "multipart/form-data; boundary=", "application/json"},
		{"blob", "application/octet-stream", ""},
		{`{"query":"query($q: String!) { search(q: $q) { id } }","variables":{"q":"max"}}`, "application/json", "application/json"},
	} {
		c.Steps[i].Render(r, &User{}, &compose.Scratch{})
		body := slices.Concat(append([][]byte{r.Body}, r.Rest...)...)
		if !strings.Contains(string(body), want.body) || !strings.HasPrefix(headerOf(r, "Content-Type"), want.media) || headerOf(r, "Accept") != want.accept || headerOf(r, "X-Shop") != "lamps" || r.Target != i/3 {
			t.Errorf("%s: found %q with %q and %q, wanted %+v", c.Steps[i].Name, body, headerOf(r, "Content-Type"), headerOf(r, "Accept"), want)
		}
	}
}

// TestSignaturesAreOfTheWholeBody holds that a hash and an HMAC of a body are of the files in it too.
func TestSignaturesAreOfTheWholeBody(t *testing.T) {
	const headers = `headers: {A: "${sha256(body)}", B: "${hmac('sha256', 'k', body)}", C: "${hmac('sha256', 'k', concat(body, ''))}", D: "${base64(body)}"}, `
	for name, request := range bodyRequests {
		r, body := renderBody(t, headers+request)
		sum, mac := sha256.Sum256(body), hmac.New(sha256.New, []byte("k"))
		mac.Write(body)
		signature := hex.EncodeToString(mac.Sum(nil))
		for header, want := range map[string]string{"A": hex.EncodeToString(sum[:]), "B": signature, "C": signature, "D": base64.StdEncoding.EncodeToString(body)} {
			if found := headerOf(r, header); found != want {
				t.Errorf("%s: header %s is %q, wanted %q", name, header, found, want)
			}
		}
	}
}
