package try

import (
	"fmt"
	"net/url"
	"strings"

	"fsctl/loadgen/journey"
	"fsctl/loadgen/transport"
)

// whyOf says in a sentence why a step failed.
func whyOf(s *Step) string {
	switch {
	case s.Answer.Error != "":
		return fmt.Sprintf("no whole answer (%s): %s", s.Answer.Class, s.Answer.Error)
	case strings.HasPrefix(s.Reason, journey.ReasonCheck):
		return fmt.Sprintf("check %s failed: found %s", s.Wanted, s.Found)
	}
	return fmt.Sprintf("found %s, wanted %s", s.Found, s.Wanted)
}

// hint says what can be done about a step's error, empty for none.
func (p *performance) hint(s *Step) string {
	target, spokeHTTP := s.target, s.Answer.StatusLine != "" // a head of HTTP came, whatever was wrong with the rest
	host := target.Hostname()
	switch s.Answer.Class {
	case transport.ClassRefused:
		return fmt.Sprintf("nothing listens at %s: start the target, or mend --target", transport.AddressOf(target))
	case transport.ClassDNS:
		return fmt.Sprintf("the name %s has no address: mend --target, or lead it to one with --connect-to", host)
	case transport.ClassNetwork:
		return fmt.Sprintf("there is no way to %s from this machine", host)
	case transport.ClassTLS:
		if target.Scheme == "https" {
			return "is the target's certificate of an authority of its own? --cacert FILE trusts it, --insecure any; a target without TLS is http://"
		}
	case transport.ClassTimeout:
		return "the step's timeout is request.timeout in the scenario"
	case transport.ClassMalformed:
		look := "see what it answers: curl -v " + (&url.URL{Scheme: target.Scheme, Host: target.Host}).String()
		if target.Scheme == "http" && !spokeHTTP {
			look += "; where that is TLS, the target is https://"
		}
		return look
	case transport.ClassRedirect:
		return "the step follows request.redirects redirects, and never to another host than the target"
	case transport.ClassTooLarge:
		return fmt.Sprintf("an answer may have %d MiB", transport.MaxBody>>20)
	case transport.ClassClosed, transport.ClassReset, transport.ClassTruncated:
		return "the target ended the connection: its log should say why"
	case transport.ClassMemory:
		return "this process keeps large answers in a share of its memory: raise GOMEMLIMIT"
	case transport.ClassPorts:
		return "this machine has no free port or file descriptor"
	}
	return ""
}
