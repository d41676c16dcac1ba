package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/cmd"
	"fsctl/report"
	"fsctl/report/users"
)

// stormed is a run of four users, or so many, at a server of a few lines.
type stormed struct {
	name     string
	steps    string // of the scenario; each has an even share
	more     string // fields beside steps and journeys, such as sale
	journeys string // one, j: [a], by default
	phases   string // journey j, 4 users at T0 by default
	answer   http.HandlerFunc
	code     int
	reason   string // begin of the reason
	codes    string // of the findings, in order
	step     string // of which answers and failures are wanted
	answers  string
	failures string
	users    string // JSON of the journeys, without its names' quotes
}

const buying = `sale: {stock: 5, per_user: 1}, `

const ordering = `a: {share: 100%, transaction: true, request: {method: POST, url: /a}, check: ["status in 200,409,429"], outcome: {placed: "status == 200", sold_out: "status == 409", throttled: "status == 429"}}`

const login = `a: {share: 50%, request: {url: /a}, extract: {token: "json:$.token"}}, b: {share: 50%, request: {url: "/b?${token}"}}`

// always answers everything alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// firstly answers so many requests of a path with one answer, and the others with the other.
func firstly(n int64, path string, first, then http.HandlerFunc) http.HandlerFunc {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == path && seen.Add(1) > n {
			then(w, r)
			return
		}
		first(w, r)
	}
}

func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func slow(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(5 * time.Second):
	}
}

