package model

import (
	"testing"

	"pgregory.net/rapid"
)

// The shards that come out keep their planned rate, and one fewer would not.
func TestShardsAreTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Service{KeyCopies: float64(rapid.IntRange(1, 40).Draw(t, "copies"))}
		rate, planned := rapid.Float64Range(1, 1e7).Draw(t, "rate"), rapid.Float64Range(100, 1e6).Draw(t, "planned")
		hottest := rapid.Float64Range(0, 1).Draw(t, "hottest")
		n, why := s.Shards(rate, hottest, planned)
		if more, _ := s.Shards(rate*rapid.Float64Range(1, 4).Draw(t, "more"), hottest, planned); more < n {
			t.Fatalf("%g shards, and with more calls %g", n, more)
		}
		if left := planned - hottest*rate/s.KeyCopies; Ceil(rate/planned) > s.KeyCopies && left < leastRoom*planned { // no number of shards helps
			if why != ByHotKey {
				t.Fatalf("%g shards bound by %s, with %g/s for other keys", n, why, left)
			}
			return
		}
		if load := s.HotShard(rate, hottest, n); load > planned*(1+1e-9) {
			t.Fatalf("%g/s at the busiest of %g shards, planned for %g/s", load, n, planned)
		}
		if n > 1 && s.HotShard(rate, hottest, n-1) <= planned*(1-1e-9) {
			t.Fatalf("%g shards, and one fewer is enough", n)
		}
	})
}
