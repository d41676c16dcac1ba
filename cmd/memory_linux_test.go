package cmd_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mostResident is what a process may take for what a target sends, in bytes. Each of these took gigabytes once.
const mostResident = 600 << 20

// TestMemoryOfHostileTargets sends storms to targets whose answers have no end, or become long when they are unpacked, and reads
// long ledgers: the run ends with a verdict, in bounded memory.
func TestMemoryOfHostileTargets(t *testing.T) {
	server := hostileServer()
	defer server.Close()
	for _, c := range []struct{ name, url, ledger, timeout, says string }{
		{"bomb", "/bomb", "/none", "1m", `"too-large": 30`},
		{"endless", "/endless", "/none", "4s", `"failures": {`},
		{"a ledger of one string", "/buy", "/string", "4s", "found a value of over 1 MB"},
		{"a ledger of many orders", "/buy", "/long", "4s", "told to 30 buyers"},
	} {
		for _, engine := range []string{"wire", "vegeta"} {
			t.Run(c.name+" by "+engine, func(t *testing.T) {
				dir := t.TempDir()
				ledger, check := `url: "`+c.ledger+`", baseline: none`, `extract: {order: "json:$.order"}`
				if c.ledger == "/none" {
					ledger, check = "answers: true", `check: ['body contains "zzz"'], extract: {order: "json:$.order"}`
				}
				text := fmt.Sprintf(`{apiVersion: fsctl/v1, kind: Scenario, name: hostile, workload: {requests: 1000},
storm: {t0: 300ms, phases: [{journey: j, at: T0, users: 30}], drain: 1m}, journeys: {j: [a]}, invariants: [no-lost-order],
steps: {a: {share: 100%%, transaction: true, request: {method: POST, url: "%s", timeout: %s, headers: {Accept-Encoding: gzip}}, %s, outcome: {placed: "status 200"}}},
ledger: {%s, outcome: placed, order_id: order}}`, c.url, c.timeout, check, ledger)
				if err := os.WriteFile(filepath.Join(dir, "sale.yaml"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				attack := exec.Command("fsctl", "attack", "sale.yaml", "--target", server.URL, "--engine", engine, "--run", "run", "-o", "json")
				var errors bytes.Buffer
				attack.Dir, attack.Stderr = dir, &errors
				out, _ := attack.Output() // a verdict has a code
				var verdict struct{ Verdict string }
				if err := json.Unmarshal(out, &verdict); err != nil || verdict.Verdict == "" || verdict.Verdict == "pass" || !strings.Contains(string(out), c.says) {
					t.Fatalf("found verdict %q, wanted one that says %q: %v\n%s\n%s", verdict.Verdict, c.says, err, out, &errors)
				}
				usage, ok := attack.ProcessState.SysUsage().(*syscall.Rusage)
				if !ok {
					t.Fatal("found no use of resources")
				}
				if took := usage.Maxrss << 10; took > mostResident && !isRaceBuilt() { // the race detector takes several times as much
					t.Errorf("the process took %d MB, wanted at most %d", took>>20, mostResident>>20)
				} else {
					t.Logf("%d MB", took>>20)
				}
			})
		}
	}
}

// hostileServer sends what takes much memory, unless it is bounded.
func hostileServer() *httptest.Server {
	const listed = 300_000 // orders of the long ledger; 5 million take 320 MB
	block := make([]byte, 1<<20)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for range 200 {
		_, _ = w.Write(block) // to memory
	}
	_ = w.Close()
	forever := func(w io.Writer, text []byte) {
		for err := error(nil); err == nil; _, err = w.Write(text) {
		}
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(packed.Bytes()) // a client that is gone shows in its own verdict
		case "/endless":
			forever(w, block)
		case "/string":
			_, _ = io.WriteString(w, `{"orders":[{"order_id":"`)
			forever(w, bytes.Repeat([]byte("x"), 1<<20))
		case "/long":
			_, _ = io.WriteString(w, `{"orders":[{"order_id":0}`)
			for i := range listed {
				fmt.Fprintf(w, `,{"order_id":%d,"user":"u%d","sku":"a"}`, i+1, i)
			}
			_, _ = io.WriteString(w, `]}`)
		default:
			_, _ = io.WriteString(w, `{"order":1}`)
		}
	}))
}
