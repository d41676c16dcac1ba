package transport

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// cookie is what a Set-Cookie field says.
type cookie struct {
	name, value  string // the value with its quotes
	path, domain string // empty where it names none
	secure       bool
	gone         bool // it is to be deleted
}

// CookieValue returns the value of a cookie by the Set-Cookie fields of answers, in the order in which they came: the last that
// names it counts, and one that deletes it leaves none. Quotes around the value are not part of it.
func CookieValue(fields []Field, name string, now time.Time) (value string, ok bool) {
	for i := range fields {
		if fields[i].Name != "Set-Cookie" {
			continue
		}
		if c := parseCookie(string(fields[i].Value), now); c.name == name {
			value, ok = c.value, !c.gone
		}
	}
	if !ok {
		return "", false
	}
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	return value, true
}

// parseCookie reads a Set-Cookie field as browsers do (RFC 6265, 5.2): any bytes may be in a value. Unlike them, it takes a
// value in quotes to the closing one, past semicolons, since servers that quote a value mean all of it. The name of what is no cookie is
// empty.
func parseCookie(field string, now time.Time) (c cookie) {
	name, rest, ok := strings.Cut(field, "=")
	if !ok || strings.Contains(name, ";") {
		return cookie{}
	}
	end := cookieEnd(rest)
	c.name, c.value = trimSpace(name), trimSpace(rest[:end])
	expires := time.Time{}
	aged := false
	for attribute := range strings.SplitSeq(rest[end:], ";") {
		key, value, _ := strings.Cut(attribute, "=")
		value = trimSpace(value)
		switch strings.ToLower(trimSpace(key)) {
		case "path":
			c.path = value
		case "domain":
			c.domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "secure":
			c.secure = true
		case "max-age":
			if digits := strings.TrimPrefix(value, "-"); isNumeral(digits) {
				c.gone, aged = digits != value || strings.Trim(digits, "0") == "", true
			}
		case "expires":
			expires = parseExpiry(value)
		}
	}
	if !aged { // Max-Age outranks Expires
		c.gone = !expires.IsZero() && !expires.After(now)
	}
	return c
}

// cookieEnd returns where a cookie's value ends: at the first semicolon behind what is in quotes.
func cookieEnd(text string) int {
	value := strings.TrimLeft(text, " \t")
	if strings.HasPrefix(value, `"`) {
		from := len(text) - len(value)
		for i := from + 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				if after := strings.TrimLeft(text[i+1:], " \t"); after == "" || after[0] == ';' {
					return i + 1
				}
				i = len(text) // a quote within the value: it is none that is in quotes
			}
		}
	}
	if i := strings.IndexByte(text, ';'); i >= 0 {
		return i
	}
	return len(text)
}

// isNumeral reports whether a text is one digit or more.
func isNumeral(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// isThisMachine reports whether a host is this machine's own by its name or address.
func isThisMachine(host string) bool {
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.Unmap().IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func trimSpace(text string) string { return strings.Trim(text, " \t") }

// cookies are those that answers have set on the way along redirects.
type cookies struct {
	kept   []cookie // each with its path and domain
	unkept []string // names of those that were deleted, which the request's own header must not bring back
}

// set takes a Set-Cookie field of an answer from a host to a request for a path, as RFC 6265, 5.3 says.
func (j *cookies) set(field, scheme, host, path string, now time.Time) {
	c := parseCookie(field, now)
	switch {
	case c.name == "", c.secure && scheme != "https" && !isThisMachine(host): // which browsers and curl trust without TLS
		return
	case c.domain != "" && c.domain != host && !strings.HasSuffix(host, "."+c.domain):
		return
	}
	if !strings.HasPrefix(c.path, "/") {
		c.path = cmp.Or(path[:max(strings.LastIndexByte(path, '/'), 0)], "/")
	}
	same := func(o cookie) bool { return o.name == c.name && o.path == c.path && o.domain == c.domain }
	if c.gone {
		j.kept = slices.DeleteFunc(j.kept, same)
		j.unkept = append(j.unkept, c.name)
		return
	}
	if i := slices.IndexFunc(j.kept, same); i >= 0 {
		j.kept[i] = c
		return
	}
	j.kept = append(j.kept, c)
}

// header returns the Cookie header of a request for a path: that which the request has of its own, but for cookies that were set or
// deleted since, and those that were set. Longer paths come first (RFC 6265, 5.4).
func (j *cookies) header(own, path string) string {
	var pairs []string
	matching := slices.DeleteFunc(slices.Clone(j.kept), func(c cookie) bool { return !c.matches(path) })
	slices.SortStableFunc(matching, func(a, b cookie) int { return len(b.path) - len(a.path) })
	for pair := range strings.SplitSeq(own, ";") {
		name, _, _ := strings.Cut(pair, "=")
		name = trimSpace(name)
		newer := slices.ContainsFunc(matching, func(c cookie) bool { return c.name == name }) || slices.Contains(j.unkept, name)
		if pair = trimSpace(pair); pair != "" && !newer {
			pairs = append(pairs, pair)
		}
	}
	for _, c := range matching {
		pairs = append(pairs, c.name+"="+c.value)
	}
	return strings.Join(pairs, "; ")
}

// matches reports whether a cookie is sent to a path (RFC 6265, 5.1.4).
func (c *cookie) matches(path string) bool {
	rest, ok := strings.CutPrefix(path, c.path)
	return ok && (rest == "" || strings.HasSuffix(c.path, "/") || rest[0] == '/')
}
