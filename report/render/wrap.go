package render

import (
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/plaintext"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// visible returns how many columns a text takes; colours take none.
func visible(text string) int { return twwidth.Width(text) }

// unit is a word that belongs to the number before it.
var unit = regexp.MustCompile(`^(ns|us|ms|s|min|h|%|x|[kMGT]?B)[.,;:)]*$`)

// sign is a word that belongs to the number after it.
var sign = regexp.MustCompile(`^[(]*([<>]|\+-)$`)

var number = regexp.MustCompile(`^[(~+-]*[0-9][0-9.,]*$`)

// words splits a text where a line may end.
func words(text string) []string {
	var list []string
	for word := range strings.FieldsSeq(plaintext.Line(text)) {
		last := len(list) - 1
		if last >= 0 && (unit.MatchString(word) && number.MatchString(lastWord(list[last])) || sign.MatchString(list[last])) {
			list[last] += " " + word
			continue
		}
		list = append(list, word)
	}
	return list
}

func lastWord(text string) string { return text[strings.LastIndexByte(text, ' ')+1:] }

// wrap breaks a text into lines of at most width columns, inside a word only where it is wider than a line.
func wrap(text string, width int) []string { return wrapAfter(text, width, width) }

// wrapAfter is wrap with another width for the first line.
func wrapAfter(text string, width, others int) []string {
	var lines []string
	line := ""
	for _, word := range words(text) {
		switch {
		case line == "":
			line = word
		case visible(line)+1+visible(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line, width = word, others
		}
		for visible(line) > width {
			head, rest := split(line, width)
			lines = append(lines, head)
			line, width = rest, others
		}
	}
	return append(lines, line)
}

// split cuts a word after at most width columns, at a sign of punctuation if there is one in the second half.
func split(word string, width int) (head, rest string) {
	letters := []rune(word)
	end := 1
	for end < len(letters) && visible(string(letters[:end+1])) <= width {
		end++
	}
	if cut := slices.IndexFunc(reversed(letters[end/2:end]), isBreak); cut >= 0 && end < len(letters) {
		end -= cut
	}
	return strings.TrimRight(string(letters[:end]), " "), strings.TrimLeft(string(letters[end:]), " ")
}

func isBreak(r rune) bool { return strings.ContainsRune("{},:/_-. ", r) }

func reversed(letters []rune) []rune {
	letters = slices.Clone(letters)
	slices.Reverse(letters)
	return letters
}
