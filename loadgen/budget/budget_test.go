package budget

import (
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is taken and given back, no more is out than the limit, and all comes back.
func TestNeverGivesOutMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(0, 1000).Draw(t, "limit")
		b, taken, sum := New(limit), []int(nil), 0
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			n := rapid.IntRange(0, 600).Draw(t, "bytes")
			if ok := b.Take(n); ok != (int64(sum+n) <= limit) {
				t.Fatalf("%d of %d taken: took %d more: %v", sum, limit, n, ok)
			} else if ok {
				taken, sum = append(taken, n), sum+n
			} else if len(taken) > 0 {
				b.Give(taken[0])
				taken, sum = taken[1:], sum-taken[0]
			}
			if b.Used() != int64(sum) {
				t.Fatalf("%d of %d taken: found %d", sum, limit, b.Used())
			}
		}
	})
}

func TestManyTakeAtOnce(t *testing.T) {
	b := New(10)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 2000 {
				if b.Take(4) {
					b.Give(4)
				}
			}
		})
	}
	all.Wait()
	if b.Used() != 0 {
		t.Errorf("%d bytes are still taken", b.Used())
	}
	if b.TakeShort(9) || !b.TakeShort(8) || !b.Take(2) {
		t.Error("wanted a quarter, rounded down, left to others")
	}
	b.Give(10)
	if b.SetLimit(3); b.Take(4) || b.Limit() != 3 {
		t.Error("took more than the new limit")
	}
}
