package cmd_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// canaries are secrets by the place where a run gets them. Each has characters that every encoding changes.
func canaries() map[string]string {
	list := map[string]string{}
	for _, place := range []string{"header", "apikey", "custom", "query", "body", "set", "setbody", "environment", "target", "csv", "token", "cookie", "location", "answer", "listurl", "listheader", "listbody", "ledger"} {
		list[place] = "canary-" + place + "+7/f3 9\"x"
		if place == "listurl" || place == "query" || place == "ledger" || place == "target" || place == "listheader" {
			list[place] = "canary-" + place + ".7f3-9x"
		}
	}
	return list
}

// canaryScenario has a literal canary in header, query and body, and gets others from the environment, a file, --set and answers.
func canaryScenario(c map[string]string) string {
	quoted := func(s string) string { text, _ := json.Marshal(s); return string(text) }
	return `{apiVersion: fsctl/v1, kind: Scenario, name: canaries, workload: {requests: 1M}, sale: {stock: 500}, feeders: {user: {from: csv, file: users.csv, recycle: true}},
steps: {login: {share: 50%, request: {method: POST, url: "/login?sig=` + c["query"] + `", headers: {Authorization: ` + quoted("Bearer "+c["header"]) + `, X-Api-Key: ` + quoted(c["apikey"]) + `, X-Shop: ` + quoted(c["custom"]) + `, X-Set: x},
  json: {password: ` + quoted(c["body"]) + `, pin: "${user.password}", env: "${env.CANARY}"}}, extract: {token: "json:$.token", sid: "cookie:sid"}},
 order: {share: 50%, transaction: true, request: {method: POST, url: "/orders/${token}?t=${token}&e=${env.CANARY}&access_token=${user.password}", headers: {Cookie: "sid=${sid}", X-Env: "${env.CANARY}"}, body: "secret=${token}"},
  extract: {order_id: "json:$.order_id"}, check: ["status in 200", "body contains never"], outcome: {placed: status 200}}},
storm: {t0: 0s, phases: [{journey: j, from: T0, to: T0+1s, rate: 40/s}]}, journeys: {j: [login, order]}, thresholds: {http_req_failed: ["rate<0.9"]}, invariants: [no-oversell], ledger: {url: "/ledger?key=` + c["ledger"] + `", baseline: none}}`
}

// canaryShop sends every canary back that a server knows, in every place of an answer.
func canaryShop(t *testing.T, c map[string]string, requests *atomic.Int64) *httptest.Server {
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests.Add(1)
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: strings.NewReplacer(" ", "", `"`, "").Replace(c["cookie"])})
		switch {
		case strings.HasPrefix(r.URL.Path, "/login"):
			_ = json.NewEncoder(w).Encode(map[string]string{"token": c["token"]})
			return
		case strings.HasPrefix(r.URL.Path, "/moved"):
			w.Header().Set("Location", "/broken?access_token="+url.QueryEscape(c["location"]))
			w.WriteHeader(302)
			return
		case requests.Load()%5 == 0 && r.Method != "GET": // the connection breaks off
			if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
				conn.Close()
			}
			return
		}
		w.Header().Set("X-Echo", r.Header.Get("X-Env"))
		w.Header().Set("X-Auth-Answer", c["answer"])
		w.WriteHeader(500)
		_ = json.NewEncoder(w).Encode(map[string]any{"order_id": requests.Load(), "url": r.URL.String(), "got": string(body), "headers": r.Header, "password": c["answer"], "basic": base64.StdEncoding.EncodeToString([]byte(r.Header.Get("X-Env")))})
	}))
	t.Cleanup(shop.Close)
	return shop
}

