package redact

import (
	"regexp"
	"strings"
)

// NamedValues returns what a text holds as a secret by its name, as Names takes it out: so that the value is found elsewhere too. Values
// of less than four characters are none.
func NamedValues(text string) (values []string) {
	for _, pattern := range named {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			value := strings.Trim(m[2], ` "\`)
			if len(value) < wholeWord || isPlainWord(value) {
				continue
			}
			values = append(values, value)
			if _, password, ok := strings.Cut(value, ":"); ok && m[1] == "//" && len(password) >= wholeWord {
				values = append(values, password)
			}
		}
	}
	return values
}

// tokens are words that seem to be drawn at random, as opposed to names that people choose.
var tokens = map[bool]*regexp.Regexp{
	false: regexp.MustCompile(`[A-Za-z0-9_-]{16,}`),
	true:  regexp.MustCompile(`[A-Za-z0-9]{20,}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}`),
}

// Tokens returns the words of a text that seem to be secrets, though nothing names them so: 16 characters or more with letters and
// digits. In a path, where names such as double11-2026-main are usual, it is 20 letters and digits in a row, or a UUID.
func Tokens(text string, isPath bool) (words []string) {
	for _, word := range tokens[isPath].FindAllString(text, -1) {
		hasDigit := strings.ContainsAny(word, "0123456789")
		hasLetter := strings.IndexFunc(word, func(r rune) bool { return r >= 'A' }) >= 0 // of what the patterns let in
		if hasDigit && hasLetter {
			words = append(words, word)
		}
	}
	return words
}

// IsPublicHeader reports whether a request's header is one that browsers, proxies and apps send to everybody, such as Accept and
// X-App-Version: its value is no secret.
func IsPublicHeader(name string) bool { return publicHeader.MatchString(name) }

var publicHeader = regexp.MustCompile(`(?i)^(?:accept(?:-.*)?|content-.*|user-agent|host|origin|referer|cache-control|pragma|connection|te|range|if-.*|` +
	`x-requested-with|dnt|upgrade-insecure-requests|sec-(?:ch-|fetch-|gpc).*|x-forwarded-.*|forwarded|x-real-ip|via|expect|prefer|priority|date|keep-alive|transfer-encoding|` +
	`x-(?:.*-)?(?:version|platform|channel|locale|language|country|region|currency))$`)

// isPlainWord reports whether a value is one of those that stand for no secret.
func isPlainWord(value string) bool {
	switch strings.ToLower(value) {
	case "null", "true", "false", "none", Mark:
		return true
	}
	return false
}
