package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"fsctl/loadgen/record/lines"
)

// Baseline is what the shop said before T0 that it had sold. It is read before there is a record: until Writer.Baseline
// copies it there, it waits in a temporary file, so that a shop with millions of old orders costs no memory.
type Baseline struct {
	Orders int // from 0

	file *os.File
	out  *bufio.Writer
	err  error // the first of writing
}

// NewBaseline returns an empty baseline, which is to be closed. It fails where there can be no temporary file.
func NewBaseline() (*Baseline, error) {
	file, err := os.CreateTemp("", "fsctl-baseline-")
	if err != nil {
		return nil, fmt.Errorf("keep the orders of before T0: %w", err)
	}
	return &Baseline{file: file, out: bufio.NewWriterSize(file, 1<<16)}, nil
}

// BaselineOf returns the baseline of a run directory, which is to be closed; nil where the run has none that is whole. It
// fails where the directory cannot be read, or the baseline cannot be kept.
func BaselineOf(dir string) (*Baseline, error) {
	b, err := NewBaseline()
	if err != nil {
		return nil, err
	}
	whole := false
	path := filepath.Join(dir, ledgerFile)
	file, err := os.Open(path)
	if err == nil {
		defer file.Close() // only read
		err = lines.Each(file, path, func(text []byte, _ int64, terminated bool) error {
			if !bytes.HasPrefix(text, []byte(`{"type":"`+baselineLine)) || !terminated {
				return nil
			}
			var line ledgerLine
			if err := json.Unmarshal(text, &line); err != nil {
				return err
			}
			whole = whole || line.Type == baselineEndLine
			return b.add(line)
		})
	}
	if err == nil && whole {
		return b, nil
	}
	b.Close()
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, fmt.Errorf("read the orders of before T0: %w", err)
}

// Sold adds an order. It fails where the temporary file does.
func (b *Baseline) Sold(o Order) error { return b.add(ledgerLine{Type: baselineLine, Order: &o}) }

// End says that the baseline is whole: what the shop says it had of each SKU, nil from one that does not report it, and how
// many users of this run have orders in it. It fails where the temporary file does.
func (b *Baseline) End(stock map[string]int, users int) error {
	for line := range inParts(ledgerLine{Type: baselineEndLine, Stock: stock, Users: users}, baselinePartLine) {
		if err := b.add(line); err != nil {
			return err
		}
	}
	return nil
}

func (b *Baseline) add(line ledgerLine) error {
	if b.err != nil {
		return b.err
	}
	if line.Order != nil {
		b.Orders++
	}
	text, err := line.text()
	if err == nil {
		_, err = b.out.Write(append(text, '\n'))
	}
	if err != nil {
		b.err = fmt.Errorf("keep the orders of before T0: %w", err)
	}
	return b.err
}

// Close removes the temporary file.
func (b *Baseline) Close() {
	if b == nil {
		return
	}
	_ = b.file.Close() // what was written is in the record, or in none
	_ = os.Remove(b.file.Name())
}

// Baseline records what the shop had sold before T0, at once: a coordinator that takes the run over reads it here. It fails
// where the baseline cannot be read back or the record is broken, see Err, or closed.
func (w *Writer) Baseline(b *Baseline) error {
	if err := b.out.Flush(); err != nil {
		return fmt.Errorf("keep the orders of before T0: %w", err)
	}
	if _, err := b.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("keep the orders of before T0: %w", err)
	}
	path := b.file.Name()
	err := lines.Each(b.file, path, func(text []byte, _ int64, _ bool) error {
		if err := w.Err(); err != nil {
			return err
		}
		return w.broke(w.ledger.add(append(bytes.Clone(text), '\n'), baselineLine))
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usable(); err != nil {
		return err
	}
	return w.broke(w.checkpoint())
}
