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
		even := Ceil(rate / planned)
		if n == even && why == ByHotKey { // no number of shards helps
			if room := planned - hottest*rate/s.KeyCopies; room >= leastRoom*planned {
				t.Fatalf("%g shards bound by the key with %g/s to spare", n, room)
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
