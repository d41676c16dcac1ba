package cmd_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// fromEnvironmentScenario uses values of the environment in every field of a request and in the ledger's URL.
const fromEnvironmentScenario = `{apiVersion: fsctl/v1, kind: Scenario, name: keys, workload: {requests: 1M}, sale: {stock: 5},
steps: {order: {share: 100%, transaction: true, request: {method: POST, url: "/orders/${env.SHOP_KEY}?k=${env.SHOP_KEY}", headers: {Authorization: "Bearer ${env.SHOP_KEY}", X-Key: "${env.SHOP_KEY}"}, json: {key: "${env.SHOP_KEY}", other: "${env.OTHER}"}},
  extract: {order_id: "json:$.order_id"}, check: ["status in 200"], outcome: {placed: status 200}},
 form: {share: 0%, request: {url: /form, headers: {Content-Type: application/x-www-form-urlencoded}, body: "key=${env.SHOP_KEY}&n=1"}}},
storm: {t0: 0s, phases: [{journey: j, from: T0, to: T0+2s, rate: 40/s}]}, journeys: {j: [order, form]},
invariants: [no-oversell], ledger: {url: "/ledger?key=${env.SHOP_KEY}", baseline: none}}`

// TestValuesOfTheEnvironmentAreKeptNowhere sends them and looks for them in every file that a run writes, while it runs and after.
func TestValuesOfTheEnvironmentAreKeptNowhere(t *testing.T) {
	const key = "k3y ${arrival}&+/é\"secret"
	for name, flags := range map[string][]string{"alone": {"--raw"}, "net/http": {"--raw", "--engine", "vegeta"}, "with agents": {"--agents", "2"}} {
		t.Run(name, func(t *testing.T) {
			var right, ledgers, n atomic.Int64
			shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				switch {
				case r.URL.Path == "/ledger" && r.URL.Query().Get("key") == key:
					ledgers.Add(1)
					w.WriteHeader(500)
				case r.URL.Path == "/orders/"+key && r.URL.Query().Get("k") == key && r.Header.Get("X-Key") == key && r.Header.Get("Authorization") == "Bearer "+key && strings.Contains(string(body), `"key":"k3y ${arrival}&+/é\"secret","other":"<x>"`):
					right.Add(1)
				case r.URL.Path == "/form" && string(body) == "key="+url.QueryEscape(key)+"&n=1":
					right.Add(1)
				}
				if n.Add(1)%3 == 0 {
					w.Header().Set("X-Echo", r.Header.Get("X-Key"))
					w.WriteHeader(500)
				}
				fmt.Fprintf(w, `{"order_id": %d, "you sent": %q, "to": %q}`, n.Load(), body, r.URL)
			}))
			defer shop.Close()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "keys.yaml"), []byte(fromEnvironmentScenario), 0o600); err != nil {
				t.Fatal(err)
			}
			attack := exec.Command("fsctl", append([]string{"attack", "keys.yaml", "--target", shop.URL, "--run", "run", "--markdown", "report.md", "--junit", "j.xml", "-o", "json"}, flags...)...)
			attack.Dir = dir
			attack.Env = append(os.Environ(), "SHOP_KEY="+key, "OTHER=<x>", "TMPDIR="+dir, "XDG_CACHE_HOME="+dir, "XDG_STATE_HOME="+dir)
			var out bytes.Buffer
			attack.Stdout, attack.Stderr = &out, &out
			if err := attack.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- attack.Wait() }()
			for running := true; running; {
				select {
				case <-ended:
					running = false
				case <-time.After(50 * time.Millisecond):
				}
				withoutKey(t, os.DirFS(dir), key)
			}
			if code := attack.ProcessState.ExitCode(); code != 99 && code != 111 && code != 112 || // 111 on a busy machine
				right.Load() < 60 || ledgers.Load() != 1 {
				t.Fatalf("exit %d, %d requests and %d ledgers with the values\n%s", code, right.Load(), ledgers.Load(), &out)
			}
			findKey(t, "the output", out.Bytes(), key)
			if document, err := os.ReadFile(filepath.Join(dir, "run", "scenario.yaml")); err != nil || string(document) != fromEnvironmentScenario {
				t.Errorf("scenario.yaml: %v: %s", err, document)
			}
		})
	}
}

// withoutKey looks for a secret in all files.
func withoutKey(t *testing.T, files fs.FS, key string) {
	t.Helper()
	_ = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() { // else it has gone since
			content, _ := fs.ReadFile(files, path)
			findKey(t, path, content, key)
		}
		return nil
	})
}

func findKey(t *testing.T, where string, content []byte, key string) {
	t.Helper()
	for _, form := range []string{key, url.QueryEscape(key), url.PathEscape(key), base64.StdEncoding.EncodeToString([]byte(key)), "k3y ${arrival}&+/é", "k3y%20", "k3y+"} {
		if bytes.Contains(content, []byte(form)) {
			t.Fatalf("%s holds the secret as %s", where, form)
		}
	}
}
