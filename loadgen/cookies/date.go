package cookies

import "time"

// parseExpiry reads the date of a cookie as browsers do (RFC 6265, 5.1.1): a time, a day, a month and a year in any order, whatever else
// stands between them. It returns the zero time where one of them is missing or out of range, or the month has no such day.
func parseExpiry(text []byte) time.Time {
	clock, day, month, year := [3]int{-1}, -1, 0, -1
	for len(text) > 0 {
		var token []byte
		token, text = cutToken(text)
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
	if clock[0] < 0 || clock[0] > 23 || clock[1] > 59 || clock[2] > 59 || day < 1 || month == 0 || year < 1601 {
		return time.Time{}
	}
	at := time.Date(year, time.Month(month), day, clock[0], clock[1], clock[2], 0, time.UTC)
	if at.Day() != day {
		return time.Time{}
	}
	return at
}

// cutToken returns what stands before the first character that separates the parts of a date, and what follows it.
func cutToken(text []byte) (token, rest []byte) {
	for i, c := range text {
		if splitsDates(c) {
			return text[:i], text[i+1:]
		}
	}
	return text, nil
}

// splitsDates reports whether a character stands between the parts of a date.
func splitsDates(c byte) bool {
	return c == '\t' || c >= 0x20 && c <= 0x2f || c >= 0x3b && c <= 0x40 || c >= 0x5b && c <= 0x60 || c >= 0x7b && c <= 0x7e
}

// clockOf reads hours, minutes and seconds, of one or two digits each; what follows the seconds and is no digit is left out.
func clockOf(token []byte) (hms [3]int, ok bool) {
	for i := range hms {
		n, digits := leadingNumber(token)
		if digits < 1 || digits > 2 {
			return hms, false
		}
		hms[i], token = n, token[digits:]
		if i == 2 {
			break
		}
		if len(token) == 0 || token[0] != ':' {
			return hms, false
		}
		token = token[1:]
	}
	return hms, true
}

// leadingNumber returns the number that a token begins with, 0 for one of more than nine digits, and how many digits that are.
func leadingNumber(token []byte) (n, digits int) {
	for digits < len(token) && isDigit(token[digits]) {
		if digits < 9 {
			n = n*10 + int(token[digits]-'0')
		}
		digits++
	}
	if digits > 9 {
		return 0, digits
	}
	return n, digits
}

// monthOf returns the month that a token begins with, 0 for none.
func monthOf(token []byte) int {
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	if len(token) < 3 {
		return 0
	}
	for at := 0; at < len(months); at += 3 {
		if isFold(token[:3], months[at:at+3]) {
			return at/3 + 1
		}
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
