package roster

import (
	"math"
	"slices"
	"testing"
	"time"

	"fsctl/scenarios/arrivals"

	"pgregory.net/rapid"
)

// ownerOf returns the owner of an arrival that is due at T0.
func ownerOf(o Owners, index uint64) int { return o.Of(arrivals.Arrival{Index: index}) }

// TestShares: the union over the slots is every arrival, once; each gets its weight's worth.
func TestShares(t *testing.T) {
	for _, weights := range [][]float64{{1}, {1, 1}, {1, 2, 3, 4}, {1e-6, 1e6}, slices.Repeat([]float64{1}, 100)} {
		shares := must(NewShares(weights))
		all := Assignment{Shares: shares}.Owners()
		var sum float64
		for _, w := range weights {
			sum += w
		}
		const users = 100_000
		got := make([]int, len(weights))
		parity := make([]int, len(weights)) // of even arrivals: cores take arrivals by number, and each must get some
		for k := range uint64(users) {
			owner := ownerOf(all, k)
			got[owner-1]++
			if k%2 == 0 {
				parity[owner-1]++
			}
		}
		for i, w := range weights {
			if want := w / sum * users; math.Abs(float64(got[i])-want) > 3+want/1000 || math.Abs(shares.Ratio(i+1)-w/sum) > 1e-9 {
				t.Errorf("%v: slot %d gets %d of %d and a ratio of %v, wanted %v", weights, i+1, got[i], users, shares.Ratio(i+1), w/sum)
			}
			if half := float64(got[i]) / 2; half > 100 && math.Abs(float64(parity[i])-half) > half/10 {
				t.Errorf("%v: slot %d gets %d even ones of %d", weights, i+1, parity[i], got[i])
			}
		}
	}
	for _, bad := range [][]float64{{0}, {-1, 1}, {math.NaN()}, {math.Inf(1)}} {
		if _, err := NewShares(bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

// TestReassigned: whoever stays keeps all that was its own, what slots that are away leave goes to the others in
// proportion to their shares, and before the revision, and after their return, all is as it was.
func TestReassigned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0.5, 4), 1, 12).Draw(t, "weights")
		shares := must(NewShares(weights))
		slot := rapid.IntRange(1, len(weights))
		away := slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(slot, 0, len(weights)).Draw(t, "away"))))
		o := Assignment{Shares: shares, Revisions: []Revision{{From: time.Second, Away: away}, {From: 2 * time.Second}}}.Owners()
		const users = 20_000
		got := make([]int, len(weights))
		for k := range uint64(users) {
			at := func(due time.Duration) int { return o.Of(arrivals.Arrival{Index: k, Due: due}) }
			before, owner := at(time.Second-1), at(time.Second)
			if at(2*time.Second) != before {
				t.Fatalf("arrival %d: slot %d at first, %d in the end", k, before, at(2*time.Second))
			}
			if stays := !slices.Contains(away, before); stays && owner != before {
				t.Fatalf("arrival %d: slot %d is there, and %d has it", k, before, owner)
			}
			if slices.Contains(away, owner) && len(away) < len(weights) {
				t.Fatalf("arrival %d: slot %d has it, which is away", k, owner)
			}
			got[owner-1]++
		}
		if len(away) == len(weights) {
			return
		}
		var sum float64
		for i, w := range weights {
			if !slices.Contains(away, i+1) {
				sum += w
			}
		}
		for i, w := range weights {
			want := w / sum * users
			if slices.Contains(away, i+1) {
				want = 0
			}
			if math.Abs(float64(got[i])-want) > float64(8*len(weights)) {
				t.Fatalf("slot %d has %d arrivals, wanted %.0f: %v without %v", i+1, got[i], want, weights, away)
			}
		}
	})
}

// TestExtremeWeights: ranges are in order, and the last one reaches the top, whatever rounds.
func TestExtremeWeights(t *testing.T) {
	for _, weights := range [][]float64{{1, 1e-6, 1e6}, {1e6, 1e-6, 1e6, 1e-6}, {1, 1e12, 1}} {
		for away := range weights {
			all := must(NewShares(weights)).without([]int{away + 1})
			for i := range all[1:] {
				if all[i].upTo > all[i+1].upTo {
					t.Errorf("%v without %d: %v is not in order", weights, away+1, all)
				}
			}
			if all[len(all)-1].upTo != math.MaxUint64 {
				t.Errorf("%v without %d: ends at %d", weights, away+1, all[len(all)-1].upTo)
			}
		}
	}
}

// TestMerge: of revisions that are new, what is due sooner than can be changed stays as it was.
func TestMerge(t *testing.T) {
	a := Assignment{Revisions: []Revision{{From: time.Second, Away: []int{1}}}}
	if _, isNew := a.Merge(a.Revisions, 0); isNew {
		t.Error("known revisions are new")
	}
	told := append(slices.Clone(a.Revisions), Revision{2 * time.Second, []int{1, 2}}, Revision{9 * time.Second, nil})
	from, isNew := a.Merge(told, 3*time.Second)
	if !isNew || from != 3*time.Second || len(a.Revisions) != 3 || a.Revisions[1].From != 3*time.Second || a.Revisions[2].From != 9*time.Second || told[1].From != 2*time.Second {
		t.Errorf("%v %v %+v of %+v", from, isNew, a, told)
	}
}
