package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fsctl/cmd"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/try"
	"fsctl/scenarios"
	"fsctl/scenarios/shop"
)

// tried runs try in this process and returns its result, read from its JSON form.
func tried(t *testing.T, code int, args ...string) (r try.Result) {
	t.Helper()
	if err := json.Unmarshal([]byte(inProcess(t, code, append([]string{"try"}, append(args, "-o", "json")...)...)), &r); err != nil {
		t.Fatal(err)
	}
	if r.ExitCode != code {
		t.Errorf("exit_code is %d, the process ended with %d", r.ExitCode, code)
	}
	return r
}

// Every journey of every built-in scenario can be tried at the built-in shop, by both engines: who buys places one order, and nothing
// is left behind in the directory.
func TestTryBuiltin(t *testing.T) {
	t.Chdir(t.TempDir())
	ownConfig(t)
	for _, name := range scenarios.Builtin() {
		sc := loadtest.Must(scenarios.Load(name))
		for _, engine := range []string{"wire", "vegeta"} {
			for _, j := range sc.Journeys {
				config := shop.ForScenario(sc.Scaled(0.01), sc.RehearsalOrDefault())
				local := loadtest.Must(shop.StartLocal(config))
				r := tried(t, 0, name, "--target", local.URL, "--scale", "1%", "--engine", engine, "--journey", j.Name)
				if r.Scenario != name || r.Journey != j.Name || r.User != 1 || r.Ended.How != try.Finished || len(r.Steps) == 0 || r.Failure != nil {
					t.Errorf("%s %s by %s: %+v", name, j.Name, engine, r)
				}
				orders := map[string]bool{}
				for _, s := range r.Steps {
					for _, x := range s.Extracted {
						if x.Variable == "order_id" && s.Transaction {
							orders[x.Value] = true
						}
					}
				}
				if len(orders) > 1 {
					t.Errorf("%s %s by %s: the orders %v, wanted one at the most", name, j.Name, engine, orders)
				}
				if err := local.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if left := loadtest.Must(os.ReadDir(".")); len(left) != 0 {
		t.Errorf("found %v, wanted no file", left)
	}
}

// A shop of another make, in which users end in every way there is, is shown without what its users must not see.
func TestTryNodeShop(t *testing.T) {
	needsSeconds(t)
	ownConfig(t)
	target := nodeShop(t, "1")
	for _, c := range []struct {
		journey, user, how, failure string
		code                        int
	}{
		{"buyer", "10", try.Finished, "", 0},
		{"buyer", "1", try.Left, "step login (request 1): found no $.token, wanted $.token in the body", 1},
		{"buyer", "2", try.Left, "step login (request 1): found null, wanted $.token in the body", 1},
		{"buyer", "4", try.ByOutcome, "", 0}, // throttled
		{"buyer", "6", try.ByOutcome, "", 0}, // sold out
		{"hunter", "5", try.Left, "the user left before step redeem, which needs code: no answer had it", 1},
		{"hunter", "6", try.Finished, "", 0},
		{"waiting", "1", try.Finished, "step never (request 2): found status 404, wanted a status below 400", 1},
	} {
		args := []string{"testdata/nodeshop/scenario.yaml", "--target", target, "--journey", c.journey, "--user", c.user}
		r := tried(t, c.code, args...)
		failure := ""
		if err := r.Err(); err != nil {
			failure = err.Error()
		}
		if r.Ended.How != c.how || failure != c.failure {
			t.Errorf("%s %s: ended %+v, %q, wanted %s, %q", c.journey, c.user, r.Ended, failure, c.how, c.failure)
		}
		var out, log bytes.Buffer
		if got := cmd.Run(t.Context(), append([]string{"try"}, args...), cmd.Streams{In: strings.NewReader(""), Out: &out, Err: &log}); got != c.code && c.how != try.ByOutcome {
			t.Errorf("%s %s: exit code %d, wanted %d", c.journey, c.user, got, c.code)
		}
		if strings.Contains(out.String()+log.String(), "secret-of-") {
			t.Errorf("%s %s: the token is shown:\n%s", c.journey, c.user, out.String())
		}
		if c.failure != "" && !strings.Contains(log.String(), "fsctl: error: "+c.failure) {
			t.Errorf("%s %s: said %q, wanted %q", c.journey, c.user, log.String(), c.failure)
		}
	}
}

// growing is what a command has printed so far.
type growing struct {
	text  atomic.Pointer[string]
	wants string
	comes chan struct{}
}

func (g *growing) Write(p []byte) (int, error) {
	all := string(p)
	if before := g.text.Load(); before != nil {
		all = *before + all
	}
	g.text.Store(&all)
	if strings.Contains(all, g.wants) && g.comes != nil {
		close(g.comes)
		g.comes = nil
	}
	return len(p), nil
}

// Each request is shown before its answer comes, and Ctrl-C ends the wait for it with 105 and with what was done so far.
func TestTryInterrupted(t *testing.T) {
	ownConfig(t)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	for _, engine := range []string{"wire", "vegeta"} {
		ctx, cancel := context.WithCancel(t.Context())
		comes := make(chan struct{})
		out := &growing{wants: "GET " + server.URL + "/items/sku-1\n", comes: comes}
		go func() { <-comes; cancel() }()
		var log bytes.Buffer
		began := time.Now()
		code := cmd.Run(ctx, []string{"try", steady(t, "5/s", "2s"), "--target", server.URL, "--engine", engine}, cmd.Streams{In: strings.NewReader(""), Out: out, Err: &log})
		if code != 105 || !strings.Contains(*out.text.Load(), "INCOMPLETE  interrupted at step item") || !strings.Contains(log.String(), "interrupted at step item") || time.Since(began) > 15*time.Second {
			t.Errorf("%s: exit code %d after %s, wanted 105\n%s%s", engine, code, time.Since(began), *out.text.Load(), log.String())
		}
		cancel()
	}
}

// full is a device without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestTrySaysOnceThatItCannotWrite(t *testing.T) {
	ownConfig(t)
	server := httptest.NewServer(nil)
	defer server.Close()
	var log bytes.Buffer
	code := cmd.Run(t.Context(), []string{"try", steady(t, "5/s", "2s"), "--target", server.URL}, cmd.Streams{In: strings.NewReader(""), Out: full{}, Err: &log})
	if code != 1 || strings.Count(log.String(), "no space left") != 1 {
		t.Errorf("exit code %d, wanted 1 and one error\n%s", code, log.String())
	}
}

// TestTryOfAnAnswerThatGoesOn has a server that sends more than it announced, about which net/http writes to the standard log.
func TestTryOfAnAnswerThatGoesOn(t *testing.T) {
	target := loadtest.Rude(t, loadtest.Write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1, and s3cret")).String()
	for range 5 { // it is a race whether net/http sees it
		c := exec.CommandContext(t.Context(), released(t), "try", steady(t, "5/s", "2s"), "--target", target, "--engine", "vegeta", "-o", "json")
		var log bytes.Buffer
		c.Stderr = &log
		if err := c.Run(); err != nil || log.Len() > 0 {
			t.Fatalf("%v, standard error has\n%s", err, log.String())
		}
	}
}
