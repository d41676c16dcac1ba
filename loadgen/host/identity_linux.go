package host

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// kernelID returns a name of the running kernel, drawn at random when it started; empty where it cannot be read.
func kernelID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}

// allowedList returns the cores that this process may run on, empty where that cannot be read.
func allowedList() string {
	status, _ := os.ReadFile("/proc/self/status")
	return listAllowed(status)
}

// groupID returns a name of the control group that may limit this process's CPU: in a container its path is / everywhere,
// and its inode is the kernel's own. It is empty where there is none.
func groupID() string {
	for _, group := range controlGroups("cpu") {
		info, err := os.Stat(group)
		if err != nil {
			continue
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			return fmt.Sprintf("%x", stat.Ino)
		}
	}
	return ""
}
