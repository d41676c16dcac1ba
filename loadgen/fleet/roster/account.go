package roster

import (
	"slices"
	"time"

	"fsctl/loadgen/record"
)

// Log is what the coordinator has received of the measurements of one agent process.
type Log struct {
	Slot      int // from 1
	Epoch     uint64
	Complete  bool // no second of it is missing
	Recovered bool // it ends where its process was killed
	Second    int  // last second reported in full; valid only if HasSecond
	HasSecond bool
	Arrivals  []Arrivals // users that were started, by the second in which they were due
}

// Arrivals is a number of users due in a second.
type Arrivals struct {
	Second int
	Users  uint64
}

// Accounts returns what the record says of the agents after the storm. It counts all arrivals that planned has not
// counted yet.
func (r *Roster) Accounts(planned *Planned, logs []Log) []record.Agent {
	planned.CountRest(r.owners)
	agents := r.Agents()
	for i, s := range r.slots {
		a := &agents[i]
		t := planned.account(s.number, logs, s.unreported(logs, r.tookOver))
		a.Finished = s.isComplete(logs)
		a.PlannedArrivals, a.ReportedArrivals, a.InDoubtArrivals, a.UnsentArrivals = t.planned, t.reported, t.inDoubt, t.unsent
		a.ExtraArrivals, a.InDoubtSeconds, a.ExtraSeconds = t.extra, t.inDoubtSeconds, t.extraSeconds
		// An agent counts as lost where a part of its share is missing and no user asked for that, whichever process had the
		// slot in the end. One that was lost before anything of its share was due is not.
		a.Lost = !a.Finished && t.planned > 0 && !s.isStoppedBeforeStart() || t.inDoubt+t.unsent > 0 && (r.stop == "" || s.isQuitter)
	}
	return agents
}

// isComplete reports whether the log of the slot's present process has arrived in full.
func (s *slot) isComplete(logs []Log) bool {
	return slices.ContainsFunc(logs, func(l Log) bool {
		return l.Slot == s.number && l.Complete && len(s.processes) > 0 && l.Epoch == s.current().epoch
	})
}

// account says what became of the users of a slot: reported, inDoubt and unsent add up to planned.
type account struct {
	planned        uint64
	reported       uint64 // they were started, and what they did is in the record
	inDoubt        uint64 // due in seconds that were not reported, while its agent was alive: they may have been sent
	unsent         uint64 // due while it had no agent
	extra          uint64 // reported beyond those planned: its agent had not heard yet that they were another's
	inDoubtSeconds int    // seconds with users in doubt
	extraSeconds   int    // seconds with extra users
}

// span is a stretch of time, from T0.
type span struct{ from, to time.Duration }

// account compares, second by second, what a slot was to send with what its logs report.
func (p *Planned) account(slot int, logs []Log, unreported []span) (t account) {
	reported := map[int]uint64{}
	for _, l := range logs {
		if l.Slot == slot {
			for _, a := range l.Arrivals {
				reported[a.Second] += a.Users
			}
		}
	}
	for second, counts := range p.counts {
		t.add(second, uint64(counts[slot-1]), reported[second], unreported)
		delete(reported, second)
	}
	for second, users := range reported {
		t.add(second, 0, users, nil)
	}
	return t
}

// add adds a second.
func (t *account) add(second int, planned, reported uint64, unreported []span) {
	t.planned += planned
	t.reported += min(reported, planned)
	switch {
	case reported > planned:
		t.extra += reported - planned
		t.extraSeconds++
	case reported == planned:
	case overlaps(second, unreported):
		t.inDoubt += planned - reported
		t.inDoubtSeconds++
	default:
		t.unsent += planned - reported
	}
}

// overlaps reports whether any part of a second is in one of the spans.
func overlaps(second int, spans []span) bool {
	begin := time.Duration(second) * time.Second
	return slices.ContainsFunc(spans, func(s span) bool {
		return s.from < begin+time.Second && begin < s.to && s.from < s.to
	})
}

// unreported returns the times in which processes of the slot were alive without reporting it. A process that only the
// coordinator before knew was alive, as far as is known, until this one took over, or until another process had the slot.
func (s *slot) unreported(logs []Log, tookOver time.Duration) (all []span) {
	for _, l := range logs {
		isKnown := slices.ContainsFunc(s.processes, func(p process) bool { return p.epoch == l.Epoch })
		if l.Slot != s.number || isKnown || l.Complete && !l.Recovered {
			continue
		}
		v := span{max(BeforeAll, l.nextSecond()), tookOver}
		if len(s.processes) > 0 && s.processes[0].isReplacement {
			v.to = min(v.to, s.processes[0].from)
		}
		all = append(all, v)
	}
	for i, p := range s.processes {
		v := span{p.from, p.lastSeen}
		if !s.isStoppedBeforeStart() {
			v.to += suspectAfter // it may have gone on after its last heartbeat: until then it counts as alive
		}
		if i+1 < len(s.processes) {
			v.to = min(v.to, s.processes[i+1].from)
		}
		isFinished := false
		for _, l := range logs {
			if l.Slot == s.number && l.Epoch == p.epoch {
				isFinished = l.Complete && !l.Recovered
				v.from = max(v.from, l.nextSecond())
			}
		}
		if !isFinished {
			all = append(all, v)
		}
	}
	return all
}

// nextSecond returns the begin of the first second that is not reported in full.
func (l *Log) nextSecond() time.Duration {
	if !l.HasSecond {
		return BeforeAll
	}
	return time.Duration(l.Second+1) * time.Second
}
