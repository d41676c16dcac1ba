// Package redact takes out of a text what must not be kept of an exchange: secrets, and characters that steer a terminal.
//
// A secret is known by its value (what a user extracted, a credential that was sent) or by the name that it has in a
// header, a URL, JSON, a form or XML. What is taken out reads Mark.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Mark stands for what was taken out.
const Mark = "(redacted)"

const (
	// wholeWord is the length from which on a value is taken out wherever it stands; a shorter one only as a word of its own.
	wholeWord = 4
	// fewestOfCut is how much of a value must be there for a part of it to be one that was cut off at the end of a text.
	fewestOfCut = 4
	// fewestInside is the same within a text, such as an error that quotes the beginning of a line.
	fewestInside = 16
	// longestEscape is the longest form of one character, in bytes.
	longestEscape = 10
)

// Redactor knows secrets by their values. The zero Redactor knows none. It counts what it takes out.
type Redactor struct {
	Count  int // values taken out so far
	values []string
	first  [256][]int // indices into values by their first byte
}

// New returns a redactor of values: as they are, in small letters or in capitals, and percent-encoded, in JSON, in HTML, in
// hexadecimal digits, in base64, alone or within a longer text, and where its bytes were taken for Latin-1.
func New(values ...string) *Redactor {
	r := &Redactor{}
	r.Add(values...)
	return r
}

// Add adds values to those that are taken out. Empty ones have no effect.
func (r *Redactor) Add(values ...string) {
	for _, v := range values {
		if v == "" || slices.Contains(r.values, v) {
			continue
		}
		r.values = append(r.values, v)
		for _, coded := range slices.Concat(inBase64(v), inASCII(v), inOtherCase(v), inLatin1(v)) {
			if !slices.Contains(r.values, coded) {
				r.values = append(r.values, coded)
			}
		}
	}
	slices.SortStableFunc(r.values, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // of two that match the longer one
	for i := range r.first {
		r.first[i] = r.first[i][:0]
	}
	for i, v := range r.values {
		r.first[v[0]] = append(r.first[v[0]], i)
	}
}

// inBase64 returns what a value reads in base64: alone, and within a longer text that it begins at each of three places in.
func inBase64(value string) (forms []string) {
	for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if len(value) < wholeWord {
			continue // two or three characters of a value are in every text
		}
		forms = append(forms, coding.EncodeToString([]byte(value)))
		for before := range 3 {
			coded := coding.EncodeToString([]byte("\x00\x00"[:before] + value))
			from, to := (before*8+5)/6, (before+len(value))*8/6
			if inner := coded[from:to]; len(inner) >= wholeWord {
				forms = append(forms, inner)
			}
		}
	}
	return forms
}

// inOtherCase returns a value in small letters, in capitals, and in hexadecimal digits.
func inOtherCase(value string) []string {
	if len(value) < wholeWord {
		return nil // a common word in another case
	}
	digits := hex.EncodeToString([]byte(value))
	return []string{strings.ToLower(value), strings.ToUpper(value), digits, strings.ToUpper(digits)}
}

// inLatin1 returns a value as a server writes it that takes header fields for Latin-1, as Node and WSGI do: each byte is a character.
func inLatin1(value string) []string {
	runes := make([]rune, 0, len(value))
	for _, b := range []byte(value) {
		runes = append(runes, rune(b))
	}
	read := string(runes)
	if read == value {
		return nil
	}
	return append(inASCII(read), read)
}

// inASCII returns a value as JSON and HTML write it that have no letters but those of ASCII.
func inASCII(value string) []string {
	if strings.IndexFunc(value, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return nil
	}
	var lower, upper, entities strings.Builder
	for _, r := range value {
		if r < utf8.RuneSelf {
			for _, b := range []*strings.Builder{&lower, &upper, &entities} {
				b.WriteRune(r)
			}
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&lower, `\u%04x`, unit)
			fmt.Fprintf(&upper, `\u%04X`, unit)
		}
		fmt.Fprintf(&entities, "&#%d;", r)
	}
	return []string{lower.String(), upper.String(), entities.String()}
}

// Text takes the values out of a text that is whole.
func (r *Redactor) Text(text string) string { return r.take(text, fewestInside, false) }

// Start takes the values out of the beginning of a longer text, also one that was cut off at its end.
func (r *Redactor) Start(text string) string { return r.take(text, fewestInside, true) }

// Quote takes the values out of a text that may quote the beginning of one, such as an error.
func (r *Redactor) Quote(text string) string { return r.take(text, fewestOfCut+2, true) }

func (r *Redactor) take(text string, fewest int, isCut bool) string {
	if len(r.values) == 0 {
		return text
	}
	var b strings.Builder
	from := 0
	for at := 0; at < len(text); {
		n := r.match(text, at, fewest, isCut)
		if n == 0 {
			at++
			continue
		}
		r.Count++
		b.WriteString(text[from:at])
		b.WriteString(Mark)
		at += n
		from = at
	}
	if from == 0 {
		return text
	}
	b.WriteString(text[from:])
	return b.String()
}

// match returns the length of the value that begins at a place in a text, or of as much of it as there is; 0 for none.
func (r *Redactor) match(text string, at, fewest int, isCut bool) (longest int) {
	for _, f := range forms {
		unit, n := f(text[at:])
		if n == 0 {
			continue
		}
		for _, i := range r.first[unit] {
			longest = max(longest, matchForm(text, at, r.values[i], f, fewest, isCut))
		}
	}
	return longest
}

func matchForm(text string, at int, value string, f form, fewest int, isCut bool) int {
	end := at
	for i := range len(value) {
		if end == len(text) {
			if isCut && i >= fewestOfCut {
				return end - at
			}
			return partial(i, fewest, end-at)
		}
		b, n := f(text[end:])
		if n == 0 || b != value[i] {
			if isCut && i >= fewestOfCut && end >= cutEscape(text) {
				return len(text) - at
			}
			return partial(i, fewest, end-at)
		}
		end += n
	}
	if len(value) < wholeWord && (at > 0 && isWord(text[at-1]) || end < len(text) && isWord(text[end])) {
		return 0
	}
	return end - at
}

// cutEscape returns where an escape begins that may have been cut in two by the end of a text, or the text's length.
func cutEscape(text string) int {
	if at := strings.LastIndexAny(text, `%\&`); at >= 0 && len(text)-at < longestEscape {
		return at
	}
	return len(text)
}

func partial(matched, fewest, length int) int {
	if matched < fewest {
		return 0
	}
	return length
}

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}
