package transport

import (
	"strconv"
	"strings"
	"time"
)

// parseExpiry reads the date of a cookie as browsers do (RFC 6265, 5.1.1): a time, a day, a month and a year in any order, whatever else
// stands between them. It returns the zero time where one of them is missing or out of range.
func parseExpiry(text string) time.Time {
	clock, day, month, year := [3]int{-1}, -1, 0, -1
	for _, token := range strings.FieldsFunc(text, splitsDates) {
		hms, isClock := clockOf(token)
		n, digits := leadingNumber(token)
		switch m := monthOf(token); {
		case clock[0] < 0 && isClock:
			clock = hms
		case day < 0 && (digits == 1 || digits == 2):
			day = n
		case month == 0 && m > 0:
			month = m
		case year < 0 && digits >= 2 && digits <= 4:
			year = n
		}
	}
	switch {
	case year >= 0 && year <= 69:
		year += 2000
	case year >= 70 && year <= 99:
		year += 1900
	}
	if clock[0] < 0 || clock[0] > 23 || clock[1] > 59 || clock[2] > 59 || day < 1 || day > 31 || month == 0 || year < 1601 {
		return time.Time{}
	}
	return time.Date(year, time.Month(month), day, clock[0], clock[1], clock[2], 0, time.UTC)
}

// splitsDates reports whether a character stands between the parts of a date.
func splitsDates(c rune) bool {
	return c == '\t' || c >= 0x20 && c <= 0x2f || c >= 0x3b && c <= 0x40 || c >= 0x5b && c <= 0x60 || c >= 0x7b && c <= 0x7e
}

// clockOf reads hours, minutes and seconds, of one or two digits each.
func clockOf(token string) (hms [3]int, ok bool) {
	parts := strings.SplitN(token, ":", 3)
	if len(parts) < 3 {
		return hms, false
	}
	for i, part := range parts {
		n, digits := leadingNumber(part)
		if digits < 1 || digits > 2 || i < 2 && digits < len(part) {
			return hms, false
		}
		hms[i] = n
	}
	return hms, true
}

// leadingNumber returns the number that a token begins with, of at most nine digits, and how many digits that are.
func leadingNumber(token string) (n, digits int) {
	for digits < len(token) && token[digits] >= '0' && token[digits] <= '9' {
		digits++
	}
	if digits > 9 {
		return 0, digits
	}
	n, _ = strconv.Atoi(token[:digits]) // 0 for no digit
	return n, digits
}

// monthOf returns the month that a token begins with, 0 for none.
func monthOf(token string) int {
	if len(token) < 3 {
		return 0
	}
	at := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(token[:3]))
	if at < 0 || at%3 > 0 {
		return 0
	}
	return at/3 + 1
}
