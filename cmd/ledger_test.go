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
)

// sale is a scenario in which four users order the same item once.
func sale(t *testing.T, journey, ledger string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sale.yaml")
	text := `{apiVersion: fsctl/v1, kind: Scenario, name: sale, workload: {requests: 1000}, sale: {items: 1, stock: 1, per_user: 1},
steps: {order: {share: 100%, transaction: true, request: {method: POST, url: /orders, json: {user: "${user.id}"}}, extract: {order_id: "json:$.order_id"},
  outcome: {placed: "status 200", sold_out: "status 409"}}},
storm: {t0: 300ms, phases: [{journey: j, at: T0, users: 4}], lateness: {limit: 1m}}, journeys: {j: ` + journey + `},
invariants: [no-oversell, one-order-per-user, no-lost-order], ledger: ` + ledger + `}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// verdictOf is what the tests of ledgers read of a report.
type verdictOf struct {
	Verdict    string
	Reason     string
	Invariants []struct{ Name, Status, Summary string }
	Steps      []struct {
		Name     string
		Repeated int
	}
	Findings []struct{ Code, Message string }
}

func (v verdictOf) statuses() (text string) {
	for _, i := range v.Invariants {
		text += i.Status + " "
	}
	return text
}

func (v verdictOf) finds(code string) string {
	for _, f := range v.Findings {
		if f.Code == code {
			return f.Message
		}
	}
	return ""
}

// storm attacks a shop of a few lines and returns the verdict, whatever it is.
func storm(t *testing.T, scenario string, shop http.HandlerFunc, flags ...string) verdictOf {
	t.Helper()
	server := httptest.NewServer(shop)
	defer server.Close()
	run := filepath.Join(t.TempDir(), "run")
	fsctl(t, 0, append([]string{"attack", scenario, "--target", server.URL, "--run", run, "--no-verdict"}, flags...)...)
	text, err := os.ReadFile(filepath.Join(run, "report.json"))
	var v verdictOf
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLedgersThatLie brings a sale's contradictions about, through the whole program: shops of a few lines, whose account
// and answers are no sale.
func TestLedgersThatLie(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	const ledger = `{url: "/ledger"}`
	for name, c := range map[string]struct {
		journey, ledger string
		before, after   string // GET /ledger before T0 and after it
		answer          func(user string, n int) string
		statuses        string
		reason          string
		repeated        int
		finding         string
	}{
		"one number for all": {"[order]", ledger, "", `{"order_id":"42","user":"1"}`,
			func(string, int) string { return `{"order_id":"42"}` }, "fail fail fail ", "one order number (42) told to 4 buyers", 0, ""},
		"one number for all, by the answers alone": {"[order]", "answers", "", "",
			func(string, int) string { return `{"order_id":"42"}` }, "fail fail fail ", "one order number (42) told to 4 buyers", 0, ""},
		"one order for ten users": {"[order]", ledger, "", strings.Join([]string{`{"order_id":7,"user":0}`, `{"order_id":7,"user":"1"}`, `{"order_id":"7","user":2}`, `{"order_id":7,"user":3}`, `{"order_id":7,"user":4}`,
			`{"order_id":7,"user":5}`, `{"order_id":7,"user":6}`, `{"order_id":7,"user":7}`, `{"order_id":7,"user":8}`, `{"order_id":7,"user":9}`}, ","),
			func(string, int) string { return "" }, "fail fail fail ", "one order (7) listed for 10 users", 0, "phantom-orders"},
		"numbers in the ledger, text in the answers": {"[order, order]", ledger, "", `{"order_id":17,"user":1}`,
			func(user string, n int) string { return map[bool]string{true: `{"order_id":"17"}`}[user == "1"] }, "pass pass pass ", "", 1, ""},
		"text in the ledger, numbers in the answers": {"[order]", ledger, "", `{"order_id":"98765432109876543210","user":"1"}`,
			func(user string, n int) string {
				return map[bool]string{true: `{"order_id":98765432109876543210}`}[user == "1"]
			}, "pass pass pass ", "", 0, ""},
		"a quantity below one": {"[order]", ledger, "", `{"order_id":"17","user":"1","quantity":-5}`,
			func(user string, n int) string { return map[bool]string{true: `{"order_id":"17"}`}[user == "1"] }, "no-data no-data no-data ", "order 17: quantity: found -5", 0, ""},
		"sold out before, by this run's users": {"[order]", ledger, `{"order_id":"9","user":"3"}`, `{"order_id":"9","user":"3"}`,
			func(string, int) string { return "" }, "pass no-data no-data ", "1 order stood in its ledger before T0, among them those of 1 user of this run", 0, "not-reset"},
		"the shop says again what it sold before": {"[order]", ledger, `{"order_id":"9","user":"3"}`, `{"order_id":"9","user":"3"}`,
			func(user string, n int) string { return map[bool]string{true: `{"order_id":9}`}[user == "3"] }, "pass no-data pass ", "", 1, "not-reset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked, read atomic.Int32
			v := storm(t, sale(t, c.journey, c.ledger), func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "GET" {
					fmt.Fprintf(w, `{"orders":[%s]}`, map[bool]string{true: c.before, false: c.after}[read.Add(1) == 1])
					return
				}
				var who struct{ User string }
				text, _ := io.ReadAll(r.Body)
				_ = json.Unmarshal(text, &who) // a body that is not JSON names no user
				if answer := c.answer(who.User, int(asked.Add(1))); answer != "" {
					fmt.Fprint(w, answer)
					return
				}
				w.WriteHeader(http.StatusConflict)
			})
			summaries := v.Reason
			for _, i := range v.Invariants {
				summaries += "\n" + i.Summary
			}
			if v.statuses() != c.statuses || !strings.Contains(summaries, c.reason) || v.Steps[0].Repeated != c.repeated || c.finding != "" && v.finds(c.finding) == "" {
				t.Errorf("found %s%s, %d repeated, %+v\nwanted %s%s, %d, %s", v.statuses(), summaries, v.Steps[0].Repeated, v.Findings, c.statuses, c.reason, c.repeated, c.finding)
			}
			if wanted := int32(map[bool]int{true: 2, false: 0}[c.ledger == ledger]); read.Load() != wanted {
				t.Errorf("the ledger was read %d times, wanted %d", read.Load(), wanted)
			}
		})
	}
}

// The built-in shop, stormed twice without a reset: a fleet's coordinator finds it as a lone process does.
func TestTwoStormsWithoutAReset(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := server(t, "shop", "--listen", "127.0.0.1:0")
	scenario := filepath.Join(t.TempDir(), "twice.yaml")
	if err := os.WriteFile(scenario, []byte(`{apiVersion: fsctl/v1, kind: Scenario, name: twice, workload: {requests: 1000}, sale: {items: 1, stock: 100, per_user: 1},
steps: {order: {share: 100%, transaction: true, extract: {order_id: "json:$.order_id"}, outcome: {placed: "status in 200,202", sold_out: "status 409"},
  request: {method: POST, url: /orders, headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${user.id}"}, json: {sku: "${sku}", quantity: 1}}}},
storm: {t0: 1s, phases: [{journey: buyer, at: T0, users: 20}], lateness: {limit: 1m}}, journeys: {buyer: [order]},
feeders: {user: {from: sequence, size: 20, fields: {token: "token-${n}"}}},
invariants: [no-oversell, one-order-per-user, no-lost-order], ledger: {url: /ledger}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, flags := range [][]string{nil, nil, {"--agents", "2"}} {
		run := filepath.Join(t.TempDir(), fmt.Sprint("run", i))
		fsctl(t, 0, append([]string{"attack", scenario, "--target", target, "--run", run, "--no-verdict"}, flags...)...)
		read, err := os.ReadFile(filepath.Join(run, "report.json"))
		var v verdictOf
		if err == nil {
			err = json.Unmarshal(read, &v)
		}
		if err != nil {
			t.Fatal(err)
		}
		if found := v.finds("not-reset"); strings.Contains(found, "20 orders stood in its ledger before T0, among them those of 20 users") != (i > 0) {
			t.Errorf("storm %d: not-reset says %q, statuses %s", i+1, found, v.statuses())
		}
		if i > 0 && !strings.Contains(v.statuses(), "no-data") {
			t.Errorf("storm %d: %s", i+1, v.statuses())
		}
	}
}
