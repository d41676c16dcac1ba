package cmd_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"fsctl/report"
)

// nodeShopLog is what the shop of testdata/nodeshop counted.
type nodeShopLog struct {
	Answers map[string]map[string]uint64 `json:"answers"` // by method and page, and status

	NoToken   uint64 `json:"noToken"`
	NullToken uint64 `json:"nullToken"`
	NoCode    uint64 `json:"noCode"`
	NoNumber  uint64 `json:"noNumber"`
	Throttled uint64 `json:"throttled"`
	Refused   uint64 `json:"refused"`
	Placed    uint64 `json:"placed"`
	Repeated  uint64 `json:"repeated"`
	Confirmed uint64 `json:"confirmed"`
	Browsed   uint64 `json:"browsed"`
}

// nodeShop starts the shop, which ends with the test, and returns its address.
func nodeShop(t *testing.T, stock string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: make deps")
	}
	c := exec.Command(node, "testdata/nodeshop/shop.mjs", stock)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the shop printed no address: %v", err)
	}
	return strings.TrimSpace(line)
}

// TestNodeShop storms a shop that is not ours, in which users end in every way there is, and holds the report against what
// the shop itself counted.
func TestNodeShop(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	shop := nodeShop(t, "30")
	file := filepath.Join(t.TempDir(), "report.json")
	page := fsctl(t, 0, "attack", "testdata/nodeshop/scenario.yaml", "--target", shop, "--run", filepath.Join(t.TempDir(), "run"), "--json", file)
	var r report.Report
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	log := nodeShopLogOf(t, shop)

	answers := map[string]map[string]uint64{}
	for step, page := range map[string]string{"login": "POST /login", "order": "POST /orders", "status": "GET /orders", "voucher": "POST /vouchers"} {
		answers[page] = stepNamed(t, &r, step).Statuses
	}
	items := stepNamed(t, &r, "item").Statuses["200"] + stepNamed(t, &r, "redeem").Statuses["200"]
	answers["GET /items"] = map[string]uint64{"200": items}
	if !reflect.DeepEqual(answers, log.Answers) {
		t.Errorf("answers by status: the report has %v, the shop sent %v", answers, log.Answers)
	}
	checkNodeShopUsers(t, &r, log)

	order, login := stepNamed(t, &r, "order"), stepNamed(t, &r, "login")
	want := map[string]uint64{"extract": log.NoNumber}
	if !reflect.DeepEqual(order.Failures, want) || order.Repeated != int64(log.Repeated) {
		t.Errorf("order failed by %v, wanted %v; %d repeated, the shop repeated %d", order.Failures, want, order.Repeated, log.Repeated)
	}
	if n := login.Failures["extract"]; n != log.NoToken+log.NullToken {
		t.Errorf("%d logins without a token, the shop gave %d none and %d null", n, log.NoToken, log.NullToken)
	}
	if never := stepNamed(t, &r, "never"); never.Requests != 0 {
		t.Errorf("step never has %d requests", never.Requests)
	}
	for _, secret := range []string{"secret-of-", "code-"} {
		if strings.Contains(page, secret) {
			t.Errorf("the report shows what was extracted: %q", secret)
		}
	}
	for _, text := range []string{"before redeem", "code", "sold_out", "throttled", "never"} {
		if !strings.Contains(page, text) {
			t.Errorf("the table does not show %q:\n%s", text, page)
		}
	}
}

// checkNodeShopUsers compares how users ended with what the shop did to them.
func checkNodeShopUsers(t *testing.T, r *report.Report, log nodeShopLog) {
	t.Helper()
	var ended, left, finished = map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	for _, j := range r.Journeys {
		sum := j.Finished + j.Cut
		for outcome, n := range j.Ended {
			ended[outcome] += n
			sum += n
		}
		for _, l := range j.Left {
			left[l.Step+" "+l.Variable+" "+l.After] += l.Users
			sum += l.Users
		}
		if sum != j.Users {
			t.Errorf("journey %s: %d users, but %d ended in some way", j.Name, j.Users, sum)
		}
		finished[j.Name] = j.Finished
		if j.Name == "waiting" && (j.Cut != 7 || j.Users != 7) {
			t.Errorf("journey waiting: %d of %d users cut by the end, wanted 7", j.Cut, j.Users)
		}
	}
	// A bot presses three times, so a throttled or refused one is three answers and one user.
	if ended["sold_out"] == 0 || ended["sold_out"] > log.Refused || ended["throttled"] == 0 || ended["throttled"] > log.Throttled {
		t.Errorf("ended by %v, the shop refused %d and throttled %d", ended, log.Refused, log.Throttled)
	}
	wanted := map[string]uint64{"order token failed": log.NoToken + log.NullToken, "redeem code ok": log.NoCode}
	for what, n := range wanted {
		if left[what] != n {
			t.Errorf("left %q: %d users, the shop says %d", what, left[what], n)
		}
	}
	if got := left["status order_id failed"]; got == 0 || got > log.NoNumber {
		t.Errorf("%d users left before status because the order number was missing, the shop gave %d no number", got, log.NoNumber)
	}
	if finished["buyer"] != log.Confirmed {
		t.Errorf("%d buyers finished, the shop confirmed %d orders", finished["buyer"], log.Confirmed)
	}
}

func stepNamed(t *testing.T, r *report.Report, name string) *report.Step {
	t.Helper()
	for i := range r.Steps {
		if r.Steps[i].Name == name {
			return &r.Steps[i]
		}
	}
	t.Fatalf("the report has no step %s", name)
	return nil
}

func nodeShopLogOf(t *testing.T, shop string) (log nodeShopLog) {
	t.Helper()
	response, err := http.Get(shop + "/log")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&log); err != nil {
		t.Fatal(err)
	}
	return log
}
