package try

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"fsctl/loadgen"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
)

// serveText answers every request by its path: /STATUS, /json, and so on.
func serveText(t *testing.T) *url.URL {
	t.Helper()
	asked := 0 // by one user
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/token":
			fmt.Fprint(w, `{"token":"geheim1234","code":"abc","nothing":null,"empty":""}`)
		case "/cookie":
			w.Header().Add("Set-Cookie", "sid=kekskeks; Path=/")
			fmt.Fprint(w, "you are kekskeks")
		case "/echo":
			fmt.Fprintf(w, "%s sent %s", r.Header.Get("Authorization"), r.URL.Query().Get("t"))
		case "/gone":
			w.WriteHeader(409)
		case "/bad":
			w.WriteHeader(500)
			fmt.Fprint(w, "\x1b[31mred\x07 \u202e")
		case "/binary":
			_, _ = w.Write([]byte{0, 1, 2, 0xff, 0xfe, 0})
		case "/long":
			fmt.Fprint(w, strings.Repeat("äöü\n", 2000))
		case "/ready":
			if asked++; asked >= 3 {
				fmt.Fprint(w, `{"state":"ready"}`)
				return
			}
			fmt.Fprint(w, `{"state":"not"}`)
		}
	}))
	t.Cleanup(server.Close)
	return loadtest.Must(url.Parse(server.URL))
}

// A user can end in each of these ways, and the result says how and what failed first.
func TestEnds(t *testing.T) {
	const step = "share: 50%, request: "
	for _, c := range []struct{ name, steps, do, how, failure, message string }{
		{"all is well", `a: {` + step + `{url: /token}, check: ["status 200"]}`, "[a, a]", Finished, "", "the user finished the journey"},
		{"no step at all", `a: {` + step + `{url: /token}}`, "[{think: {uniform: [1s, 1s]}}]", Finished, "", "finished"},
		{"a status", `a: {` + step + `{url: /bad}}`, "[a, a]", Finished, "step a (request 1): found status 500, wanted a status below 400", "finished"},
		{"a check", `a: {` + step + `{url: /token}, check: ["status 200", "status 201"]}`, "[a]", Finished, "step a (request 1): check status 201 failed: found status 200", "finished"},
		{"a check of the body", `a: {` + step + `{url: /token}, check: ["body contains xyz"]}`, "[a]", Finished, "check body contains xyz failed: found another body", "finished"},
		{"null", `a: {` + step + `{url: /token}, extract: {n: "json:$.nothing"}}, b: {` + step + `{url: "/${n}"}}`, "[a, b]", Left,
			"step a (request 1): found null, wanted $.nothing in the body", "the user left before step b, which needs n: no answer had it"},
		{"an optional variable", `a: {` + step + `{url: /token}, extract: {n: {from: "json:$.none", optional: true}}}, b: {` + step + `{url: "/${n}"}}`, "[a, b]", Left,
			"the user left before step b, which needs n: no answer had it", "left before step b"},
		{"an outcome", `a: {` + step + `{url: /gone}, extract: {n: "json:$.n"}, outcome: {sold_out: status 409}}, b: {` + step + `{url: "/${n}"}}`, "[a, b]", ByOutcome, "", "the outcome sold_out ended the journey"},
		{"too many", `a: {` + step + `{url: /token}}`, "[{repeat: {times: 1k, do: [a]}}]", Cut, "cut after 5 requests, before step a", "cut after 5 requests"},
		{"as many as may be", `a: {` + step + `{url: /token}}`, "[{repeat: {times: 5, do: [a]}}]", Finished, "", "finished"},
		{"a poll", `a: {` + step + `{url: /ready}, extract: {s: "json:$.state"}}`, "[{repeat: {until: s == ready, every: 5ms, for: 10s, do: [a]}}]", Finished, "", "finished"},
	} {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			t.Run(c.name+" by "+engine, func(t *testing.T) {
				steps := c.steps
				if !strings.Contains(steps, "b: {") {
					steps += `, b: {` + step + `{url: /never}}`
				}
				o := optionsFor(t, "steps: {"+steps+"}\njourneys: {j: "+c.do+"}", serveText(t))
				o.Engine, o.MostRequests = engine, 5
				r := run(t, o)
				failure := ""
				if err := r.Err(); err != nil {
					failure = err.Error()
				}
				if r.Ended.How != c.how || !strings.Contains(failure, c.failure) || (failure == "") != (c.failure == "") || !strings.Contains(r.Ended.Message, c.message) {
					t.Errorf("ended %+v, failure %q, wanted %s, %q, %q", r.Ended, failure, c.how, c.failure, c.message)
				}
			})
		}
	}
}

