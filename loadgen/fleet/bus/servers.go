package bus

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// servers are those of one cluster.
type servers []*url.URL

// CheckURL refuses what cannot be Config.URL, with an *InputError. Nothing is looked up.
func CheckURL(list string) error {
	_, err := parseServers(list)
	return err
}

func parseServers(list string) (servers, error) {
	var all servers
	for text := range strings.SplitSeq(list, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		switch {
		case err != nil: // whose text may hold a password
			return nil, inputError(urlHint, "bus: found %.80q, a URL that cannot be read, wanted nats://HOST:PORT or tls://HOST:PORT", withoutSecrets(text))
		case u.Scheme != "nats" && u.Scheme != "tls":
			return nil, inputError(urlHint, "bus: found a URL of scheme %.40q, wanted nats:// or tls://", u.Scheme)
		case u.Hostname() == "":
			return nil, inputError(urlHint, "bus: found a URL without a host, wanted nats://HOST:PORT")
		case !isHost(u.Hostname()) || strings.Count(u.Host, ":") > 1 && u.Host[0] != '[':
			return nil, inputError(urlHint, "bus: found the host %.80q, wanted a name, an IPv4 address, or an IPv6 address in brackets", u.Host)
		case u.Port() != "" && !isPort(u.Port(), 1):
			return nil, inputError(urlHint, "bus: found port %.80q, wanted 1 to 65535", u.Port())
		case strings.Trim(u.Path, "/") != "" || u.ForceQuery || u.RawQuery != "" || u.Fragment != "":
			return nil, inputError(urlHint, "bus: found more than a host and port in the URL of %s", u.Host)
		}
		all = append(all, u)
	}
	return all, nil
}

const urlHint = "such as nats://127.0.0.1:4222 or tls://bus.example:4222; several servers of one cluster with commas between them"

// withoutSecrets leaves user, password and token out of a URL that cannot be read.
func withoutSecrets(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "***" + text[i:]
	}
	return text
}

// isHost reports whether a text can be the name or address of a host.
func isHost(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	return text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' && c != '_' && c != '.'
	})
}

// isPort reports whether a text is a port from least to 65535.
func isPort(text string, least uint64) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n >= least
}

// dial is the list in the form of NATS, with its secrets.
func (s servers) dial() string { return s.join((*url.URL).String) }

// String is the list without users and passwords.
func (s servers) String() string { return s.join(withoutUser) }

func (s servers) join(text func(*url.URL) string) string {
	var all []string
	for _, u := range s {
		all = append(all, text(u))
	}
	return strings.Join(all, ",")
}

// withoutUser also leaves a token out, which stands where the name of a user does.
func withoutUser(u *url.URL) string {
	public := *u
	public.User = nil
	return public.String()
}

// elsewhere reports whether a server is on another machine, or its URL asks for TLS.
func (s servers) elsewhere() bool {
	for _, u := range s {
		if u.Scheme == "tls" || !isLoopback(u.Hostname()) {
			return true
		}
	}
	return false
}
