// Package local runs load agents as child processes.
package local

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say which agents to start.
type Options struct {
	Count int // agents, at least 1
	// Args returns the arguments with which this program is an agent. The agent must end when its standard input does. Every user of
	// the machine can read them, so that no secret may be among them.
	Args        func(Agent) []string
	Environment []string // of an agent, beside that of this process
	// ErrorPrefix begins the line in which an agent says why it ends, HintPrefix the one that says what can be done about it.
	ErrorPrefix, HintPrefix string
}

// Agent is what an agent must know.
type Agent struct {
	Slot  int    // from 1
	URL   string // of the bus
	Creds string // file of its keys
	Spool string // directory for measurements
}

// Agents are the processes that were started.
type Agents struct {
	processes []*exec.Cmd
	spool     string
	running   sync.WaitGroup
	failures  chan error // of agents that ended with an error
	alive     *os.File   // standard input of the agents, which ends with this process
}

// Start starts agents that find the bus at url, each with the file of keys that creds returns for its slot. It fails where a process or a temporary directory cannot be made;
// the agents started before are killed then.
func Start(o Options, url string, creds func(slot int) string) (*Agents, error) {
	a := &Agents{failures: make(chan error, o.Count)}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	stdin, alive, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start agents: %w", err)
	}
	defer stdin.Close()
	a.alive = alive
	if a.spool, err = os.MkdirTemp("", "fsctl-agents-"); err != nil {
		alive.Close()
		return nil, fmt.Errorf("start agents: %w", err)
	}
	for i := range o.Count {
		slot := i + 1
		c := exec.Command(program, o.Args(Agent{slot, url, creds(slot), a.spool})...)
		c.Args[0] = os.Args[0]
		c.Env = append(os.Environ(), o.Environment...)
		output := &tail{}
		c.Stdin, c.Stdout, c.Stderr = stdin, output, output
		detach(c)
		if err := c.Start(); err != nil {
			a.Kill()
			a.Close()
			return nil, fmt.Errorf("start agent %d: %w", slot, err)
		}
		a.processes = append(a.processes, c)
		a.running.Go(func() {
			if err := c.Wait(); err != nil {
				a.failures <- &EndedError{slot, err, output.last(o.ErrorPrefix), output.last(o.HintPrefix)}
			}
		})
	}
	return a, nil
}

// EndedError is an agent that has ended with an error.
type EndedError struct {
	Slot   int    // from 1
	Err    error  // of its process
	Reason string // that the agent gave last; may be empty
	Hint   string // that it gave last; may be empty
}

// Error says which agent has ended, and why.
func (e *EndedError) Error() string {
	text := fmt.Sprintf("agent %d ended: %v", e.Slot, e.Err)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Unwrap returns the error of the process.
func (e *EndedError) Unwrap() error { return e.Err }

// Watch calls failed with the *EndedError of each agent that ends with an error, until the function that it returns is called.
func (a *Agents) Watch(failed func(error)) (stop func()) {
	over := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case err := <-a.failures:
				failed(err)
			case <-over:
				return
			}
		}
	})
	return func() { close(over); watching.Wait() }
}

// endWithin is how long agents may take to end once the storm is over.
const endWithin = 5 * time.Second

// Close has the agents end, and kills those that do not. No other agent could deliver what they have not.
func (a *Agents) Close() {
	_ = a.alive.Close()
	timer := time.AfterFunc(endWithin, a.Kill)
	a.running.Wait()
	timer.Stop()
	_ = os.RemoveAll(a.spool) // where this fails, files stay in the system's directory for temporary ones
}

// Kill ends the agents at once.
func (a *Agents) Kill() {
	for _, c := range a.processes {
		_ = c.Process.Kill() // fails where it has ended
	}
}

// tail keeps the end of what a process writes.
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

// last returns the last line that begins with a prefix, without that; empty where there is none, or no prefix.
func (t *tail) last(prefix string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	for _, line := range slices.Backward(lines) {
		if why, ok := strings.CutPrefix(line, prefix); ok && prefix != "" {
			return why
		}
	}
	return ""
}