// What a trial shows holds no secret, wherever it stands, and nothing that steers a terminal; what is no secret is shown.
func TestShows(t *testing.T) {
	const text = `
feeders: {user: {from: sequence, size: 9, fields: {password: "pw-no-${n}", mail: "m${n}@example.com"}}}
steps:
  token: {share: 20%, request: {method: POST, url: /token, json: {mail: "${user.mail}", key: "${user.password}"}}, extract: {token: "json:$.token", code: "json:$.code", more: {from: "json:$.empty", optional: true}}}
  echo: {share: 20%, request: {url: "/echo?t=${token}", headers: {Authorization: "Bearer ${token}", X-Plain: "${code}"}}}
  cookie: {share: 20%, request: {url: /cookie}, extract: {c: "cookie:sid"}}
  bad: {share: 10%, request: {url: /bad}}
  binary: {share: 10%, request: {url: /binary}}
  long: {share: 20%, request: {url: /long}}
journeys: {j: [token, echo, cookie, bad, binary, long]}`
	for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
		target := serveText(t)
		target.User = url.UserPassword("bob", "s3cret-of-bob")
		o := optionsFor(t, text, target)
		o.Engine = engine
		var seen []string
		v, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		r := v.Run(t.Context(), Observer{
			Begins:  func(r *Result) { seen = append(seen, "begins "+shownBy(r)) },
			Sends:   func(s *Step) { seen = append(seen, "sends "+shownBy(s)) },
			Answers: func(s *Step) { seen = append(seen, "answers "+shownBy(s)) },
		})
		if len(seen) != 13 || !strings.HasPrefix(seen[1], "sends ") || !strings.HasPrefix(seen[2], "answers ") {
			t.Fatalf("%s: seen %d events: %q", engine, len(seen), seen)
		}
		for _, place := range append(seen, shownBy(r)) {
			for _, secret := range []string{"geheim1234", "pw-no-", "kekskeks", "s3cret", "\x1b", "\\u001b", "\u202e", "\\u0007"} {
				if strings.Contains(place, secret) {
					t.Errorf("%s: %q is shown: %s", engine, secret, place)
				}
			}
		}
		token, echo, bad, binary, long := r.Steps[0], r.Steps[1], r.Steps[3], r.Steps[4], r.Steps[5]
		if want := "{\n  \"token\": \"(redacted)\",\n  \"code\": \"abc\",\n  \"nothing\": null,\n  \"empty\": \"\"\n}"; token.Answer.Text != want {
			t.Errorf("%s: the body reads %q, wanted %q", engine, token.Answer.Text, want)
		}
		want := []Extracted{{"code", "json:$.code", "abc", true, "", false}, {"more", "json:$.empty", "", false, "an empty value", true}, {"token", "json:$.token", "(redacted)", true, "", false}}
		if !slices.Equal(token.Extracted, want) {
			t.Errorf("%s: extracted %+v, wanted %+v", engine, token.Extracted, want)
		}
		if headers := strings.Join(echo.Request.Headers, "\n"); !strings.Contains(headers, "Authorization: Bearer (redacted)") || !strings.Contains(headers, "X-Plain: abc") ||
			!strings.Contains(headers, "User-Agent: fsctl") || !strings.Contains(headers, "Host: ") {
			t.Errorf("%s: the headers are %q", engine, headers)
		}
		if echo.Request.URL != "http://"+target.Host+"/echo?t=(redacted)" || echo.Redacted == 0 {
			t.Errorf("%s: the URL is %q, %d redacted", engine, echo.Request.URL, echo.Redacted)
		}
		if !token.Connection.Opened || token.Connection.Reused || echo.Connection.Opened || !echo.Connection.Reused {
			t.Errorf("%s: connections are %+v, %+v", engine, token.Connection, echo.Connection)
		}
		if bad.Answer.Text != `\x1b[31mred\x07 \u{202e}` || !strings.HasPrefix(bad.Answer.StatusLine, "HTTP/1.1 500") {
			t.Errorf("%s: %q, %q", engine, bad.Answer.StatusLine, bad.Answer.Text)
		}
		if !binary.Answer.Binary || binary.Answer.Text != "" || binary.Answer.Bytes != 6 {
			t.Errorf("%s: binary is %+v", engine, binary.Answer)
		}
		if a := long.Answer; !a.Cut || a.Bytes != 14000 || strings.Count(a.Text, "\n") != mostLines-1 || strings.Contains(a.Text, `\x`) {
			t.Errorf("%s: long is %+v", engine, a)
		}
	}
}

