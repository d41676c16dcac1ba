package tape

import "time"

// Life is what is known of one agent process that sent a slot's share of the storm. Times count from T0.
type Life struct {
	From     time.Duration // what is due from here on is its share to send, until the next life's
	Arrivals uint64        // users who came, as its tape tells (Progress.Arrivals)
	Told     time.Duration // end of the last second that its tape tells whole
	Alive    time.Duration // last proof of life
	Finished bool          // its tape is complete and was ended by itself: nothing is in doubt
}

// Loss accounts for every user of a slot's share of the storm: Reported, InDoubt and NotSent add up to
// Planned.
type Loss struct {
	Planned  uint64
	Reported uint64 // they came, and what they did is in the record
	InDoubt  uint64 // due after the last second received, up to the last proof of life: sent, perhaps, and not in the record
	NotSent  uint64 // nobody was there to send them
}

// LossOf returns the loss of a slot.
//
//	total    users of the slot's share over the whole storm
//	planned  users of that share who are due from from to to, without to
//	lives    the processes that had the slot, in their order; none where nobody claimed it
//
// Of a process that was replaced, only users due before the next one took over are in doubt, and in all never
// more than are not reported: lives that overlap, as in a partition, count nobody twice.
func LossOf(total uint64, planned func(from, to time.Duration) uint64, lives []Life) Loss {
	l := Loss{Planned: total}
	for _, life := range lives {
		l.Reported += life.Arrivals
	}
	l.Reported = min(l.Reported, total)
	for i, life := range lives {
		end := life.Alive
		if i+1 < len(lives) {
			end = min(end, lives[i+1].From)
		}
		if from := max(life.From, life.Told); !life.Finished && end > from {
			l.InDoubt += planned(from, end)
		}
	}
	l.InDoubt = min(l.InDoubt, total-l.Reported)
	l.NotSent = total - l.Reported - l.InDoubt
	return l
}
