package atomicfile

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Check fails where Write would: where the directory is missing or may not be written to, where a directory has the file's
// name, what is there may not be written to, or the disk or device is full. It changes nothing, and nothing stays of what it
// tries. A pipe is not opened, since its reader would take the end of that for the end of the content.
//
// The error is a *fs.PathError that names path.
func Check(path string) error {
	old, err := os.Lstat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		err = checkThrough(path)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		if err = checkReplace(path); old != nil && isFixed(err) && isWritable(path) {
			err = nil
		}
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: reason(err)}
	}
	return nil
}

// leastRoom is how much room a small report takes, in bytes: a disk that has less is full.
const leastRoom = 16 << 10

// checkReplace makes the temporary file that Write would make, with some content, and removes it.
func checkReplace(path string) error {
	file, err := create(path, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(make([]byte, leastRoom))
	return cmp.Or(err, file.Close(), os.Remove(file.Name()))
}

// checkThrough opens what stands at path as through does, but for the truncation.
func checkThrough(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a link to a file that is to be made
		return checkLink(path)
	case err != nil:
		return err
	case info.Mode()&fs.ModeNamedPipe != 0:
		return nil
	}
	if stream := ownStream(info); stream != nil {
		return checkRoom(stream, info)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return cmp.Or(checkRoom(file, info), file.Close())
}

// checkRoom writes nothing to a device, which one that is full refuses. Another file has the room that its content takes now, or may be
// given it.
func checkRoom(file *os.File, info fs.FileInfo) error {
	if info.Mode()&fs.ModeCharDevice == 0 {
		return nil
	}
	_, err := file.Write(nil)
	return err
}

// mostLinks is how many links the system follows at most.
const mostLinks = 40

// checkLink follows a link, and those it leads to, to the file that is to be made.
func checkLink(path string) error {
	for range mostLinks {
		to, err := os.Readlink(path)
		if err != nil {
			return checkReplace(path)
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return syscall.ELOOP
}
