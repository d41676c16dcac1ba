package stream

import (
	"testing"

	"pgregory.net/rapid"
)

func TestRangesAreTheSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var set rangeSet
		model := map[uint64]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				from := rapid.Uint64Range(0, 40).Draw(t, "from")
				r := Range{from, from + rapid.Uint64Range(0, 8).Draw(t, "length")}
				set.add(r)
				for number := r.From; number < r.To; number++ {
					model[number] = true
				}
			},
			"take": func(t *rapid.T) {
				number, ok := set.takeFirst()
				if ok != (len(model) > 0) || ok && !model[number] {
					t.Fatalf("took %d, %v of %v", number, ok, model)
				}
				for lower := range number {
					if model[lower] {
						t.Fatalf("took %d before %d", number, lower)
					}
				}
				delete(model, number)
			},
			"": func(t *rapid.T) {
				count := 0
				for i, r := range set {
					if r.From >= r.To || i > 0 && set[i-1].To >= r.From {
						t.Fatalf("ranges %v are empty, out of order or touch", set)
					}
					for number := r.From; number < r.To; number++ {
						count++
						if !model[number] {
							t.Fatalf("ranges %v hold %d", set, number)
						}
					}
				}
				if count != len(model) {
					t.Fatalf("ranges %v hold %d numbers, wanted %d", set, count, len(model))
				}
			},
		})
	})
}
