//go:build unix

package cmd

import (
	"os/exec"
	"syscall"
)

// apart has a process not hear the Ctrl-C that is meant for this one.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
