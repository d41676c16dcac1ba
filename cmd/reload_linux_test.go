package cmd_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reloading is a real server that is reloaded while requests are under way. Its configuration has %[1]s for a directory and
// %[2]s for its address. The access log is DIR/access, a line a request that begins with its method; the page is /ok.
type reloading struct {
	config  string
	command string // in a shell, in its directory
	reload  string // the same; $PID is the server
	closes  bool   // it closes connections on which requests are under way, so that some must be sent again
}

// reloadingServers are as Debian has them. Of gunicorn's workers only the threaded ones keep connections. Each gives a thread to
// every connection that has not sent a request yet, and a worker that is told to stop waits for its threads: up to --timeout it neither
// reads nor closes the connections that it keeps, so that requests on them hang, whoever sends them. See docs/servers.md. So
// there are threads for all connections, and the timeout is shorter than a request's.
var reloadingServers = map[string]reloading{
	"nginx": {`user root; daemon off; worker_processes 2; pid %[1]s/pid; error_log %[1]s/error; events {}
http { log_format m '$request_method'; access_log %[1]s/access m; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f;
uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s; server { listen %[2]s; location /ok { return 200 "hello\n"; } } }`,
		"nginx -p . -c $PWD/config -e $PWD/error", "nginx -p . -c $PWD/config -e $PWD/error -s reload", false},
	"apache": {`ServerRoot %[1]s
ServerName 127.0.0.1
Listen %[2]s
PidFile %[1]s/pid
ErrorLog %[1]s/error
DefaultRuntimeDir %[1]s
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LogFormat "%%m" m
CustomLog %[1]s/access m
MaxKeepAliveRequests 0
DocumentRoot %[1]s/www
User nobody
Group nogroup
`, "apache2 -f $PWD/config -DFOREGROUND", "apache2 -f $PWD/config -k graceful", true},
	"lighttpd": {`server.document-root = "%[1]s/www"
server.bind = "127.0.0.1"
server.port = env.PORT
server.errorlog = "%[1]s/error"
server.modules = ("mod_accesslog")
accesslog.filename = "%[1]s/access"
accesslog.format = "%%m"
server.max-keep-alive-requests = 100000
server.graceful-shutdown-timeout = 1
`, "lighttpd -D -f config", "kill -USR1 $PID", true},
	"gunicorn": {`# %[1]s %[2]s
def app(environ, start):
    environ['wsgi.input'].read()
    start('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '5')])
    return [b'hello']
`, "cp config app.py; exec gunicorn -b 127.0.0.1:$PORT -k gthread --threads 300 -w 2 --keep-alive 60 --graceful-timeout 1 --timeout 10 --access-logfile access --access-logformat '%(m)s' --error-logfile error app:app",
		"kill -HUP $PID", true},
}

// start starts the server, which ends with the test, and returns its address and its directory.
func (s reloading) start(t *testing.T) (address, dir string, reload func()) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // Apache's children are another user's
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	if err := os.MkdirAll(filepath.Join(dir, "www"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"www/ok": "hello", "config": fmt.Sprintf(s.config, dir, address)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shell := func(text string, env ...string) *exec.Cmd {
		c := exec.Command("sh", "-c", text)
		c.Dir, c.Env = dir, append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin", "PORT="+address[strings.LastIndex(address, ":")+1:])
		c.Env = append(c.Env, env...)
		return c
	}
	command := s.command
	if !strings.Contains(command, "exec ") {
		command = "exec " + command
	}
	c := shell(command)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		ask, err := http.NewRequest(http.MethodOptions, "http://"+address+"/ok", http.NoBody) // by a method that is not counted
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(ask); err == nil {
			answer.Body.Close()
			http.DefaultClient.CloseIdleConnections()
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("%s did not start; install it with: make deps", s.command)
		}
	}
	return address, dir, func() {
		if out, err := shell(s.reload, fmt.Sprint("PID=", c.Process.Pid)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", s.reload, err, out)
		}
	}
}

// logged returns how many requests by a method the server's log has.
func logged(t *testing.T, dir, method string) (n int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "access"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, method) {
			n++
		}
	}
	return n
}

// reload is a server that is reloaded, and what is sent to it.
type reload struct{ name, server, engine, method string }

// reloadReport is what the test reads of a report.
type reloadReport struct {
	Steps []struct {
		Name                     string
		Requests, Errors, Resent int
		Failures                 map[string]int
	}
}

// Real servers are reloaded in mid-storm. They close connections on which a request is under way; each GET is sent again, so that
// none fails, and each that was sent again is counted. A POST is never sent twice.
func TestReloadInMidStorm(t *testing.T) {
	needsSeconds(t)
	for _, c := range []reload{
		{"nginx", "nginx", "auto", "GET"},
		{"apache", "apache", "auto", "GET"},
		{"lighttpd", "lighttpd", "auto", "GET"},
		{"gunicorn", "gunicorn", "auto", "GET"},
		{"gunicorn by net/http", "gunicorn", "vegeta", "GET"},
		{"gunicorn by vegeta's attacker", "gunicorn", "targets", "GET"},
		{"gunicorn, POST", "gunicorn", "auto", "POST"},
		{"gunicorn, POST by net/http", "gunicorn", "vegeta", "POST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := reloadingServers[c.server]
			address, dir, reload := server.start(t)
			out := t.TempDir()
			scenario := filepath.Join(out, "reload.yaml")
			text := fmt.Sprintf(`{apiVersion: fsctl/v1, kind: Scenario, name: reload, workload: {requests: 1M},
steps: {page: {share: 100%%, request: {method: %s, url: /ok}}}, journeys: {visitor: [page]},
storm: {t0: 0s, phases: [{journey: visitor, from: T0, to: T0+4s, rate: 300/s, spacing: even}]}}`, c.method)
			args := []string{"attack", scenario, "--target", "http://" + address, "--engine", c.engine}
			if c.engine == "targets" {
				text = "GET http://" + address + "/ok\n"
				args = []string{"attack", "--targets", scenario, "--rate", "300/s", "--duration", "4s"}
			}
			if err := os.WriteFile(scenario, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range 4 {
					time.Sleep(800 * time.Millisecond)
					reload()
				}
			}()
			shown := fsctl(t, 0, append(args, "--connections", "300", "--run", filepath.Join(out, "run"), "--json", filepath.Join(out, "r.json"), "--no-verdict")...)
			<-done
			var rep reloadReport
			content, err := os.ReadFile(filepath.Join(out, "r.json"))
			if err == nil {
				err = json.Unmarshal(content, &rep)
			}
			if err != nil || len(rep.Steps) != 1 {
				t.Fatalf("%v\n%s", err, shown)
			}
			step, log := rep.Steps[0], logged(t, dir, c.method)
			t.Logf("%d requests, %d failed, %d sent again; the server's log has %d", step.Requests, step.Errors, step.Resent, log)
			if c.method == "POST" {
				if step.Resent > 0 || log > step.Requests {
					t.Errorf("%d of %d were sent again, and the log has %d", step.Resent, step.Requests, log)
				}
				return
			}
			if step.Requests != 1200 || step.Errors > 0 || log > step.Requests+step.Resent {
				t.Errorf("%d requests, %d failed: %v; %d sent again, and the log has %d", step.Requests, step.Errors, step.Failures, step.Resent, log)
			}
			if server.closes && step.Resent == 0 {
				t.Error("none was sent again, though the server closed connections")
			}
			if step.Resent > 0 && !strings.Contains(shown, fmt.Sprint("resent ", step.Resent)) {
				t.Errorf("the report does not show %d sent again:\n%s", step.Resent, shown)
			}
		})
	}
}
