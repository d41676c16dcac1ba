package pace

import "time"

// Pacing says how exactly requests leave at their due instants, which costs CPU.
//
// Waking at an instant costs as much as sending two requests. Where cores are few, and requests are due closer
// together than a nap, the pacer therefore sleeps by Go's timers: these are up to a millisecond late where nothing else
// goes on, so that a few requests leave together. Whatever is due after a longer wait, T0's first request above all,
// leaves within microseconds of its instant, and so does every request where cores are many.
type Pacing struct {
	Precise  bool          // time is the kernel's, not that of a test
	Nap      time.Duration // waits shorter than this are slept
	Rest     time.Duration // the least time between two rounds of handing out
	Spin     time.Duration // of a core that does nothing else at the end of a wait, for the last microseconds
	Warmth   time.Duration // that a request waits for a connection in use lately, before it takes another
	Patience time.Duration // that a request waits for one that is open, before it opens another
	Attend   time.Duration // that it stays awake for the next answer where all connections are busy
}

// PacingFor returns the pacing on so many cores of a machine that has so many, 0 for unknown. precise is false where time is that of a
// test.
//
// A generator that was given some of the machine's cores shares it with its target. Where it is faster than that, it
// would fall asleep between two answers, and waking it costs the target more than a tenth of what an answer
// does: on cores of its own it stays awake for a moment instead.
func PacingFor(precise bool, cores, machine int) Pacing {
	const many = 4
	if !precise {
		return Pacing{}
	}
	p := Pacing{Precise: true, Warmth: 500 * time.Microsecond, Patience: time.Millisecond}
	if cores < many {
		p.Nap = time.Millisecond
	} else {
		p.Rest, p.Spin = 100*time.Microsecond, 50*time.Microsecond
	}
	if cores < machine {
		p.Attend = 20 * time.Microsecond
	}
	return p
}