func storms() []stormed {
	const plain = `a: {share: 100%, request: {url: /a}}`
	const all = "every-request-failed"
	left := func(n int, after string) string {
		return fmt.Sprintf(`[{name:j,users:4,finished:%d,ended:{},left:[{step:b,variable:token,after:%s,users:%d}],cut:0}]`, 4-n, after, n)
	}
	return []stormed{
		// Case 1 and its siblings: what the next step needs is not in the answer.
		{name: "another name", steps: login, journeys: `j: [a, b]`, answer: always(200, `{"tok":1}`), code: 99, reason: "every request failed: 4 of 4: extract (answers by status 200: 4)", codes: all + " users-left", step: "a", answers: "200:4", failures: "extract:4", users: left(4, "failed")},
		{name: "null", steps: login, journeys: `j: [a, b]`, answer: always(200, `{"token":null}`), code: 99, codes: all + " users-left", failures: "extract:4", step: "a", answers: "200:4", users: left(4, "failed")},
		{name: "empty", steps: login, journeys: `j: [a, b]`, answer: always(200, `{"token":""}`), code: 99, codes: all + " users-left", failures: "extract:4", step: "a", answers: "200:4", users: left(4, "failed")},
		{name: "wrong content", steps: login, journeys: `j: [a, b]`, answer: always(200, `<html>maintenance</html>`), code: 99, codes: all + " users-left", failures: "extract:4", step: "a", answers: "200:4", users: left(4, "failed")},
		{name: "the step never sent", steps: login, journeys: `j: [a, b]`, answer: always(503, ``), code: 99, reason: "every request failed: 4 of 4: status 503", codes: all + " users-left", step: "b", users: left(4, "failed")},
		{name: "one of four", steps: login, journeys: `j: [a, b]`, answer: firstly(3, "/a", always(200, `{"token":"x"}`), always(200, `{}`)), code: 0, codes: "requests-failed users-left", step: "b", answers: "200:3", users: left(1, "failed")},
		{name: "one journey of two leaves", steps: login + `, c: {share: 0%, request: {url: /c}}`, journeys: `j: [a, b], k: [c]`, phases: `{journey: j, at: T0, users: 4}, {journey: k, at: T0, users: 2}`, answer: always(200, `{}`), code: 99, reason: "every request of a failed: 4 of 4: extract", codes: "step-failed requests-failed users-left",
			users: left(4, "failed")[:len(left(4, "failed"))-1] + `,{name:k,users:2,finished:2,ended:{},left:[],cut:0}]`},
		{name: "a poll that never sees its state", steps: `a: {share: 100%, request: {url: /a}, extract: {state: "json:$.state"}}`, journeys: `j: [{repeat: {until: "state == 'paid'", times: 3, do: [a]}}]`, answer: always(200, `{"state":"pending"}`), code: 0, step: "a", answers: "200:12", users: `[{name:j,users:4,finished:4,ended:{},left:[],cut:0}]`},

		// Case 4: everything fails, and no threshold says a word.
		{name: "404", steps: plain, answer: always(404, ``), code: 99, reason: "every request failed: 4 of 4: status 404", codes: all, step: "a", answers: "404:4", failures: "status:4"},
		{name: "500 against a check", steps: `a: {share: 100%, request: {url: /a}, check: ["status in 200,202"]}`, answer: always(500, ``), code: 99, reason: "every request failed: 4 of 4: check status in 200,202 (answers by status 500: 4)", codes: all, step: "a", answers: "500:4", failures: "check: status in 200,202:4"},
		{name: "429", steps: plain, answer: always(429, ``), code: 99, reason: "every request failed: 4 of 4: status 429", codes: all, step: "a", answers: "429:4", failures: "status:4"},
		{name: "resets", steps: plain, answer: reset, code: 99, reason: "every request failed: 4 of 4: ", codes: all + " resent"},
		{name: "wrong content against a check", steps: `a: {share: 100%, request: {url: /a}, check: ["body contains true"]}`, answer: always(200, `{"ok":false}`), code: 99, reason: "every request failed: 4 of 4: check body contains true", codes: all, step: "a", answers: "200:4", failures: "check: body contains true:4"},
		{name: "half of the steps dead", steps: login, journeys: `j: [a, b]`, answer: firstly(0, "/b", always(200, `{"token":"x"}`), always(404, ``)), code: 99, reason: "every request of b failed: 4 of 4: status 404", codes: "step-failed requests-failed", step: "b", answers: "404:4", failures: "status:4"},
		{name: "as many failures as a threshold allows", steps: login, more: `thresholds: {http_req_failed: ["rate<0.6"]}, `, journeys: `j: [a, b]`, answer: firstly(0, "/b", always(200, `{"token":"x"}`), always(404, ``)), code: 0, codes: "step-failed requests-failed", step: "b", answers: "404:4", failures: "status:4"},
		{name: "failures are asked for", steps: plain, more: `thresholds: {http_req_failed: ["rate>0.9"]}, `, answer: always(404, ``), code: 0, step: "a", answers: "404:4", failures: "status:4"},
		{name: "failures of another kind are allowed", steps: plain, more: `thresholds: {http_reqs: ["count>3"], "http_reqs{outcome:error}": ["count<1"]}, `, answer: always(404, ``), code: 99, reason: "every request failed", codes: all},

		// Case 5: there is stock, and nothing was sold.
		{name: "sold out before T0", steps: ordering, more: buying, answer: always(409, ``), code: 99, reason: "nothing was placed though the sale has stock (5 pieces): none of 4 requests of a was placed (answers by status 409: 4); was the shop reset?", codes: "nothing-placed", step: "a", answers: "409:4"},
		{name: "all throttled", steps: ordering, more: buying, answer: always(429, ``), code: 99, reason: "nothing was placed though the sale has stock", codes: "nothing-placed"},
		{name: "sold out is asked for", steps: ordering, more: buying + `thresholds: {"http_reqs{outcome:sold_out}": ["count>0"]}, `, answer: always(409, ``), code: 0},
		{name: "a bound of the stock asks for nothing", steps: ordering, more: buying + `thresholds: {"http_reqs{outcome:placed}": ["count<=5"]}, `, answer: always(409, ``), code: 99, codes: "nothing-placed"},
		{name: "no order is asked for", steps: ordering, more: buying + `thresholds: {"http_reqs{outcome:placed}": ["count<1"]}, `, answer: always(409, ``), code: 0},
		{name: "sold out in mid-storm", steps: ordering, more: buying, answer: firstly(1, "/a", always(200, ``), always(409, ``)), code: 0, step: "a", answers: "409:3 200:1"},
		{name: "no stock", steps: ordering, answer: always(409, ``), code: 0},

		// Case 14: no answer, no time to the first byte.
		{name: "time to the first byte of no answer", steps: `a: {share: 100%, request: {url: /a, timeout: 200ms}}`, more: `thresholds: {http_req_failed: ["rate>0.9"], http_req_waiting: ["p(95)<100ms"]}, `, answer: slow, code: 99, reason: "a threshold cannot be judged: http_req_waiting p(95)<100ms: no data, no such request was answered", step: "a", failures: "timeout:4"},
		{name: "handshakes of no answer", steps: plain, more: `thresholds: {http_req_failed: ["rate>0.9"], http_req_waiting: ["max<1h"], http_req_connecting: ["max<1h"]}, `, answer: reset, code: 99, reason: "a threshold cannot be judged: http_req_waiting"},

		// Case 15: what did not happen is counted as 0.
		{name: "none failed", steps: plain, more: `thresholds: {"http_reqs{outcome:failed}": ["count<1"]}, `, answer: always(200, ``), code: 0},
		{name: "none refused", steps: ordering, more: `thresholds: {"http_reqs{outcome:throttled}": ["count<1", "rate<1"], "http_req_failed{step:a}": ["count<1"], "http_reqs{expected_response:false}": ["count==0"]}, `, answer: always(200, ``), code: 0},
		{name: "none placed", steps: ordering, more: `thresholds: {"http_reqs{step:a,outcome:placed}": ["count>0"]}, `, answer: always(409, ``), code: 99, reason: "a threshold was crossed: http_reqs{step:a,outcome:placed} was 0, wanted count>0"},
		{name: "a share of no requests", steps: login, journeys: `j: [a, b]`, more: `thresholds: {"http_req_failed{step:b}": ["rate<0.1"], http_req_failed: ["rate>0.9"]}, `, answer: always(503, ``), code: 99, reason: "a threshold cannot be judged: http_req_failed{step:b} rate<0.1: no data", codes: "users-left"},
	}
}

