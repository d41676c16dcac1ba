package cmd_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"fsctl/loadgen/loadtest"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/shop"
)

// referencePages are the pages that name every key of a scenario file.
func referencePages() []string { return []string{"docs/scenario.md", "docs/requests.md"} }

// The tables of the reference have every key of the JSON Schema once, and no other.
func TestReferenceHasEveryKey(t *testing.T) {
	ownConfig(t)
	var schema map[string]any
	if err := json.Unmarshal([]byte(inProcess(t, 0, "scenarios", "schema")), &schema); err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	schemaKeys(schema, "", keys)
	schemaKeys(schema["$defs"].(map[string]any)["action"], "action", keys)
	count := map[string]int{}
	for _, page := range referencePages() {
		for _, key := range tableKeys(readPage(t, page)) {
			if count[key]++; count[key] == 2 {
				t.Errorf("%s: the reference has %s twice, wanted it once", page, key)
			}
			if !keys[key] {
				t.Errorf("%s has the key %s, which no scenario has", page, key)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		isThere := func(row string) bool { return row == key || strings.HasPrefix(row, key+".") }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(count)), isThere) {
			t.Errorf("no table of the reference has %s", key)
		}
	}
	if len(keys) < 180 || len(count) < 150 {
		t.Errorf("found %d keys in the schema and %d in the reference, wanted all", len(keys), len(count))
	}
}

var lawNames = []string{"constant", "uniform", "exponential", "lognormal", "normal"}

// schemaKeys adds the keys of a schema by their paths. NAME stands for a name that the scenario gives, and the laws of all distributions
// have one path.
func schemaKeys(node any, path string, keys map[string]bool) {
	m, ok := node.(map[string]any)
	if !ok {
		return
	}
	properties, _ := m["properties"].(map[string]any)
	for key, below := range properties {
		at := strings.TrimPrefix(path+"."+key, ".")
		if slices.Contains(lawNames, key) {
			at = "distribution." + key
		}
		keys[at] = true
		schemaKeys(below, at, keys)
	}
	for _, form := range []string{"anyOf", "oneOf"} {
		list, _ := m[form].([]any)
		for _, one := range list {
			schemaKeys(one, path, keys)
		}
	}
	schemaKeys(m["items"], path, keys)
	schemaKeys(m["additionalProperties"], path+".NAME", keys)
	patterns, _ := m["patternProperties"].(map[string]any)
	for _, below := range patterns {
		schemaKeys(below, path+".NAME", keys)
	}
}

// The defaults in the reference are those of a scenario that leaves the fields out.
func TestReferenceHasTheDefaults(t *testing.T) {
	sc, err := scenarios.Parse("example.yaml", []byte(strings.ReplaceAll(basis, "JOURNEY", "visitor")+"services: [{name: shop, kind: service, demand: 1ms}]\n"+
		"sale: {stock: 1}\nestate: {zones: 1}\nrehearsal: {workers: 1}\nledger: {url: /ledger}\n"))
	if err != nil {
		t.Fatal(err)
	}
	retry, err := scenarios.Parse("retry.yaml", []byte("{apiVersion: fsctl/v1, kind: Scenario, name: retry, steps: {a: {request: {url: /}}}, journeys: {j: [{retry: {times: 1, do: [a]}}]}}"))
	if err != nil {
		t.Fatal(err)
	}
	r, service, list := retry.Journeys[0].Do[0].Retry, sc.Services[0], sc.Step("list").Request
	rows := map[string]string{}
	for _, page := range referencePages() {
		maps.Copy(rows, tableRows(readPage(t, page)))
	}
	for key, want := range map[string]string{
		"workload.busy.share": quantity.Percent(float64(sc.Workload.Busy.Share)), "workload.busy.window": quantity.Exact(sc.Workload.Busy.Window),
		"workload.peak":    fmt.Sprintf("%g..%g", sc.Workload.Peak.Low, sc.Workload.Peak.High),
		"defaults.cookies": sc.Defaults.Cookies, "defaults.connections": sc.Defaults.Connections, "defaults.timeout": quantity.Exact(list.Timeout),
		"steps.NAME.request.timeout": quantity.Exact(list.Timeout), "steps.NAME.request.redirects": fmt.Sprint(*list.Redirects), "steps.NAME.request.method": list.Method,
		"services.instance.cores": fmt.Sprint(service.Instance.Cores), "services.utilization": quantity.Percent(float64(service.Utilization)),
		"services.wait": quantity.Percent(float64(service.Wait)), "services.variability": fmt.Sprint(service.Variability.Mid),
		"sale.items": fmt.Sprint(sc.Sale.Items), "sale.sku": sc.Sale.SKU,
		"estate.event_duration": quantity.Exact(sc.Estate.EventDuration), "estate.margin": quantity.Exact(sc.Estate.Margin),
		"storm.drain": quantity.Exact(sc.Storm.Drain), "storm.lateness.share": quantity.Percent(float64(sc.Storm.Lateness.Share)),
		"storm.lateness.limit": quantity.Exact(scenarios.DefaultLateness), "storm.phases.spacing": sc.Storm.Phases[0].Spacing,
		"rehearsal.scale": quantity.Percent(float64(sc.Rehearsal.Scale)),
		"ledger.baseline": sc.Ledger.Baseline, "ledger.outcome": sc.Ledger.Outcome, "ledger.order_id": sc.Ledger.OrderID,
		"action.retry.backoff": quantity.Exact(r.Backoff), "action.retry.jitter": quantity.Percent(float64(r.Jitter)),
	} {
		if !strings.Contains(rows[key], want) {
			t.Errorf("the reference says of %s: %q, wanted the default %s", key, rows[key], want)
		}
	}
}

