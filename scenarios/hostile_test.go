package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fsctl/scenarios/strict"
)

// TestHostileJourneys holds what is said of scenarios that contain themselves, loop for nothing, call what is not there, compare what
// cannot meet and name files that are none of theirs: each is refused with its line, what was found and what was wanted.
func TestHostileJourneys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	for _, err := range []error{os.MkdirAll(filepath.Join(dir, "sub"), 0o700), os.WriteFile(filepath.Join(dir, "ok.bin"), []byte("x"), 0o600), os.WriteFile(filepath.Join(dir, "..", "outside"), nil, 0o600),
		os.Symlink("../outside", filepath.Join(dir, "link")), os.Symlink("..", filepath.Join(dir, "up")), os.Symlink("one", filepath.Join(dir, "two")), os.Symlink("two", filepath.Join(dir, "one"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const head = "apiVersion: fsctl/v1\nkind: Scenario\nname: x\nstorm: {t0: 1s, phases: [{journey: j, at: T0, users: 9}]}\n"
	steps := func(request string) string {
		return head + "steps: {a: {request: {" + request + "}}}\njourneys: {j: [a]}\n"
	}
	journey := func(do string) string {
		return head + "steps: {a: {request: {url: /a}, extract: {s: \"json:$.s\"}}, b: {request: {url: /b}}}\njourneys: {j: " + do + "}\n"
	}
	nested := strings.Repeat("{group: g, do: [", 12) + "a" + strings.Repeat("]}", 12)
	for _, c := range []struct{ text, want string }{
		{journey("&x [a, {repeat: {times: 2, do: *x}}]"), ":6: found the alias *x, wanted the values themselves"},
		{journey("[a, &x {group: g, do: [*x]}]"), "alias *x"},
		{journey("&x [{choose: [{weight: 1, do: *x}]}]"), "alias *x"},
		{steps("method: POST, url: /a, json: &x {y: *x}"), "alias *x"},
		{head + "steps: &s {a: {request: {url: /a}}, b: *s}\n", ":5: found the alias *s"},
		{head + "<<: &a {<<: *a}\n", "alias *a"},
		{journey("[a, *nobody]"), ":6: not YAML: unknown anchor 'nobody' referenced; a value that begins with * stands in quotes"},
		{journey("[j]"), `no step "j", wanted a or b`},
		{journey("[" + nested + "]"), "nested over 8 deep"},
		{strings.Replace(journey("[a]"), "users: 9", "users: 9, before: {journey: j, from: T0-1s, to: T0}", 1), "the phase's own journey"},
		{steps("url: \"/${" + strings.Repeat("concat(", 300) + "1" + strings.Repeat(")", 300) + "}\""), "at most 100 functions within one another"},
		{journey("[a, {if: '" + strings.Repeat("(", 2000) + "s == 1" + strings.Repeat(")", 2000) + "', do: [b]}]"), "at most 100 parts"},

		{journey("[{repeat: {do: [a]}}]"), "found no end, wanted times or for"},
		{journey("[{repeat: {until: s == 1, do: [a]}}]"), "found no end but until, which may never hold, wanted times or for too"},
		{journey("[{repeat: {for: 1h, do: [a]}}]"), "found no pause between rounds and no number of them, wanted every"},
		{journey("[{repeat: {times: 1G, do: [{think: 0s}]}}]"), "wanted a step, a think or every"},
		{journey("[{repeat: {times: 9, do: [{if: status == 200, do: [a]}]}}]"), "would take a core for nothing"},
		{journey("[{repeat: {times: 9, do: [{choose: [{weight: 1, do: [{think: 0s}]}, {weight: 9, do: [a]}]}]}}]"), "would take a core for nothing"},
		{journey("[{retry: {times: 3, backoff: 0s, do: [{if: status == 200, do: [a]}]}}]"), "or a longer backoff"},
		{journey("[{retry: {times: 1k, do: [a]}}]"), "found 1,000, wanted 1 to 100"},
		{journey("[{choose: [{weight: 0, do: [a]}]}]"), "no weight above 0"},
		{journey("[leave, a]"), "never done"},

		{steps("url: \"/${uuidd}\""), `no variable "uuidd", wanted arrival or user.id or sku or uuid (did you mean uuid?)`},
		{steps("url: \"/${random.float(1)}\""), `no function "random.float"`},
		{steps("url: \"/${random.int(2,1)}\""), "the smaller number first"},
		{steps("url: \"/${hmac('md5','k','t')}\""), "wanted 'sha1' or 'sha256' or 'sha512'"},
		{steps("url: \"/${random.text(1001)}\""), "wanted 1 to 1000"},
		{steps("url: \"/${path}\""), "wanted it in a function"},
		{steps("url: \"/${base64(}\""), "column 10: found }, wanted a name, a number, text in quotes or a function"},
		{steps("url: \"/${}\""), "column 3: found }, wanted a name"},
		{steps("url: \"/${base64(a}\""), "base64"},

		{journey("[a, {if: \"status == 'abc'\", do: [b]}]"), "wanted numbers after =="},
		{journey("[a, {if: duration > 5, do: [b]}]"), "duration has a unit"},
		{journey("[a, {if: size == 1s, do: [b]}]"), "size is a number, and this is a duration"},
		{journey("[a, {if: s < duration, do: [b]}]"), "a variable has not"},
		{journey("[a, {if: s and 1, do: [b]}]"), "this is a number"},
		{journey("[a, {if: \"json:$.a == 1\", do: [b]}]"), "a user does not keep answers"},
		{journey("[a, {if: nobody == 1, do: [b]}]"), `no variable "nobody"`},

		{steps("url: /, method: PUT, body: {file: ../outside}"), "a path without .."},
		{steps("url: /, method: PUT, body: {file: sub/../../outside}"), "a path without .."},
		{steps("url: /, method: PUT, body: {file: /etc/passwd}"), "does not begin with /"},
		{steps("url: /, method: PUT, body: {file: link}"), "a link that leads out of the scenario's folder"},
		{steps("url: /, method: PUT, body: {file: up/outside}"), "a link that leads out"},
		{steps("url: /, method: PUT, body: {file: one}"), `found the file "one", which cannot be opened, wanted one beside the scenario`},
		{steps("url: /, method: PUT, body: {file: ok.bin/x}"), `found the file "ok.bin/x", which cannot be opened, wanted`},
		{steps("url: /, method: PUT, body: {file: \"a\\0b\"}"), "which cannot be opened, wanted"},
		{steps("url: /, method: PUT, body: {file: sub}"), "found the directory sub, wanted a file"},
		{steps("url: /, method: PUT, body: {file: nothing}"), "found no file nothing"},
		{steps("url: /, method: PUT, body: {file: ''}"), `steps.a.request.body.file: found "", wanted the name of a file`},
		{steps("url: /, method: POST, multipart: {f: {file: ''}}"), `steps.a.request.multipart.f.file: found "", wanted`},
		{steps("url: /, method: POST, multipart: {f: {file: link}}"), "a link that leads out"},
	} {
		_, err := Parse(filepath.Join(dir, "x.yaml"), []byte(c.text))
		problems, ok := errors.AsType[*strict.Error](err)
		if !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\nfound %v, wanted %q", c.text[len(head):], err, c.want)
			continue
		}
		for _, p := range problems.Problems {
			if p.Line < 5 && !strings.Contains(p.Message, "phase's own") {
				t.Errorf("%s: line %d of %+v", c.text[len(head):], p.Line, p)
			}
		}
	}
}
