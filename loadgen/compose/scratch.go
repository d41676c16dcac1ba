package compose

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"time"

	"fsctl/loadgen/transport"
)

// Scratch is memory that rendering requests reuses, and what is known of the request that is being rendered. A goroutine has one of
// its own. The zero value is ready.
type Scratch struct {
	request *transport.Request
	now     time.Time // of the request; zero until a function asks
	stack   []byte    // arguments of functions
	result  []byte    // of the function that returned last
	hashes  [3]hash.Hash
	pad     []byte // a block of an HMAC
	sum     []byte // of a hash
	secrets []byte // of the request: what functions made where credentials stand, one after the other
	ends    []int  // of each of them
}

// begin makes ready for a request.
func (m *Scratch) begin(r *transport.Request) {
	m.request, m.now = r, time.Time{}
	m.stack, m.secrets, m.ends = m.stack[:0], m.secrets[:0], m.ends[:0]
}

// instant returns the instant of the request: the same for all functions in it, since a signature is of the time that is sent beside it.
func (m *Scratch) instant() time.Time {
	if m.now.IsZero() {
		m.now = time.Now()
	}
	return m.now
}

// keep notes a secret that is sent.
func (m *Scratch) keep(secret []byte) {
	m.secrets = append(m.secrets, secret...)
	m.ends = append(m.ends, len(m.secrets))
}

// appendSecrets appends the secrets that functions have made for the request.
func (m *Scratch) appendSecrets(list []string) []string {
	from := 0
	for _, end := range m.ends {
		if from < end {
			list = append(list, string(m.secrets[from:end]))
		}
		from = end
	}
	return list
}

// algorithm is a hash function.
type algorithm uint8

const (
	useSHA1 algorithm = iota
	useSHA256
	useSHA512
)

var algorithms = map[string]algorithm{"sha1": useSHA1, "sha256": useSHA256, "sha512": useSHA512}

// hash returns the state of a hash function, which is kept.
func (m *Scratch) hash(a algorithm) hash.Hash {
	if m.hashes[a] == nil {
		m.hashes[a] = [...]func() hash.Hash{sha1.New, sha256.New, sha512.New}[a]()
	}
	m.hashes[a].Reset()
	return m.hashes[a]
}

// digest leaves the hash of a text and of what follows it in m.sum.
func (m *Scratch) digest(a algorithm, text []byte, rest [][]byte) {
	h := m.hash(a)
	h.Write(text)
	for _, piece := range rest {
		h.Write(piece)
	}
	m.sum = h.Sum(m.sum[:0])
}

// hmac leaves the HMAC of a text and of what follows it in m.sum:
//
//	H((K xor 5c5c...) || H((K xor 3636...) || text))
//
// K is the key, hashed where it is longer than a block, and filled up with zeros. crypto/hmac gives the same, but keeps a key: here each
// request may have another one, and the state of the hash function is used again.
// Source: RFC 2104, section 2.
func (m *Scratch) hmac(a algorithm, key, text []byte, rest [][]byte) {
	h := m.hash(a)
	size := h.BlockSize()
	if len(key) > size {
		h.Write(key)
		m.sum = h.Sum(m.sum[:0])
		key = m.sum
		h.Reset()
	}
	m.pad = append(m.pad[:0], key...)
	for len(m.pad) < size {
		m.pad = append(m.pad, 0)
	}
	for i := range m.pad {
		m.pad[i] ^= 0x36
	}
	h.Write(m.pad)
	h.Write(text)
	for _, piece := range rest {
		h.Write(piece)
	}
	m.sum = h.Sum(m.sum[:0])
	for i := range m.pad {
		m.pad[i] ^= 0x36 ^ 0x5c
	}
	h.Reset()
	h.Write(m.pad)
	h.Write(m.sum)
	m.sum = h.Sum(m.sum[:0])
}
