package quantity

import (
	"fmt"
	"strings"
	"time"
)

// Longest bounds every duration in a file, so that sums of them cannot overflow.
const Longest = 366 * 24 * time.Hour

// ParsePositive reads a value, 0 or more, in the unit of parse, one of the functions here; wanted is its form, for the error. It fails for text
// that parse does not read, and for one that begins with a minus.
func ParsePositive(text string, parse func(string) (float64, error), wanted string) (float64, error) {
	f, err := parse(text)
	if err != nil || strings.HasPrefix(text, "-") {
		return 0, wrong(text, wanted)
	}
	return f, nil
}

// ParseShare reads a ratio as ParseRatio does, and fails for one outside 0 to 1.
func ParseShare(text string) (float64, error) {
	const wanted = RatioForm + ", at most 100%"
	f, err := ParsePositive(text, ParseRatio, wanted)
	if err == nil && f > 1 {
		return 0, wrong(text, wanted)
	}
	return f, err
}

// ParseSpan reads a time as ParseDuration does, and fails for one below 0 or above Longest.
func ParseSpan(text string) (time.Duration, error) {
	d, err := ParseDuration(text)
	switch {
	case err != nil || d < 0:
		return 0, wrong(text, DurationForm)
	case d > Longest:
		return 0, fmt.Errorf("found %q, wanted at most 366 days (%s)", text, Exact(Longest))
	}
	return d, nil
}

// ParseInstant reads T0, T0+30s or T0-1m, and returns the time since T0. It fails for another form and for an instant more than 366
// days from T0.
func ParseInstant(text string) (time.Duration, error) {
	rest, ok := strings.CutPrefix(strings.ReplaceAll(text, " ", ""), "T0")
	if ok && rest == "" {
		return 0, nil
	}
	d, err := ParseDuration(rest)
	if !ok || err != nil || rest[0] != '+' && rest[0] != '-' {
		return 0, fmt.Errorf("found %q, wanted a time such as T0, T0+30s or T0-1m", text)
	}
	if d < -Longest || d > Longest {
		return 0, fmt.Errorf("found %q, wanted within 366 days (%s) of T0", text, Exact(Longest))
	}
	return d, nil
}

// Instant returns the text form of a time since T0, which ParseInstant reads.
func Instant(d time.Duration) string {
	switch {
	case d == 0:
		return "T0"
	case d > 0:
		return "T0+" + d.String()
	}
	return "T0" + d.String()
}
