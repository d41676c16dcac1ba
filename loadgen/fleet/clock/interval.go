package clock

import "time"

// interval holds the offset at some instant.
type interval struct{ low, high time.Duration }

// later is the interval after some time, in which the clocks may have drifted apart.
func (i interval) later(after time.Duration) interval {
	d := drift(after.Abs())
	return interval{i.low - d, i.high + d}
}

// meet returns what two intervals have in common. Nothing in common means that a clock stepped.
func (i interval) meet(other interval) (interval, error) {
	common := interval{max(i.low, other.low), min(i.high, other.high)}
	if common.low > common.high {
		return interval{}, errStepped
	}
	return common, nil
}

func (i interval) middle() time.Duration { return i.low + (i.high-i.low)/2 }

// halfWidth is rounded up, so that the whole interval is within it of the middle.
func (i interval) halfWidth() time.Duration { return (i.high - i.low + 1) / 2 }

// drift is how far two clocks can move apart in some time, rounded up.
func drift(during time.Duration) time.Duration {
	return time.Duration(float64(during)*DriftRatio) + 1
}
