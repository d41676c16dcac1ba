package amount

import (
	"math"
	"strings"
	"testing"
	"time"

	"fsctl/scenarios/quantity"
)

func checkParse[T scalar](t *testing.T, good map[string]T, wanted string, bad ...string) {
	t.Helper()
	for text, want := range good {
		if got, err := parse[T](text); err != nil || got != want {
			t.Errorf("parse[%T](%q) = %v, %v; wanted %v", want, text, got, err, want)
		}
	}
	for _, text := range bad {
		got, err := parse[T](text)
		if err == nil {
			t.Errorf("parse[%T](%q) = %v, wanted an error", got, text, got)
			continue
		}
		if message := err.Error(); !strings.HasPrefix(message, "found \""+text+"\", wanted "+wanted) {
			t.Errorf("parse[%T](%q): %q, wanted found %q, wanted %s", got, text, message, text, wanted)
		}
	}
}

func TestScalarForms(t *testing.T) {
	checkParse(t, map[string]Count{
		"0": 0, "10000": 10000, "10k": 10_000, "10M": 10e6, "1.2G": 1.2e9, "3T": 3e12, "1e3": 1000, ".5k": 500,
		"1.005k": 1005, "183.333333M": 183333333, "4.35k": 4350, "2,000,000": 2e6, "8.1234567M": 8123456.7,
	}, "a count", "", "k", "10 k", "10K", "ten", "-1", "-0", "-1k", "1e400", "1e308T", "inf", "NaN", "Infinity", "0x10", "1_000", "10k/s", "5%")
	checkParse(t, map[string]Ratio{
		"20%": 0.2, "20 %": 0.2, "0.2": 0.2, "0": 0, "1": 1, "100%": 1, "0.04%": 0.0004, "0%": 0,
	}, "a share", "", "%", "80", "101%", "1.01", "-1%", "NaN", "20  %", "20%%", "< 0.01 %", "-", "inf%")
	checkParse(t, map[string]Rate{
		"120/s": 120, "3k/s": 3000, "600/m": 10, "3600/h": 1, "284M/min": 284e6 / 60, "8.45k/s": 8450, "0/s": 0, "1.5M/s": 1.5e6,
	}, "a rate", "", "120", "/s", "120/", "120/d", "120/s/s", "-3/s", "3 k/s", "1e308T/s", "inf/s")
	checkParse(t, map[string]time.Duration{
		"250ms": 250 * time.Millisecond, "5h": 5 * time.Hour, "1m30s": 90 * time.Second, "350 ms": 350 * time.Millisecond, "26 min 23 s": 1583 * time.Second, "3 h 2 min": 182 * time.Minute, "0": 0, "0ms": 0, "8784h": quantity.Longest,
	}, "a duration", "", "3", "-3s", "-3 s", "3  s", "3d", "-", "h", "1e400s")
	checkParse(t, map[string]time.Duration{}, "at most 366 days", "8785h", "2562047h")
	checkParse(t, map[string]float64{"2.5": 2.5, "3": 3, "0": 0}, "a number", "", "x", "-2", "inf", "1k", "0x1p4")
}

func TestParseInterval(t *testing.T) {
	for text, want := range map[string]Interval[float64]{
		"3": {3, 3, 3}, "2..3": {2, 2.5, 3}, "2 .. 3": {2, 2.5, 3}, "1,000..3,000": {1000, 2000, 3000}, "2..2.2..4": {2, 2.2, 4}, "0": {},
	} {
		if got, err := ParseInterval[float64](text); err != nil || got != want {
			t.Errorf("ParseInterval(%q) = %v, %v; wanted %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"3..2": "wanted low <= mid <= high", "2..5..4": "wanted low <= mid <= high", "1..2..3..4": "wanted one value or low..high",
		"..": `found "", wanted a number`, "2..": `found "", wanted a number`, "2...3": "wanted low <= mid", "x..3": `found "x"`,
	} {
		if _, err := ParseInterval[float64](text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseInterval(%q): %v, wanted %q in it", text, err, want)
		}
	}
	if got, err := ParseInterval[time.Duration]("2ms..4ms"); err != nil || got != (Interval[time.Duration]{2e6, 3e6, 4e6}) {
		t.Errorf("2ms..4ms: %v, %v", got, err)
	}
	if Exactly(2.0) != (Interval[float64]{2, 2, 2}) || !Exactly(2.0).Certain() || Between(2.0, 3.0).Certain() {
		t.Error("Exactly is not certain, or Between is")
	}
	if !Exactly(0.0).IsZero() || Exactly(1.0).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func TestInstantsAndStarts(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"T0": 0, "T0+30s": 30 * time.Second, "T0-1m": -time.Minute, "T0 + 2s": 2 * time.Second, " T0 ": 0, "T0-8784h": -quantity.Longest,
	} {
		got, err := ParseInstant(text)
		if err != nil || got != Instant(want) {
			t.Errorf("ParseInstant(%q) = %v, %v; wanted %v", text, got, err, want)
		}
		if again, err := ParseInstant(got.String()); err != nil || again != got {
			t.Errorf("ParseInstant(%q) = %v, %v; wanted %v", got.String(), again, err, got)
		}
	}
	for _, text := range []string{"", "30s", "T", "T0+", "T030s", "t0+3s", "T0+-3s", "T0+3", "T1+3s", "T0+8785h", "T0-9000h", "T0+99999999h"} {
		if got, err := ParseInstant(text); err == nil || !strings.Contains(err.Error(), "wanted") {
			t.Errorf("ParseInstant(%q) = %v, %v; wanted an error", text, got, err)
		}
	}
	at := time.Date(2026, 11, 11, 12, 0, 0, 0, time.UTC)
	if s, err := parseStart("2026-11-11T20:00:00+08:00"); err != nil || !s.At.Equal(at) || s.After != 0 {
		t.Errorf("wall-clock start: %v, %v", s, err)
	}
	if s, err := parseStart("30s"); err != nil || s.After != 30*time.Second || !s.At.IsZero() {
		t.Errorf("start after: %v, %v", s, err)
	}
	for _, text := range []string{"", "soon", "-3s", "2026-11-11", "20:00"} {
		if _, err := parseStart(text); err == nil {
			t.Errorf("parseStart(%q): wanted an error", text)
		}
	}
}

func TestParseRateAndRatio(t *testing.T) {
	for text, want := range map[string]Rate{"5": 5, "5/s": 5, "3k": 3000, "60/m": 1} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %v, %v; wanted %v", text, got, err, want)
		}
	}
	if got, err := ParseRatio("1%"); err != nil || math.Abs(float64(got)-0.01) > 1e-15 {
		t.Errorf("ParseRatio(1%%) = %v, %v", got, err)
	}
}

func TestParseScale(t *testing.T) {
	for text, want := range map[string]float64{"1%": 0.01, "0.5": 0.5, "2": 2, "250%": 2.5, "1e-4": 1e-4} {
		if got, err := ParseScale(text); err != nil || math.Abs(got-want) > 1e-15 {
			t.Errorf("ParseScale(%q) = %v, %v; wanted %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0%", "-1", "%", "inf", "NaN", "1k", "x"} {
		if got, err := ParseScale(text); err == nil || !strings.Contains(err.Error(), "wanted a factor") {
			t.Errorf("ParseScale(%q) = %v, %v; wanted an error", text, got, err)
		}
	}
}
