package fleet

import "fsctl/loadgen/fleet/roster"

// share is which arrivals of the storm are an agent's to send.
type share struct {
	Start
	owners roster.Owners
}

func shareOf(s Start) *share { return &share{s, s.Assignment.Owners()} }