// tableKeys returns the keys in the first columns of a page's tables whose head is the path of a part in backticks; file is the head of
// the file's own.
func tableKeys(page string) (keys []string) {
	eachRow(page, func(key string, _ []string) { keys = append(keys, key) })
	return keys
}

// tableRows returns what the rows of those tables say in the column of defaults, by key.
func tableRows(page string) map[string]string {
	rows := map[string]string{}
	eachRow(page, func(key string, cells []string) {
		if len(cells) > 4 {
			rows[key] = cells[4]
		}
	})
	return rows
}

// eachRow calls visit with each key of those tables, and with the cells of its row; the first and the last are empty.
func eachRow(page string, visit func(key string, cells []string)) {
	head := regexp.MustCompile("^\\| `([\\w.]+)` \\| ")
	word := regexp.MustCompile("`([^`]+)`")
	part, inside := "", false
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		switch {
		case !strings.HasPrefix(line, "|"):
			inside = false
		case !inside && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|--"):
			m := head.FindStringSubmatch(line)
			if inside = m != nil; inside {
				part = strings.TrimPrefix(m[1]+".", "file.")
			}
		case inside && !strings.HasPrefix(line, "|--"):
			cells := strings.Split(line, "|")
			for _, m := range word.FindAllStringSubmatch(cells[1], -1) {
				visit(part+m[1], cells)
			}
		}
	}
}

// basis has the parts that examples of the reference leave out.
const basis = `apiVersion: fsctl/v1
kind: Scenario
name: example
workload: {requests: 10M}
steps:
  list: {request: {url: /items}}
  item: {request: {url: "/items/${sku}"}}
  search: {request: {url: /search}}
  signin: {request: {url: /login, form: {user: "${user.name}"}}, extract: {session: "json:$.token"}}
  cart: {request: {url: /cart, json: {sku: "${sku}"}}, extract: {state: "json:$.state"}}
  order:
    transaction: true
    request: {url: /orders, headers: {Authorization: "Bearer ${user.token}", Idempotency-Key: "${uuid}"}, json: {sku: "${sku}", quantity: 1}}
    extract: {order_id: "json:$.order_id"}
    outcome: {placed: "status in 200,202", sold_out: "status 409"}
  status: {request: {url: "/orders/${order_id}", headers: {Authorization: "Bearer ${user.token}"}}, extract: {state: "json:$.state"}}
journeys: {visitor: [item], buyer: [item, order], searcher: [search], signin: [signin]}
feeders: {user: {from: sequence, size: 1M, fields: {token: "token-${n}", name: max}}}
storm: {t0: 0s, phases: [{journey: JOURNEY, at: T0, users: 5}], lateness: {limit: 1m}}
`

