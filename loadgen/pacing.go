package loadgen

import "time"

// pacing says how exactly requests leave at their due instants, which costs CPU.
//
// Waking at an instant costs as much as sending two requests. Where cores are few, and requests are due closer
// together than a nap, the pacer therefore sleeps by Go's timers: these are up to a millisecond late where nothing else
// goes on, so that a few requests leave together. Whatever is due after a longer wait, T0's first request above all,
// leaves within microseconds of its instant, and so does every request where cores are many.
type pacing struct {
	precise bool          // time is the kernel's, not that of a test
	nap     time.Duration // waits shorter than this are slept
	rest    time.Duration // the least time between two rounds of handing out
	spin    time.Duration // of a core that does nothing else at the end of a wait, for the last microseconds
	warmth  time.Duration // that a request waits for a connection in use lately, before it takes another
	attend  time.Duration // that it stays awake for the next answer where all connections are busy
}

// pacingFor returns the pacing on so many cores of a machine that has so many, 0 for unknown.
//
// A generator that was given some of the machine's cores shares it with its target. Where it is faster than that, it
// would fall asleep between two answers, and waking it costs the target more than a tenth of what an answer
// does: on cores of its own it stays awake for a moment instead.
func pacingFor(precise bool, cores, machine int) pacing {
	const many = 4
	if !precise {
		return pacing{}
	}
	p := pacing{precise: true, warmth: 500 * time.Microsecond}
	if cores < many {
		p.nap = time.Millisecond
	} else {
		p.rest, p.spin = 100*time.Microsecond, 50*time.Microsecond
	}
	if cores < machine {
		p.attend = 20 * time.Microsecond
	}
	return p
}
