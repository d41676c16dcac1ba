package quantity

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// kinds are the quantities that have both a writer and a parser.
var kinds = []struct {
	name     string
	write    func(float64) string
	parse    func(string) (float64, error)
	form     string
	absolute float64 // of the rounding, where that is more than half of the third digit
}{
	{"rate", Rate, ParseRate, RateForm, 0},
	{"rate of users", func(x float64) string { return RateOf(x, "user") }, ParseRate, RateForm, 0},
	{"estimate", Estimate, ParseCount, CountForm, 0},
	{"percent", Percent, ParseRatio, RatioForm, 0},
	{"seconds", Seconds, parseSeconds, DurationForm, 1e-9},
	{"bytes", Bytes, ParseBytes, BytesForm, 0},
	{"money", Money, ParseMoney, MoneyForm, 0},
	{"factor", Factor, ParseFactor, FactorForm, 0},
	{"number", Number, ParseNumber, NumberForm, 0},
	{"precise", Precise, ParseNumber, NumberForm, 0},
}

func parseSeconds(text string) (float64, error) {
	d, err := ParseDuration(text)
	return d.Seconds(), err
}

// numbers draws floats of every size, many of them where a text form changes.
func numbers() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Float64(),
		rapid.Map(rapid.Float64Range(-20, 22), func(e float64) float64 { return math.Pow(10, e) }),
		rapid.Custom(func(t *rapid.T) float64 {
			edge := rapid.SampledFrom([]float64{1e-9, 1e-6, 1e-3, 1e-2, 0.01, 0.9995, 0.9999, 0.995, 1, 10, 99.5, 119.5, 999.5, 1e3, 7170, 359970, 1e6, 1e9, 1e12, 1e15}).Draw(t, "edge")
			return edge * (1 + rapid.Float64Range(-2e-3, 2e-3).Draw(t, "beside"))
		}),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1e-310}),
	)
}

func TestParseReadsWhatWasWritten(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x := numbers().Draw(t, "x")
				if rapid.Bool().Draw(t, "negative") {
					x = -x
				}
				checkWritten(t, x, kind.write, kind.parse, kind.absolute)
			})
		})
	}
}

// checkWritten reports whether a number can be read again from its text: to its rounding, or as its bound
// where it is only said to be smaller or larger than that.
func checkWritten(t rapid.TB, x float64, write func(float64) string, parse func(string) (float64, error), absolute float64) {
	t.Helper()
	text := write(x)
	if text == None {
		if _, err := parse(text); err == nil || math.Abs(x) < math.MaxFloat64/1000 {
			t.Fatalf("%g is written %q, which reads with error %v", x, text, err)
		}
		return
	}
	for sign, rest := range map[string]string{"<": strings.TrimPrefix(text, "< "), ">": strings.TrimPrefix(text, "> ")} {
		if rest == text {
			continue
		}
		bound, err := parse(rest)
		if err != nil || sign == "<" && x >= bound || sign == ">" && x <= bound {
			t.Fatalf("%g is written %q, whose bound reads as %g, %v", x, text, bound, err)
		}
		return
	}
	if math.Abs(x) > float64(math.MaxInt64)/1e9 && absolute > 0 {
		return // longer than a time.Duration
	}
	got, err := parse(text)
	if err != nil || math.Abs(got-x) > 0.00501*math.Abs(x)+absolute {
		t.Fatalf("%g is written %q, which reads as %g, %v", x, text, got, err)
	}
	if again := write(got); again != text {
		t.Fatalf("%g is written %q, which is read as %g and written %q", x, text, got, again)
	}
	if len(text) > 30 {
		t.Fatalf("%g is written %q, which is long", x, text)
	}
}

func TestCountsAreReadExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1<<53, 1<<53).Draw(t, "n")
		if got, err := ParseCount(Count(n)); err != nil || got != float64(n) {
			t.Errorf("%d is written %q, which reads as %g, %v", n, Count(n), got, err)
		}
	})
}

func TestSetTimesAreReadExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "d"))
		if got, err := ParseDuration(Exact(d)); err != nil || got != d {
			t.Errorf("%v is written %q, which reads as %v, %v", d, Exact(d), got, err)
		}
	})
}

