package expression

import "testing"

var costs = []string{"status in [200, 202]", "stock > 0 and not throttled", "json:$.a.b == 'x' or header.Retry-After != nil",
	"(gone ?? 0) + 1 == 1", "price * 2 == 39.8", "big == 9007199254740993", "json:$.price == price", "not json:$.errors", "body contains 'ok'", "duration < 200ms", "name in ['boot', 'shoe']", "stock in 1..9", "body matches 'ok'", "exp == 1e3"}

func TestHoldsAllocatesNothing(t *testing.T) {
	for _, text := range costs {
		w := sample()
		test := mustCompile(t, text, w)
		var in Input = &fixed{answer{w}, []byte(w.body)}
		if n := testing.AllocsPerRun(100, func() { test.Holds(in) }); n != 0 {
			t.Errorf("%s: %v allocations, wanted none", text, n)
		}
	}
}

// fixed returns the body without a copy.
type fixed struct {
	answer
	bytes []byte
}

func (f *fixed) Body() []byte { return f.bytes }

func BenchmarkHolds(b *testing.B) {
	for _, text := range costs {
		b.Run(text, func(b *testing.B) {
			w := sample()
			test := mustCompile(b, text, w)
			var in Input = &fixed{answer{w}, []byte(w.body)}
			b.ReportAllocs()
			for b.Loop() {
				test.Holds(in)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	w := sample()
	b.ReportAllocs()
	for b.Loop() {
		mustCompile(b, "stock > 0 and not throttled and status in [200, 202]", w)
	}
}
