package host

import (
	"syscall"
	"time"
)

// processCPU returns the CPU time that this process has used.
func processCPU() time.Duration {
	var created, exited, kernel, user syscall.Filetime
	process, err := syscall.GetCurrentProcess()
	if err != nil || syscall.GetProcessTimes(process, &created, &exited, &kernel, &user) != nil {
		return 0
	}
	elapsed := func(t syscall.Filetime) time.Duration {
		return ticks(uint64(t.HighDateTime)<<32|uint64(t.LowDateTime), 100*time.Nanosecond)
	}
	return elapsed(kernel) + elapsed(user)
}

// fileLimit returns 0: Windows has no limit of its own on handles.
func fileLimit() int { return 0 }
