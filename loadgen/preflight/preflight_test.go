package preflight

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/transport"
)

// secure starts a server over TLS that counts requests, and returns the configuration that trusts it.
func secure(t *testing.T, change func(*tls.Config)) (server *httptest.Server, trusting *tls.Config, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{}
	if change != nil {
		change(server.TLS)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	trusting = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	trusting.RootCAs.AddCert(server.Certificate())
	return server, trusting, requests
}

func target(t *testing.T, address string, config *tls.Config) Target {
	t.Helper()
	u, err := transport.ParseTarget(address)
	if err != nil {
		t.Fatal(err)
	}
	return Target{URL: u, TLS: config, Protocols: []string{"http/1.1"}}
}

func TestReach(t *testing.T) {
	server, trusting, requests := secure(t, nil)
	wanting, wantingToo, _ := secure(t, func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })
	wanting12, wantingToo12, _ := secure(t, func(c *tls.Config) {
		c.ClientAuth, c.MaxVersion = tls.RequireAnyClientCert, tls.VersionTLS12
	})
	showing := wantingToo.Clone()
	showing.Certificates = wanting.TLS.Certificates
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	refusing := httptest.NewServer(nil)
	refusing.Close()
	noTLS := strings.Replace(plain.URL, "http:", "https:", 1)
	for name, c := range map[string]struct {
		target     Target
		want, hint string
	}{
		"plain":                      {target(t, plain.URL, nil), "", ""},
		"a name":                     {target(t, strings.Replace(plain.URL, "127.0.0.1", "localhost", 1), nil), "", ""},
		"with a path and user":       {target(t, strings.Replace(plain.URL, "//", "//bob:s3cret@", 1)+"/x", nil), "", ""},
		"tls":                        {target(t, server.URL, trusting), "", ""},
		"any certificate":            {target(t, server.URL, &tls.Config{InsecureSkipVerify: true}), "", ""},
		"an unknown authority":       {target(t, server.URL, nil), "unknown authority", "--cacert FILE"},
		"tls where there is none":    {target(t, noTLS, nil), "does not look like a TLS handshake", "use " + plain.URL},
		"refused":                    {target(t, strings.Replace(refusing.URL, "//", "//bob:s3cret@", 1), nil), "connection refused", "curl -v " + refusing.URL},
		"no such name":               {target(t, "http://shop.invalid", nil), "shop.invalid", "mend the name"},
		"a client certificate":       {target(t, wanting.URL, showing), "", ""},
		"no client certificate":      {target(t, wanting.URL, wantingToo), "asked for a client certificate", "--cert FILE --key FILE"},
		"no client certificate, 1.2": {target(t, wanting12.URL, wantingToo12), "handshake", "--c"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := (&Checks{Targets: []Target{c.target}}).Run(t.Context())
			if c.want == "" {
				if err != nil || found[0].Connected == "" || found[0].Took <= 0 || (c.target.URL.Scheme == "https") != (found[0].TLS != "") || strings.Contains(found[0].Target, "s3cret") {
					t.Errorf("found %+v, %v", found, err)
				}
				return
			}
			idle, ok := errors.AsType[*NotStartedError](err)
			if !ok || len(idle.Reasons) != 1 || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "found no connection, wanted one before T0") || !strings.Contains(idle.Hint(), c.hint) || strings.Contains(err.Error()+idle.Hint(), "s3cret") {
				t.Errorf("found %v, %+v, wanted %q and a hint of %q", err, idle, c.want, c.hint)
			}
		})
	}
	if requests.Load() > 0 {
		t.Errorf("%d requests were sent", requests.Load())
	}
}

// TestReachFinds wants the addresses of a name, the version of TLS and what was agreed on by engines of both kinds.
func TestReachFinds(t *testing.T) {
	server, trusting, _ := secure(t, func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} })
	at := target(t, strings.Replace(server.URL, "127.0.0.1", "shop.example", 1), trusting)
	at.TLS.ServerName = "example.com" // of the test server's certificate
	at.Route.ConnectTo = []transport.Detour{{ToHost: "localhost"}}
	for protocol, offered := range map[string][]string{"http/1.1": {"http/1.1"}, "h2": {"h2", "http/1.1"}} {
		at.Protocols = offered
		found, err := (&Checks{Targets: []Target{at}}).Run(t.Context())
		if err != nil || found[0].Target != at.URL.String() || found[0].Connected != server.Listener.Addr().String() || found[0].TLS != "TLS 1.3" || found[0].Protocol != protocol {
			t.Errorf("%s: found %+v, %v", protocol, found, err)
		}
	}
}

