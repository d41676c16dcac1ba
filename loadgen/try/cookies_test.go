package try

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"fsctl/loadgen"
	"fsctl/loadgen/loadtest"
)

// A shop that wants the cookie of its login refuses a step that does not send it, and the trial says how it is sent.
// TestCookieHintOfJar wants a word only where the user's jar kept a cookie back.
func TestCookieHintOfJar(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			w.Header().Add("Set-Cookie", "sid=kekskeks; Path=/")
		case "/away":
			w.Header().Add("Set-Cookie", "sid=kekskeks; Path=/")
			http.Redirect(w, r, "/page", http.StatusFound)
		case "/shop/login":
			w.Header().Add("Set-Cookie", "sid=kekskeks")
		case "/order":
			w.WriteHeader(http.StatusForbidden)
		case "/moved":
			http.Redirect(w, r, "/order", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	target := loadtest.Must(url.Parse(server.URL))
	for _, c := range []struct{ login, order, hint string }{
		{"/login", "/order", ""},
		{"/login", "/moved", ""},
		{"/away", "/order", ""},
		{"/away", "/moved", ""},
		{"/shop/login", "/order", "step login was answered with the cookie sid, and step order does not send it: by its Domain, Path or Secure"},
	} {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			o := optionsFor(t, fmt.Sprintf("steps: {login: {share: 50%%, request: {url: %s}}, order: {share: 50%%, request: {url: %s}}}\njourneys: {j: [login, order]}", c.login, c.order), target)
			o.Engine = engine
			f := run(t, o).Failure
			if f == nil || f.Step != "order" || (f.Hint == "") != (c.hint == "") || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("%s %s by %s: found %+v, wanted %q", c.login, c.order, engine, f, c.hint)
			}
		}
	}
}

func TestCookieHint(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			w.Header().Add("Set-Cookie", "connect.sid=kekskeks; Path=/; HttpOnly")
		case "/away":
			w.Header().Add("Set-Cookie", "connect.sid=kekskeks; Path=/")
			http.Redirect(w, r, "/page", http.StatusFound)
		case "/logout":
			w.Header().Add("Set-Cookie", "connect.sid=; Path=/; Max-Age=0")
		case "/down":
			w.WriteHeader(http.StatusBadGateway)
		case "/order":
			if _, err := r.Cookie("connect.sid"); err != nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(http.StatusConflict)
		}
	}))
	t.Cleanup(server.Close)
	target := loadtest.Must(url.Parse(server.URL))
	const header = `add headers: {Cookie: "connect.sid=${kept}"} in step order`
	for _, c := range []struct{ name, login, order, hint string }{
		{"a step that does not send it", "request: {url: /login}", "request: {url: /order}",
			`step login was answered with the cookie connect.sid, and step order does not send it: with defaults: {cookies: off} a scenario says which cookies a step sends; if it is needed, say cookies: on, or add extract: {session: "cookie:connect.sid"} in step login, and headers: {Cookie: "connect.sid=${session}"} in step order`},
		{"extracted already", `request: {url: /login}, extract: {kept: "cookie:connect.sid"}`, "request: {url: /order}", header},
		{"set on a redirect's way", `request: {url: /away}`, "request: {url: /order}", `extract: {session: "cookie:connect.sid"} in step login`},
		{"sent", `request: {url: /login}, extract: {kept: "cookie:connect.sid"}`, `request: {url: /order, headers: {Cookie: "a=b; connect.sid=${kept}"}}`, ""},
		{"deleted", `request: {url: /logout}`, "request: {url: /order}", ""},
		{"none was set", `request: {url: /page}`, "request: {url: /order}", ""},
		{"a target at fault", `request: {url: /login}`, "request: {url: /down}", ""},
	} {
		for _, engine := range []string{loadgen.EngineWire, loadgen.EngineVegeta} {
			t.Run(c.name+" by "+engine, func(t *testing.T) {
				o := optionsFor(t, fmt.Sprintf("defaults: {cookies: off}\nsteps: {login: {share: 50%%, %s}, order: {share: 50%%, %s}}\njourneys: {j: [login, order]}", c.login, c.order), target)
				o.Engine = engine
				f := run(t, o).Failure
				if f == nil || f.Step != "order" || (f.Hint == "") != (c.hint == "") || !strings.Contains(f.Hint, c.hint) {
					t.Errorf("found %+v, wanted %q", f, c.hint)
				}
			})
		}
	}
}
