package transport

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// What ParseTarget and ParseURL want, and what can be done where they do not find it.
const (
	wantedTarget = "wanted http://HOST:PORT or https://HOST:PORT"
	targetHint   = "for example http://127.0.0.1:8080, https://shop.example, or http://[::1]:8080"
)

// ParseTarget reads the URL of a target: http or https, a host, and a port, user and path where they are needed. The port is in
// 1 to 65535, an IPv6 address in brackets. It fails with an *InputError that shows neither user nor password.
func ParseTarget(text string) (*url.URL, error) {
	u, err := ParseURL(text)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(text, "?#") {
		before := strings.FieldsFunc(Public(text), func(c rune) bool { return c == '?' || c == '#' })[0] // a query may have a key in it
		return nil, InputErrorf("put the query into the steps of the scenario", "found a query or a fragment after %q, %s with at most a path", before, wantedTarget)
	}
	return u, nil
}

// ParseURL is ParseTarget for the URL of one request, which may have a query and a fragment. It fails as ParseTarget does.
func ParseURL(text string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	fail := func(what, hint string) (*url.URL, error) {
		return nil, InputErrorf(hint, "found %q, %s; %s", Public(text), what, wantedTarget)
	}
	switch {
	case text == "":
		return nil, InputErrorf(targetHint, "found no URL, %s", wantedTarget)
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }):
		return fail("which has a space or a control character in it", targetHint)
	case !ok:
		return fail("which does not begin with http:// or https://", schemeHint(text))
	case !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https"):
		return fail("whose scheme is neither http nor https", "write it as http://"+Public(rest))
	}
	authority := rest[:firstOf(rest, "/?#")]
	if what := hostProblem(authority[strings.LastIndexByte(authority, '@')+1:]); what != "" {
		return fail(what, targetHint)
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return fail("which has a character that must be percent-encoded, or a % without two hexadecimal digits after it", "write a % itself as %25, a @ in a password as %40, a / in it as %2F")
	}
	u.Host = strings.TrimSuffix(u.Host, ":")
	return u, nil
}

// CheckHost refuses what cannot be HOST or HOST:PORT of a target, with an *InputError. An IPv6 address may stand without
// brackets where it has no port.
func CheckHost(text string) error {
	if _, err := netip.ParseAddr(text); err == nil {
		return nil
	}
	if what := hostProblem(text); what != "" {
		return InputErrorf("for example shop.example, shop.example:8443, 192.0.2.7 or [2001:db8::1]:443", "found %q, %s; wanted a host such as shop.example, or HOST:PORT", Public(text), what)
	}
	return nil
}

// CheckListen refuses what cannot be HOST:PORT to listen on, with an *InputError. The host may be empty, for every address of this
// machine; port 0 stands for a free one.
func CheckListen(text string) error {
	host, port, err := net.SplitHostPort(text)
	what := ""
	if _, wrong := strconv.ParseUint(port, 10, 16); err != nil {
		what = "which is not a host and a port with a colon between them, an IPv6 address in brackets"
	} else if wrong != nil {
		what = "whose port must be 0 to 65535"
	} else if _, wrong := netip.ParseAddr(host); host != "" && wrong != nil {
		what = nameProblem(host)
	}
	if what == "" {
		return nil
	}
	return InputErrorf("for example 127.0.0.1:8080, or 127.0.0.1:0 for a free port", "found %q, %s; wanted HOST:PORT", Public(text), what)
}

// schemeHint is what can be done about a URL without a scheme.
func schemeHint(text string) string {
	text = strings.TrimLeft(text, "/")
	if host := text[:firstOf(text, "/?#")]; !strings.ContainsAny(host, "@") && hostProblem(host) == "" {
		return "write it as http://" + text
	}
	return targetHint
}

// firstOf returns the index of the first of some characters, the length of the text where it has none.
func firstOf(text, chars string) int {
	if i := strings.IndexAny(text, chars); i >= 0 {
		return i
	}
	return len(text)
}

// hostProblem returns what is wrong with HOST or HOST:PORT of a URL, empty for nothing.
func hostProblem(authority string) string {
	host, port := authority, ""
	switch inner, after, closed := strings.Cut(strings.TrimPrefix(authority, "["), "]"); {
	case strings.HasPrefix(authority, "["):
		inner = strings.Replace(inner, "%25", "%", 1) // before the zone
		a, err := netip.ParseAddr(inner)
		if err != nil || !closed || !a.Is6() || after != "" && after[0] != ':' {
			return "whose brackets hold no IPv6 address"
		}
		return portProblem(strings.TrimPrefix(after, ":"))
	case strings.Count(authority, ":") > 1:
		return "whose IPv6 address must stand in brackets, or which has a colon too many"
	default:
		host, port, _ = strings.Cut(authority, ":")
	}
	if what := portProblem(port); what != "" {
		return what
	}
	return nameProblem(host)
}

// portProblem returns what is wrong with a port, empty for nothing or for no port.
func portProblem(port string) string {
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return "whose port must be 1 to 65535"
	}
	return ""
}

// nameProblem returns what is wrong with the name or IPv4 address of a host, empty for nothing.
func nameProblem(host string) string {
	bare := strings.TrimSuffix(host, ".")
	if bare == "" {
		return "which has no host"
	}
	labels := strings.Split(bare, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || len(bare) > 253 || strings.ContainsFunc(label, isNotOfName) {
			return "whose host is no name of letters, digits, dots and hyphens"
		}
	}
	last := labels[len(labels)-1]
	if _, err := netip.ParseAddr(host); err != nil && !strings.ContainsFunc(last, func(c rune) bool { return c < '0' || c > '9' }) {
		return "whose host is no IPv4 address of four numbers from 0 to 255"
	}
	return ""
}

// isNotOfName reports whether a character cannot be in a host's name. Letters beyond ASCII can.
func isNotOfName(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && c != '-' && c != '_'
}

// mostText is how much of a wrong URL is shown, in bytes.
const mostText = 200

// Public returns a URL, wrong or right, as people may see it: without user and password, and not without end.
func Public(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = "***" + rest[i:]
	}
	if ok {
		rest = scheme + "://" + rest
	}
	if len(rest) > mostText {
		rest = strings.ToValidUTF8(rest[:mostText], "") + "..."
	}
	return rest
}
