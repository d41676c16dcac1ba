package fleet

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fsctl/loadgen"
	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
	"fsctl/report/metric"
	"fsctl/scenarios"
)

// seen is what a target was asked for.
type seen struct {
	mu    sync.Mutex
	asked map[string]int
	last  map[string]time.Time // when that was last
	wrong []string
}

func (s *seen) note(what string) {
	s.asked[what]++
	s.last[what] = time.Now()
}

// serves starts a target that answers by a handler, which holds the lock.
func serves(t *testing.T, handle func(s *seen, w http.ResponseWriter, r *http.Request)) (s *seen, where *url.URL) {
	t.Helper()
	s = &seen{asked: map[string]int{}, last: map[string]time.Time{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		handle(s, w, r)
	}))
	t.Cleanup(server.Close)
	return s, must(url.Parse(server.URL))
}

// groundOf is a ground for a scenario file, whose storm goes to targets.
func groundOf(t *testing.T, file string, slots int, target *url.URL, others map[string]*url.URL) (*ground, *scenarios.Scenario) {
	t.Helper()
	g := newGround(t, scenario, slots)
	sc, err := scenarios.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	g.plan.Scenario, g.plan.Target, g.plan.Others = sc.Document, target.String(), map[string]string{}
	for name, u := range others {
		g.plan.Others[name] = u.String()
	}
	if err := g.plan.ReadFiles(sc); err != nil {
		t.Fatal(err)
	}
	if g.storm, err = loadgen.New(loadgen.Options{Scenario: sc, Target: target, Others: others, Seed: 7, Connections: 16}); err != nil {
		t.Fatal(err)
	}
	g.plan.Lead = g.storm.Lead()
	return g, sc
}

// written writes the files of a scenario, and returns the path of its own.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "test.yaml")
}

const named = "apiVersion: fsctl/v1\nkind: Scenario\nname: test\n"

// TestBefore has the users of three agents sign in before T0: each keeps its own token, none is lost, and all have signed in by T0.
func TestBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	const users = 300
	shop, where := serves(t, func(s *seen, w http.ResponseWriter, r *http.Request) {
		s.note(r.URL.Path)
		user := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if strings.HasPrefix(r.URL.Path, "/signin/") {
			http.SetCookie(w, &http.Cookie{Name: "sid", Value: "s-" + user, Path: "/"})
			fmt.Fprintf(w, `{"token":"t-%s"}`, user)
			return
		}
		if sid, err := r.Cookie("sid"); err != nil || sid.Value != "s-"+user || r.Header.Get("Token") != "t-"+user {
			s.wrong = append(s.wrong, fmt.Sprintf("user %s with %v, token %q", user, sid, r.Header.Get("Token")))
		}
	})
	g, _ := groundOf(t, written(t, map[string]string{"test.yaml": named + fmt.Sprintf(`
steps:
  signin: {request: {method: POST, url: "/signin/${user.id}"}, extract: {token: "json:$.token"}}
  buy: {request: {method: POST, url: "/buy/${user.id}", headers: {Token: "${token}"}}}
journeys: {signin: [signin], buyer: [buy, {think: 20ms}, buy]}
feeders: {user: {from: sequence, size: 10k}}
storm:
  t0: 4s
  phases: [{journey: buyer, at: T0, users: %d, reaction: {uniform: [0ms, 500ms]}, before: {journey: signin, from: T0-4s, to: T0-3s}}]
  drain: 60s
`, users)}), 3, where, nil)
	for range 3 {
		g.agent(t.Context(), 0)
	}
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun()), nil)
	g.agents.Wait()
	if end.Reason != record.Completed || end.Message != "" || slices.ContainsFunc(g.left, func(e error) bool { return e != nil }) {
		t.Errorf("end %+v, agents ended with %v", end, g.left)
	}
	var signin, buyer record.Journey
	for _, second := range r.Generators() {
		signin.Add(second.Journeys["signin"])
		buyer.Add(second.Journeys["buyer"])
	}
	if signin.Users != users || signin.Finished != users || buyer.Users != users || buyer.Ready != users || buyer.NotReady != 0 || buyer.Finished != users {
		t.Errorf("%+v signed in and %+v bought, wanted all %d", signin, buyer, users)
	}
	for _, a := range r.Manifest.Agents {
		if a.Lost || !a.Finished || a.PlannedArrivals != a.ReportedArrivals || a.PlannedArrivals == 0 || a.UnsentArrivals+a.InDoubtArrivals > 0 {
			t.Errorf("%+v, wanted a whole share", a)
		}
	}
	shop.mu.Lock()
	defer shop.mu.Unlock()
	if len(shop.wrong) > 0 || len(shop.asked) != 2*users {
		t.Errorf("%d users signed in and bought, wrong were %q", len(shop.asked)/2, shop.wrong)
	}
	for what, n := range shop.asked {
		if signs := strings.HasPrefix(what, "/signin/"); signs && (n != 1 || !shop.last[what].Before(r.Manifest.T0)) || !signs && n != 2 {
			t.Errorf("%s was asked for %d times, last %v after T0", what, n, shop.last[what].Sub(r.Manifest.T0))
		}
	}
}

