package loadgen

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/transport"
)

// tinyproxy is a real proxy on a free port of this machine, for a user and a password.
type tinyproxy struct {
	address string
	log     string
}

func newTinyproxy(t *testing.T) *tinyproxy {
	t.Helper()
	dir := t.TempDir()
	for range 5 { // the port that was free may be another's by then
		free := must(net.Listen("tcp", "127.0.0.1:0"))
		p := &tinyproxy{free.Addr().String(), filepath.Join(dir, "log")}
		_ = free.Close()
		_, port, _ := net.SplitHostPort(p.address)
		config := fmt.Sprintf("Port %s\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth bob s3cret\nLogLevel Info\nLogFile %q\nMaxClients 100\nDisableViaHeader Yes\n", port, p.log)
		file := filepath.Join(dir, "tinyproxy.conf")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command("tinyproxy", "-d", "-c", file)
		if err := c.Start(); err != nil {
			t.Fatalf("start tinyproxy: %v; install it with: make deps", err)
		}
		ended := make(chan struct{})
		go func() { _ = c.Wait(); close(ended) }()
		t.Cleanup(func() { _ = c.Process.Signal(syscall.SIGTERM); <-ended })
		for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
			if conn, err := net.Dial("tcp", p.address); err == nil {
				_ = conn.Close()
				return p
			}
			select {
			case <-ended:
				began = time.Time{}
			default:
			}
		}
	}
	t.Fatal("tinyproxy takes no connections")
	return nil
}

// asked returns how many requests went through the proxy in a form: GET http://... or CONNECT ...
func (p *tinyproxy) asked(form string) int {
	return bytes.Count(must(os.ReadFile(p.log)), []byte(": "+form))
}

func (p *tinyproxy) route(credentials string) transport.Route {
	return transport.Route{Proxy: must(transport.ParseProxy("http://" + credentials + p.address))}
}

// reach opens a connection to a storm's target, as before T0.
func reach(s *Storm) error {
	_, err := (&preflight.Checks{Targets: s.Targets()}).Run(context.Background())
	return err
}

// A storm goes through a proxy: plain requests in absolute form, TLS through CONNECT, and its ledger too.
func TestStormThroughProxy(t *testing.T) {
	proxy := newTinyproxy(t)
	for _, secure := range []bool{false, true} {
		w := newWitness(t, secure)
		o := Options{Scenario: parse(t, detoured), Target: must(url.Parse(w.URL)), Seed: 1, Connections: 2, Route: proxy.route("bob:s3cret@")}
		form := "GET " + w.URL
		if secure {
			form = "CONNECT " + strings.TrimPrefix(w.URL, "https://")
			o.TLS = &tls.Config{RootCAs: w.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
		}
		storm := must(New(o))
		if err := reach(storm); err != nil {
			t.Error(err)
		}
		run := send(context.Background(), t, storm, nil)
		if c := run.All(""); c.Done != 20 || c.Failed != 0 || !run.Ledger.Read || run.Manifest.Engine != EngineVegeta {
			t.Errorf("TLS %t: %d done, %d failed by %v, ledger read %t (%s), engine %s", secure, c.Done, c.Failed, c.Errors, run.Ledger.Read, run.Ledger.Error, run.Manifest.Engine)
		}
		if n := proxy.asked(form); !secure && n != 21 || secure && n < 3 {
			t.Errorf("TLS %t: the proxy was asked %d times: %s", secure, n, form)
		}
	}
}

// What the proxy refuses is called so, in storms and in target lists, and its password stays out of the record.
func TestProxyThatRefuses(t *testing.T) {
	proxy := newTinyproxy(t)
	w := newWitness(t, false)
	gone := must(net.Listen("tcp", "127.0.0.1:0"))
	_ = gone.Close()
	socks := newSOCKS(t)
	for _, c := range []struct {
		name, target string
		route        transport.Route
	}{
		{"no password, plain", w.URL, proxy.route("")},
		{"no password, CONNECT", "https" + strings.TrimPrefix(w.URL, "http"), proxy.route("")},
		{"wrong password, CONNECT", "https" + strings.TrimPrefix(w.URL, "http"), proxy.route("bob:s3kret@")},
		{"no such host, CONNECT", "https://127.0.0.1:1", proxy.route("bob:s3cret@")},
		{"no proxy there", w.URL, (&tinyproxy{address: gone.Addr().String()}).route("bob:s3cret@")},
		{"SOCKS5 that refuses", w.URL, transport.Route{Proxy: must(transport.ParseProxy("socks5://" + socks.refusing))}},
	} {
		storm := must(New(Options{Scenario: parse(t, steady), Target: must(url.Parse(c.target)), Seed: 1, Connections: 1, Duration: 100 * time.Millisecond, Route: c.route}))
		if err := reach(storm); c.name != "no password, plain" {
			if idle, ok := errors.AsType[*preflight.NotStartedError](err); !ok || !strings.Contains(idle.Hint(), "proxy") || strings.Contains(err.Error()+idle.Hint(), "cret") {
				t.Errorf("%s: %v, wanted a NotStartedError that names the proxy", c.name, err)
			}
		}
		list := TargetOptions{File: targetFile(t, "GET "+c.target+"/x\n"), Rate: 50, Duration: 100 * time.Millisecond, Route: c.route}
		for what, run := range map[string]loadtest.Run{"storm": send(context.Background(), t, storm, nil), "list": fire(context.Background(), t, list)} {
			if n := run.All(""); n.Done == 0 || n.Errors[transport.ClassProxy] != n.Done {
				t.Errorf("%s, %s: %d done, errors %v, wanted all of class proxy", c.name, what, n.Done, n.Errors)
			}
		}
	}
	if hosts, _ := w.saw(); len(hosts) != 0 {
		t.Errorf("the target saw %v", hosts)
	}
}

// socksServer is a SOCKS5 proxy of a few lines (RFC 1928), and one that refuses every connection.
type socksServer struct{ address, refusing string }

func newSOCKS(t *testing.T) socksServer {
	serve := func(refuse bool) string {
		l := must(net.Listen("tcp", "127.0.0.1:0"))
		var all sync.WaitGroup
		t.Cleanup(func() { _ = l.Close(); all.Wait() })
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() { socks(c, refuse) })
			}
		})
		return l.Addr().String()
	}
	return socksServer{serve(false), serve(true)}
}

