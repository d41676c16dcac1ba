package lines

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fsctl/loadgen/record/atomicfile"
	"fsctl/loadgen/record/seal"
)

// Explain returns an error that says which file an operation failed on, and what to do where the disk is the reason. It is nil
// where err is.
func Explain(doing, path string, err error) error {
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

// File is a file that only grows, by whole writes: one that fails halfway is taken back, so that
// what is in the file stays readable.
type File struct {
	path   string
	file   *os.File
	size   int64
	digest *seal.Digest // of what is in it
}

// Open opens a file whose digest is known, or a new one with an empty digest. It fails where the file cannot be opened.
func Open(path string, digest *seal.Digest) (*File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, Explain("open", path, err)
	}
	size, err := file.Seek(0, 2)
	if err == nil {
		err = atomicfile.Private(file)
	}
	if err != nil {
		return nil, errors.Join(Explain("open", path, err), file.Close())
	}
	return &File{path, file, size, digest}, nil
}

// State returns what is in the file.
func (a *File) State() seal.File { return a.digest.File(filepath.Base(a.path)) }

// Append writes to the file. It fails where the disk does; the file is then as it was.
func (a *File) Append(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if _, err := a.file.Write(data); err != nil {
		return errors.Join(Explain("write", a.path, err), Explain("shorten", a.path, a.file.Truncate(a.size)))
	}
	a.size += int64(len(data))
	_, _ = a.digest.Write(data) // never fails
	return nil
}

// Path returns the file's name, as it was opened.
func (a *File) Path() string { return a.path }

// Sync puts the file on the disk. It fails where that does.
func (a *File) Sync() error { return Explain("sync", a.path, a.file.Sync()) }

// Replaced notes that the file's name stands for other content, of which nothing is appended any more.
func (a *File) Replaced(digest *seal.Digest) { a.digest = digest }

// Close puts the file on the disk and closes it. It fails where the disk does. A nil file is closed.
func (a *File) Close() error {
	if a == nil {
		return nil
	}
	return errors.Join(a.Sync(), Explain("close", a.path, a.file.Close()))
}

// Replace gives path the content that write makes, whole or not at all, so that it survives a power cut. It fails where write or
// the disk does.
func Replace(path string, write func(io.Writer) error) error {
	return Explain("write", path, atomicfile.Write(path, atomicfile.Options{Perm: 0o600, Sync: true}, write))
}

// ReplaceWith gives path other content, and fails, as Replace does.
func ReplaceWith(path string, data []byte) error {
	return Replace(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
