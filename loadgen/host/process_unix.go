//go:build unix

package host

import (
	"math"
	"syscall"
	"time"
)

// processCPU returns the CPU time that this process has used.
func processCPU() time.Duration { return cpuOf(syscall.RUSAGE_SELF) }

// cpuOf returns the CPU time that the process or the calling thread has used, 0 where the system does not report it.
func cpuOf(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fileLimit returns how many file descriptors this process may have open, 0 where the system does not report it. Go has
// raised the soft limit to the hard one when the process began.
func fileLimit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int(min(uint64(l.Cur), math.MaxInt32)) // some systems count them in a signed number
}
