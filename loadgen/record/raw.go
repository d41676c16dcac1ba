package record

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/seal"
)

// Raw appends a request to results.bin, which is made with the first. The file is vegeta's own (gob), for
// vegeta report and vegeta plot. It fails where the file cannot be written, or the record is broken or
// closed.
func (w *Writer) Raw(result *vegeta.Result) error {
	if err := w.Err(); err != nil {
		return err
	}
	return w.broke(w.raw.add(result))
}

// rawFile collects results from many goroutines and writes them when it is flushed.
type rawFile struct {
	path string

	mu      sync.Mutex
	pending bytes.Buffer
	encode  vegeta.Encoder
	file    *lines.File
	closed  bool
}

func (r *rawFile) add(result *vegeta.Result) (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fmt.Errorf("write %s: %w", r.path, os.ErrClosed)
	}
	if r.file == nil {
		if r.file, err = lines.Open(r.path, seal.NewDigest()); err != nil {
			return err
		}
		r.encode = vegeta.NewEncoder(&r.pending)
	}
	if err := r.encode.Encode(result); err != nil {
		return fmt.Errorf("write %s: %w", r.path, err)
	}
	if r.pending.Len() < mostPending {
		return nil
	}
	return r.flushLocked()
}

func (r *rawFile) flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flushLocked()
}

func (r *rawFile) flushLocked() error {
	if r.file == nil {
		return nil
	}
	if err := r.file.Append(r.pending.Bytes()); err != nil {
		return err // the bytes stay: a gob stream with a hole cannot be read on
	}
	r.pending.Reset()
	return nil
}

// state returns what is in the file; ok is false where there is none.
func (r *rawFile) state() (f seal.File, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return f, false
	}
	return r.file.State(), true
}

func (r *rawFile) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	return errors.Join(r.flushLocked(), r.file.Close())
}
