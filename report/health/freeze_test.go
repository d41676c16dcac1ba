package health

import "testing"

// TestProven holds the interval against Clopper and Pearson's own, of tables: 2 of 15 is 1.66 % to 40.5 %.
func TestProven(t *testing.T) {
	for _, c := range []struct {
		k, n   uint64
		limit  float64
		proven bool
	}{
		{2, 15, 0.0165, true}, {2, 15, 0.0167, false}, {0, 10, 0, false}, {0, 0, 0, false}, {10, 10, 0.69, true}, {10, 10, 0.70, false}, {3, 2, 0.5, true},
	} {
		if got := proven(c.k, c.n, c.limit); got != c.proven {
			t.Errorf("%d of %d above %g: %t, wanted %t", c.k, c.n, c.limit, got, c.proven)
		}
	}
}