func TestForeignForms(t *testing.T) {
	for text, want := range map[string]float64{
		"10000": 10000, "10k": 10e3, "1.2G": 1.2e9, "3T": 3e12, "1e3": 1e3, ".5k": 500, "1.005k": 1005, "2,000,000": 2e6, "+5": 5, "-1,234.5": -1234.5, "2,000k": 2e6,
	} {
		check(t, text, want, ParseCount)
	}
	for text, want := range map[string]float64{"8k/s": 8e3, "600/m": 10, "600/min": 10, "284M/min": 284e6 / 60, "3600/h": 1, "1,200/s": 1200, "1.2k users/s": 1200, "1 user/s": 1} {
		check(t, text, want, ParseRate)
	}
	for text, want := range map[string]float64{"20%": 0.2, "20 %": 0.2, "0.2": 0.2, "0.04%": 0.0004, "150 %": 1.5, "-3 %": -0.03} {
		check(t, text, want, ParseRatio)
	}
	for text, want := range map[string]float64{"2.5 x": 2.5, "2.5x": 2.5, "1%": 0.01, "2": 2} {
		check(t, text, want, ParseFactor)
	}
	for text, want := range map[string]float64{"850 B": 850, "52 MB": 52e6, "52MB": 52e6, "1.2kB": 1200, "0 B": 0} {
		check(t, text, want, ParseBytes)
	}
	for text, want := range map[string]time.Duration{
		"250ms": 250 * time.Millisecond, "350 ms": 350 * time.Millisecond, "1m30s": 90 * time.Second, "1 m 30 s": 90 * time.Second, "26 min 23 s": 1583 * time.Second,
		"26min23s": 1583 * time.Second, "3 h 2 min": 182 * time.Minute, "8,784 h": 8784 * time.Hour, "0": 0, "-3s": -3 * time.Second, "+3 s": 3 * time.Second,
		"5 µs": 5000, "5us": 5000, "1.5h": 90 * time.Minute,
	} {
		check(t, text, want, ParseDuration)
	}
}

func check[T comparable](t *testing.T, text string, want T, parse func(string) (T, error)) {
	t.Helper()
	if got, err := parse(text); err != nil || got != want {
		t.Errorf("%q reads as %v, %v; wanted %v", text, got, err, want)
	}
}

func TestBadForms(t *testing.T) {
	bad := map[string][]string{
		"rate":     {"120", "/s", "120/", "120/d", "120/s/s", "3 k/s", "8k /s", "8 k/s", "3 K users/s", "1e308T/s", "inf/s"},
		"estimate": {"k", "10 k", "10K", "ten", "0x10", "1_000", "5%", "1,00", "1,0000", ",000", "1,000,", "1.5,000", "1,000,00"},
		"percent":  {"%", "20  %", "20%%", "inf%", "20 %x"},
		"seconds":  {"3", "3d", "h", "5 m s", "1 0s", "3  s", "1e400s", "5 minutes", "26 min 23", "1,00 s", "2562048h"},
		"bytes":    {"5", "B", "5 2MB", "52 M B", "52 mB"},
		"money":    {"$5", "5 EUR"},
		"factor":   {"x", "2 xx", "2 x %"},
		"number":   {"1k", "0x1p4", "x"},
	}
	for _, kind := range kinds {
		for _, text := range append(bad[kind.name], "", " ", "-", "< 1", "< 0.01 %", "> 99.99 %", "NaN", "Infinity", "\x00", "--1") {
			got, err := kind.parse(text)
			checkError(t, kind.name, text, kind.form, got, err)
			if err == nil {
				t.Errorf("%s: %q reads as %g, wanted an error", kind.name, text, got)
			}
		}
	}
}

// checkError reports whether an error names what was found and what was wanted.
func checkError(t *testing.T, name, text, form string, got float64, err error) {
	t.Helper()
	switch {
	case err == nil && (math.IsNaN(got) || math.IsInf(got, 0)):
		t.Errorf("%s: %q reads as %g", name, text, got)
	case err != nil && (err.Error() != wrong(text, form).Error() || got != 0):
		t.Errorf("%s: %q reads as %g, %v", name, text, got, err)
	}
}

func FuzzParsers(f *testing.F) {
	for _, text := range []string{"8.45k/s", "284M/min", "2,000,000", "20 %", "26 min 23 s", "1m30s", "5 µs", "52 MB", "2.5 x", "1e-07", "< 1 ns", "-", "1,0,0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range kinds {
			got, err := kind.parse(text)
			checkError(t, kind.name, text, kind.form, got, err)
			if err == nil {
				checkWritten(t, got, kind.write, kind.parse, kind.absolute)
			}
		}
	})
}

func FuzzWriters(f *testing.F) {
	for _, x := range []float64{0, 1, -1, 0.99949, 999.5, 1e-310, 1e300, math.Inf(1), math.NaN(), math.MaxFloat64} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		for _, kind := range kinds {
			text := kind.write(x)
			if text == "" || len(text) > 24 || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				t.Errorf("%s: %g is written %q", kind.name, x, text)
			}
			checkWritten(t, x, kind.write, kind.parse, kind.absolute)
		}
	})
}
