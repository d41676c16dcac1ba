package redact

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// secretWords are what the name of a header, parameter, member or field of a secret contains, in lower case and without
// dashes, dots and underscores.
const secretWords = `authorization|cookie|passw(?:or)?d|passphrase|passwort|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|` +
	`auth[-_.]?key|credential|session[-_.]?id|sessid|signature|csrf|xsrf|jwt|` +
	`card[-_.]?num(?:ber)?|credit[-_.]?card|cvv|cvc|` +
	`\b(?:otp|iban)|[-_.](?:otp|iban)|\b[th]otp\b|(?-i:[a-z](?:O[Tt][Pp]|I[Bb][Aa][Nn]))` // but no footprint, no hotpot

// shortNames are names of secrets that would be in too many others: as a whole they are such, of parameters also key.
const shortNames = `pwd|pass|pin|auth|sig|sid|hmac|bearer|card|card[-_.]?no|pan`

// IsSecretName reports whether a header, a parameter, or the field of a feeder is a secret by its name, such as Authorization,
// X-Api-Key or password.
func IsSecretName(name string) bool { return secretName.MatchString(name) }

var secretName = regexp.MustCompile(`(?i)(?:` + secretWords + `|^(?:` + shortNames + `|key)$|^x-auth)`)

// Places in a text where a secret has its name before it. The last group is the value.
var named = []*regexp.Regexp{
	// "token": "VALUE", also cut off, then the same within a string of JSON
	regexp.MustCompile(`(?is)("[\w.-]*(?:` + secretWords + `)[\w.-]*"\s*:\s*")((?:[^"\\]|\\.)+)`),
	regexp.MustCompile(`(?is)(\\"[\w.-]*(?:` + secretWords + `)[\w.-]*\\"\s*:\s*\\")((?:[^"\\]|\\\\(?:\\.|[^\\])|\\[^"\\])+)`),
	regexp.MustCompile(`(?is)("(?:` + shortNames + `)"\s*:\s*")((?:[^"\\]|\\.)+)`),
	regexp.MustCompile(`(?is)(\\"(?:` + shortNames + `)\\"\s*:\s*\\")((?:[^"\\]|\\\\(?:\\.|[^\\])|\\[^"\\])+)`),
	regexp.MustCompile(`(?i)(\\?"(?:` + shortNames + `)\\?"\s*:\s*)([\w.+-]+)`),
	regexp.MustCompile(`(?i)('(?:` + shortNames + `)'\s*:\s*')((?:[^'\\]|\\.)+)`),
	regexp.MustCompile(`(?i)('[\w.-]*(?:` + secretWords + `)[\w.-]*'\s*:\s*')((?:[^'\\]|\\.)+)`), // as Python writes it
	// "tokens": ["VALUE", "VALUE"]
	regexp.MustCompile(`(?i)("[\w.-]*(?:` + secretWords + `)[\w.-]*"\s*:\s*\[)((?:\s*"(?:[^"\\]|\\.)*"?\s*,?)+)`),
	regexp.MustCompile(`(?i)(\\?"[\w.-]*(?:` + secretWords + `)[\w.-]*\\?"\s*:\s*)([\w.+-]+)`),
	// token=VALUE
	regexp.MustCompile(`(?i)(\b[\w.-]*(?:` + secretWords + `)[\w.\[\]-]*=)([^&\s"<>]+)`),
	regexp.MustCompile(`(?i)((?:^|[?&;])(?:` + shortNames + `|key)=)([^&\s"<>]+)`),
	// name="token" and an empty line, as in a multipart body
	regexp.MustCompile(`(?i)(\bname="(?:[^"]*(?:` + secretWords + `)[^"]*|` + shortNames + `)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n)([^\r\n]+)`),
	// <token>VALUE
	regexp.MustCompile(`(?i)(<(?:[\w:.-]*(?:` + secretWords + `)[\w:.-]*|(?:\w+:)?(?:` + shortNames + `))(?: [^<>]*)?>)([^<]+)`),
	// Authorization: VALUE, where a target or an error repeats a header
	regexp.MustCompile(`(?i)(\b[\w-]*(?:authorization|cookie|api-?key|token|secret)\s*:[ \t]*)([^\s"<][^\r\n"<]*)`),
	// http://USER:PASSWORD@host
	regexp.MustCompile(`(//)([^/?#\s"'<>@]+(?:@[^/?#\s"'<>@]+)*)@`),
}

