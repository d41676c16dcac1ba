package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// localAgents are agents that were started as processes of this machine.
type localAgents struct {
	processes []*exec.Cmd
	output    []*tail
	store     string
	ended     sync.WaitGroup

	mu     sync.Mutex
	failed []error
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

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}

// startAgents starts as many agents as --agents says; none is fine.
func (o *stormOptions) startAgents(url string) (*localAgents, error) {
	v := &localAgents{}
	if o.fleet.agents == 0 {
		return v, nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	if v.store, err = os.MkdirTemp("", "fsctl-agents-"); err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	args := []string{"agent", "--nats", url, "--spool", v.store, "--shares-machine", "--linger", "1m"}
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
		c.Stdout, c.Stderr = said, said
		if err := c.Start(); err != nil {
			v.kill()
			return nil, fmt.Errorf("start agent %d: %w", i+1, err)
		}
		v.processes, v.output = append(v.processes, c), append(v.output, said)
		v.ended.Go(func() {
			if err := c.Wait(); err != nil {
				v.mu.Lock()
				defer v.mu.Unlock()
				v.failed = append(v.failed, fmt.Errorf("agent %d: %w: %s", i+1, err, said))
			}
		})
	}
	return v, nil
}

// failure returns what agents ended with that ended badly.
func (v *localAgents) failure() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return errors.Join(v.failed...)
}

// goneWithin is how long agents may take to go once the storm is over.
const goneWithin = 5 * time.Second

// wait waits for the agents to go, and ends those that do not. Tapes that nobody confirmed stay.
func (v *localAgents) wait() {
	timer := time.AfterFunc(goneWithin, v.kill)
	v.ended.Wait()
	timer.Stop()
	if v.store != "" {
		_ = os.Remove(v.store) // only where nothing is left in it
	}
}

func (v *localAgents) kill() {
	for _, c := range v.processes {
		_ = c.Process.Kill() // fails where it is gone
	}
}
