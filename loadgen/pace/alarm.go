package pace

import (
	"runtime"
	"time"
)

// alarm wakes one goroutine, the pacer. Its set and ring may be called by others too, but by one at a time.
type alarm interface {
	// set makes the next wait end after d, in place of what was set before.
	set(d time.Duration)
	// ring makes the next wait end at once.
	ring()
	// wait waits for the alarm.
	wait()
	// pass lets the poller be asked, and what is ready be run, without a wait where the alarm can.
	pass()
	// close frees what the alarm holds. Nothing waits any more.
	close()
}

// newAlarm returns the most exact alarm that there is. precise is false where time is not the kernel's: in tests
// with a clock of their own.
func newAlarm(precise bool) alarm {
	if precise {
		if a, err := newKernelAlarm(); err == nil {
			return a
		}
	}
	return &timerAlarm{timer: time.NewTimer(0), rung: make(chan struct{}, 1)}
}

// timerAlarm is on the timers of Go, which are up to a millisecond late where nothing else goes on.
type timerAlarm struct {
	timer *time.Timer
	rung  chan struct{}
}

func (a *timerAlarm) set(d time.Duration) { a.timer.Reset(d) }

func (a *timerAlarm) ring() {
	select {
	case a.rung <- struct{}{}:
	default:
	}
}

func (a *timerAlarm) wait() {
	select {
	case <-a.timer.C:
	case <-a.rung:
	}
}

func (a *timerAlarm) pass() { runtime.Gosched() }

func (a *timerAlarm) close() { a.timer.Stop() }
