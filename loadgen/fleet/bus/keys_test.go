package bus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
)

// makeSet makes keys for two agents.
func makeSet(t *testing.T) (dir string, k *Keys) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "keys")
	k, err := MakeKeys(dir, 2, []string{"bus.example"})
	if err != nil {
		t.Fatal(err)
	}
	return dir, k
}

// contents reads all files of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(text)
	}
	return all
}

// wantInput wants an InputError with these words, and returns its hint.
func wantInput(t *testing.T, err error, words ...string) string {
	t.Helper()
	input, ok := errors.AsType[*InputError](err)
	if !ok {
		t.Fatalf("found %v, wanted an InputError", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("found %q, wanted %q in it", err, w)
		}
	}
	return input.Hint
}

func TestMakeKeys(t *testing.T) {
	t.Parallel()
	dir, k := makeSet(t)
	names := slices.Sorted(maps.Keys(contents(t, dir)))
	if want := []string{"agent-1.creds", "agent-2.creds", "agents.json", "coordinator.creds", "server-key.pem", "server.pem"}; !slices.Equal(names, want) {
		t.Errorf("found %v, wanted %v", names, want)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, wanted 0600", name, info.Mode())
		}
	}
	if days := time.Until(k.Expires()).Hours() / 24; k.Agents() != 2 || days < 364 || days > 366 {
		t.Errorf("%d agents for %.1f days, wanted 2 for 365", k.Agents(), days)
	}
	for slot := 1; slot <= 2; slot++ {
		c, err := LoadCreds(filepath.Join(dir, AgentFile(slot)))
		if err != nil || c.Slot != slot || c.public != k.agents[slot-1] {
			t.Errorf("agent %d: %v, %v", slot, c, err)
		}
	}
	if _, err := k.server.Leaf.Verify(verifyBy(k.Coordinator.roots, time.Now())); err != nil {
		t.Error(err)
	}
	for _, host := range []string{"bus.example", "localhost", "127.0.0.1", "::1"} {
		if err := k.server.Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}

// An agent's file moves away, and nobody else needs it.
func TestLoadKeysWithoutAgentFiles(t *testing.T) {
	t.Parallel()
	dir, made := makeSet(t)
	for slot := 1; slot <= 2; slot++ {
		if err := os.Remove(filepath.Join(dir, AgentFile(slot))); err != nil {
			t.Fatal(err)
		}
	}
	k, err := LoadKeys(dir)
	if err != nil || k.ServerConf() != made.ServerConf() {
		t.Errorf("%v, or another configuration", err)
	}
}

func TestKeysAreNeverOverwritten(t *testing.T) {
	t.Parallel()
	dir, _ := makeSet(t)
	before := contents(t, dir)
	_, err := MakeKeys(dir, 2, nil)
	wantInput(t, err, "never overwritten")
	if !maps.Equal(before, contents(t, dir)) {
		t.Error("the keys have changed")
	}

	other := t.TempDir()
	last := filepath.Join(other, agentsFile)
	if err := os.WriteFile(last, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = MakeKeys(other, 2, nil)
	wantInput(t, err, agentsFile, "never overwritten")
	if found := contents(t, other); !maps.Equal(found, map[string]string{agentsFile: "mine"}) {
		t.Errorf("found %d files, wanted the one that was there", len(found))
	}
}

func TestKeysOutOfRange(t *testing.T) {
	t.Parallel()
	for _, agents := range []int{-1, 0, MaxAgents + 1} {
		_, err := MakeKeys(filepath.Join(t.TempDir(), "keys"), agents, nil)
		wantInput(t, err, fmt.Sprintf("agents: found %d", agents))
	}
	for _, host := range []string{"", "0.0.0.0", "::", "bus.example:4222", "tls://bus.example", "a b", "a..b", "fe80::1%eth0", strings.Repeat("a", 300)} {
		dir := filepath.Join(t.TempDir(), "keys")
		_, err := MakeKeys(dir, 1, []string{host})
		wantInput(t, err, "host: found", "wanted a name or an IP address")
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%q: the directory was made", host)
		}
	}
}

// Wherever a file is cut off, it is not taken for a whole one.
func TestCutOffCreds(t *testing.T) {
	t.Parallel()
	dir, _ := makeSet(t)
	whole, err := os.ReadFile(filepath.Join(dir, AgentFile(2)))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) - 1 { // the last byte is a line break, which nothing needs
		if c, err := parseCreds(whole[:n], time.Now()); err == nil {
			t.Fatalf("%v from %d of %d bytes", c, n, len(whole))
		}
	}
}

