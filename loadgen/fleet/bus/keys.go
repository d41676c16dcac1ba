package bus

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nkeys"
)

// The files of a set of keys, beside one for each agent.
const (
	serverFile      = "server.pem"
	serverKeyFile   = "server-key.pem"
	coordinatorFile = "coordinator.creds"
	agentsFile      = "agents.json" // the agents' public keys, that of slot 1 first
)

// AgentFile names an agent's file in a directory of keys; slot is from 1.
func AgentFile(slot int) string { return "agent-" + strconv.Itoa(slot) + ".creds" }

// Keys is the coordinator's part of a set of keys: the server's certificate, the coordinator's own
// identity, and the agents' public keys.
type Keys struct {
	Coordinator *Creds

	dir    string
	server tls.Certificate
	agents []string
}

// Agents returns the number of slots, at least 1.
func (k *Keys) Agents() int { return len(k.agents) }

// Expires returns when the keys cease to be good: 365 days after they were made.
func (k *Keys) Expires() time.Time { return k.server.Leaf.NotAfter }

// MakeKeys makes a set of keys in a directory: a CA, a certificate for the server, a seed for the
// coordinator, and one for each agent slot from 1 to agents, all in files that only their owner may read.
//
//	hosts  names or IP addresses by which agents reach the server; loopback is always among them
//	dir    is made where it is missing; a file in it is never overwritten
//
// Each agent is given its AgentFile and nothing else. The CA's key is not kept. The errors are an
// *InputError for a number of agents outside 1 to MaxAgents, a host that is no name or address, or keys that are there already.
func MakeKeys(dir string, agents int, hosts []string) (*Keys, error) {
	return makeKeys(dir, agents, hosts, time.Now())
}

func makeKeys(dir string, agents int, hosts []string, now time.Time) (*Keys, error) {
	if agents < 1 || agents > MaxAgents {
		return nil, inputError("", "agents: found %d, wanted 1 to %d", agents, MaxAgents)
	}
	files, err := newSet(agents, hosts, now)
	if err != nil {
		return nil, err
	}
	if err := writeSet(dir, files); err != nil {
		return nil, err
	}
	return loadKeys(dir, now)
}

type keyFile struct {
	name    string
	content []byte
}

func newSet(agents int, hosts []string, now time.Time) ([]keyFile, error) {
	certificates, err := newCertificates(hosts, now)
	if err != nil {
		return nil, err
	}
	files := []keyFile{{serverFile, certificates.server}, {serverKeyFile, certificates.serverKey}}
	var publics []string
	for slot := range agents + 1 {
		seed, public, err := newSeed()
		if err != nil {
			return nil, err
		}
		name := coordinatorFile
		if slot != Coordinator {
			name = AgentFile(slot)
			publics = append(publics, public)
		}
		files = append(files, keyFile{name, renderCreds(slot, seed, certificates.ca, now.Add(keysLast))})
	}
	list, err := json.MarshalIndent(publics, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return append(files, keyFile{agentsFile, append(list, '\n')}), nil
}

func newSeed() (seed []byte, public string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return nil, "", fmt.Errorf("make a seed: %w", err)
	}
	if seed, err = pair.Seed(); err != nil {
		return nil, "", fmt.Errorf("make a seed: %w", err)
	}
	if public, err = pair.PublicKey(); err != nil {
		return nil, "", fmt.Errorf("make a seed: %w", err)
	}
	return seed, public, nil
}

// writeSet writes all files, or none.
func writeSet(dir string, files []keyFile) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return inputError("", "write keys: %w", err)
	}
	for i, f := range files {
		err := writeNew(filepath.Join(dir, f.name), f.content)
		if err == nil {
			continue
		}
		for _, written := range files[:i] {
			_ = os.Remove(filepath.Join(dir, written.name)) // what failed is returned below; a leftover does no harm
		}
		return err
	}
	return nil
}

func writeNew(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return inputError("name another directory", "write keys: %s is there already, and keys are never overwritten", path)
	}
	if err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	err = file.Chmod(0o600) // whatever the umask
	if err == nil {
		_, err = file.Write(content)
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		_ = os.Remove(path) // half a file of keys is none
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}

// LoadKeys reads the coordinator's part of a set of keys. The agents' own files need not be there any more.
// The errors are an *InputError where a file is missing, cut off, from another set or expired, or can be
// read by every user of the machine.
func LoadKeys(dir string) (*Keys, error) { return loadKeys(dir, time.Now()) }

func loadKeys(dir string, now time.Time) (*Keys, error) {
	whole, err := filepath.Abs(dir) // an external server has another working directory
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	k := &Keys{dir: whole}
	if k.Coordinator, err = loadCreds(filepath.Join(dir, coordinatorFile), now); err != nil {
		return nil, err
	}
	if k.Coordinator.Slot != Coordinator {
		return nil, inputError(renewHint, "keys in %s: found those of %s, wanted those of the coordinator",
			filepath.Join(dir, coordinatorFile), k.Coordinator)
	}
	if err := k.loadServer(now); err != nil {
		return nil, err
	}
	return k, k.loadAgents()
}

func (k *Keys) loadServer(now time.Time) error {
	path := filepath.Join(k.dir, serverFile)
	certificate, err := readSecret(path)
	if err != nil {
		return err
	}
	key, err := readSecret(filepath.Join(k.dir, serverKeyFile))
	if err != nil {
		return err
	}
	if k.server, err = tls.X509KeyPair(certificate, key); err != nil {
		return inputError(renewHint, "keys in %s and %s: %w", path, serverKeyFile, err)
	}
	if err := checkValidity("certificate", k.server.Leaf, now); err != nil {
		return inFile(path, err)
	}
	if _, err := k.server.Leaf.Verify(verifyBy(k.Coordinator.roots, now)); err != nil {
		return inputError(renewHint, "keys in %s: not of the same set as %s: %w", path, coordinatorFile, err)
	}
	return nil
}

func (k *Keys) loadAgents() error {
	path := filepath.Join(k.dir, agentsFile)
	content, err := readSecret(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, &k.agents); err != nil {
		return inputError(renewHint, "keys in %s: %w", path, err)
	}
	if len(k.agents) < 1 || len(k.agents) > MaxAgents {
		return inputError(renewHint, "keys in %s: found %d agents, wanted 1 to %d", path, len(k.agents), MaxAgents)
	}
	for i, public := range k.agents {
		if !nkeys.IsValidPublicUserKey(public) {
			return inputError(renewHint, "keys in %s: found %.80q for %s, wanted the public key of a user", path, public, identity(i+1))
		}
	}
	return nil
}
