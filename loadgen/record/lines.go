package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// longestLine bounds a line in memory; the longest histogram needs a quarter of a megabyte.
const longestLine = 8 << 20

// eachLine calls do with every line of r, without its end, and where it starts. terminated is false for a
// last line that has no end. The line is only good until do returns. Errors name the line.
func eachLine(r io.Reader, name string, do func(line []byte, offset int64, terminated bool) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	var long []byte
	var offset int64
	for number := 1; ; number++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			long = long[:0]
			for errors.Is(err, bufio.ErrBufferFull) && len(long) < longestLine {
				long = append(long, line...)
				line, err = in.ReadSlice('\n')
			}
			long = append(long, line...)
			line = long
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return explain("read", name, err)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("%s:%d: line is longer than %d bytes", name, number, longestLine)
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

// readLines parses every line of a file that may end in the middle of one: torn is 1 when the last line was
// dropped for that. A file that is missing is empty. parse must do nothing where it fails.
func readLines(path string, parse func(line []byte) error) (torn int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, explain("open", path, err)
	}
	defer file.Close() // only read
	err = eachLine(file, path, func(line []byte, _ int64, terminated bool) error {
		err := parse(line)
		if err != nil && !terminated {
			torn++
			return nil
		}
		return err
	})
	return torn, err
}