// TestReachFromEverySource opens a connection from each, and finds the one that does not work.
func TestReachFromEverySource(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	came := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came <- c.RemoteAddr().(*net.TCPAddr).IP.String()
			c.Close()
		}
	}()
	at := target(t, "http://"+l.Addr().String(), nil)
	at.Route.Sources = []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")}
	if _, err := (&Checks{Targets: []Target{at}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := <-came, <-came; a+b != "127.0.0.2127.0.0.3" {
		t.Errorf("connections came from %s and %s", a, b)
	}
	at.Route.Sources = append(at.Route.Sources, netip.MustParseAddr("192.0.2.1"))
	if _, err := (&Checks{Targets: []Target{at}}).Run(t.Context()); err == nil {
		t.Error("an address of another machine was not found")
	}
}

// hole is a network that swallows everything.
func hole(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestReachIsBounded has a hundred targets that do not answer: all of them together take as long as one may.
func TestReachIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []Target
		for range 100 {
			all = append(all, Target{URL: &url.URL{Scheme: "http", Host: "shop.example"}, Dial: hole})
		}
		began := time.Now()
		_, err := (&Checks{Targets: all}).Run(t.Context())
		idle, ok := errors.AsType[*NotStartedError](err)
		if !ok || time.Since(began) != Within || len(idle.Reasons) != mostShown+1 || !strings.Contains(err.Error(), "no answer within 10 s") || !strings.HasSuffix(err.Error(), "and 90 targets that could not be reached either") {
			t.Errorf("found %v after %s", err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began = time.Now()
		if _, err := (&Checks{Targets: all}).Run(ctx); !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("found %v after %s, wanted the end of the context at once", err, time.Since(began))
		}
	})
}

// TestHandshakeIsBounded has a server that accepts and says nothing.
func TestHandshakeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		go func() {
			buf := make([]byte, 1<<10)
			for {
				if _, err := theirs.Read(buf); err != nil {
					return
				}
			}
		}()
		at := Target{URL: &url.URL{Scheme: "https", Host: "shop.example"}, Dial: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
		began := time.Now()
		if _, err := (&Checks{Targets: []Target{at}}).Run(t.Context()); err == nil || time.Since(began) != Within {
			t.Errorf("found %v after %s", err, time.Since(began))
		}
	})
}

// TestAllReasons wants every problem in one error, and the ledger asked only where the targets were reached.
func TestAllReasons(t *testing.T) {
	server := httptest.NewServer(nil)
	defer server.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	asked := 0
	ledger := func(context.Context) error {
		asked++
		return NotStarted(errors.New("read ledger: found none"), "serve it")
	}
	checks := Checks{Outputs: []Output{{"--junit", filepath.Join(dir, "none", "x.xml")}, {"--json", dir}, {"--markdown", filepath.Join(file, "x.md")}, {"--html", filepath.Join(dir, "ok.html")}, {"--json", filepath.Join(file, "run", "x.json")}},
		RunDir: filepath.Join(file, "run"), Targets: []Target{target(t, server.URL, nil)}, Ledger: ledger}
	_, err := checks.Run(t.Context())
	idle, ok := errors.AsType[*NotStartedError](err)
	if !ok || len(idle.Reasons) != 5 || asked != 1 {
		t.Fatalf("found %v, asked %d times, wanted 5 reasons", err, asked)
	}
	for i, want := range []string{"--junit ", "--json ", "--markdown ", "run directory ", "read ledger"} {
		r := idle.Reasons[i]
		if text := r.Err.Error(); !strings.HasPrefix(text, want) || !strings.Contains(text, "found") || r.Hint == "" || strings.Count(idle.Hint(), r.Hint) != 1 && r.Hint != "name a file elsewhere" {
			t.Errorf("reason %d is %q with the hint %q, wanted %q", i, text, r.Hint, want)
		}
	}
	server.Close()
	checks = Checks{Targets: checks.Targets, Ledger: ledger}
	if _, err := checks.Run(t.Context()); err == nil || asked != 1 || strings.Contains(err.Error(), "ledger") {
		t.Errorf("found %v, asked %d times", err, asked)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("found %v, %v afterwards, wanted the file alone", entries, err)
	}
	broken := errors.New("out of memory")
	if err := Join(idle.Reasons, broken); !errors.Is(err, broken) {
		t.Errorf("found %v, wanted the unexpected error itself", err)
	}
}
