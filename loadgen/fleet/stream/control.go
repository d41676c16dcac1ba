package stream

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"fsctl/loadgen/record"
)

// Fin ends a log and states what it holds.
type Fin struct {
	Key
	Snapshots uint64          // how many, from 0
	Totals    record.Counters // of all steps and seconds
	Hash      Hash
	Recovered bool // the process that wrote it did not end it: a later one found its spool and did
}

// Hash identifies a log's snapshots in their order: the SHA-256 of their lengths and checksums.
type Hash [sha256.Size]byte

// Resend asks an agent to publish snapshots again.
type Resend struct {
	Key
	Ranges []Range // ascending, apart
}

// Seal confirms that the record with a log's measurements is on the coordinator's disk: the agent may delete the spool.
type Seal struct {
	Key
	Hash Hash // of the Fin that it answers
}

// Encode returns the message.
func (f Fin) Encode() []byte {
	return appendMessage(nil, kindFin, func(dst []byte) []byte {
		dst = appendKey(dst, f.Key)
		dst = binary.AppendUvarint(dst, f.Snapshots)
		dst = appendCounters(dst, f.Totals)
		dst = append(dst, f.Hash[:]...)
		return appendBool(dst, f.Recovered)
	})
}

// DecodeFin returns the Fin that a message holds. It fails where data is another message, is cut off or damaged, or
// does not have the form that Encode writes.
func DecodeFin(data []byte) (Fin, error) {
	r, err := openKind(data, kindFin)
	if err != nil {
		return Fin{}, err
	}
	f := Fin{Key: r.key(), Snapshots: r.uvarint(), Totals: r.counters(), Hash: r.hash(), Recovered: r.bool()}
	return f, closeKind(r, "fin", f.Key)
}

// Encode returns the message.
func (n Resend) Encode() []byte {
	return appendMessage(nil, kindResend, func(dst []byte) []byte {
		dst = appendKey(dst, n.Key)
		dst = binary.AppendUvarint(dst, uint64(len(n.Ranges)))
		for _, r := range n.Ranges {
			dst = binary.AppendUvarint(dst, r.From)
			dst = binary.AppendUvarint(dst, r.To)
		}
		return dst
	})
}

// DecodeResend returns the Resend that a message holds. It fails where data is another message, is cut off or damaged,
// or does not have the form that Encode writes.
func DecodeResend(data []byte) (Resend, error) {
	r, err := openKind(data, kindResend)
	if err != nil {
		return Resend{}, err
	}
	n := Resend{Key: r.key()}
	var end uint64
	for i := range r.count(2) {
		next := Range{r.uvarint(), r.uvarint()}
		if next.From >= next.To || i > 0 && next.From <= end {
			r.fail("found snapshots %d to %d after %d, wanted ascending ranges", next.From, next.To, end)
		}
		if r.err != nil {
			break
		}
		n.Ranges, end = append(n.Ranges, next), next.To
	}
	return n, closeKind(r, "resend request", n.Key)
}

// Encode returns the message.
func (s Seal) Encode() []byte {
	return appendMessage(nil, kindSeal, func(dst []byte) []byte { return append(appendKey(dst, s.Key), s.Hash[:]...) })
}

// DecodeSeal returns the Seal that a message holds. It fails where data is another message, is cut off or damaged, or
// does not have the form that Encode writes.
func DecodeSeal(data []byte) (Seal, error) {
	r, err := openKind(data, kindSeal)
	if err != nil {
		return Seal{}, err
	}
	s := Seal{Key: r.key(), Hash: r.hash()}
	return s, closeKind(r, "seal", s.Key)
}

// openKind returns a reader of the body of a message of one kind.
func openKind(data []byte, wanted kind) (*reader, error) {
	found, body, err := openMessage(data)
	if err != nil {
		return nil, err
	}
	if found != wanted {
		return nil, fmt.Errorf("found %s, wanted %s", found, wanted)
	}
	return &reader{rest: body}, nil
}

func closeKind(r *reader, what string, key Key) error {
	if err := r.close(); err != nil {
		return fmt.Errorf("%s of %s: %w", what, key, err)
	}
	return nil
}

func (r *reader) hash() (h Hash) {
	copy(h[:], r.take(len(h)))
	return h
}

// digest identifies one encoded snapshot by its length and its checksum, which is in its last bytes and has been
// verified. It detects accidents, not attacks. A collector keeps one of every snapshot, so it is short.
type digest [8]byte

func digestOf(message []byte) (d digest) {
	binary.LittleEndian.PutUint32(d[:], uint32(len(message)))
	copy(d[4:], message[len(message)-crcBytes:])
	return d
}

// hasher computes a log's Hash from its snapshots' digests in their order.
type hasher struct{ state hash.Hash }

func newHasher() hasher { return hasher{sha256.New()} }

func (h hasher) add(d digest) { h.state.Write(d[:]) }

func (h hasher) hash() Hash { return Hash(h.state.Sum(nil)) }