// TestFilesAndTargets has agents send files that only the coordinator has, to two targets.
func TestFilesAndTargets(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	const blob = "blob\x00\xff of the coordinator"
	answer := func(s *seen, _ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.note(r.Method + " " + r.URL.Path)
		if r.URL.Path == "/blob" && string(body) != blob || r.URL.Path == "/avatar" && !strings.Contains(string(body), blob) {
			s.wrong = append(s.wrong, r.URL.Path+" with "+string(body))
		}
		s.asked["of "+r.URL.Query().Get("name")]++
	}
	shop, where := serves(t, answer)
	api, whereAPI := serves(t, answer)
	g, _ := groundOf(t, written(t, map[string]string{"blob.bin": blob, "users.csv": "name\nann\nbob\n", "test.yaml": named + `
targets: {api: "http://127.0.0.1:1"}
steps:
  raw: {request: {method: PUT, url: "/blob?name=${user.name}", body: {file: blob.bin}}}
  avatar: {request: {host: api, method: POST, url: "/avatar?name=${user.name}", multipart: {file: {file: blob.bin}}}}
journeys: {j: [raw, avatar]}
feeders: {user: {from: csv, file: users.csv, recycle: true}}
storm: {t0: 500ms, phases: [{journey: j, from: T0, to: T0+1s, rate: 200/s, spacing: even}], drain: 60s}
`}), 3, where, map[string]*url.URL{"api": whereAPI})
	for range 3 {
		g.agent(t.Context(), 0)
	}
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun()), nil)
	g.agents.Wait()
	if c := counted(r); end.Reason != record.Completed || c.Done != 400 || c.Failed > 0 {
		t.Errorf("end %+v, %+v, agents ended with %v", end, c, g.left)
	}
	for _, v := range []struct {
		of   *seen
		what string
	}{{shop, "PUT /blob"}, {api, "POST /avatar"}} {
		v.of.mu.Lock()
		if len(v.of.wrong) > 0 || v.of.asked[v.what] != 200 || v.of.asked["of ann"] != 100 || v.of.asked["of bob"] != 100 {
			t.Errorf("%s: %v, wrong were %q", v.what, v.of.asked, v.of.wrong)
		}
		v.of.mu.Unlock()
	}
}

// TestCountersAbort has a threshold on an own counter, which no agent reaches alone, end a run of three.
func TestCountersAbort(t *testing.T) {
	if testing.Short() {
		t.Skip("a storm from several agents takes real seconds")
	}
	t.Parallel()
	_, where := serves(t, func(_ *seen, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"risk":0.25}`) })
	g, sc := groundOf(t, written(t, map[string]string{"test.yaml": named + `
steps: {a: {request: {url: /}, count: {risk: "json:$.risk", good: "status == 200"}}}
journeys: {j: [a]}
storm: {t0: 500ms, phases: [{journey: j, from: T0, to: T0+60s, rate: 100/s, spacing: even}], drain: 60s}
thresholds: {risk: [{threshold: "count<40", abortOnFail: true}]}
`}), 3, where, nil)
	for range 3 {
		g.agent(t.Context(), 0)
	}
	live := metric.NewLive(sc, record.Manifest{PlannedArrivals: g.storm.Arrivals()})
	end, r := g.lead(t.Context(), g.coordinator(bus.NewRun()), func(i record.Interval) error {
		if crossed := live.Add(i); crossed != nil {
			return &loadgen.Abort{Message: crossed.Summary()}
		}
		return nil
	})
	g.agents.Wait()
	c := counted(r)
	if end.Reason != record.Aborted || !strings.Contains(end.Message, "risk") {
		t.Errorf("end %+v, wanted an abort", end)
	}
	if c.Counted["risk"] < 40 || c.Done >= g.storm.Arrivals() || c.Counted["risk"] != 0.25*float64(c.Done) || c.Counted["good"] != float64(c.Done) {
		t.Errorf("%d done of %d, counted %v", c.Done, g.storm.Arrivals(), c.Counted)
	}
}
