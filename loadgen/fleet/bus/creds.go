package bus

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/nats-io/nkeys"
)

const (
	identityBlock = "FSCTL IDENTITY" // the PEM block that holds a seed
	slotHeader    = "Slot"

	maxKeyFileBytes = 4 << 20 // far above the list of MaxAgents public keys
)

// What to do about files of keys that cannot be used.
const (
	renewHint = "make a new set, and give each agent its file: fsctl agent-keys"
	credsHint = "wanted is a file that fsctl agent-keys wrote"
)

// Creds identify a client of the bus, and the server to it: a slot, its secret seed, and the CA.
// The seed never leaves it, also not in print.
type Creds struct {
	Slot int // from 1 on; Coordinator for the coordinator

	pair   nkeys.KeyPair
	public string
	roots  *x509.CertPool
}

// String names the identity, such as "agent 3".
func (c *Creds) String() string { return identity(c.Slot) }

// GoString is String, so that no way of printing shows the seed.
func (c *Creds) GoString() string { return c.String() }

// LoadCreds reads the file of one agent, or that of the coordinator. The errors are an *InputError where
// the file is not one of fsctl agent-keys, is cut off, has expired, or can be read by everybody: who reads
// the seed can send results in that agent's name.
func LoadCreds(path string) (*Creds, error) { return loadCreds(path, time.Now()) }

func loadCreds(path string, now time.Time) (*Creds, error) {
	content, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	c, err := parseCreds(content, now)
	if err != nil {
		return nil, inFile(path, err)
	}
	return c, nil
}

// inFile says in which file something is wrong, and keeps the hint.
func inFile(path string, err error) error {
	if input, ok := errors.AsType[*InputError](err); ok {
		return &InputError{Err: fmt.Errorf("keys in %s: %w", path, input.Err), Hint: input.Hint}
	}
	return fmt.Errorf("keys in %s: %w", path, err)
}

// readSecret reads a file that only its owner, or its group, may read.
func readSecret(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, inputError("", "read keys: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	content, err := io.ReadAll(io.LimitReader(file, maxKeyFileBytes))
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	// A group may: Kubernetes gives secrets to a container by its group. Windows has no such bits. Of a file that holds
	// no keys it is not for us to say who may read it.
	secret := bytes.HasPrefix(content, []byte("fsctl: keys")) || bytes.Contains(content, []byte("PRIVATE KEY"))
	if mode := info.Mode().Perm(); secret && mode&0o007 != 0 && runtime.GOOS != "windows" {
		return nil, inputError("chmod o= "+path, "keys in %s: found mode %#o, by which everybody on this machine can use them, wanted 0600", path, mode)
	}
	return content, nil
}

// render is the file of an identity. The seed stands last, so that a file that was cut off lacks it.
func renderCreds(slot int, seed, ca []byte, until time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "fsctl: keys of the %s, valid until %s. A secret: who has this file acts as the %[1]s.\n",
		identity(slot), until.UTC().Format(time.DateOnly))
	b.Write(ca)
	b.Write(pem.EncodeToMemory(&pem.Block{
		Type: identityBlock, Headers: map[string]string{slotHeader: strconv.Itoa(slot)}, Bytes: seed,
	}))
	return b.Bytes()
}

func parseCreds(content []byte, now time.Time) (*Creds, error) {
	if bytes.Contains(content, []byte("NATS USER JWT")) {
		return nil, inputError(credsHint, "found credentials of NATS itself, wanted those of an fsctl agent")
	}
	c := &Creds{roots: x509.NewCertPool()}
	var authorities []*x509.Certificate
	for rest := content; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil && c.pair != nil && len(authorities) > 0:
			return c, checkAuthorities(authorities, now)
		case block == nil:
			return nil, incomplete(content, c.pair != nil)
		case block.Type == certificateBlock:
			authority, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, inputError(credsHint, "CA certificate: %w", err)
			}
			authorities = append(authorities, authority)
			c.roots.AddCert(authority)
		case block.Type == identityBlock:
			if err := c.setIdentity(block); err != nil {
				return nil, err
			}
		default:
			return nil, inputError(credsHint, "found a block %.40q, wanted %q and %q", block.Type, certificateBlock, identityBlock)
		}
	}
}

// incomplete says what a file lacks that has not all of its blocks.
func incomplete(content []byte, hasSeed bool) error {
	switch {
	case hasSeed:
		return inputError(credsHint, "found no CA certificate in it")
	case bytes.Contains(content, []byte("-----BEGIN ")):
		return inputError("copy the whole file again", "found no whole seed in it: the file is cut off")
	}
	return inputError(credsHint, "found no keys in it")
}

func (c *Creds) setIdentity(block *pem.Block) error {
	if c.pair != nil {
		return inputError("one file is for one agent", "found two identities in it, wanted one")
	}
	slot, err := strconv.Atoi(block.Headers[slotHeader])
	if err != nil || slot < 0 || slot > MaxAgents {
		return inputError(credsHint, "found slot %.40q, wanted 0 to %d", block.Headers[slotHeader], MaxAgents)
	}
	c.Slot = slot
	if c.pair, err = nkeys.FromSeed(block.Bytes); err != nil {
		return inputError(credsHint, "seed: %w", err)
	}
	if c.public, err = c.pair.PublicKey(); err != nil {
		return inputError(credsHint, "seed: %w", err)
	}
	if !nkeys.IsValidPublicUserKey(c.public) {
		return inputError(credsHint, "found a seed that is not that of a user")
	}
	return nil
}

// checkAuthorities wants one CA that is good now. An older one beside it does no harm.
func checkAuthorities(authorities []*x509.Certificate, now time.Time) error {
	var err error
	for _, authority := range authorities {
		if err = checkValidity("CA certificate", authority, now); err == nil {
			return nil
		}
	}
	return err
}

// checkValidity says clearly when a certificate has expired; the library's words come too late for that.
func checkValidity(what string, certificate *x509.Certificate, now time.Time) error {
	switch {
	case now.After(certificate.NotAfter):
		return inputError(renewHint, "%s: expired on %s", what, certificate.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(certificate.NotBefore):
		return inputError("set this machine's clock", "%s: valid from %s, and the clock here says %s", what,
			certificate.NotBefore.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return nil
}