func shownBy(v any) string { return string(loadtest.Must(json.Marshal(v))) }

// Where no connection can be opened the trial ends at once, and says what to do.
func TestUnreachable(t *testing.T) {
	refused, _ := loadtest.Refused(t)
	secure, _, _ := loadtest.Secure(t, 0, false)
	for _, c := range []struct{ name, target, class, hint string }{
		{"refused", "http://" + refused, transport.ClassRefused, "nothing listens at " + refused},
		{"no such name", "http://nosuch.invalid", transport.ClassDNS, "the name nosuch.invalid has no address"},
		{"another's certificate", secure.URL, transport.ClassTLS, "--cacert"},
	} {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			target := loadtest.Must(url.Parse(c.target))
			o := optionsFor(t, `steps: {a: {share: 100%, request: {url: /x}, check: ["status 200"], extract: {v: "json:$.v"}}}`+"\njourneys: {j: [a, a, a]}", target)
			o.Engine, o.Allow = engine, []string{"nosuch.invalid"}
			r := run(t, o)
			if r.Ended.How != Unreachable || len(r.Steps) != 1 || r.Steps[0].Answer.Class != c.class || !strings.Contains(r.Ended.Hint, c.hint) || r.Err() == nil || r.Failure.Hint != r.Ended.Hint {
				t.Errorf("%s by %s: ended %+v after %+v, wanted class %s with a hint of %q", c.name, engine, r.Ended, r.Steps, c.class, c.hint)
			}
		}
	}
}

// A server that does what it should not is shown with an error class, by either engine.
func TestHostileAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer, class, status string
	}{
		{"no HTTP", "\x1b]0;title\x07 hello\r\n\r\n", transport.ClassMalformed, ""},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", transport.ClassTruncated, "HTTP/1.1 200 OK"},
		{"nothing", "", transport.ClassClosed, ""},
		{"a redirect elsewhere", "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n", transport.ClassRedirect, "HTTP/1.1 302 Found"},
		{"escapes in the head", "HTTP/1.1 200 \x1b[2J\r\nX-A: \x1b[31m\r\nContent-Length: 0\r\n\r\n", "", "HTTP/1.1 200 "},
	} {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			o := optionsFor(t, `steps: {a: {share: 100%, request: {url: /x}}}`+"\njourneys: {j: [a]}", loadtest.Rude(t, loadtest.Write(c.answer)))
			o.Engine = engine
			r := run(t, o)
			a := r.Steps[0].Answer
			if c.name == "escapes in the head" && a.Class == transport.ClassMalformed {
				continue // an engine may refuse such a head
			}
			if a.Class != c.class || !strings.HasPrefix(a.StatusLine, c.status) || strings.ContainsAny(shownBy(r), "\x1b\x07") || strings.Contains(shownBy(r), `\u001b`) {
				t.Errorf("%s by %s: %+v, wanted class %q after %q", c.name, engine, a, c.class, c.status)
			}
			if (r.Err() == nil) != (c.class == "") || r.Ended.How != Finished {
				t.Errorf("%s by %s: %v, ended %+v", c.name, engine, r.Err(), r.Ended)
			}
		}
	}
}

// An answer that is packed though nothing asked for it is said to be, and one whose head was HTTP is not said to be none.
func TestPackedAnswers(t *testing.T) {
	const packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\njunk"
	for header, wanted := range map[string]string{"": "the body is in gzip, which the request's Accept-Encoding does not ask for", ", headers: {Accept-Encoding: gzip}": "body is not gzip"} {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			o := optionsFor(t, `steps: {a: {share: 100%, request: {url: /x`+header+`}, extract: {v: "json:$.v"}}}`+"\njourneys: {j: [a]}", loadtest.Rude(t, loadtest.Write(packed)))
			o.Engine = engine
			r := run(t, o)
			if f := r.Failure; f == nil || !strings.Contains(f.Why, wanted) || strings.Contains(f.Hint, "HTTP") {
				t.Errorf("%q by %s: %+v, wanted %q", header, engine, f, wanted)
			}
		}
	}
}

