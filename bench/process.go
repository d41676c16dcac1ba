package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fsctl/scenarios/quantity"
)

// patience is how long a program may take to start, to answer or to stop.
const patience = 60 * time.Second

// child is a program that runs on one core, in a directory of its own.
type child struct {
	name string
	dir  string // holds what it prints: stdout, stderr
	cmd  *exec.Cmd
	stop context.CancelFunc
	done chan struct{} // closed when it has ended
	err  error         // how; to be read after done
}

// start runs a program on one core, in dir. It inherits nothing but PATH, so that it has its own defaults.
// When ctx is done it is interrupted, and killed if that does not end it.
func start(ctx context.Context, core int, dir, stdin, path string, args ...string) (*child, error) {
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, "taskset", append([]string{"-c", strconv.Itoa(core), path}, args...)...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = patience
	c := &child{name: filepath.Base(path), dir: dir, cmd: cmd, stop: stop, done: make(chan struct{})}
	if err := c.launch(); err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	return c, nil
}

func (c *child) launch() error {
	stdout, err := os.Create(filepath.Join(c.dir, "stdout"))
	if err != nil {
		return err
	}
	defer stdout.Close() // the program has its own
	stderr, err := os.Create(filepath.Join(c.dir, "stderr"))
	if err != nil {
		return err
	}
	defer stderr.Close()
	c.cmd.Stdout, c.cmd.Stderr = stdout, stderr
	if err := c.cmd.Start(); err != nil {
		return err
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	return nil
}

// wait returns when the program has ended by itself; its error says what it printed last.
func (c *child) wait() error {
	select {
	case <-c.done:
		return c.failure()
	case <-time.After(patience):
		c.end()
		return fmt.Errorf("%s still ran %s after it should have ended", c.name, quantity.Exact(patience))
	}
}

// end interrupts the program and waits until it is gone.
func (c *child) end() {
	c.stop()
	<-c.done
}

// failure returns how an ended program failed, with the end of what it said, or nil.
func (c *child) failure() error {
	if c.err == nil {
		return nil
	}
	var said []byte
	for _, file := range []string{"stdout", "stderr"} {
		text, _ := os.ReadFile(filepath.Join(c.dir, file)) // only to explain
		said = append(said, text...)
	}
	said = bytes.TrimSpace(said)
	return fmt.Errorf("%s: %w: %s", c.name, c.err, said[max(0, len(said)-500):])
}

// pause waits, but not longer than the program runs.
func (c *child) pause(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-c.done:
		return errors.Join(fmt.Errorf("%s ended too early", c.name), c.failure())
	}
}

// wholeCPU returns the CPU time of a program that has ended.
func (c *child) wholeCPU() time.Duration {
	return c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
}

// processCPU returns the CPU time that a running process has used, as the scheduler counts it: nanoseconds,
// where the process table has hundredths of a second.
func processCPU(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, fmt.Errorf("CPU time of process %d: found no threads", pid)
	}
	var sum time.Duration
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // a thread that has just ended
		}
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		nanos, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: found %q, wanted nanoseconds", file, first)
		}
		sum += time.Duration(nanos)
	}
	return sum, nil
}

// peakMemory returns the most memory that a running process has had resident, in bytes.
func peakMemory(pid int) (sizeBytes float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kilobytes, err := strconv.ParseFloat(fields[1], 64)
			return 1024 * kilobytes, err
		}
	}
	return 0, fmt.Errorf("peak memory of process %d: found no VmHWM", pid)
}
