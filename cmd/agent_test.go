package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secret makes a directory with the keys of slots, as Kubernetes mounts a Secret: links to files in a directory behind a
// link, which it changes at once for all.
func (b *fleetTest) secret(slots int) string {
	b.t.Helper()
	dir, version := b.path("secret"), "..2026_11_22_07_00_00.1"
	if err := os.MkdirAll(filepath.Join(dir, version), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Symlink(version, filepath.Join(dir, "..data")); err != nil {
		b.t.Fatal(err)
	}
	for slot := 1; slot <= slots; slot++ {
		name := fmt.Sprintf("agent-%d.creds", slot)
		if err := os.Rename(b.path("keys/"+name), filepath.Join(dir, version, name)); err != nil {
			b.t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			b.t.Fatal(err)
		}
	}
	return dir
}

// standing starts agents that have the keys of all slots.
func (b *fleetTest) standing(name, secret string, flags ...string) *process {
	b.t.Helper()
	return b.start(name, append([]string{"agent", "--nats", "tls://" + b.address, "--creds", secret, "--spool", b.path("spool-" + name),
		"--linger", "3m"}, flags...)...)
}

// brief is a storm of as many users as ever, within 3 s, by four agents.
func (b *fleetTest) brief() []string {
	return append(b.listening(), "--expect-agents", "4", "--set", "storm.phases.0.to=T0+3s", "--set", "storm.phases.0.rate=400/s")
}

// TestAgentsShareKeys has four agents find a slot each with the same directory of keys, of which two are in one process.
// A fifth finds none, and is there for the next storm, with those that stay.
func TestAgentsShareKeys(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, "fsctl")
	secret := b.secret(4)
	c := b.attack("run", b.brief()...)
	leaving := []*process{b.standing("one", secret), b.standing("two", secret)}
	b.standing("pair", secret, "--slots", "2", "--storms", "0")
	b.whole(b.ends(c, 0))
	for _, a := range leaving {
		if <-a.done; a.err != nil {
			t.Errorf("%s ended with %v", a.name, a.err)
		}
	}
	for name := range 3 { // one more than there is room for
		b.standing(fmt.Sprint("late ", name), secret, "--storms", "0")
	}
	b.mu.Lock()
	clear(b.asked)
	b.mu.Unlock()
	b.whole(b.ends(b.attack("again", b.brief()...), 0))
}

// TestWaitingAgentReplacesOne kills one of four agents: a fifth with the same keys, which waited for a slot, takes its
// place.
func TestWaitingAgentReplacesOne(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, "fsctl")
	secret := b.secret(4)
	c := b.attack("run", append(b.listening(), "--expect-agents", "4", "--set", "storm.phases.0.to=T0+14s", "--set", "storm.phases.0.rate=100/s")...)
	victim := b.standing("victim", secret)
	b.standing("others", secret, "--slots", "3")
	b.await(100)
	b.standing("fifth", secret)
	b.await(200)
	victim.kill()
	r := b.ends(c, 113)
	replaced := 0
	for _, a := range r.Manifest.Agents {
		if !a.Finished {
			t.Errorf("%+v, wanted every slot with an agent in the end", a)
		}
		if a.Lost {
			replaced++
			if a.ReportedArrivals <= a.PlannedArrivals/5 || a.ReportedArrivals >= a.PlannedArrivals {
				t.Errorf("%+v, wanted a share with a gap", a)
			}
		} else if a.ReportedArrivals != a.PlannedArrivals {
			t.Errorf("%+v, wanted its whole share", a)
		}
	}
	if replaced != 1 {
		t.Errorf("found %d slots that changed hands, wanted 1", replaced)
	}
}

// publicKeys returns the agents' public keys of a set.
func publicKeys(t *testing.T, dir string) (keys []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "agents.json"))
	if err == nil {
		err = json.Unmarshal(text, &keys)
	}
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestRefusedAgentEnds starts a bus again that does not know an agent's key any more: the agent says so and ends, though
// it was to stay for ever.
func TestRefusedAgentEnds(t *testing.T) {
	needsSeconds(t)
	t.Parallel()
	b := newFleetTest(t, released(t))
	server := b.bus()
	a := b.standing("agent", b.path("keys/agent-1.creds"), "--storms", "0")
	c := b.attack("run", append(b.dialing(), "--expect-agents", "1")...)
	b.await(1) // the agent is on the bus
	c.kill()
	server.kill()
	fsctl(t, 0, "agent-keys", b.path("others"), "--agents", "1")
	config, err := os.ReadFile(b.path("nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	config = bytes.ReplaceAll(config, []byte(publicKeys(t, b.path("keys"))[0]), []byte(publicKeys(t, b.path("others"))[0]))
	if err := os.WriteFile(b.path("nats.conf"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	b.bus()
	if <-a.done; exitOf(a.err) != 1 || !strings.Contains(a.log.String(), "the server does not know this key") {
		t.Errorf("exit code %d, wanted 1 and what is wrong", exitOf(a.err))
	}
}