// Whoever is not there is named, with who is.
func TestRefusals(t *testing.T) {
	const text = `
feeders: {user: {from: sequence, size: 30, fields: {name: "u${n}"}}}
steps: {a: {share: 100%, request: {url: "/${user.name}"}}}
storm: {t0: 0s, phases: [{journey: seller, at: T0, users: 20}, {journey: buyer, at: T0, users: 5}]}
journeys: {idler: [a], buyer: [a], seller: [a]}`
	recycled := strings.Replace(strings.Replace(text, "size: 30", "size: 10", 1), "fields:", "recycle: true, fields:", 1)
	few := strings.Replace(text, "size: 30", "size: 10", 1)
	calm := text[:strings.Index(text, "storm:")] + text[strings.Index(text, "journeys:"):]
	for _, c := range []struct {
		name, text, journey string
		user                uint64
		took, refusal, note string
	}{
		{"the first", text, "", 1, "seller", "", "seller is the journey of user 1 in the storm; --journey takes another: idler, buyer"},
		{"the last", text, "", 25, "buyer", "", "--journey takes another: idler, seller"},
		{"another journey", text, "idler", 3, "idler", "", "in the storm user 3 has the journey seller"},
		{"beyond the storm", text, "", 26, "", "found --user 26, wanted 1 to 25: the storm has 25 users", ""},
		{"user 0", text, "", 0, "", "found --user 0, wanted 1 to 25", ""},
		{"beyond the rows", few, "", 11, "", "found --user 11, wanted 1 to 10: feeder user has 10 rows, and gives none twice", ""},
		{"within few rows", few, "", 10, "seller", "", "an attack would not start: feeder user ends early"},
		{"rows again", recycled, "", 25, "buyer", "", ""},
		{"no storm", calm, "", 30, "idler", "", "idler is the first journey of the scenario; --journey takes another: buyer, seller"},
		{"no storm, beyond the rows", calm, "", 31, "", "found --user 31, wanted 1 to 30", ""},
		{"no such journey", text, "buyr", 1, "", `found --journey "buyr", wanted idler or buyer or seller (did you mean buyer?)`, ""},
		{"no journeys", "steps: {a: {share: 100%, request: {url: /x}}}", "", 1, "", "has no journey to try", ""},
	} {
		o := optionsFor(t, c.text, loadtest.Target())
		o.Journey, o.User = c.journey, c.user
		v, err := New(o)
		if err != nil {
			_, input := errors.AsType[*transport.InputError](err)
			if !input || c.refusal == "" || !strings.Contains(err.Error(), c.refusal) {
				t.Errorf("%s: %v, wanted %q", c.name, err, c.refusal)
			}
			continue
		}
		if c.refusal != "" || v.Journey != c.took || !strings.Contains(strings.Join(v.notes, "\n"), c.note) {
			t.Errorf("%s: journey %s with notes %q, wanted %s, %q, %q", c.name, v.Journey, v.notes, c.took, c.note, c.refusal)
		}
	}
}

// An interrupted trial ends at once, and keeps the request that was under way.
func TestInterrupted(t *testing.T) {
	for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
		o := optionsFor(t, "steps: {a: {share: 100%, request: {url: /x, timeout: 1m}}}\njourneys: {j: [a, a]}", loadtest.Rude(t, loadtest.Hang("")))
		o.Engine = engine
		ctx, cancel := context.WithCancel(t.Context())
		v := loadtest.Must(New(o))
		r := v.Run(ctx, Observer{Sends: func(*Step) { time.AfterFunc(50*time.Millisecond, cancel) }})
		if r.Ended.How != Interrupted || len(r.Steps) != 1 || r.Steps[0].Answer.Class != transport.ClassCanceled || r.Err() != nil {
			t.Errorf("%s: ended %+v after %+v", engine, r.Ended, r.Steps)
		}
		cancel()
	}
	o := optionsFor(t, "steps: {a: {share: 100%, request: {url: /x}}}\njourneys: {j: [{think: {uniform: [1m, 1m]}}, a]}", loadtest.Target())
	o.Think = true
	ctx, cancel := context.WithCancel(t.Context())
	v := loadtest.Must(New(o))
	r := v.Run(ctx, Observer{Waits: func(*Step) { cancel() }, Sends: func(*Step) { t.Error("the request was sent") }})
	if r.Ended.How != Interrupted || len(r.Steps) != 0 {
		t.Errorf("ended %+v after %+v", r.Ended, r.Steps)
	}
}

