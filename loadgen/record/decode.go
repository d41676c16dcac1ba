package record

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// payloadDecoder reads HdrHistogram V2 compressed payloads into cells. Those that payloadEncoder wrote it
// reads itself, keeping the decompressor: a run has a hundred thousand. All others, and whatever is wrong
// with one, are left to the library.
type payloadDecoder struct {
	packer  *packer
	raw     []byte
	source  bytes.Reader
	inflate io.ReadCloser
	plain   bytes.Buffer
	builder cellBuilder
}

func newPayloadDecoder() *payloadDecoder { return &payloadDecoder{packer: newPacker()} }

// decode returns the cell of a payload's base64 text.
func (d *payloadDecoder) decode(text []byte) (cell, error) {
	if c, ok := d.own(text); ok && c.count <= maxCount {
		return c, nil
	}
	h, err := hdrhistogram.DecodePacked(text)
	if err != nil {
		return cell{}, fmt.Errorf("histogram payload: %w", err)
	}
	if total := h.TotalCount(); total > maxCount {
		return cell{}, fmt.Errorf("histogram payload counts %d requests in one second, wanted at most %d", total, int64(maxCount))
	}
	return d.packer.packed(h), nil
}

// own decodes a payload whose header is just as payloadEncoder writes it.
func (d *payloadDecoder) own(text []byte) (c cell, ok bool) {
	plain, ok := d.decompress(text)
	if !ok || len(plain) < headerBytes {
		return cell{}, false
	}
	counts := plain[headerBytes:]
	var header [headerBytes]byte
	if !bytes.Equal(plain[:headerBytes], appendHeader(header[:0], len(counts))) {
		return cell{}, false
	}
	made := d.counts(counts)
	c = d.builder.cell() // also where it failed: the builder must be empty for the next
	return c, made
}

// decompress returns what the payload compresses; it is good until the next call.
func (d *payloadDecoder) decompress(text []byte) (plain []byte, ok bool) {
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
func (d *payloadDecoder) counts(counts []byte) bool {
	slot := 0
	for len(counts) > 0 {
		count, n := binary.Varint(counts)
		if n <= 0 || n > 8 || count < -slots || count > maxCount {
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
