package cmd_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// limited runs fsctl with at most so many file descriptors and wants its exit code.
func limited(t *testing.T, files string, code int, args ...string) string {
	t.Helper()
	c := exec.Command("sh", append([]string{"-c", `ulimit -n ` + files + `; exec fsctl "$@"`, "fsctl"}, args...)...)
	out, err := c.CombinedOutput()
	if got := exitOf(err); got != code {
		t.Fatalf("%s files: fsctl %s: exit code %d, wanted %d\n%s", files, strings.Join(args, " "), got, code, out)
	}
	return string(out)
}

// A storm with more connections than file descriptors is refused before anything is made or sent.
func TestTooFewFileDescriptors(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	target := nginx(t)
	scenario, run := steady(t, "20/s", "1s"), filepath.Join(t.TempDir(), "run")
	out := limited(t, "90", 104, "attack", scenario, "--target", target, "--connections", "80", "--run", run)
	if !regexp.MustCompile(`file descriptors: found 90, wanted 1[0-9][0-9]: 80 connections`).MatchString(out) || !strings.Contains(out, "hint: raise the limit (ulimit -n 1") {
		t.Errorf("wanted what is missing and what to do:\n%s", out)
	}
	if _, err := os.Stat(run); err == nil {
		t.Error("a run directory was made")
	}
	if out := limited(t, "90", 104, "attack", scenario, "--target", target, "--connections", "80", "--dry-run"); !strings.Contains(out, "FAIL  file descriptors") {
		t.Errorf("the dry run says:\n%s", out)
	}
	limited(t, "90", 0, "attack", scenario, "--target", target, "--connections", "20", "--run", run, "--no-verdict")
	// The shop of a rehearsal has its end of each connection in the same process.
	limited(t, "90", 104, "rehearse", scenario, "--connections", "40", "--set", "rehearsal.scale=1", "--run", run+"2")
}

// A dry run opens no connection to the target.
func TestDryRunSendsNothing(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	fsctl(t, 0, "attack", steady(t, "20/s", "1s"), "--target", "http://"+listener.Addr().String(), "--dry-run")
	_ = listener.(*net.TCPListener).SetDeadline(time.Unix(1, 0)) // what has come is there already
	if _, err := listener.Accept(); err == nil {
		t.Error("the target got a connection")
	}
}

// ownNetwork gives this test, and the commands that it starts, a network of their own with so few ports.
// The thread that it runs on ends with it.
func ownNetwork(t *testing.T, ports string) {
	t.Helper()
	runtime.LockOSThread()
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		t.Skipf("needs root: to make a network of its own: %v", err)
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(socket)
	loopback := struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{name: [16]byte{'l', 'o'}, flags: syscall.IFF_UP}
	if _, _, failed := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&loopback))); failed != 0 {
		t.Fatal(failed)
	}
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte(ports), 0o644); err != nil {
		t.Skipf("needs root: to set the ports of a network of its own: %v", err)
	}
}

// A storm with more connections than ports is refused, unless it leaves from more addresses. Ports that
// others have taken are only seen under way: then the run is invalid, for nothing is the target's fault.
func TestTooFewPorts(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	ownNetwork(t, "40000 40009") // so that a fixed port meets nothing else
	target := "http://127.0.0.1:8080"
	server(t, "shop", "--listen", "127.0.0.1:8080", "--service-time", "50ms", "--workers", "100")
	scenario := steady(t, "300/s", "1s")
	run := func() string { return filepath.Join(t.TempDir(), "run") }
	out := fsctl(t, 104, "attack", scenario, "--target", target, "--connections", "30", "--run", run())
	if !strings.Contains(out, "ports: found 10, wanted 30") || !strings.Contains(out, "--source") {
		t.Errorf("wanted what is missing and what to do:\n%s", out)
	}
	fsctl(t, 0, "attack", scenario, "--target", target, "--connections", "30", "--run", run(), "--source", "127.0.0.2,127.0.0.3,127.0.0.4", "--no-verdict")

	first, _ := start(t, run(), steady(t, "300/s", "60s"), "--target", target, "--connections", "8")
	defer func() {
		_ = first.Process.Kill()
		_ = first.Wait()
	}()
	few := steady(t, "60/s", "1s") // each of which waits for a port for a while
	out = fsctl(t, 111, "attack", few, "--target", target, "--connections", "8", "--run", run(), "--no-preflight")
	if !strings.Contains(out, "could not be sent: this machine had no free port") {
		t.Errorf("wanted the ports named:\n%s", out)
	}
}
