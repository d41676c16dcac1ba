package record

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"fsctl/loadgen/record/atomicfile"
)

// explain says which file an operation failed on, and what to do where the disk is the reason.
func explain(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		err = inPath.Err // it names the file again
	}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%s %s: the disk is full, free some space or name a run directory elsewhere: %w", doing, path, err)
	case errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%s %s: the limit on file sizes is reached, raise it (ulimit -f): %w", doing, path, err)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}

// appendFile is a file that only grows, by whole writes: one that fails halfway is taken back, so that
// what is in the file stays readable.
type appendFile struct {
	path string
	file *os.File
	size int64
}

func openAppend(path string) (*appendFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, explain("open", path, err)
	}
	size, err := file.Seek(0, 2)
	if err != nil {
		return nil, errors.Join(explain("open", path, err), file.Close())
	}
	return &appendFile{path: path, file: file, size: size}, nil
}

func (a *appendFile) append(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if _, err := a.file.Write(data); err != nil {
		return errors.Join(explain("write", a.path, err), explain("shorten", a.path, a.file.Truncate(a.size)))
	}
	a.size += int64(len(data))
	return nil
}

// close puts the file on the disk and closes it.
func (a *appendFile) close() error {
	if a == nil {
		return nil
	}
	return errors.Join(explain("sync", a.path, a.file.Sync()), explain("close", a.path, a.file.Close()))
}

// replaceFile gives path the content that write makes, whole or not at all, so that it survives a power cut.
func replaceFile(path string, write func(io.Writer) error) error {
	return explain("write", path, atomicfile.Write(path, atomicfile.Options{Perm: 0o600, Sync: true}, write))
}

func replaceWith(path string, data []byte) error {
	return replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