// Runs of which nothing worked, and others that look like them: each has the verdict, the reason, and every user and answer.
func TestRunsThatEarnNothing(t *testing.T) {
	t.Parallel()
	for _, c := range storms() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

// A list of targets has no scenario, and its results read as vegeta's have not even a run: both fail where every request does.
func TestTargetsThatAllFail(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(always(404, ``))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	list, run := filepath.Join(dir, "targets.txt"), filepath.Join(dir, "run")
	if err := os.WriteFile(list, []byte("GET "+s.URL+"/gone\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const wanted = "FAIL  every request failed: 20 of 20: status 404\n"
	attack := []string{"attack", "--targets", list, "--rate", "20/s", "--duration", "1s", "--raw", "--run", run}
	for range 4 { // beside other tests the generator may stand still for a moment, which makes the run invalid
		if cmd.Run(t.Context(), attack, cmd.Streams{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard}) != 111 {
			break
		}
		_ = os.RemoveAll(run)
	}
	for _, args := range [][]string{{"report", run}, {"report", filepath.Join(run, "results.bin")}} {
		if out := inProcess(t, 99, args...); !strings.HasSuffix(out, wanted) || !strings.Contains(out, "404: 20") {
			t.Errorf("%s ends otherwise than with %q:\n%s", args[1], wanted, out)
		}
	}
}

// A sale at fsctl shop is known for one on the practice shop by what the shop says of itself beside its ledger.
func TestPracticeShopIsKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, file := server(t, "shop", "--listen", "127.0.0.1:0"), filepath.Join(dir, "case.yaml")
	text := `{apiVersion: fsctl/v1, kind: Scenario, name: case, workload: {requests: 1000}, steps: {a: {share: 100%, transaction: true,
  request: {method: POST, url: /orders, headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.token}"}, json: {sku: "${sku}", quantity: 1}},
  extract: {order_id: "json:$.order_id"}, outcome: {placed: "status in 200,202"}}},
sale: {stock: 1000}, ledger: {url: /ledger}, feeders: {user: {from: sequence, size: 100, fields: {token: "token-${n}"}}},
journeys: {j: [a]}, storm: {t0: 300ms, phases: [{journey: j, at: T0, users: 4}], lateness: {limit: 5s}}}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out := inProcess(t, 0, "attack", file, "--target", address, "--run", filepath.Join(dir, "run"))
	if !strings.Contains(out, "the target was fsctl's built-in practice shop: what it holds says nothing about yours") {
		t.Errorf("the report does not say that it is of the practice shop:\n%s", out)
	}
}

func (c *stormed) check(t *testing.T) {
	s := httptest.NewServer(c.answer)
	t.Cleanup(s.Close)
	s.Config.ErrorLog = nil
	dir := t.TempDir()
	or := func(text, absent string) string {
		if text == "" {
			return absent
		}
		return text
	}
	text := fmt.Sprintf(`{apiVersion: fsctl/v1, kind: Scenario, name: case, workload: {requests: 1000}, steps: {%s}, %sjourneys: {%s},
storm: {t0: 300ms, phases: [%s], lateness: {limit: 5s}}}`, c.steps, c.more, or(c.journeys, `j: [a]`), or(c.phases, `{journey: j, at: T0, users: 4}`))
	file, run := filepath.Join(dir, "case.yaml"), filepath.Join(dir, "run")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal([]byte(inProcess(t, c.code, "attack", file, "--target", s.URL, "--run", run, "-o", "json")), &r); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Reason, c.reason) {
		t.Errorf("the reason is %q, wanted %q", r.Reason, c.reason)
	}
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	if got := strings.Join(codes, " "); got != c.codes {
		t.Errorf("found %q, wanted %q: %+v", got, c.codes, r.Findings)
	}
	c.checkStep(t, r.Steps)
	checkUsers(t, r.Journeys, c.users)
	lines := strings.Split(strings.TrimRight(inProcess(t, c.code, "report", run), "\n"), "\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, strings.ToUpper(string(r.Verdict))+"  "+r.Reason[:min(len(r.Reason), 20)]) {
		t.Errorf("the last line is %q, wanted the verdict with %q", last, r.Reason)
	}
}

func (c *stormed) checkStep(t *testing.T, steps []report.Step) {
	if c.step == "" {
		return
	}
	for _, s := range steps {
		if s.Name != c.step {
			continue
		}
		if answers, failures := counted(s.Statuses), counted(s.Failures); answers != c.answers || failures != c.failures {
			t.Errorf("step %s: found the answers %q and failures %q, wanted %q and %q", s.Name, answers, failures, c.answers, c.failures)
		}
		return
	}
	t.Errorf("step %s is not in the report", c.step)
}

// counted lists what is counted by name, the most frequent first.
func counted(counts map[string]uint64) string {
	var parts []string
	for most := uint64(100); most > 0; most-- {
		for name, n := range counts {
			if n == most {
				parts = append(parts, fmt.Sprintf("%s:%d", name, n))
			}
		}
	}
	return strings.Join(parts, " ")
}

func checkUsers(t *testing.T, list []users.Journey, wanted string) {
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(text), `"`, ""); wanted != "" && got != wanted {
		t.Errorf("found the users\n%s, wanted\n%s", got, wanted)
	}
}