// socks leads one connection on: to an IPv4 address, without a password.
func socks(c net.Conn, refuse bool) {
	defer c.Close()
	p := make([]byte, 300)
	if n, err := c.Read(p); err != nil || n < 3 || p[0] != 5 {
		return
	}
	_, _ = c.Write([]byte{5, 0})
	if n, err := c.Read(p); err != nil || n != 10 || p[3] != 1 {
		return
	}
	to, err := net.Dial("tcp", fmt.Sprintf("%d.%d.%d.%d:%d", p[4], p[5], p[6], p[7], int(p[8])<<8|int(p[9])))
	if err != nil || refuse {
		_, _ = c.Write([]byte{5, 2, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	defer to.Close()
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go func() { _, _ = to.(*net.TCPConn).ReadFrom(c); _ = to.Close() }()
	_, _ = c.(*net.TCPConn).ReadFrom(to)
}

func TestStormThroughSOCKS(t *testing.T) {
	w := newWitness(t, false)
	route := transport.Route{Proxy: must(transport.ParseProxy("socks5://" + newSOCKS(t).address))}
	run := send(context.Background(), t, must(New(Options{Scenario: parse(t, detoured), Target: must(url.Parse(w.URL)), Seed: 1, Connections: 2, Route: route})), nil)
	if c := run.All(""); c.Done != 20 || c.Failed != 0 || !run.Ledger.Read {
		t.Errorf("%d done, %d failed by %v, ledger read %t", c.Done, c.Failed, c.Errors, run.Ledger.Read)
	}
}

func TestEngineWireGoesThroughNoProxy(t *testing.T) {
	route := transport.Route{Proxy: must(transport.ParseProxy("http://127.0.0.1:1"))}
	_, err := New(Options{Scenario: parse(t, steady), Target: must(url.Parse("http://127.0.0.1:2")), Engine: EngineWire, Route: route})
	if _, ok := errors.AsType[*transport.InputError](err); !ok || !strings.Contains(err.Error(), "wire") {
		t.Errorf("%v, wanted an InputError that names the engine", err)
	}
}

// What the environment says of proxies changes nothing; neither do its capitals.
func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	w := newWitness(t, false)
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	target := "http://shop.example:" + w.port() // net/http leaves loopback alone by itself
	names := transport.NewResolver(lookedUp("127.0.0.1"), nil)
	fire(context.Background(), t, TargetOptions{File: targetFile(t, "GET "+target+"/x\n"), Rate: 50, Duration: 100 * time.Millisecond, Allow: []string{"shop.example"}, Route: transport.Route{Names: names}})
	for _, engine := range []string{EngineWire, EngineVegeta} {
		send(context.Background(), t, must(New(Options{Scenario: parse(t, detoured), Target: must(url.Parse(target)), Allow: []string{"shop.example"}, Seed: 1, Engine: engine, Route: transport.Route{Names: names}})), nil)
	}
	if hosts, _ := w.saw(); hosts["shop.example:"+w.port()] != 5+21+21 {
		t.Errorf("the target saw %v, wanted all 47 requests", hosts)
	}
}
