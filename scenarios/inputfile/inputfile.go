// Package inputfile opens and reads files that a user names: of a bounded size, and neither devices nor directories, which have no end
// or no text.
package inputfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"fsctl/scenarios/quantity"
)

// The sizes that files of a kind may have, in bytes.
const (
	MostText  = 16_000_000  // scenarios and other text that is read as a whole
	MostTable = 512_000_000 // CSV files, whose content stays in memory: 10 M users with 50 bytes each
	MostList  = 128_000_000 // lists of targets, of which every target takes several times its text
)

const (
	// unwritten is for how long a pipe is waited for that no process has open for writing.
	unwritten = time.Second
	// silence is for how long a pipe is waited for whose writer writes nothing.
	silence = 10 * time.Second
)

// Error is a file that no input can be: a directory, a device, a pipe to which nothing is written, or one that is too large.
type Error struct {
	Path   string
	Found  string // what it is
	Wanted string // in its place
}

// Error says which file it is, what was found and what was wanted.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: found %s, wanted %s", e.Path, e.Found, e.Wanted)
}

// Open opens a regular file. Errors: *[Error] for anything else, a pipe included, and those of the file system.
func Open(path string) (*os.File, error) {
	file, info, err := open(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		_ = file.Close() // nothing was written
		return nil, &Error{path, "a pipe", "a file"}
	}
	return file, nil
}

// Read returns the content of a file, at most most bytes of it. A pipe is read to its end too, as in <(command). Errors: *[Error],
// and those of the file system.
func Read(path string, most int64) ([]byte, error) {
	file, info, err := open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if !info.Mode().IsRegular() {
		return all(&pipe{File: file, path: path, opened: time.Now()}, path, most, 0)
	}
	return Content(file, most)
}

// Content returns what is in an open file, at most most bytes of it. Errors: *[Error] for a larger one, and those of the file system.
func Content(file *os.File, most int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, tooLarge(file.Name(), quantity.Bytes(float64(info.Size())), most)
	}
	return all(file, file.Name(), most, info.Size())
}

// all reads r, which has about size bytes, to its end.
func all(r io.Reader, path string, most, size int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(size) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = tooLarge(path, "more than "+quantity.Bytes(float64(most)), most)
	}
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func tooLarge(path, found string, most int64) error {
	return &Error{path, found, "at most " + quantity.Bytes(float64(most))}
}

// open opens a regular file or a pipe, without waiting for the pipe's writer.
func open(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path) // before it is opened: opening a device may do something
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		wrong.Op = "open" // which is what could not be done
	}
	if err == nil {
		err = checkKind(path, info)
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = checkKind(path, info)
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return nil, nil, err
	}
	return file, info, nil
}

func checkKind(path string, info os.FileInfo) error {
	found := ""
	switch mode := info.Mode(); {
	case mode.IsDir():
		found = "a directory"
	case mode&os.ModeDevice != 0:
		found = "a device"
	case mode&os.ModeSocket != 0:
		found = "a socket"
	case !mode.IsRegular() && mode&os.ModeNamedPipe == 0:
		found = "neither a file nor a pipe"
	default:
		return nil
	}
	return &Error{path, found, "a file"}
}

// pipe waits for what is written to a pipe, but not for ever.
type pipe struct {
	*os.File
	path   string
	opened time.Time
	begun  bool // something came
}

// Read reads what is there. Without a writer a pipe is at its end at once, also before the writer has opened it.
func (p *pipe) Read(b []byte) (int, error) {
	for {
		_ = p.SetReadDeadline(time.Now().Add(silence)) // without deadlines it is waited for
		n, err := p.File.Read(b)
		switch {
		case n > 0:
			p.begun = true
			return n, nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, &Error{p.path, "a pipe to which nothing was written for " + quantity.Exact(silence), "a file"}
		case !errors.Is(err, io.EOF) || p.begun:
			return 0, err
		case time.Since(p.opened) > unwritten:
			return 0, &Error{p.path, "a pipe to which no process writes", "a file"}
		}
		time.Sleep(10 * time.Millisecond)
	}
}
