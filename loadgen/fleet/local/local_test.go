package local

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestMain is also the program of the agents: child SPOOL SLOT.
func TestMain(m *testing.M) {
	if len(os.Args) < 4 || os.Args[1] != "child" {
		os.Exit(m.Run())
	}
	if os.Args[3] == "2" {
		fmt.Fprintln(os.Stderr, "test: error: first\nsomething else\ntest: error: no files\ntest: hint: make some\nbye")
		os.Exit(3)
	}
	if err := os.WriteFile(filepath.Join(os.Args[2], os.Args[3]), nil, 0o600); err != nil {
		os.Exit(4)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func noKeys(int) string { return "" }

func options(count int) Options {
	return Options{Count: count, ErrorPrefix: "test: error: ", HintPrefix: "test: hint: ",
		Args: func(a Agent) []string { return []string{"child", a.Spool, strconv.Itoa(a.Slot)} }}
}

// TestAgentThatFails: its last error is reported, and the other agents go on until they are closed.
func TestAgentThatFails(t *testing.T) {
	a, err := Start(options(3), "nats://127.0.0.1:1", noKeys)
	if err != nil {
		t.Fatal(err)
	}
	failures := make(chan error, 10)
	stop := a.Watch(func(err error) { failures <- err })
	select {
	case err := <-failures:
		if want := "agent 2 ended: exit status 3: no files"; err.Error() != want {
			t.Errorf("%q, wanted %q", err, want)
		}
		if ended, ok := errors.AsType[*EndedError](err); !ok || ended.Hint != "make some" {
			t.Errorf("found %+v, wanted the agent's hint", ended)
		}
	case <-time.After(time.Minute):
		t.Fatal("no failure was reported")
	}
	for _, slot := range []string{"1", "3"} {
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if _, err := os.Stat(filepath.Join(a.spool, slot)); err == nil {
				break
			} else if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	stop()
	a.Close()
	if _, err := os.Stat(a.spool); !os.IsNotExist(err) {
		t.Errorf("the spool is left: %v", err)
	}
	if len(failures) > 0 {
		t.Errorf("%v, wanted the others to end well", <-failures)
	}
}

// TestKill ends the agents at once.
func TestKill(t *testing.T) {
	a, err := Start(options(1), "", noKeys)
	if err != nil {
		t.Fatal(err)
	}
	failures := make(chan error, 1)
	defer a.Watch(func(err error) { failures <- err })()
	a.Kill()
	if err := <-failures; err.Error() != "agent 1 ended: signal: killed" {
		t.Errorf("%v", err)
	}
	a.Close()
}
