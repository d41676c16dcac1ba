package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Check fails where Write would: where the directory is missing or may not be written to, where a directory has the file's
// name, or what is there may not be written to. It changes nothing, and nothing stays of what it tries. A pipe is not opened,
// since its reader would take the end of that for the end of the content.
//
// The error is a *fs.PathError that names path.
func Check(path string) error {
	old, err := os.Lstat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		err = checkThrough(path)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		err = checkReplace(path)
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: reason(err)}
	}
	return nil
}

// checkReplace makes the temporary file that Write would make, and removes it.
func checkReplace(path string) error {
	file, err := create(path, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// checkThrough opens what stands at path as through does, but for the truncation.
func checkThrough(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist): // a link to a file that is to be made
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		return checkReplace(to)
	case err != nil:
		return err
	case ownStream(info) != nil, info.Mode()&fs.ModeNamedPipe != 0:
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return file.Close()
}
