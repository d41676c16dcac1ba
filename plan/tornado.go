package plan

import (
	"cmp"
	"math"
	"slices"

	"fsctl/plan/model"
)

// influences lists the uncertain inputs that the output depends on, the largest swing first.
//
//	read    the output of a case
//	trials  the output in every trial
//	cores   inputs that are looked at at once
func influences(m *model.Model, read func(*model.Case) float64, trials []float64, cores int) []Influence {
	list := make([]Influence, len(m.Inputs))
	scattered := newScatter(trials)
	model.Parallel(len(list), cores, 1, func(from, to int) {
		for i := from; i < to; i++ {
			in := &m.Inputs[i]
			if in.Certain() {
				continue
			}
			low, high := read(m.Moved(i, in.Low)), read(m.Moved(i, in.High))
			list[i] = Influence{Input: in.Field, Low: low, High: high, Swing: math.Abs(high - low), Share: scattered.share(in)}
		}
	})
	list = slices.DeleteFunc(list, func(f Influence) bool { return f.Swing == 0 && f.Share == 0 })
	slices.SortStableFunc(list, func(a, b Influence) int {
		return cmp.Or(cmp.Compare(b.Swing, a.Swing), cmp.Compare(b.Share, a.Share), cmp.Compare(a.Input, b.Input))
	})
	return list
}

// scatter is the variance of an output over the trials, ready to be taken apart by input.
type scatter struct {
	trials       []float64
	mean, square float64 // square is the sum of squared differences from the mean
}

func newScatter(trials []float64) scatter {
	s := scatter{trials: trials}
	for i, v := range trials {
		s.mean += (v - s.mean) / float64(i+1) // a plain sum of 10 M huge values would lose digits
	}
	for _, v := range trials {
		s.square += (v - s.mean) * (v - s.mean)
	}
	return s
}

// mostBins keeps enough trials in each bin for its mean to say something.
const mostBins = 50

// share returns the first-order share of the variance that an input explains, Var(E[Y|X]) / Var(Y).
//
// The trials are put into k bins of equal probability by the input's draw, and
//
//	eta^2 = sum over bins of n_j (mean_j - mean)^2 / sum of (y - mean)^2
//	share = 1 - (1 - eta^2) (n - 1)/(n - k)
//
//	n   trials
//	k   bins, sqrt(n)/2 from 2 to 50
//
// The second line takes away what k bins of pure chance would explain; a share within three standard
// deviations of chance, 3 sqrt(2k)/n, is 0. Shares add up to less than 1: the rest is what inputs do
// together. The bins' width hides a little of a heavy tail.
// Source: given-data estimator of Sobol's first-order index, Plischke, Borgonovo and Smith, European
// Journal of Operational Research 226(3), 2013, 536-550; Kelley's epsilon squared, Proceedings of the
// National Academy of Sciences 21(9), 1935, 554-559.
func (s *scatter) share(in *model.Input) float64 {
	n := float64(len(s.trials))
	bins := min(mostBins, max(2, int(math.Sqrt(n)/2)))
	if s.square == 0 || len(s.trials) <= bins {
		return 0
	}
	sums, counts := make([]float64, bins), make([]float64, bins)
	for trial, v := range s.trials {
		// A draw grows with its uniform number, so the input need not be computed again.
		bin := min(bins-1, int(in.Uniform(uint64(trial))*float64(bins)))
		sums[bin] += v - s.mean
		counts[bin]++
	}
	var between, filled float64
	for bin, count := range counts {
		if count > 0 {
			between += sums[bin] * sums[bin] / count
			filled++
		}
	}
	share := 1 - (1-between/s.square)*(n-1)/(n-filled)
	if share < 3*math.Sqrt(2*filled)/n {
		return 0
	}
	return min(1, share)
}
