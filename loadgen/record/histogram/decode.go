package histogram

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Decoder reads HdrHistogram V2 compressed payloads into Packed. Those that Encoder wrote it
// reads itself, keeping the decompressor: a run has a hundred thousand. All others, and whatever is wrong
// with one, are left to the library.
type Decoder struct {
	raw     []byte
	source  bytes.Reader
	inflate io.ReadCloser
	plain   bytes.Buffer
	builder builder
}

// NewDecoder returns a Decoder.
func NewDecoder() *Decoder { return &Decoder{} }

// Decode returns the histogram of a payload's base64 text. It fails for what is no payload, and for more than a trillion
// values.
func (d *Decoder) Decode(text []byte) (Packed, error) {
	if c, ok := d.own(text); ok && c.count <= MaxCount {
		return c, nil
	}
	h, err := hdrhistogram.DecodePacked(text)
	if err != nil {
		return Packed{}, fmt.Errorf("histogram payload: %w", err)
	}
	if total := h.TotalCount(); total > MaxCount {
		return Packed{}, fmt.Errorf("histogram payload counts %d requests in one second, wanted at most %d", total, int64(MaxCount))
	}
	for value, count := range h.ForEachBucket { // of any range and precision, as exactly as its own buckets allow
		d.builder.add(slotOf(min(value, HighestValue)), count)
	}
	return d.builder.estimated(), nil
}

// own decodes a payload whose header is just as Encoder writes it.
func (d *Decoder) own(text []byte) (c Packed, ok bool) {
	plain, ok := d.decompress(text)
	if !ok || len(plain) < headerBytes {
		return Packed{}, false
	}
	counts := plain[headerBytes:]
	var header [headerBytes]byte
	if !bytes.Equal(plain[:headerBytes], appendHeader(header[:0], len(counts))) {
		return Packed{}, false
	}
	made := d.counts(counts)
	c = d.builder.estimated() // also where it failed: the builder must be empty for the next
	return c, made
}

// decompress returns what the payload compresses; it is good until the next call.
func (d *Decoder) decompress(text []byte) (plain []byte, ok bool) {
	var err error
	d.raw, err = base64.StdEncoding.AppendDecode(d.raw[:0], text)
	if err != nil || len(d.raw) < 8 || binary.BigEndian.Uint32(d.raw) != compressedCookie ||
		int64(binary.BigEndian.Uint32(d.raw[4:])) != int64(len(d.raw)-8) {
		return nil, false
	}
	d.source.Reset(d.raw[8:])
	if d.inflate == nil {
		d.inflate, err = zlib.NewReader(&d.source)
	} else {
		err = d.inflate.(zlib.Resetter).Reset(&d.source, nil)
	}
	if err != nil {
		return nil, false
	}
	d.plain.Reset()
	const most = headerBytes + slots*binary.MaxVarintLen64
	n, err := d.plain.ReadFrom(io.LimitReader(d.inflate, most+1)) // to the end, where the checksum is
	return d.plain.Bytes(), err == nil && n <= most
}

// counts adds a payload's counts to the builder; false where they are no counts of a histogram.
//
// HdrHistogram's integers are those of encoding/binary up to eight bytes. Its ninth byte is the last, with eight bits of the
// value and none that says whether another follows: no count is that large, so who writes one leaves it to the library.
func (d *Decoder) counts(counts []byte) bool {
	slot := 0
	for len(counts) > 0 {
		count, n := binary.Varint(counts)
		if n <= 0 || n > 8 || count < -slots || count > MaxCount {
			return false
		}
		counts = counts[n:]
		if count < 0 {
			slot += int(-count)
			continue
		}
		if slot >= slots {
			return false
		}
		if count > 0 {
			d.builder.add(slot, count)
		}
		slot++
	}
	return slot <= slots
}
