package plan

import (
	"maps"
	"math"
	"slices"
)

// mostPerOrigin is the day's requests of one store or device from which a figure is doubted: one a
// second around the clock.
const mostPerOrigin = daySeconds

// origins doubts a workload that would ask more of each place it comes from than a place can do.
func (r *review) origins() {
	for _, name := range slices.Sorted(maps.Keys(r.sc.Workload.Origins)) {
		count := float64(r.sc.Workload.Origins[name])
		if each := r.mid.requestsPerDay / count; each > mostPerOrigin {
			r.warn("source-figure", "each of %s %s would make %s requests a day, one every %s around the clock; the figure is read as requests of all kinds, not as transactions: check it",
				figure(count), name, rounded(each), seconds(daySeconds/each))
		}
	}
}

// rounded writes a count to three digits, in millions where there are any.
func rounded(n float64) string {
	if n < 1e6 {
		return figure(math.Round(n))
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-2)
	return figure(math.Round(n/unit)*unit/1e6) + " M"
}
