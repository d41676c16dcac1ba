package loadgen

import (
	"math"
	"sync"
	"time"

	"fsctl/loadgen/pulse"
	"fsctl/scenarios/arrivals"
)

// beat says all the time that the generator runs, and opens connections before T0 where their number is
// not fixed. stop ends both.
func (x *Session) beat() (stop func()) {
	done, sleep := make(chan struct{}), pulse.NewSleep()
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(pulse.Heartbeat)
		defer ticker.Stop()
		ready := x.current.Connections > 0 || x.current.timings.OpensInRequests()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			slept := sleep.Since()
			for _, s := range x.shards {
				s.beat(slept)
			}
			if !ready && x.opening.Err() == nil && time.Since(x.t0) >= -x.aheadOfT0() {
				ready = true
				x.openAhead()
			}
		}
	})
	return func() {
		close(done)
		beating.Wait()
	}
}

// How long before T0 connections are opened: some times what opening one takes, and a while for the machine.
const (
	openingTimes = 4
	openMargin   = 250 * time.Millisecond
)

func (x *Session) aheadOfT0() time.Duration {
	_, opening := x.seen()
	return openMargin + openingTimes*opening
}

// seen returns the mean service time of the storm so far, and the mean time in which a connection was opened, 0 for
// unknown.
func (x *Session) seen() (service, opening time.Duration) {
	var served, opened time.Duration
	var requests, connections uint64
	for _, s := range x.shards {
		s.mu.Lock()
		served, requests = served+s.pool.served, requests+s.pool.answers
		opened, connections = opened+s.pool.openings.Sum, connections+s.pool.openings.Number
		s.mu.Unlock()
	}
	if requests > 0 {
		service = served / time.Duration(requests)
	}
	if connections > 0 {
		opening = opened / time.Duration(connections)
	}
	return service, opening
}

// openAhead opens as many connections as the storm's peak will need by what has been measured.
func (x *Session) openAhead() {
	service, opening := x.seen()
	if service == 0 {
		service = opening // a round trip at least, which is all that is known
	}
	need := x.current.connectionsFor(service)
	for i, s := range x.shards {
		s.prepare((need + len(x.shards) - 1 - i) / len(x.shards))
	}
}

// leastService is what a request takes at least, as long as nothing else is known.
const leastService = 2 * time.Millisecond

// connectionsFor returns how many requests will be in flight at the storm's peak if each takes so long: those who come within
// that time in the busiest such stretch, or, where later steps make more requests than users come, the rate of requests
// times that time. Source: Little, Operations Research 9(3), 1961, 383-387.
func (s *Storm) connectionsFor(service time.Duration) int {
	service = max(service, leastService)
	came := arrivals.MostWithin(s.Scenario.Storm.Curve(), service)
	need := max(came, s.forecast().requestsPerSec*service.Seconds())
	return int(math.Ceil(min(need*s.shareOfUsers(), float64(s.most()))))
}

// shareOfUsers returns the share of the storm's users who are this process's.
func (s *Storm) shareOfUsers() float64 {
	if s.ShareRatio > 0 {
		return s.ShareRatio
	}
	return 1
}
