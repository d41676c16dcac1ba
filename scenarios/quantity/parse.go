package quantity

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What the Parse functions want, for errors: "found ..., wanted ...".
const (
	CountForm    = "a count such as 10000, 10k, 10M or 1.2G"
	RatioForm    = "a share such as 20% or 0.2"
	RateForm     = "a rate such as 120/s, 3k/s or 600/m"
	DurationForm = "a duration such as 250ms, 90s or 5h"
	FactorForm   = "a factor such as 1%, 0.5 or 2"
	BytesForm    = "a size such as 850 B or 52 MB"
	MoneyForm    = "an amount such as 0.04 or 12,300"
	NumberForm   = "a number such as 2.5"
)

// ParseNumber reads a number without a unit, such as 2.5, -3, 1e6 or 1,230. The result is finite. The
// error repeats any other text and says what is wanted, as with every function here: found "x", wanted
// a number such as 2.5.
func ParseNumber(text string) (float64, error) { return readNumber(text, text, NumberForm) }

// ParseCount reads how many there are of a thing: 10000, 10,000, 10k, 10M, 1.2G, 3T. The result is
// finite; the caller refuses a negative or a broken one. It fails for text of any other form.
func ParseCount(text string) (float64, error) { return readCount(text, text, CountForm) }

// ParseMoney reads an amount in the currency that is meant: 0.04, 12,300, 12.3k. The result is finite.
// It fails for text of any other form.
func ParseMoney(text string) (float64, error) {
	return readCount(text, text, MoneyForm)
}

// ParseRatio reads a ratio: 20%, 20 %, 0.2. 20% is 0.2, and the result may be above 1 or below 0. It
// fails for text of any other form.
func ParseRatio(text string) (float64, error) { return readRatio(text, RatioForm) }

// ParseFactor reads how many times as much something is: 2.5 x, 2.5, 250%, which are all 2.5. It fails
// for text of any other form.
func ParseFactor(text string) (float64, error) {
	if times, ok := strings.CutSuffix(text, "x"); ok {
		return readNumber(strings.TrimSuffix(times, " "), text, FactorForm)
	}
	return readRatio(text, FactorForm)
}

func readRatio(text, wanted string) (float64, error) {
	percent, ok := strings.CutSuffix(text, "%")
	if !ok {
		return readNumber(text, text, wanted)
	}
	f, err := readNumber(strings.TrimSuffix(percent, " "), text, wanted)
	return f / 100, err // exact for whole numbers, which a product with 0.01 is not
}

// rateNoun is what a rate is of, such as users. A single letter would be a suffix.
var rateNoun = regexp.MustCompile(` [a-z]{2,}$`)

// ParseRate reads a number per second, minute or hour, and returns it per second [1/s]: 120/s, 3k/s,
// 600/m, 284M/min, 5/h, 1.2k users/s. It fails for text of any other form, a number without its unit
// too.
func ParseRate(text string) (float64, error) {
	amount, unit, _ := strings.Cut(text, "/")
	amount = rateNoun.ReplaceAllString(amount, "")
	per, known := map[string]float64{"s": 1, "m": 60, "min": 60, "h": 3600}[unit]
	if !known {
		return 0, wrong(text, RateForm)
	}
	f, err := readCount(amount, text, RateForm)
	return f / per, err
}

// ParseBytes reads a size [bytes]: 850 B, 1.2kB, 52 MB. 1 kB is 1,000 bytes. It fails for text of any
// other form, a number without B too.
func ParseBytes(text string) (float64, error) {
	amount, ok := strings.CutSuffix(text, "B")
	if !ok {
		return 0, wrong(text, BytesForm)
	}
	unit := ""
	if n := len(amount); n > 0 && strings.Contains("kMGT", amount[n-1:]) {
		amount, unit = amount[:n-1], amount[n-1:]
	}
	return readCount(strings.TrimSuffix(amount, " ")+unit, text, BytesForm)
}

// gap is a space between a duration's number and its unit, or between a unit and the next number.
var gap = regexp.MustCompile(`([0-9.]) ([a-zµμ])|([a-zµμ]) ([0-9.])`)

// minutes is the unit min, which Go calls m.
var minutes = regexp.MustCompile(`([0-9.])min`)

// ParseDuration reads a time: 250ms, 90s, 1m30s, 350 ms, 26 min 23 s, 3 h 2 min, -3s. It is exact to a
// nanosecond. It fails for text of any other form, and for what a time.Duration cannot hold, 292 years
// and more.
func ParseDuration(text string) (time.Duration, error) {
	plain, ok := unseparated(text)
	for ok && gap.MatchString(plain) {
		plain = gap.ReplaceAllString(plain, "$1$2$3$4")
	}
	d, err := time.ParseDuration(minutes.ReplaceAllString(plain, "${1}m"))
	if !ok || err != nil {
		return 0, wrong(text, DurationForm)
	}
	return d, nil
}

func wrong(text, wanted string) error { return fmt.Errorf("found %q, wanted %s", text, wanted) }

// readCount reads a suffix as an exponent: a product would make 1004.9999999999999 of 1.005k.
func readCount(amount, text, wanted string) (float64, error) {
	for _, u := range []struct{ suffix, exponent string }{{"k", "e3"}, {"M", "e6"}, {"G", "e9"}, {"T", "e12"}} {
		if digits, ok := strings.CutSuffix(amount, u.suffix); ok {
			return readNumber(digits+u.exponent, text, wanted)
		}
	}
	return readNumber(amount, text, wanted)
}

// readNumber reads a decimal number. The error is about the whole text.
func readNumber(digits, text, wanted string) (float64, error) {
	plain, ok := unseparated(digits)
	f, err := strconv.ParseFloat(plain, 64)
	if !ok || err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(digits, "xX_") {
		return 0, wrong(text, wanted)
	}
	return f, nil
}

// separators matches numbers whose thousands are separated as they should be.
var separators = regexp.MustCompile(`(^|[^0-9.,])([0-9]{1,3}(?:,[0-9]{3})+)($|[^0-9,])`)

// unseparated takes thousands separators out and reports whether each was where one belongs.
func unseparated(text string) (string, bool) {
	if !strings.Contains(text, ",") {
		return text, true
	}
	text = separators.ReplaceAllStringFunc(text, func(found string) string { return strings.ReplaceAll(found, ",", "") })
	return text, !strings.Contains(text, ",")
}
