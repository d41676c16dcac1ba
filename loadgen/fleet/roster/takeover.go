package roster

import "time"

// TakeOver sets T0 and the assignment as another coordinator left them. For the time after which an agent is lost, each
// slot stays reserved for the agent that had it: that one sends a heartbeat without asking for a slot, and without the
// reservation one that waits for a slot could claim it first.
func (r *Roster) TakeOver(now, t0 time.Time, a Assignment) {
	for _, s := range r.slots {
		s.reservation = reservation{"the agent that had it", now.Add(lostAfter)}
	}
	if n := len(a.Revisions); n > 0 {
		for _, number := range a.Revisions[n-1].Away {
			if number >= 1 && number <= len(r.slots) {
				r.slots[number-1].away = true
			}
		}
	}
	r.Start(t0, a)
}

// EndTakeOver ends the wait for the agents of the coordinator before: those that have not come back count as lost.
func (r *Roster) EndTakeOver(now time.Time) {
	r.tookOver = now.Sub(r.t0)
	for _, s := range r.slots {
		s.away = s.away || s.isVacant()
	}
	r.reassign(now)
}
