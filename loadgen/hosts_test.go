package loadgen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// TestStormsGoToSeveralTargets sends to a plain and a TLS target by both engines: each step comes to its own, redirects stay there, users keep
// the cookies of each apart, and what is kept of the run names both.
func TestStormsGoToSeveralTargets(t *testing.T) {
	const sc = `
targets: {api: "https://api.example/v1"}
defaults: {headers: {X-All: "yes"}}
steps:
  login: {request: {method: POST, url: /login, form: {user: "${arrival}"}}}
  cart: {request: {host: api, url: /cart}}
  page: {request: {url: /page}}
  order: {request: {host: api, url: /order, json: {a: 1}}, check: [status 201]}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 5}]}
journeys: {j: [login, cart, page, order]}
`
	for _, name := range []string{EngineWire, EngineVegeta} {
		shop, api, wrong := twoHosts(t)
		roots := x509.NewCertPool()
		roots.AddCert(api.Certificate())
		// The hosts are example.com and localhost, so that no cookie of one is the other's.
		apiURL := strings.Replace(api.URL, "127.0.0.1", "example.com", 1) + "/v1"
		shopURL := strings.Replace(shop.URL, "127.0.0.1", "localhost", 1)
		at := must(url.Parse(api.URL))
		o := Options{Scenario: parse(t, sc), Target: must(url.Parse(shopURL)), Others: map[string]*url.URL{"api": must(url.Parse(apiURL))}, Seed: 1, Engine: name,
			TLS: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Route: transport.Route{ConnectTo: []transport.Detour{{Host: "example.com", ToHost: "127.0.0.1", ToPort: at.Port()}, {Host: "localhost", ToHost: "127.0.0.1"}}}}
		run := send(context.Background(), t, must(New(o)), nil)
		shop.Close()
		api.Close()
		for step, failed := range map[string]uint64{"login": 0, "cart": 0, "page": 0, "order": 5} {
			if c := run.All(step); c.Done != 5 || c.Failed != failed {
				t.Errorf("%s: %s: %d done, %d failed", name, step, c.Done, c.Failed)
			}
		}
		if len(*wrong) > 0 {
			t.Errorf("%s: %q", name, *wrong)
		}
		if m := run.Manifest; m.Target != shopURL || m.Targets["api"] != apiURL {
			t.Errorf("%s: the manifest has %s and %v", name, m.Target, m.Targets)
		}
		if len(run.Samples) == 0 || run.Samples[0].Target != "api" {
			t.Errorf("%s: found samples %+v, wanted one of target api", name, run.Samples)
		}
	}
}

// twoHosts starts a shop and its API, which note the requests whose cookies or headers are not as they are to be.
func twoHosts(t *testing.T) (shop, api *httptest.Server, wrong *[]string) {
	var mu sync.Mutex
	wrong = new([]string)
	want := func(r *http.Request, cookies string) {
		mu.Lock()
		defer mu.Unlock()
		if got := r.Header.Get("Cookie"); got != cookies && !strings.HasPrefix(cookies, "?") || r.Header.Get("X-All") != "yes" {
			*wrong = append(*wrong, fmt.Sprintf("%s %s: %q, wanted %q", r.Host, r.URL.Path, got, cookies))
		}
	}
	shop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			want(r, "")
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "u" + r.FormValue("user"), Path: "/"})
			http.Redirect(w, r, "/home", http.StatusFound)
		case "/home", "/page":
			if want(r, "?"); !strings.HasPrefix(r.Header.Get("Cookie"), "sid=u") {
				t.Errorf("%s: found the cookies %q", r.URL.Path, r.Header.Get("Cookie"))
			}
		default:
			t.Errorf("the shop was asked for %s", r.URL.Path)
		}
	}))
	api = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/cart":
			want(r, "")
			http.SetCookie(w, &http.Cookie{Name: "cart", Value: "7", Path: "/v1", Secure: true})
			http.Redirect(w, r, "/v1/kept", http.StatusSeeOther)
		case "/v1/kept":
			want(r, "cart=7")
		case "/v1/order":
			want(r, "cart=7")
			w.WriteHeader(http.StatusConflict)
		default:
			t.Errorf("the API was asked for %s", r.URL.Path)
		}
	}))
	return shop, api, wrong
}

func TestTargetsThatAreNotAllowed(t *testing.T) {
	const sc = `
targets: {api: "https://api.example"}
steps: {a: {request: {host: api, url: /}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a]}
`
	main := must(url.Parse("http://127.0.0.1:1"))
	for _, c := range []struct {
		allow  []string
		others map[string]*url.URL
		want   string
	}{
		{nil, nil, "target api: refused to storm api.example"},
		{[]string{"other.example"}, nil, "target api: refused to storm api.example"},
		{[]string{"api.example"}, nil, ""},
		{nil, map[string]*url.URL{"api": main}, ""},
		{nil, map[string]*url.URL{"apx": main}, "found --target apx=URL, wanted the name of a target of the scenario: api"},
	} {
		_, err := New(Options{Scenario: parse(t, sc), Target: main, Others: c.others, Allow: c.allow})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: found %v, wanted %q", c.allow, c.others, err, c.want)
		}
	}
}

// TestNeedsOfSeveralTargets counts a connection to each target that steps go to.
func TestNeedsOfSeveralTargets(t *testing.T) {
	const sc = `
targets: {api: "http://127.0.0.2:81", unused: "http://127.0.0.3:82"}
steps: {a: {request: {host: api, url: /}}, b: {request: {url: /}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 100}]}
journeys: {j: [a, b]}
`
	o := Options{Scenario: parse(t, sc), Target: must(url.Parse("http://127.0.0.1:1")), Connections: 10}
	two := must(must(New(o)).Needs(t.Context()))
	o.Scenario = parse(t, strings.Replace(sc, "{host: api, url: /}", "{url: /}", 1))
	one := must(must(New(o)).Needs(t.Context()))
	for i, want := range []float64{20, 10} { // files; ports, of which each target's address has its own
		if two[i].Own != want || one[i].Own != 10 {
			t.Errorf("%s: found %v for two targets and %v for one, wanted %v and 10", two[i].Name, two[i].Own, one[i].Own, want)
		}
	}
}

// TestCookiesWithoutEnd holds that a target which sets cookies without end is counted, and fills no user's jar beyond its bound.
func TestCookiesWithoutEnd(t *testing.T) {
	const sc = `
steps: {a: {request: {url: /a}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 3}]}
journeys: {j: [{repeat: {times: 20, do: [a]}}]}
`
	for _, engine := range []string{EngineWire, EngineVegeta} {
		var answers atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range 10 {
				http.SetCookie(w, &http.Cookie{Name: fmt.Sprint("c", answers.Add(1)), Value: "x"})
			}
		}))
		run := send(t.Context(), t, must(New(Options{Scenario: parse(t, sc), Target: must(url.Parse(server.URL)), Seed: 1, Engine: engine})), nil)
		server.Close()
		var evicted uint64
		for _, g := range run.Generators() {
			evicted += g.EvictedCookies
		}
		if want := uint64(3 * (20*10 - cookies.MostCookies)); evicted != want || run.All("a").Failed > 0 {
			t.Errorf("%s: %d cookies had to leave, wanted %d; %+v", engine, evicted, want, run.All("a"))
		}
	}
}