// Think times are shown and not waited for; who asks until the target is ready waits.
func TestWaits(t *testing.T) {
	o := optionsFor(t, `
steps: {a: {share: 50%, request: {url: /token}}, r: {share: 50%, request: {url: /ready}, extract: {s: "json:$.state"}}}
journeys: {j: [{think: {uniform: [1h, 1h]}}, a, {repeat: {times: 2, every: 1h, do: [a]}}, {think: {uniform: [2h, 2h]}}, {repeat: {until: s == ready, every: 20ms, for: 10s, do: [r]}}]}`, serveText(t))
	began := time.Now()
	r := run(t, o)
	var got []string
	for _, s := range r.Steps {
		got = append(got, fmt.Sprintf("%s %s %v", s.Step, s.Wait.Kind, s.Wait.Waited))
	}
	want := []string{"a think false", "a  false", "a repeat false", "r think false", "r poll true", "r poll true"}
	if !slices.Equal(got, want) {
		t.Errorf("waited %q, wanted %q", got, want)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if s := r.Steps[0].Wait.Seconds; s != 3600 {
		t.Errorf("thinks %v s, wanted an hour", s)
	}
}

// Over TLS the handshake is shown, and the header as it was sent, by HTTP/2 too.
func TestTLS(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		server, config, _ := loadtest.Secure(t, 0, http2)
		for engine, proto := range map[string]string{loadgen.EngineWire: "HTTP/1.1 200", loadgen.EngineVegeta: map[bool]string{true: "HTTP/2.0 200", false: "HTTP/1.1 200"}[http2]} {
			o := optionsFor(t, `steps: {a: {share: 100%, request: {url: /x, headers: {X-A: b}}}}`+"\njourneys: {j: [a, a]}", loadtest.Must(url.Parse(server.URL)))
			o.Engine, o.TLS = engine, config
			r := run(t, o)
			if r.Err() != nil || len(r.Steps) != 2 {
				t.Fatalf("%s: %v, %+v", engine, r.Err(), r.Steps)
			}
			first, second := r.Steps[0], r.Steps[1]
			if !strings.HasPrefix(first.Answer.StatusLine, proto) || first.Connection.TLSSeconds <= 0 || first.Connection.TLSSeconds > first.Connection.Seconds || !second.Connection.Reused {
				t.Errorf("%s, HTTP/2 %v: %q over %+v, then %+v", engine, http2, first.Answer.StatusLine, first.Connection, second.Connection)
			}
			if headers := strings.ToLower(strings.Join(second.Request.Headers, "\n")); !strings.Contains(headers, "x-a: b") || !strings.Contains(headers, "user-agent: fsctl") {
				t.Errorf("%s, HTTP/2 %v: the headers are %q", engine, http2, headers)
			}
		}
	}
}

// Whatever a body is, what is shown of it is printable, short and without secrets; and a whole document stays what it was.
func FuzzBody(f *testing.F) {
	f.Add(`{"a": [1, "x y"], "password": "p"}`, true)
	f.Add("geheim1234 \x1b[31m\r\n\tä\xff\x00", false)
	f.Add("[geheim1234]", true)
	f.Fuzz(func(t *testing.T, text string, whole bool) {
		p := &performance{redactor: redact.New("geheim1234")}
		b := p.body(text, whole)
		lines := strings.Split(b.Text, "\n")
		if len(lines) > mostLines || len(b.Text) > 10*mostLaid {
			t.Errorf("%q is shown in %d lines, %d bytes", text, len(lines), len(b.Text))
		}
		for _, l := range lines {
			if redact.Escape(l) != l {
				t.Errorf("%q is shown as %q", text, l)
			}
		}
		if strings.Contains(b.Text, "geheim1234") {
			t.Errorf("%q is shown as %q", text, b.Text)
		}
		if json.Valid([]byte(text)) && utf8.ValidString(text) && whole && !b.Cut && p.redactor.Count == 0 && strings.IndexFunc(text, func(r rune) bool { return redact.Escape(string(r)) != string(r) }) < 0 {
			var want, got any
			if json.Unmarshal([]byte(text), &want) != nil || json.Unmarshal([]byte(b.Text), &got) != nil || !reflect.DeepEqual(want, got) {
				t.Errorf("%q is shown as %q", text, b.Text)
			}
		}
	})
}
