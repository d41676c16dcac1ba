package cmd_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// bought is a sale with a ledger, whose users come three seconds after the run's start.
const bought = `{apiVersion: fsctl/v1, kind: Scenario, name: bought, workload: {requests: 1000}, sale: {items: 1, stock: 9, per_user: 1},
steps: {order: {share: 100%, transaction: true, request: {method: POST, url: /orders, json: {user: "${user.id}"}}, extract: {order_id: "json:$.order_id"}, outcome: {placed: "status 200"}}},
storm: {t0: 3s, phases: [{journey: j, at: T0, users: 4}], lateness: {limit: 1m}}, journeys: {j: [order]}, invariants: [no-oversell], ledger: {url: /ledger}}`

// looked is a directory with that sale, and what came to a shop that has no ledger.
type looked struct {
	*testing.T
	dir    string
	server *httptest.Server
	asked  atomic.Int64 // for its ledger
	bought atomic.Int64
}

func newLooked(t *testing.T) *looked {
	t.Helper()
	l := &looked{T: t, dir: t.TempDir()}
	l.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			l.bought.Add(1)
			return
		}
		l.asked.Add(1)
		http.NotFound(w, r)
	}))
	t.Cleanup(l.server.Close)
	if err := os.WriteFile(l.path("sale.yaml"), []byte(bought), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *looked) path(name string) string { return filepath.Join(l.dir, name) }

// attack sends the sale from its directory, and returns what it says.
func (l *looked) attack(code int, flags ...string) string {
	l.Helper()
	c := exec.Command("fsctl", append([]string{"attack", "sale.yaml", "--target", l.server.URL, "--run", "run"}, flags...)...)
	c.Dir = l.dir
	said, err := c.CombinedOutput()
	if exitOf(err) != code {
		l.Fatalf("exit code %d, wanted %d:\n%s", exitOf(err), code, said)
	}
	return string(said)
}

// sentNothing wants no order and no run.
func (l *looked) sentNothing() {
	l.Helper()
	if n := l.bought.Load(); n > 0 {
		l.Errorf("%d orders came", n)
	}
	if _, err := os.Lstat(l.path("run")); err == nil {
		l.Error("there is a run directory, though nothing was sent")
	}
}

// TestLedgerBeforeTheStorm: a target that is there, but whose ledger is not, and an output that has nowhere to go are told
// together.
func TestLedgerBeforeTheStorm(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"alone": nil, "search": {"--find-capacity"}, "agents": {"--agents", "2", "--max-skew", "10s"}} {
		t.Run(name, func(t *testing.T) {
			if len(flags) > 0 && flags[0] == "--agents" {
				needsSeconds(t)
			}
			t.Parallel()
			l := newLooked(t)
			if name == "search" {
				flags = append(flags, "--set", `thresholds={http_req_failed: ["rate<1%"]}`, "--from", "10/s")
			}
			said := l.attack(115, append(flags, "--markdown", "ok.md")...)
			text, err := os.ReadFile(l.path("ok.md"))
			for _, want := range []string{"before T0: read ledger ", "found status 404 Not Found, wanted 200", "ledger.baseline: none"} {
				if !strings.Contains(said, want) {
					t.Errorf("wanted %q in:\n%s", want, said)
				}
			}
			if err != nil || !strings.Contains(string(text), "found status 404 Not Found, wanted 200") {
				t.Errorf("the Markdown has %q, %v", text, err)
			}
			l.sentNothing()
			if l.asked.Load() != 1 {
				t.Errorf("the ledger was asked %d times", l.asked.Load())
			}
			said = l.attack(115, append(flags, "--junit", "none/junit.xml")...)
			if !strings.Contains(said, "--junit none/junit.xml: found no directory none") || name != "agents" && !strings.Contains(said, "read ledger") {
				t.Errorf("not all reasons are told:\n%s", said)
			}
			l.sentNothing()
		})
	}
}

// TestUntrustedTarget is of a certificate that nothing vouches for.
func TestUntrustedTarget(t *testing.T) {
	t.Parallel()
	l := newLooked(t)
	secure := httptest.NewTLSServer(l.server.Config.Handler)
	defer secure.Close()
	for _, engine := range []string{"wire", "vegeta"} {
		said := l.attack(115, "--target", secure.URL, "--engine", engine)
		if !strings.Contains(said, "unknown authority") || !strings.Contains(said, "fsctl: hint: trust its authority with --cacert FILE") {
			t.Errorf("%s:\n%s", engine, said)
		}
		l.sentNothing()
	}
}

// TestStoppedWhileItLooks stops an attack whose target accepts connections and never shakes hands.
func TestStoppedWhileItLooks(t *testing.T) {
	t.Parallel()
	l := newLooked(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c := exec.Command("fsctl", "attack", "sale.yaml", "--target", "https://"+silent.Addr().String(), "--run", "run", "--junit", "junit.xml")
	var said output
	c.Dir, c.Stdout, c.Stderr = l.dir, &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitOf(c.Wait()); code != 105 || !strings.Contains(said.String(), "stopped before there was anything to report") {
		t.Errorf("exit code %d:\n%s", code, said.String())
	}
	l.sentNothing()
}

// TestTargetThatComesUpLate is not there before T0. With --no-preflight the storm meets it all the same.
func TestTargetThatComesUpLate(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	l := newLooked(t)
	address := l.server.Listener.Addr().String()
	l.server.Close()
	over := make(chan struct{})
	go func() { // once the storm's directory is there
		defer close(over)
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, err := os.Lstat(l.path("run")); err == nil {
				break
			}
		}
		late, err := net.Listen("tcp", address)
		if err != nil {
			return
		}
		server := &http.Server{Handler: l.server.Config.Handler}
		t.Cleanup(func() { _ = server.Close() })
		go func() { _ = server.Serve(late) }()
	}()
	said := l.attack(0, "--no-preflight", "--no-verdict")
	if !strings.Contains(said, "warning: before T0: read ledger") || l.bought.Load() != 4 {
		t.Errorf("%d orders came:\n%s", l.bought.Load(), said)
	}
	<-over
}
