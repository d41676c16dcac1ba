package journey

import "iter"

// Names returns the texts by which a target may know the user of an arrival: the fields of the user's rows and the user's
// number. They are a pure function of the arrival. The texts are in *buf and hold until the next one.
func (v *Compiled) Names(arrival uint64, buf *[]byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		number := variable{source: fromUserID}
		u := User{Arrival: arrival}
		if *buf, _ = number.append((*buf)[:0], &u); !yield(*buf) {
			return
		}
		for _, f := range v.feeders {
			for field := -1; field < len(f.fields); field++ {
				if *buf = f.append((*buf)[:0], arrival, field); !yield(*buf) {
					return
				}
			}
		}
	}
}
