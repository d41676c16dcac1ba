package atomicfile

import "os"

// Private makes a file one that only its owner may read and write, 0600, whatever the process's umask was when it was made. It fails
// where the file is another user's, and has other permissions.
func Private(file *os.File) error {
	const private = 0o600
	if info, err := file.Stat(); err != nil || info.Mode().Perm() == private {
		return err
	}
	return file.Chmod(private)
}
