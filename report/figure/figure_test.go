package figure

import (
	"math"
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Rate(8000), "8.0k/s"},
		{Rate(5333.33), "5.33k/s"},
		{Rate(694.44), "694/s"},
		{Rate(999.7), "1.0k/s"},
		{Rate(0), "0/s"},
		{Rate(-2500), "-2.5k/s"},
		{Rate(math.Inf(1)), "-"},
		{Amount(60e6), "60M"},
		{Amount(2e12), "2.0T"},
		{Amount(7), "7"},
		{Percent(0.2), "20 %"},
		{Percent(0.00123), "0.123 %"},
		{Percent(1), "100 %"},
		{Percent(math.NaN()), "-"},
		{Seconds(0), "0 s"},
		{Seconds(0.00085), "850 us"},
		{Seconds(0.35), "350 ms"},
		{Seconds(0.9999), "1 s"},
		{Seconds(1.2), "1.2 s"},
		{Seconds(61.23), "61.2 s"},
		{Seconds(120), "2 min"},
		{Seconds(310), "5 min 10 s"},
		{Seconds(3 * 3600), "3 h"},
		{Seconds(-0.35), "-350 ms"},
		{Seconds(math.NaN()), "-"},
		{Count(12000), "12,000"},
		{Count(-1234567), "-1,234,567"},
		{Count(uint64(999)), "999"},
		{Of(1, "order"), "1 order"},
		{Of(2000, "order"), "2,000 orders"},
		{Number(0.1234), "0.123"},
		{Number(1234567), "1234567"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, wanted %q", c.got, c.want)
		}
	}
}

func FuzzFiguresAreShortNumbers(f *testing.F) {
	for _, n := range []float64{0, 1, -1, 0.99949, 999.5, 1e-300, 1e300, math.Inf(1), math.NaN(), math.MaxFloat64} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n float64) {
		for _, text := range []string{Rate(n), Amount(n), Percent(n), Seconds(n), Number(n)} {
			if text == "" || len(text) > 24 || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				t.Errorf("%g is written %q", n, text)
			}
		}
	})
}
