package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
)

// Every message is two bytes of magic, a version, its kind, a body, and the CRC-32C of all that.
const (
	magic       = "FT"
	version     = 4
	headBytes   = len(magic) + 2
	crcBytes    = 4
	longestName = 255
)

type kind byte

const (
	kindSnapshot kind = iota + 1
	kindFin
	kindResend
	kindSeal
)

// String names the kind as errors have it.
func (k kind) String() string {
	names := [...]string{kindSnapshot: "a snapshot", kindFin: "a fin", kindResend: "a resend request", kindSeal: "a seal"}
	if k == 0 || int(k) >= len(names) {
		return fmt.Sprintf("a message of kind %d", byte(k))
	}
	return names[k]
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendMessage appends a message whose body body appends.
func appendMessage(dst []byte, k kind, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = append(append(dst, magic...), version, byte(k))
	dst = body(dst)
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// kindOf returns the kind that a message claims, and 0 for one that is not of this package: the subjects carry others too.
func kindOf(data []byte) kind {
	if len(data) < headBytes || string(data[:len(magic)]) != magic {
		return 0
	}
	return kind(data[3])
}

// openMessage returns the kind and the body of a message.
func openMessage(data []byte) (kind, []byte, error) {
	if len(data) < headBytes+crcBytes || string(data[:len(magic)]) != magic {
		return 0, nil, fmt.Errorf("found %d bytes that are no message of a log", len(data))
	}
	if data[2] != version {
		return 0, nil, fmt.Errorf("found version %d, wanted %d: use the same fsctl everywhere", data[2], version)
	}
	end := len(data) - crcBytes
	if found, wanted := crc32.Checksum(data[:end], castagnoli), binary.LittleEndian.Uint32(data[end:]); found != wanted {
		return 0, nil, fmt.Errorf("found checksum %08x, wanted %08x: the message was damaged", found, wanted)
	}
	return kind(data[3]), data[headBytes:end], nil
}

func appendString(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// appendFloat appends value's bits with the low first in significance: most values are 0 or short.
func appendFloat(dst []byte, value float64) []byte {
	return binary.AppendUvarint(dst, bits.ReverseBytes64(math.Float64bits(value)))
}

func appendKey(dst []byte, key Key) []byte {
	dst = appendString(dst, key.Run)
	dst = binary.AppendUvarint(dst, uint64(key.Slot))
	return binary.AppendUvarint(dst, key.Epoch)
}

// reader takes a body apart. After the first error everything it returns is zero, and err says what was wrong.
type reader struct {
	rest []byte
	err  error
}

var errCutOff = errors.New("the message ends too soon")

func (r *reader) fail(format string, values ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, values...)
	}
}

// close returns the first error, or that something is left over.
func (r *reader) close() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("found %d bytes too many", len(r.rest))
	}
	return r.err
}

func (r *reader) uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	value, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.err = errCutOff
		return 0
	}
	r.rest = r.rest[n:]
	return value
}

func (r *reader) varint() int64 {
	value := r.uvarint()
	return int64(value>>1) ^ -int64(value&1)
}

// count reads a number of things that take at least eachBytes each, so that no count can claim more memory
// than its message is worth.
func (r *reader) count(eachBytes int) int {
	value := r.uvarint()
	if value > uint64(len(r.rest)/eachBytes) {
		r.err = errCutOff
		return 0
	}
	return int(value)
}

// index reads a number below limit.
func (r *reader) index(limit int, what string) int {
	value := r.uvarint()
	if value >= uint64(limit) {
		r.fail("found %s %d, wanted below %d", what, value, limit)
		return 0
	}
	return int(value)
}

// bytes reads what a length precedes; it stays part of the message.
func (r *reader) bytes() []byte { return r.take(r.count(1)) }

func (r *reader) take(n int) []byte {
	if r.err != nil || n > len(r.rest) {
		r.fail("%w", errCutOff)
		return nil
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) string() string { return string(r.bytes()) }

// float reads a number that sums of can stay finite.
func (r *reader) float() float64 {
	value := math.Float64frombits(bits.ReverseBytes64(r.uvarint()))
	if !(math.Abs(value) <= 1e15) {
		r.fail("found %v, wanted a number of at most 1e15", value)
		return 0
	}
	return value
}

func (r *reader) key() Key {
	key := Key{Run: r.string(), Slot: r.index(MaxSlot+1, "slot"), Epoch: r.uvarint()}
	if r.err == nil {
		r.err = key.check()
	}
	return key
}
