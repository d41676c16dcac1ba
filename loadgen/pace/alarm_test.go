package pace

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAlarm rings, is set anew from elsewhere, and is not lost where it goes off before it is waited for.
func TestAlarm(t *testing.T) {
	for name, a := range map[string]alarm{"kernel": newAlarm(true), "timer": newAlarm(false)} {
		t.Run(name, func(t *testing.T) {
			defer a.close()
			a.set(time.Microsecond)
			time.Sleep(time.Millisecond)
			a.wait()
			a.set(-time.Second)
			a.wait()
			for range 3 {
				a.pass()
			}
			for _, wake := range []func(){a.ring, func() { a.set(time.Millisecond) }} {
				a.set(time.Hour)
				var woken atomic.Bool
				var waiting sync.WaitGroup
				waiting.Go(func() {
					if a.wait(); !woken.Load() {
						t.Error("an alarm in an hour went off by itself")
					}
				})
				woken.Store(true)
				wake()
				waiting.Wait()
			}
		})
	}
}
