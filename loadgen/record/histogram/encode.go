package histogram

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// MaxCount is the most requests that one line of latency.hlog may hold: a trillion in a second is no
// measurement, and below it no sum over a run can leave 63 bits.
const MaxCount = 1 << 40

// Encoder writes HdrHistogram V2 compressed payloads. The library's own Encode sets up a compressor
// of 800 KB for each, a tenth of a millisecond and more, which a generator would pay sixty times a second;
// this one keeps it. Counts hardly repeat themselves, so that looking for repetitions would take time and make
// the log larger by some percent.
type Encoder struct {
	plain      []byte
	compressed bytes.Buffer
	deflate    *zlib.Writer
}

// The cookies that open a payload and what it compresses; 0x10 says that counts are of variable length.
const (
	plainCookie      = uint32(hdrhistogram.V2EncodingCookieBase | 0x10)
	compressedCookie = uint32(hdrhistogram.V2CompressedEncodingCookieBase | 0x10)
)

// Append appends the base64 text of p's payload to dst. It fails only where the compressor does, which a buffer in memory
// gives no cause for.
func (e *Encoder) Append(dst []byte, p Packed) ([]byte, error) {
	e.plain = appendPlain(e.plain[:0], p)
	return e.appendCompressed(dst, e.plain)
}

func (e *Encoder) appendCompressed(dst, plain []byte) ([]byte, error) {
	e.compressed.Reset()
	e.compressed.Write(make([]byte, 8)) // cookie and length, filled in below
	if e.deflate == nil {
		deflate, err := zlib.NewWriterLevel(&e.compressed, zlib.HuffmanOnly)
		if err != nil {
			return dst, fmt.Errorf("compress a histogram: %w", err)
		}
		e.deflate = deflate
	} else {
		e.deflate.Reset(&e.compressed)
	}
	if _, err := e.deflate.Write(plain); err != nil {
		return dst, fmt.Errorf("compress a histogram: %w", err)
	}
	if err := e.deflate.Close(); err != nil {
		return dst, fmt.Errorf("compress a histogram: %w", err)
	}
	whole := e.compressed.Bytes()
	binary.BigEndian.PutUint32(whole, compressedCookie)
	binary.BigEndian.PutUint32(whole[4:], uint32(len(whole)-8))
	return base64.StdEncoding.AppendEncode(dst, whole), nil
}

// appendPlain appends the V2 payload before compression: 40 bytes of header, then a zigzag varint for each
// bucket up to the highest in use, a run of two or more empty ones as its negative length.
func appendPlain(dst []byte, p Packed) []byte {
	start := len(dst)
	dst = appendHeader(dst, 0) // the length of the counts is filled in below
	slot, next := 0, 0
	for rest := p.buckets; len(rest) > 0; next = slot + 1 {
		step, count, n := bucket(rest)
		rest, slot = rest[n:], slot+step
		switch empty := slot - next; empty {
		case 0:
		case 1:
			dst = append(dst, 0)
		default:
			dst = appendUvarint(dst, uint64(empty)<<1-1) // zigzag of its negative
		}
		dst = appendUvarint(dst, uint64(count)<<1) // zigzag
	}
	binary.BigEndian.PutUint32(dst[start+4:], uint32(len(dst)-start-headerBytes))
	return dst
}

const headerBytes = hdrhistogram.ENCODING_HEADER_SIZE

// appendHeader appends the header of a payload of New's range whose counts take countsBytes.
func appendHeader(dst []byte, countsBytes int) []byte {
	dst = binary.BigEndian.AppendUint32(dst, plainCookie)
	dst = binary.BigEndian.AppendUint32(dst, uint32(countsBytes))
	dst = binary.BigEndian.AppendUint32(dst, 0) // normalizing index offset
	dst = binary.BigEndian.AppendUint32(dst, uint32(SignificantDigits))
	dst = binary.BigEndian.AppendUint64(dst, uint64(LowestValue))
	dst = binary.BigEndian.AppendUint64(dst, uint64(HighestValue))
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(1)) // integer to double conversion ratio
}
