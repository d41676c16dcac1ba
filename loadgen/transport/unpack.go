package transport

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// Unpacker unpacks bodies of answers. The zero Unpacker is ready; any number of goroutines may use it.
type Unpacker struct{ pool sync.Pool } // of *decoders

// Unpack takes the content encodings off the body of an answer, of which the values of Content-Encoding name one or several, if the
// values of Accept-Encoding ask for all of them. Else a.Packed names what the body still has.
//
// Errors: ErrMalformed for a body that is not what its encodings say, or goes on after their end, ErrTooLarge for one of over limit
// bytes, unpacked or on its way there, and ErrMemory for one within it where the budget of all answers is used up. It unpacks no more
// than that limit.
func (u *Unpacker) Unpack(a *Answer, encodings, accepted string, limit int) error {
	codings := codingsOf(encodings)
	if len(codings) == 0 || len(a.Body) == 0 {
		return nil
	}
	for _, coding := range codings {
		if !isKnown(coding) || !Accepts(accepted, coding) {
			a.Packed = encodings
			return nil
		}
	}
	if len(codings) > 1 {
		a.saveStart()
	}
	if slices.ContainsFunc(codings, hasWindow) {
		windows <- struct{}{}
		defer func() { <-windows }()
	}
	d := u.take()
	defer u.release(d)
	for _, coding := range slices.Backward(codings) {
		a.spareMemory.short = true
		plain, err := d.unpack(coding, a.Body, a.spare[:0], &a.spareMemory, limit)
		a.spare = plain
		if err != nil {
			return err
		}
		a.Body, a.spare = a.spare, a.Body
		a.memory.held, a.spareMemory.held = a.spareMemory.held, a.memory.held
		if len(a.Body) == 0 {
			break
		}
	}
	return nil
}

// windows are the turns of decoders that keep megabytes of what they have unpacked: as many as there are cores to run them.
var windows = make(chan struct{}, max(2, min(runtime.GOMAXPROCS(0), mostWindows)))

// mostWindows bounds them, at up to 16 MiB each.
const mostWindows = 8

func hasWindow(coding string) bool { return coding == "br" || coding == "zstd" }

// Start returns the beginning of a body without its content encodings, from the beginning of what was sent: as much as that
// gives, at most so many bytes; nothing for a body without encodings. whole says that it is all of the body.
func (u *Unpacker) Start(body []byte, encodings string, most int) (start []byte, whole bool) {
	d := u.take()
	defer u.release(d)
	memory := buffer{short: true}
	defer memory.free()
	whole = true
	for _, coding := range slices.Backward(codingsOf(encodings)) {
		if !isKnown(coding) {
			return nil, false
		}
		var err error
		start, err = d.unpack(coding, body, nil, &memory, most) // what came before an error counts
		whole = whole && err == nil
		start = start[:min(len(start), most)]
		body = start
	}
	return start, whole
}

// release keeps decoders for the next body, and nothing of the last one.
func (u *Unpacker) release(d *decoders) {
	d.source.Reset(nil)
	u.pool.Put(d)
}

func (u *Unpacker) take() *decoders {
	if d, ok := u.pool.Get().(*decoders); ok {
		return d
	}
	return new(decoders)
}

// codingsOf returns the content encodings of a list, in the order in which they were applied.
func codingsOf(list string) (codings []string) {
	for coding := range strings.SplitSeq(strings.ToLower(list), ",") {
		switch coding = trimSpace(coding); coding {
		case "", "identity":
		case "x-gzip":
			codings = append(codings, "gzip")
		default:
			codings = append(codings, coding)
		}
	}
	return codings
}

func isKnown(coding string) bool {
	return coding == "gzip" || coding == "deflate" || coding == "br" || coding == "zstd"
}

// Accepts reports whether an Accept-Encoding header asks for a content encoding: by its name or else by *, and not with q=0
// (RFC 9110, 12.5.3).
func Accepts(accepted, coding string) bool {
	any := false
	for item := range strings.SplitSeq(strings.ToLower(accepted), ",") {
		name, parameters, _ := strings.Cut(item, ";")
		name = trimSpace(name)
		wanted := true
		for p := range strings.SplitSeq(parameters, ";") {
			key, value, _ := strings.Cut(p, "=")
			if q, err := strconv.ParseFloat(trimSpace(value), 64); trimSpace(key) == "q" && err == nil {
				wanted = q > 0
			}
		}
		switch {
		case name == coding, coding == "gzip" && name == "x-gzip":
			return wanted
		case name == "*":
			any = wanted
		}
	}
	return any
}