func TestCredsThatAreNone(t *testing.T) {
	t.Parallel()
	dir, _ := makeSet(t)
	set := contents(t, dir)
	agent := set[AgentFile(1)]
	seed := agent[strings.Index(agent, "-----BEGIN FSCTL"):]
	for name, c := range map[string]struct{ content, want string }{
		"empty":         {"", "found no keys"},
		"another file":  {"name: live-drop\n", "found no keys"},
		"of NATS":       {"-----BEGIN NATS USER JWT-----\neyJ0\n------END NATS USER JWT------\n", "credentials of NATS itself"},
		"a server's":    {set[serverKeyFile], `found a block "PRIVATE KEY"`},
		"no seed":       {set[serverFile], "no whole seed"},
		"no CA":         {seed, "no CA certificate"},
		"two seeds":     {agent + seed, "two identities"},
		"no slot":       {strings.Replace(agent, "Slot: 1", "Other: 1", 1), `slot ""`},
		"negative slot": {strings.Replace(agent, "Slot: 1", "Slot: -1", 1), `slot "-1"`},
		"slot of text":  {strings.Replace(agent, "Slot: 1", "Slot: one", 1), `slot "one"`},
		"damaged CA":    {strings.Replace(agent, "MII", "AAA", 1), "CA certificate: "},
		"damaged seed":  {strings.Replace(agent, seed[len(seed)/2:len(seed)/2+4], "AAAA", 1), "seed: "},
	} {
		path := filepath.Join(t.TempDir(), "agent.creds")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadCreds(path)
		t.Log(err)
		if hint := wantInput(t, err, "keys in "+path, c.want); hint == "" {
			t.Errorf("%s: no hint", name)
		}
	}
	_, err := LoadCreds(filepath.Join(dir, "missing"))
	if wantInput(t, err, "missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("found %v", err)
	}
}

func TestCredsThatEverybodyCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	dir, _ := makeSet(t)
	path := filepath.Join(dir, AgentFile(1))
	for mode, good := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: true, 0o644: false, 0o604: false, 0o602: false} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := LoadCreds(path)
		if good && err != nil {
			t.Error(err)
		} else if !good && !strings.HasPrefix(wantInput(t, err, path, fmt.Sprintf("%#o", mode)), "chmod") {
			t.Error("no hint at chmod")
		}
	}
	if err := os.Chmod(filepath.Join(dir, serverKeyFile), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := LoadKeys(dir)
	wantInput(t, err, serverKeyFile)
}

func TestExpiredKeys(t *testing.T) {
	t.Parallel()
	for when, c := range map[time.Duration]struct{ want, hint string }{
		-keysLast - time.Hour: {"expired on 20", "fsctl agent-keys"},
		48 * time.Hour:        {"valid from 20", "clock"},
	} {
		dir := filepath.Join(t.TempDir(), "keys")
		if _, err := makeKeys(dir, 1, nil, time.Now().Add(when)); err != nil {
			t.Fatal(err)
		}
		_, err := LoadKeys(dir)
		if hint := wantInput(t, err, c.want, dir); !strings.Contains(hint, c.hint) {
			t.Errorf("found hint %q, wanted %q in it", hint, c.hint)
		}
		_, err = LoadCreds(filepath.Join(dir, AgentFile(1)))
		wantInput(t, err, c.want, AgentFile(1))
	}
}

// A set in which one file is of another set, or damaged.
func TestMixedKeys(t *testing.T) {
	t.Parallel()
	_, other := makeSet(t)
	for name, c := range map[string]struct{ from, want string }{
		"another key":         {serverKeyFile, "private key"},
		"another coordinator": {coordinatorFile, "not of the same set"},
		"an agent's keys":     {AgentFile(1), "wanted those of the coordinator"},
	} {
		dir, _ := makeSet(t)
		into := c.from
		if into == AgentFile(1) {
			into = coordinatorFile
		}
		copyFile(t, filepath.Join(other.dir, c.from), filepath.Join(dir, into))
		_, err := LoadKeys(dir)
		if wantInput(t, err, c.want); t.Failed() {
			t.Log(name)
		}
	}
	for content, want := range map[string]string{"": agentsFile, "[]": "found 0 agents", `["UABC"]`: `found "UABC" for agent 1`, `["`: agentsFile} {
		dir, _ := makeSet(t)
		if err := os.WriteFile(filepath.Join(dir, agentsFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadKeys(dir)
		wantInput(t, err, want)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestSeedIsNotPrinted(t *testing.T) {
	t.Parallel()
	_, k := makeSet(t)
	seed, err := k.Coordinator.pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{k, k.Coordinator, Config{Creds: k.Coordinator}} {
			if text := fmt.Sprintf(form, value); strings.Contains(text, string(seed)) || strings.Contains(text, fmt.Sprint(seed)) {
				t.Errorf("%s shows the seed", form)
			}
		}
	}
}

// FuzzCreds reads files that are anything at all: it is said what is wrong, or the identity can sign, and is the same when it is read
// again.
func FuzzCreds(f *testing.F) {
	ca, err := newCertificates(nil, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	seed, _, err := newSeed()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(renderCreds(3, seed, ca.ca, time.Now()))
	f.Add([]byte("-----BEGIN FSCTL IDENTITY-----\nSlot: 1\n\nAAAA\n-----END FSCTL IDENTITY-----\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := parseCreds(bytes.Clone(content), time.Now())
		if err != nil {
			if _, told := errors.AsType[*InputError](err); !told {
				t.Fatalf("%T without a hint: %v", err, err)
			}
			return
		}
		if c.Slot < 0 || c.Slot > MaxAgents {
			t.Fatalf("slot %d without an error", c.Slot)
		}
		signature, err := c.pair.Sign([]byte("nonce"))
		if err != nil {
			t.Fatal(err)
		}
		public, err := nkeys.FromPublicKey(c.public)
		if err != nil || public.Verify([]byte("nonce"), signature) != nil {
			t.Fatalf("the public key %q does not know what %v signed (%v)", c.public, c, err)
		}
		again, err := parseCreds(content, time.Now())
		if err != nil || again.Slot != c.Slot || again.public != c.public || !again.roots.Equal(c.roots) {
			t.Fatalf("read again: %v (%v), wanted %v", again, err, c)
		}
	})
}
