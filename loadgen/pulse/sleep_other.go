//go:build !linux

package pulse

import "time"

// shortestSleep is above what a time server corrects at once.
const shortestSleep = 2 * time.Second

var started = time.Now()

// asleep returns how much further the wall clock has gone than the monotonic one, which stands still in a sleep on some systems.
// On the others a sleep is a gap between two beats.
func asleep() time.Duration {
	now := time.Now()
	return now.Round(0).Sub(started.Round(0)) - now.Sub(started)
}
