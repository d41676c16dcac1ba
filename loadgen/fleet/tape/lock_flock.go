//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package tape

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile takes the file for this process until it is closed or the process ends; false where another has it.
func lockFile(file *os.File) (held bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lock %s: %w", file.Name(), err)
	}
	return true, nil
}
