// Package lines reads and writes the files of a record: they grow by whole writes, and are read line by line.
package lines

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// longest bounds a line in memory; the longest histogram needs a quarter of a megabyte.
const longest = 8 << 20

// Each calls do with every line of r, without its end, and where it starts. terminated is false for a
// last line that has no end. The line is only good until do returns. It fails where r or do does, and for a
// line that is too long; errors name the line.
func Each(r io.Reader, name string, do func(line []byte, offset int64, terminated bool) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	var long []byte
	var offset int64
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = long[:0]
			for errors.Is(err, bufio.ErrBufferFull) && len(long) < longest {
				long = append(long, line...)
				line, err = in.ReadSlice('\n')
			}
			long = append(long, line...)
			line = long
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return Explain("read", name, err)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("%s:%d: line is longer than %d bytes", name, number, longest)
		}
		if len(line) == 0 {
			return nil
		}
		text, terminated := bytes.CutSuffix(line, []byte("\n"))
		if err := do(text, offset, terminated); err != nil {
			return fmt.Errorf("%s:%d: %w", name, number, err)
		}
		offset += int64(len(line))
	}
}

// Parse parses every line of a file that may end in the middle of one: torn is 1 when the last line was
// dropped for that. A file that is missing is empty. parse must do nothing where it fails.
// It fails where the file cannot be read, and where parse does elsewhere.
func Parse(path string, parse func(line []byte) error) (torn int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, Explain("open", path, err)
	}
	defer file.Close() // only read
	err = Each(file, path, func(line []byte, _ int64, terminated bool) error {
		err := parse(line)
		if err != nil && !terminated {
			torn++
			return nil
		}
		return err
	})
	return torn, err
}
