// Package atomicfile replaces a file so that readers see either its old content or its new.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Options say how a file is replaced. The zero value suits a file that can be made again.
type Options struct {
	// Perm is the permissions of the new file, less the process's umask. 0 keeps those of the file that is
	// replaced, and is 0666 where there is none.
	Perm fs.FileMode
	// Sync puts the content and the name on the disk before Write returns, so that both survive a power cut.
	// It costs some milliseconds.
	Sync bool
}

// Write gives the file at path the content that write makes. Another process sees the old file or the new one, each
// whole: the content goes to a temporary file in the same directory, which is then renamed. Where anything fails, the old
// file stays as it was and the temporary one is removed.
//
// A path that is there and is no regular file is written through instead: a device, a pipe, or what a symbolic link leads
// to. A rename would put a file in its place. Nothing is atomic then, and Options do not apply.
//
// The error is a *fs.PathError that names path, whatever failed.
func Write(path string, o Options, write func(io.Writer) error) error {
	old, err := os.Lstat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		err = through(path, write)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		err = replace(path, old, o, write)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: reason(err)}
	}
	return nil
}

// replace writes a temporary file and renames it to path. old is nil where there is no file yet.
func replace(path string, old fs.FileInfo, o Options, write func(io.Writer) error) (err error) {
	perm, exact := o.Perm, false
	switch {
	case perm == 0 && old != nil:
		perm, exact = old.Mode().Perm(), true
	case perm == 0:
		perm = 0o666
	}
	file, err := create(path, perm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = file.Close()           // closed already, unless the failure came before
			_ = os.Remove(file.Name()) // the failure that is returned matters more
		}
	}()
	if exact { // the umask must not narrow what the file had
		if err := file.Chmod(perm); err != nil {
			return err
		}
	}
	if err := write(file); err != nil {
		return err
	}
	if o.Sync {
		if err := file.Sync(); err != nil {
			return err
		}
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	if o.Sync {
		syncDir(filepath.Dir(path))
	}
	return nil
}

// create makes a new file beside path. os.CreateTemp would give it 0600 whatever the umask.
func create(path string, perm fs.FileMode) (*os.File, error) {
	for {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32()))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
}

// syncDir makes a rename survive a power cut where the system can. Some cannot sync a directory, and the file is in place
// either way, so that a failure is none of the caller's.
func syncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	_ = d.Sync()
	_ = d.Close()
}

// through writes to what stands at path. Where that is this process's own output, as with /dev/stdout, it goes on where
// the output is: opened anew, a file behind it would be overwritten from its start.
func through(path string, write func(io.Writer) error) error {
	info, err := os.Stat(path)
	if err == nil {
		if stream := ownStream(info); stream != nil {
			return write(stream)
		}
	}
	if err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return throughPipe(path, write)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	err = write(file)
	if failed := file.Close(); err == nil {
		err = failed
	}
	return err
}

// ownStream returns the one of this process's outputs that a file is, nil for none.
func ownStream(info fs.FileInfo) *os.File {
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if own, err := stream.Stat(); err == nil && os.SameFile(own, info) {
			return stream
		}
	}
	return nil
}

// readerWithin is how long the reader of a pipe may take to open it.
const readerWithin = 10 * time.Second

// throughPipe writes to a pipe that has a name. Opening it would wait for a reader without end.
func throughPipe(path string, write func(io.Writer) error) error {
	for end := time.Now().Add(readerWithin); ; time.Sleep(10 * time.Millisecond) {
		file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			return errors.Join(write(file), file.Close())
		}
		if !errors.Is(err, syscall.ENXIO) {
			return err
		}
		if time.Now().After(end) {
			return errors.New("found no reader of the pipe within 10 s, wanted one")
		}
	}
}

// reason strips an error of the operation and the path it is about, which Write says itself.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok && err == error(e) {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok && err == error(e) {
		return e.Err
	}
	return err
}
