package pulse

import (
	"time"

	"golang.org/x/sys/unix"
)

// shortestSleep is far above what lies between the readings of two clocks.
const shortestSleep = shortestGap

// asleep returns for how long the machine has slept since it started: CLOCK_BOOTTIME goes on meanwhile, CLOCK_MONOTONIC does not.
// It returns 0 where they cannot be read.
func asleep() time.Duration {
	var all, awake unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
