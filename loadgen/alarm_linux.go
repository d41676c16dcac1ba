package loadgen

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// kernelAlarm is a timer of the kernel that is read like a connection. Go's own timers end in a wait of whole
// milliseconds; this one ends it within microseconds of the instant.
type kernelAlarm struct {
	file *os.File
	fd   int
	room [8]byte
}

func newKernelAlarm() (alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &kernelAlarm{file: os.NewFile(uintptr(fd), "alarm"), fd: fd}, nil
}

func (a *kernelAlarm) set(d time.Duration) {
	at := unix.NsecToTimespec(max(int64(d), 1)) // 0 would stop it
	// It fails for a bad descriptor or time only, and neither can be.
	_ = unix.TimerfdSettime(a.fd, 0, &unix.ItimerSpec{Value: at}, nil)
}

func (a *kernelAlarm) ring() { a.set(0) }

func (a *kernelAlarm) wait() { _, _ = a.file.Read(a.room[:]) }

func (a *kernelAlarm) close() { _ = a.file.Close() }
