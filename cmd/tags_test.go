package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fsctl/scenarios/threshold"
)

// judged is a threshold of a report.
type judged struct {
	Metric, Threshold, Status, Note string
	Value                           *float64
}

// thresholdsOf storms a target by a scenario without thresholds, to which those given are added, and returns them judged.
func thresholdsOf(t *testing.T, target, engine, scenario string, thresholds [][2]string) map[string]judged {
	t.Helper()
	dir := t.TempDir()
	text := scenario + "\nthresholds:\n"
	for _, c := range thresholds {
		text += fmt.Sprintf("  %q: [%q]\n", c[0], c[1])
	}
	path, out := filepath.Join(dir, "tags.yaml"), filepath.Join(dir, "r.json")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	fsctl(t, 0, "attack", path, "--target", target, "--engine", engine, "--run", filepath.Join(dir, "run"), "--json", out, "--no-verdict", "--no-preflight")
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var rep struct{ Thresholds []judged }
	if err := json.Unmarshal(content, &rep); err != nil {
		t.Fatal(err)
	}
	found := map[string]judged{}
	for _, r := range rep.Thresholds {
		found[r.Metric] = r
	}
	return found
}

// Thresholds by k6's tags judge the requests that have them, and journeys from the instant that a user was due to the end.
func TestThresholdsByTags(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			time.Sleep(200 * time.Millisecond)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer shop.Close()
	const inf = 1e9
	wanted := []struct {
		metric, text string
		low, high    float64 // low 0 and high -1: no data
	}{
		{"http_reqs{status:200}", "count>1", 50, 50},
		{"http_reqs{status:404}", "count==10", 10, 10},
		{"http_reqs{status:500}", "count<1", 0, 0},
		{"http_reqs{scenario:visitor}", "count==20", 20, 20},
		{"http_reqs{scenario:visitor,status:200}", "count==10", 10, 10},
		{"http_reqs{method:POST}", "count==20", 20, 20},
		{"http_reqs{scenario:visitor,method:POST}", "count<1", 0, 0},
		{"http_req_failed{scenario:visitor}", "rate<1", 0.5, 0.5},
		{"http_req_failed{scenario:buyer}", "rate<1", 0, 0},
		{"http_req_failed{status:404}", "rate<=1", 1, 1},
		{"http_req_duration{method:POST}", "min<1s", 0.2, inf},
		{"http_req_duration{method:GET}", "min<1s", 0, 0.1},
		{"http_req_duration{scenario:buyer,status:200}", "max<10s", 0.2, inf},
		{"response_time{scenario:visitor,step:page}", "min<1s", 0, 0.1},
		{"http_req_duration{status:500}", "max<1s", 0, -1},
		{"http_req_waiting{status:404}", "min<1s", 0, 0.1},
		{"http_req_tls_handshaking", "max<1s", 0, 1e-6},
		{"iteration_duration{scenario:buyer}", "min<1s", 0.5, 1},
		{"iteration_duration{scenario:visitor}", "min<1s", 0, 0.3},
		{"iterations{scenario:buyer}", "count==20", 20, 20},
		{"outcome{outcome:ok,scenario:visitor}", "rate<1", 0.5, 0.5},
	}
	var thresholds [][2]string
	for _, c := range wanted {
		thresholds = append(thresholds, [2]string{c.metric, c.text})
	}
	for _, engine := range []string{"wire", "vegeta"} {
		found := thresholdsOf(t, shop.URL, engine, `apiVersion: fsctl/v1
kind: Scenario
name: tags
workload: {requests: 1M}
steps: {page: {share: 40%, request: {url: /page}}, missing: {share: 20%, request: {url: /missing}}, order: {share: 40%, request: {url: /slow, method: POST, body: x}}}
journeys: {buyer: [page, {think: 300ms}, order], visitor: [page, missing]}
storm: {t0: 0s, phases: [{journey: buyer, from: T0, to: T0+2s, rate: 10/s, spacing: even}, {journey: visitor, from: T0, to: T0+2s, rate: 5/s, spacing: even}]}`, thresholds)
		for _, c := range wanted {
			limit, err := threshold.Parse(c.metric, c.text)
			if err != nil {
				t.Fatal(err)
			}
			r := found[limit.Key()]
			switch {
			case c.high < 0 && (r.Value != nil || r.Status != "no-data"):
				t.Errorf("%s by %s: found %+v, wanted no data", c.metric, engine, r)
			case c.high >= 0 && (r.Value == nil || *r.Value < c.low*0.999 || *r.Value > c.high):
				t.Errorf("%s by %s: found %+v, wanted %g to %g", c.metric, engine, r, c.low, c.high)
			}
		}
	}
}

// Where all requests time out, or are refused, no time of theirs up to a first byte, a handshake or the end of a journey is data.
func TestTimesOfWhatDidNotHappenHaveNoData(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close) // the subtests run once this function has returned
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, engine := range []string{"wire", "vegeta"} {
		for name, target := range map[string]string{"silent": silent.URL, "refused": closed.URL} {
			t.Run(name+" by "+engine, func(t *testing.T) {
				t.Parallel()
				thresholds := [][2]string{{"http_req_waiting", "p(95)<100ms"}, {"http_req_waiting{status:200}", "p(95)<100ms"},
					{"http_req_duration{status:200}", "p(95)<100ms"}, {"http_req_duration{expected_response:true}", "p(95)<100ms"}}
				if name == "refused" { // else there were connections
					thresholds = append(thresholds, [2]string{"http_req_connecting", "p(95)<10s"}, [2]string{"http_req_tls_handshaking", "p(95)<10s"})
				}
				found := thresholdsOf(t, target, engine, `apiVersion: fsctl/v1
kind: Scenario
name: silence
workload: {requests: 1M}
steps: {page: {share: 100%, request: {url: /page, timeout: 200ms}}}
journeys: {visitor: [page]}
storm: {t0: 0s, phases: [{journey: visitor, from: T0, to: T0+1s, rate: 20/s, spacing: even}]}`, thresholds)
				for _, c := range thresholds {
					if r := found[c[0]]; r.Value != nil || r.Status != "no-data" || r.Note == "" {
						t.Errorf("%s: found %+v, wanted no data and why", c[0], r)
					}
				}
			})
		}
	}
}
