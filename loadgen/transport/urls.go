package transport

import (
	"net/url"
	"strings"
)

// EncodeURL percent-encodes path and query as they are sent, and leaves out a fragment. inQuery says that text goes on within
// a query; the results say whether it ends in one, and whether a fragment began: what follows belongs to the fragment.
//
// It does as browsers do (WHATWG URL, 4.4), and encodes beyond that what RFC 3986 allows nowhere, since servers such as Tomcat
// refuse it: in a query also \ ^ ` { | }, in a path also |. A backslash in a path is a slash. What is encoded already stays,
// a lone % too.
func EncodeURL(text string, inQuery bool) (encoded string, query, fragment bool) {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '#':
			return b.String(), inQuery, true
		case c == '\\' && !inQuery:
			b.WriteByte('/')
		case c <= ' ', c >= 0x7f, strings.IndexByte("\"<>\\^`{|}", c) >= 0, c == '\'' && inQuery:
			b.Write([]byte{'%', digits[c>>4], digits[c&0xf]})
		default:
			inQuery = inQuery || c == '?'
			b.WriteByte(c)
		}
	}
	return b.String(), inQuery, false
}

// PathOf returns the path of a target as it stands before that of every request: encoded, without a slash at its end.
func PathOf(target *url.URL) string {
	path := target.RawPath // as it was written, where that is not what net/url would write
	if path == "" {
		path = target.EscapedPath()
	}
	path, _, _ = EncodeURL(strings.ReplaceAll(path, "?", "%3F"), false)
	return strings.TrimSuffix(path, "/")
}

// URLOf returns the URL of a target's path and query, which are encoded already and go over the wire as they are.
func URLOf(target *url.URL, pathAndQuery string) *url.URL {
	path, query, asked := strings.Cut(pathAndQuery, "?")
	u := &url.URL{Scheme: target.Scheme, Host: HostOf(target), RawQuery: query, ForceQuery: asked}
	if plain, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = plain, path
		if u.EscapedPath() == path {
			return u
		}
	}
	u.Path, u.RawPath = "", ""
	if u.Opaque = path; strings.HasPrefix(path, "//") {
		u.Opaque = "//" + u.Host + path // else it would be a host
	}
	return u
}

// WithoutUser returns a target without user and password, as people and files may see it.
func WithoutUser(target *url.URL) *url.URL {
	u := *target
	u.User = nil
	return &u
}

// resolve returns where a Location leads that came in the answer to a request of some scheme for path and query, as browsers
// resolve it (WHATWG URL, 4.4): the scheme, the authority, which is empty where the Location names none, and path and query.
func resolve(location, from, pathAndQuery string) (scheme, authority, target string) {
	location = strings.TrimFunc(location, func(c rune) bool { return c <= ' ' })
	rest := strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(location)
	scheme = from
	if other := schemeOf(rest); other != "" {
		scheme, rest = strings.ToLower(other), rest[len(other)+1:]
	}
	if defaultPort(scheme) == "" {
		return scheme, "", ""
	}
	after := strings.TrimLeft(rest, `/\`)
	if len(rest)-len(after) >= 2 || scheme != from {
		end := len(after)
		if i := strings.IndexAny(after, `/\?#`); i >= 0 {
			end = i
		}
		authority, rest = after[:end], after[end:]
		if rest == "" || rest[0] != '/' && rest[0] != '\\' {
			rest = "/" + rest
		}
	}
	path, _, _ := strings.Cut(pathAndQuery, "?")
	encoded, _, _ := EncodeURL(rest, false)
	switch {
	case encoded == "":
		return scheme, authority, pathAndQuery
	case encoded[0] == '?':
		return scheme, authority, path + encoded
	case encoded[0] != '/':
		encoded = path[:strings.LastIndexByte(path, '/')+1] + encoded
	}
	path, query, asked := strings.Cut(encoded, "?")
	if path = withoutDots(path); asked {
		path += "?" + query
	}
	return scheme, authority, path
}

// schemeOf returns the scheme that a reference begins with, empty for none.
func schemeOf(reference string) string {
	for i := range len(reference) {
		c := reference[i]
		switch letter := 'a' <= c|0x20 && c|0x20 <= 'z'; {
		case letter, i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return reference[:i]
		default:
			return ""
		}
	}
	return ""
}

// withoutDots takes . and .. out of a path that begins with a slash.
func withoutDots(path string) string {
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		case ".":
		default:
			kept = append(kept, s)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