// Names takes out of a text what is a secret by its name, and user and password of URLs. null, true and false stay, as they
// are none.
func (r *Redactor) Names(text string) string {
	for _, pattern := range named {
		text = pattern.ReplaceAllStringFunc(text, func(found string) string {
			m := pattern.FindStringSubmatch(found)
			switch m[2] {
			case "null", "true", "false", Mark:
				return found
			}
			r.Count++
			return m[1] + Mark + found[len(m[1])+len(m[2]):]
		})
	}
	return text
}

// Header takes the secret out of a header's value: of cookies the names stay, of credentials the scheme, and of any other the
// values that are known.
func (r *Redactor) Header(name, value string) string {
	switch strings.ToLower(name) {
	case "cookie":
		parts := strings.Split(value, ";")
		for i := range parts {
			parts[i] = r.cookie(parts[i])
		}
		return strings.Join(parts, ";")
	case "set-cookie":
		first, attributes, more := strings.Cut(value, ";")
		first = r.cookie(first)
		if more {
			return first + ";" + r.Names(r.Start(attributes))
		}
		return first
	case "www-authenticate", "proxy-authenticate", "access-control-allow-headers", "access-control-expose-headers":
		return r.Start(value) // a challenge, and names
	}
	if !IsSecretName(name) || value == "" {
		return r.Names(r.Start(value))
	}
	r.Count++
	if scheme, _, ok := strings.Cut(value, " "); ok && isScheme(scheme) {
		return scheme + " " + Mark
	}
	return Mark
}

func (r *Redactor) cookie(pair string) string {
	name, value, ok := strings.Cut(pair, "=")
	if strings.TrimSpace(value) == "" && ok || strings.TrimSpace(pair) == "" {
		return pair
	}
	r.Count++
	if !ok {
		return Mark
	}
	return r.Start(name) + "=" + Mark
}

func isScheme(word string) bool {
	switch strings.ToLower(word) {
	case "basic", "bearer", "digest", "negotiate", "token", "apikey", "hoba", "mutual", "ntlm", "dpop":
		return true
	}
	return false
}

// HeaderSecrets returns the secrets in the value of a header, so that they are found elsewhere too: a credential, the values
// of cookies, user and password of Basic. Nothing is a secret in a header that is not named as one.
func HeaderSecrets(name, value string) (secrets []string) {
	add := func(secret string) {
		if secret = strings.Trim(secret, ` "`); len(secret) >= wholeWord {
			secrets = append(secrets, secret)
		}
	}
	switch lower := strings.ToLower(name); {
	case lower == "cookie" || lower == "set-cookie":
		pairs := strings.Split(value, ";")
		if lower == "set-cookie" {
			pairs = pairs[:1]
		}
		for _, pair := range pairs {
			if _, v, ok := strings.Cut(pair, "="); ok {
				add(v)
			} else {
				add(pair)
			}
		}
	case !IsSecretName(name) || strings.HasPrefix(lower, "access-control-") || strings.HasSuffix(lower, "-authenticate"):
	default:
		scheme, credential, ok := strings.Cut(value, " ")
		if isScheme(value) {
			credential = "" // a template's, whose credential is a variable
		} else if !ok || !isScheme(scheme) {
			scheme, credential = "", value
		}
		add(credential)
		if plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credential)); err == nil && strings.EqualFold(scheme, "basic") {
			add(string(plain))
			if _, password, ok := strings.Cut(string(plain), ":"); ok {
				secrets = append(secrets, password)
			}
		}
	}
	return secrets
}

// URLSecrets returns the password of a URL, alone and after its user, and of a URL without one the user, which may be a token.
func URLSecrets(u *url.URL) []string {
	if u == nil || u.User == nil {
		return nil
	}
	password, ok := u.User.Password()
	secrets := []string{password, u.User.Username() + ":" + password}
	if !ok {
		secrets[0] = u.User.Username()
	}
	return secrets
}