// completed returns an example with the parts that it leaves out, and its journeys.
func completed(t *testing.T, example string) (text string, parts map[string]yaml.Node, journeys []string) {
	t.Helper()
	parts = map[string]yaml.Node{}
	whole := map[string]yaml.Node{}
	for _, read := range []error{yaml.Unmarshal([]byte(example), &parts), yaml.Unmarshal([]byte(basis), &whole)} {
		if read != nil {
			t.Fatalf("%v in\n%s", read, example)
		}
	}
	has := func(part string) bool { _, ok := parts[part]; return ok }
	maps.Copy(whole, parts)
	if has("steps") && !has("journeys") {
		var steps []string
		for i := 0; i < len(parts["steps"].Content); i += 2 {
			steps = append(steps, parts["steps"].Content[i].Value)
		}
		whole["journeys"] = nodeOf(t, map[string][]string{"all": steps})
	}
	if !has("services") && !has("workload") && !has("estate") && !has("limits") {
		delete(whole, "workload")
	}
	if has("invariants") {
		whole["sale"] = nodeOf(t, map[string]int{"items": 10, "stock": 500, "per_user": 1})
	}
	for i := 0; i < len(whole["journeys"].Content); i += 2 {
		journeys = append(journeys, whole["journeys"].Content[i].Value)
	}
	written, err := yaml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	sends := journeys[0]
	if slices.Contains(journeys, "buyer") {
		sends = "buyer"
	}
	return strings.ReplaceAll(string(written), "JOURNEY", sends), parts, journeys
}

func nodeOf(t *testing.T, value any) (node yaml.Node) {
	t.Helper()
	if err := node.Encode(value); err != nil {
		t.Fatal(err)
	}
	return node
}

// exampleShop answers what the examples of the reference ask: the built-in shop, and JSON with all that they extract.
func exampleShop(t *testing.T) string {
	t.Helper()
	built := loadtest.Must(shop.New(shop.Config{Items: 10, Stock: 500}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range []string{"/items", "/orders", "/ledger"} {
			if r.URL.Path == path || strings.HasPrefix(r.URL.Path, path+"/") {
				built.ServeHTTP(w, r)
				return
			}
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "s-1", Path: "/"})
		answerJSON(w, http.StatusOK, `{"token": "t-1", "number": 17, "nick": "max", "state": "open", "stock": 5, "cart": {"id": 1}, "quantity": 1}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Every example of the reference is valid with what it leaves out; each of its journeys passes for one user, its storm can be sent, what
// is judged holds, and what is planned has a plan.
func TestReferenceExamples(t *testing.T) {
	needsSeconds(t)
	ownConfig(t)
	t.Setenv("SIGN_KEY", "shelf")
	block := regexp.MustCompile("(?s)\n```yaml\n(.*?)```")
	found := 0
	for _, page := range referencePages() {
		for i, m := range block.FindAllStringSubmatch(readPage(t, page), -1) {
			found++
			t.Run(fmt.Sprintf("%s-%d", filepath.Base(page), i+1), func(t *testing.T) { runExample(t, m[1]) })
		}
	}
	if found < 26 {
		t.Errorf("found %d examples, wanted one of each part", found)
	}
}

func runExample(t *testing.T, example string) {
	dir := t.TempDir()
	t.Chdir(dir)
	text, parts, journeys := completed(t, example)
	writeFiles(t, dir, map[string]string{"example.yaml": text, "cards.csv": "number\n17\n", "avatar.png": "picture", "files/blob.bin": "blob"})
	defer func() {
		if t.Failed() {
			t.Log("the scenario:\n" + text)
		}
	}()
	inProcess(t, 0, "scenarios", "validate", "example.yaml")
	aim := func(url string) []string {
		args := []string{"example.yaml", "--target", url}
		targets := parts["targets"]
		for i := 0; i < len(targets.Content); i += 2 {
			args = append(args, "--target", targets.Content[i].Value+"="+url)
		}
		return args
	}
	for _, part := range []string{"workload", "services", "estate", "limits"} {
		if _, ok := parts[part]; ok {
			inProcess(t, 0, "plan", "example.yaml")
			break
		}
	}
	url := exampleShop(t)
	for _, journey := range journeys {
		tried(t, 0, append(aim(url), "--journey", journey)...)
	}
	if _, ok := parts["storm"]; ok {
		inProcess(t, 0, append([]string{"attack", "--dry-run", "--scale", "1%"}, aim(url)...)...)
	}
	_, hasThresholds := parts["thresholds"]
	_, hasInvariants := parts["invariants"]
	if !hasThresholds && !hasInvariants {
		return
	}
	args := append([]string{"attack"}, aim(exampleShop(t))...) // one that has no orders yet
	if strings.Contains(text, "T0+1m") {
		args = append(args, "--set", "storm.phases.0.to=T0+1s")
	}
	if page := inProcess(t, 0, args...); !strings.Contains(page, "PASS  held") {
		t.Errorf("found no threshold or invariant that held:\n%s", page)
	}
	inProcess(t, 0, "report", "latest")
	inProcess(t, 104, "report", "latest", "--calibrate", "calibration.yaml") // it has no workload, and so no plan
}
