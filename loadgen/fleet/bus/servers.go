package bus

import (
	"net/url"
	"strings"
)

// servers are those of one cluster.
type servers []*url.URL

func parseServers(list string) (servers, error) {
	var all servers
	for text := range strings.SplitSeq(list, ",") {
		text = strings.TrimSpace(text)
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		u, err := url.Parse(text)
		switch {
		case err != nil:
			return nil, inputError(urlHint, "bus: found a URL that cannot be read") // its text may hold a password
		case u.Scheme != "nats" && u.Scheme != "tls":
			return nil, inputError(urlHint, "bus: found a URL of scheme %.40q, wanted nats:// or tls://", u.Scheme)
		case u.Hostname() == "":
			return nil, inputError(urlHint, "bus: found a URL without a host, wanted nats://HOST:PORT")
		case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
			return nil, inputError(urlHint, "bus: found more than a host and port in the URL of %s", u.Host)
		}
		all = append(all, u)
	}
	return all, nil
}

const urlHint = "such as nats://127.0.0.1:4222 or tls://bus.example:4222; several servers of one cluster with commas between them"

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
