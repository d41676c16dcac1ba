// Package atomicfile replaces a file so that readers see either its old content or its new.
package atomicfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"fsctl/scenarios/quantity"
)

// Options say how a file is replaced. The zero value suits a file that can be made again.
type Options struct {
	// Perm is the permissions of the new file, whatever the process's umask. 0 keeps those of the file that is
	// replaced, and is 0666 less the umask where there is none.
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
// to. A rename would put a file in its place. Nothing is atomic then, and Options do not apply. So is a file that cannot be
// replaced but written to, unless Sync is asked for: one that is a mount point of its own, as containers have them, or one whose
// directory may not be written to.
//
// The error is a *fs.PathError that names path, whatever failed.
func Write(path string, o Options, write func(io.Writer) error) error {
	old, err := os.Lstat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		err = through(path, write)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		if err = replace(path, old, o, write); old != nil && !o.Sync && isFixed(err) && isWritable(path) {
			err = through(path, write)
		}
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: reason(err)}
	}
	return nil
}

// isFixed reports whether a file could not be replaced since it is a mount point, or since nothing may be made in its directory.
func isFixed(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// isWritable reports whether what is there may be written to. It changes nothing.
func isWritable(path string) bool {
	file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	_ = file.Close() // nothing was written
	return true
}

// Append adds the content that write makes to the end of the file at path, which others add to as well, and makes the file where
// there is none. The content begins in a line of its own, and is written at once. What is there and is no regular file is written through, as by
// Write.
//
// The error is a *fs.PathError that names path.
func Append(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return Write(path, Options{}, write)
	}
	if err := add(path, write); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: reason(err)}
	}
	return nil
}

func add(path string, write func(io.Writer) error) error {
	var content bytes.Buffer
	if !endsInLine(path) {
		content.WriteByte('\n')
	}
	if err := write(&content); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(content.Bytes())
	if failed := file.Close(); err == nil {
		err = failed
	}
	return err
}

// endsInLine reports whether what is added to a file begins a line. It does also where the file cannot be read.
func endsInLine(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer file.Close() // only read
	var last [1]byte
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return true
	}
	_, err = file.ReadAt(last[:], info.Size()-1)
	return err != nil || last[0] == '\n'
}

// replace writes a temporary file and renames it to path. old is nil where there is no file yet.
func replace(path string, old fs.FileInfo, o Options, write func(io.Writer) error) (err error) {
	perm, exact := o.Perm, o.Perm != 0
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
	if exact { // the umask is for files that others may share
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

// How long the reader of a pipe may take to open it, and then to take the next piece of what is written. The errors say so too.
const (
	readerWithin = 10 * time.Second
	pieceWithin  = 10 * time.Second
	pieceBytes   = 4096
)

// throughPipe writes to a pipe that has a name. Opening it would wait for a reader without end, and so would writing to it
// where the reader does not read.
func throughPipe(path string, write func(io.Writer) error) error {
	for end := time.Now().Add(readerWithin); ; time.Sleep(10 * time.Millisecond) {
		file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			return cmp.Or(write(pipe{file}), file.Close())
		}
		if !errors.Is(err, syscall.ENXIO) {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("found no reader of the pipe within %s, wanted one", quantity.Duration(readerWithin))
		}
	}
}

// pipe writes in pieces, each of which must be taken in time: a reader that is slow may go on as long as it reads.
type pipe struct{ file *os.File }

func (p pipe) Write(content []byte) (n int, err error) {
	for piece := range slices.Chunk(content, pieceBytes) {
		// Where the system has no deadlines for a pipe, it waits for its reader.
		_ = p.file.SetWriteDeadline(time.Now().Add(pieceWithin))
		wrote, err := p.file.Write(piece)
		n += wrote
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return n, fmt.Errorf("found a reader of the pipe that did not read for %s, wanted one that does", quantity.Duration(pieceWithin))
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
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