// decoders are readers of every encoding, used again and again, one at a time. One is nil until it is needed.
type decoders struct {
	source  bytes.Reader
	gzip    *gzip.Reader
	inflate io.ReadCloser
	zlib    io.ReadCloser
	brotli  *brotli.Reader
	zstd    *zstd.Decoder
}

// unpack takes one encoding off a body. After an error it returns what came before.
func (d *decoders) unpack(coding string, body, spare []byte, memory *buffer, limit int) ([]byte, error) {
	plain, err := d.read(coding, body, spare, memory, limit)
	if coding == "deflate" && err != nil && !isAmount(err) {
		// By RFC 9110 it is zlib's format. Some servers send bare DEFLATE, and browsers take both.
		bare, second := d.read(bareDeflate, body, plain[:0], memory, limit)
		if second == nil || isAmount(second) {
			return bare, second
		}
		plain, err = d.read(coding, body, bare[:0], memory, limit) // once more, for what comes before the error
	}
	if err != nil && !isAmount(err) {
		err = fmt.Errorf("%w: body is not %s: %v", ErrMalformed, coding, err) // not its cause: it would be taken for the connection's end
	}
	return plain, err
}

// isAmount reports an error that says how much a body is, and not what.
func isAmount(err error) bool { return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMemory) }

// bareDeflate is DEFLATE without the frame of zlib.
const bareDeflate = "bare deflate"

var errGoesOn = errors.New("it goes on after its end")

func (d *decoders) read(coding string, body, spare []byte, memory *buffer, limit int) ([]byte, error) {
	d.source.Reset(body)
	packed, err := d.open(coding)
	if err != nil {
		return nil, err
	}
	plain, err := readUpTo(packed, spare[:0], memory, limit)
	if err == nil && d.source.Len() > 0 {
		err = errGoesOn
	}
	return plain, err
}

// open makes a decoder read the source.
func (d *decoders) open(coding string) (r io.Reader, err error) {
	switch coding {
	case "gzip":
		if d.gzip == nil {
			d.gzip = new(gzip.Reader)
		}
		return d.gzip, d.gzip.Reset(&d.source)
	case "deflate":
		if d.zlib == nil {
			d.zlib, err = zlib.NewReader(&d.source)
			return d.zlib, err
		}
		return d.zlib, d.zlib.(zlib.Resetter).Reset(&d.source, nil)
	case bareDeflate:
		if d.inflate == nil {
			d.inflate = flate.NewReader(&d.source)
			return d.inflate, nil
		}
		return d.inflate, d.inflate.(flate.Resetter).Reset(&d.source, nil)
	case "br":
		if d.brotli == nil {
			d.brotli = brotli.NewReader(&d.source)
			return d.brotli, nil
		}
		return d.brotli, d.brotli.Reset(&d.source)
	}
	if d.zstd == nil {
		// No goroutine, so that it needs no Close; the window that RFC 9659 allows.
		d.zstd, err = zstd.NewReader(&d.source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		return d.zstd, err
	}
	return d.zstd, d.zstd.Reset(&d.source)
}

// readUpTo appends all of r to p; after an error what came before it. Where memory has no more room it reads on, to tell a body that
// is too large from one that this process has no memory for.
func readUpTo(r io.Reader, p []byte, memory *buffer, limit int) ([]byte, error) {
	for {
		if len(p) == cap(p) {
			larger, ok := memory.extend(p, 1, limit)
			if !ok {
				return p, count(r, p[:cap(p)], len(p), limit)
			}
			p = larger
		}
		n, err := r.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		switch {
		case len(p) > limit:
			return p, unpackedTooLarge(limit)
		case err == io.EOF:
			return p, nil
		case err != nil:
			return p, err
		}
	}
}

// count reads r to its end through scratch, to which it has n bytes already. It fails with ErrMemory at the end, and else as
// readUpTo does.
func count(r io.Reader, scratch []byte, n, limit int) error {
	for {
		read, err := r.Read(scratch)
		switch n += read; {
		case n > limit:
			return unpackedTooLarge(limit)
		case err == io.EOF:
			return NoMemory()
		case err != nil:
			return err
		}
	}
}

func unpackedTooLarge(limit int) error {
	return fmt.Errorf("%w: unpacked body over %d bytes", ErrTooLarge, limit)
}
