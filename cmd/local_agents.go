package cmd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// localAgents are agents that were started as processes of this machine.
type localAgents struct {
	processes []*exec.Cmd
	store     string
	ended     sync.WaitGroup
	gone      chan error // one that ended badly
	lives     *os.File   // what they hear by that this process lives
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const kept = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = bytes.Clone(t.text[max(0, len(t.text)-kept):])
	return len(p), nil
}

// why returns what the process said last of an error, after a colon; nothing where it was killed.
func (t *tail) why() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	for _, line := range slices.Backward(lines) {
		if why, ok := strings.CutPrefix(line, "fsctl: error: "); ok {
			return ": " + why
		}
	}
	return ""
}

// startAgents starts as many agents as --agents says; none is fine.
func (o *stormOptions) startAgents(url string) (*localAgents, error) {
	v := &localAgents{gone: make(chan error, o.fleet.agents)}
	if o.fleet.agents == 0 {
		return v, nil
	}
	life, lives, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	defer life.Close()
	v.lives = lives
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	if v.store, err = os.MkdirTemp("", "fsctl-agents-"); err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	args := []string{"agent", "--nats", url, "--spool", v.store, "--shares-machine", "--linger", "1m", "--child"}
	for _, host := range o.allow {
		args = append(args, "--allow-target", host)
	}
	if o.tls.certificate != "" {
		args = append(args, "--cert", o.tls.certificate, "--key", o.tls.key)
	}
	for i := range o.fleet.agents {
		c := exec.Command(program, append(args, "--slot", strconv.Itoa(i+1))...)
		c.Args[0] = os.Args[0]
		said := &tail{}
		c.Stdin, c.Stdout, c.Stderr = life, said, said
		apart(c)
		if err := c.Start(); err != nil {
			v.kill()
			v.wait()
			return nil, fmt.Errorf("start agent %d: %w", i+1, err)
		}
		v.processes = append(v.processes, c)
		v.ended.Go(func() {
			if err := c.Wait(); err != nil {
				v.gone <- fmt.Errorf("agent %d ended: %w%s", i+1, err, said.why())
			}
		})
	}
	return v, nil
}

// watch has fail end the start of the storm as soon as an agent ends badly, and says so when one does later. It watches
// until the function that it returns is called.
func (v *localAgents) watch(fail func(error), log func(format string, args ...any)) (stop func()) {
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case err := <-v.gone:
				fail(err)
				log("%v", err)
			case <-over:
				return
			}
		}
	})
	return func() { close(over); watching.Wait() }
}

// goneWithin is how long agents may take to go once the storm is over.
const goneWithin = 5 * time.Second

// wait has the agents go, and ends those that do not. Nobody could take up what they have not handed over.
func (v *localAgents) wait() {
	if v.lives == nil {
		return
	}
	_ = v.lives.Close()
	timer := time.AfterFunc(goneWithin, v.kill)
	v.ended.Wait()
	timer.Stop()
	_ = os.RemoveAll(v.store) // a file that stays is in the way of nobody
}

func (v *localAgents) kill() {
	for _, c := range v.processes {
		_ = c.Process.Kill() // fails where it is gone
	}
}
