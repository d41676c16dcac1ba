package pace

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kernelAlarm is a timer of the kernel that is read like a connection. Go's own timers end in a wait of whole
// milliseconds; this one ends it within microseconds of the instant.
type kernelAlarm struct {
	timer  *os.File
	fd     int
	room   [8]byte
	turn   *os.File // written to and waited for by pass
	raw    syscall.RawConn
	passed func(fd uintptr) bool // onPass, made once
	wrote  bool
}

func newKernelAlarm() (alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	a := &kernelAlarm{timer: os.NewFile(uintptr(fd), "alarm"), fd: fd}
	turn, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, errors.Join(os.NewSyscallError("eventfd", err), a.timer.Close())
	}
	a.turn = os.NewFile(uintptr(turn), "turn")
	if a.raw, err = a.turn.SyscallConn(); err != nil {
		return nil, errors.Join(err, a.timer.Close(), a.turn.Close())
	}
	a.passed = a.onPass
	return a, nil
}

func (a *kernelAlarm) set(d time.Duration) {
	at := unix.NsecToTimespec(max(int64(d), 1)) // 0 would stop it
	// It fails for a bad descriptor or time only, and neither can be.
	_ = unix.TimerfdSettime(a.fd, 0, &unix.ItimerSpec{Value: at}, nil)
}

func (a *kernelAlarm) ring() { a.set(0) }

func (a *kernelAlarm) wait() { _, _ = a.timer.Read(a.room[:]) }

// pass has the poller report something that is there already: the goroutine comes back once the poller was asked,
// and everything that was ready with it has had its turn.
func (a *kernelAlarm) pass() {
	a.wrote = false
	_ = a.raw.Read(a.passed) // it fails once the alarm is closed
}

func (a *kernelAlarm) onPass(fd uintptr) bool {
	if a.wrote {
		return true
	}
	a.wrote = true
	one := [8]byte{1}
	_, err := unix.Write(int(fd), one[:]) // each write is an event of its own, read or not
	return err != nil
}

func (a *kernelAlarm) close() { _, _ = a.timer.Close(), a.turn.Close() }
