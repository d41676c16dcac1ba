//go:build unix

package local

import (
	"os/exec"
	"syscall"
)

// detach puts a process in a group of its own, so that it does not get the Ctrl-C that is meant for this one.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