// TestCanaries sends secrets in every way that there is, by every command that sends or reads, and looks for them in every file that is
// written, while it is and after, in outputs and in the command lines of processes. Where the user put them they stay.
func TestCanaries(t *testing.T) {
	c := canaries()
	var requests atomic.Int64
	shop := canaryShop(t, c, &requests)
	at := strings.TrimPrefix(shop.URL, "http://")
	target := "http://bob:" + c["target"] + "@" + at
	set := []string{"--set", "steps.login.request.headers.X-Set=" + strconv.Quote(c["set"]), "--set", "steps.order.request.headers.X-Body=" + strconv.Quote(c["setbody"])}
	scenario := append([]string{"sale.yaml", "--target", target}, set...)
	attack := func(flags ...string) []string {
		return append(append([]string{"attack", "--run", "run", "--junit", "j.xml", "--markdown", "m.md", "--json", "r.json", "--cert", "cert.pem", "--key", "key.pem"}, flags...), scenario...)
	}
	list := []string{"attack", "--run", "run", "--targets", "targets.txt", "--rate", "40/s", "--duration", "1s", "--raw", "-o", "json"}
	for name, lines := range map[string][][]string{
		"wire":          {attack("--raw", "-o", "json"), {"report", "run"}, {"report", "run", "-o", "markdown"}, {"report", "run", "-o", "yaml"}, {"report", "run/results.bin"}},
		"net-http":      {attack("--raw", "--engine", "vegeta")},
		"agents":        {attack("--agents", "3")},
		"capacity":      {append([]string{"attack", "--run", "run", "--find-capacity", "--from", "20/s", "--to", "40/s", "--settle", "1s", "--hold", "1s", "--max-connections", "50"}, scenario...)},
		"targets":       {list, {"report", "run", "-o", "yaml"}, {"report", "run/results.bin"}},
		"try":           {append([]string{"try"}, scenario...), append([]string{"try", "-o", "json", "--engine", "vegeta"}, scenario...)},
		"dry run, plan": {append([]string{"attack", "--dry-run"}, scenario...), append([]string{"plan", "sale.yaml"}, set...), {"plan", "sale.yaml", "-o", "json"}, {"scenarios", "validate", "sale.yaml"}},
		"refused":       {append([]string{"attack", "sale.yaml", "--target", "http://bob:" + c["target"] + "@127.0.0.1:1"}, set...), {"attack", "sale.yaml", "--target", "http://bob:" + c["target"] + "@127.0.0.1:x"}, {"attack", "sale.yaml", "--target", target, "--proxy", "http://bob:" + c["target"] + "@h:x"}, {"agent", "--nats", "nats://bob:" + c["target"] + "@127.0.0.1:x"}, append([]string{"attack", "sale.yaml", "--target", target, "--set", "steps.login.request.headers.X=[" + c["set"]}, set...)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := maps.Clone(c)
			c["client key"] = clientKey(t, dir)
			for file, text := range map[string]string{"sale.yaml": canaryScenario(c), "users.csv": "name,password\nbob,\"" + strings.ReplaceAll(c["csv"], `"`, `""`) + "\"\n",
				"targets.txt": "GET " + target + "/x?api_key=" + c["listurl"] + "\nAuthorization: Bearer " + c["listheader"] + "\n\nGET " + target + "/moved\n\nPOST " + target + "/y\n@body.json\n", "body.json": fmt.Sprintf(`{"password": %q}`, c["listbody"])} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for _, line := range lines {
				before := requests.Load()
				searchRun(t, dir, c, line)
				if line[0] == "attack" && !strings.Contains(name, "dry") && name != "refused" && requests.Load() < before+20 {
					t.Errorf("%v: only %d requests", line, requests.Load()-before)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "run")); err == nil {
				checkPrivate(t, filepath.Join(dir, "run"))
			}
		})
	}
}

// searchRun runs a command line and searches for canaries meanwhile and after.
func searchRun(t *testing.T, dir string, c map[string]string, line []string) {
	t.Helper()
	p := exec.Command("fsctl", line...)
	p.Dir = dir
	p.Env = append(os.Environ(), "CANARY="+c["environment"], "TMPDIR="+dir, "XDG_CACHE_HOME="+dir, "XDG_STATE_HOME="+dir)
	var out bytes.Buffer
	p.Stdout, p.Stderr = &out, &out
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ended, over, spied := make(chan error, 1), make(chan struct{}), make(chan int, 1)
	go func() { ended <- p.Wait() }()
	isFleet := slices.Contains(line, "--agents")
	if isFleet {
		go func() { spied <- spyOnBus(t, dir, p.Process.Pid, c, over) }()
	}
	for running := true; running; {
		select {
		case <-ended:
			running = false
		case <-time.After(200 * time.Millisecond):
			for _, child := range childrenOf(t, p.Process.Pid) {
				title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child))
				searchFor(t, c, "the command line of an agent", title)
			}
		}
		_ = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			own := map[string]bool{"sale.yaml": true, "users.csv": true, "targets.txt": true, "body.json": true, "run/scenario.yaml": true, "key.pem": true}
			isBeingWritten, _ := filepath.Match("run/.scenario.yaml.*.tmp", path)
			if err == nil && d.Type().IsRegular() && !own[path] && !isBeingWritten {
				content, _ := os.ReadFile(filepath.Join(dir, path)) // it may have gone since
				searchFor(t, c, path, content)
			}
			return nil
		})
	}
	close(over)
	if isFleet {
		if heard := <-spied; heard < 20 {
			t.Errorf("only %d messages were heard on the bus", heard)
		}
	}
	searchFor(t, c, "the output of "+strings.Join(line[:2], " "), out.Bytes())
	if code := p.ProcessState.ExitCode(); code < 0 || code == 2 || code == 104 && line[0] == "attack" && strings.Contains(strings.Join(line, " "), "--run") {
		t.Errorf("%v: exit %d\n%s", line, code, &out)
	}
}

// searchFor looks for canaries as they are and in every form, also in what is packed.
func searchFor(t *testing.T, c map[string]string, where string, content []byte) {
	t.Helper()
	if unpacked, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
		content, _ = io.ReadAll(unpacked)
	}
	for place, value := range c {
		quoted, _ := json.Marshal(value)
		inner := base64.RawStdEncoding.EncodeToString([]byte(value))
		for _, form := range []string{value, value[:len("canary-")+len(place)+2], url.QueryEscape(value), url.PathEscape(value), string(quoted[1 : len(quoted)-1]), html.EscapeString(value), inner, base64.StdEncoding.EncodeToString([]byte("bob:" + value))[8:24], hex.EncodeToString([]byte(value))} {
			if at := bytes.Index(content, []byte(form)); at >= 0 {
				t.Errorf("%s holds the canary of %s as %s: %.200q", where, place, form, content[max(0, at-80):])
				break
			}
		}
	}
}

// checkPrivate wants modes of a run's files.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v", path, info.Mode(), err)
		}
		return nil
	})
}
