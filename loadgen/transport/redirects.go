package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"fsctl/loadgen/cookies"
)

// Redirects leads one request along redirects as a browser goes, but never away from the target. Both engines ask it what to
// send next. Method, Header, Body, Rest and Target are those of the request to send.
type Redirects struct {
	Method string
	Header []Field
	Body   []byte
	Rest   [][]byte // of the body, after Body
	Target string   // path and query, encoded
	// Cookies are the Set-Cookie fields of the answers that led on, in the order in which they came.
	Cookies []Field

	origin origin // of the target
	named  origin // the same by the request's own Host header
	most   int
	hops   int
	own    string // the request's own Cookie header
	host   cookies.Host
	passed passed
}

// NewRedirects returns what leads a request to a target along redirects.
func NewRedirects(target *url.URL, r *Request) *Redirects {
	d := &Redirects{Method: r.Method, Body: r.Body, Rest: r.Rest, Target: PathOf(target) + string(r.URL), most: r.Redirects, origin: originOf(target.Scheme, target.Host)}
	d.named = d.origin
	for _, f := range r.Header {
		if f.Name == "Host" {
			d.named = originOf(target.Scheme, string(f.Value))
		}
	}
	own, header := ownCookies(r.Header)
	d.own, d.Header = string(own), header
	d.host = cookieHostFor(target.Scheme, target.Host, r.Header)
	if d.passed.jar = r.Jar; r.Jar == nil {
		d.passed.jar = new(cookies.Jar)
	}
	return d
}

// IsRedirect reports whether a status may lead on: 301, 302, 303, 307 and 308.
func IsRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// Next makes the request to send after an answer with such a status, a Location and Set-Cookie fields. It returns false where the
// answer has no Location, and so leads nowhere; its cookies are taken all the same, into the request's jar. As net/http does, it turns every request but a HEAD into a GET without a body
// after 301, 302 and 303.
//
// Errors: ErrRedirects for one more than the request may follow, ErrForeign for a place other than the target, and ErrMalformed for a
// Location that is no URL.
func (d *Redirects) Next(status int, location string, setCookies []string) (bool, error) {
	now, path := time.Now(), pathOf(d.Target)
	for _, field := range setCookies {
		d.passed.take(field, &d.host, path, now)
	}
	if location == "" {
		return false, nil
	}
	if d.hops++; d.hops > d.most {
		return false, fmt.Errorf("%w: %d", ErrRedirects, d.hops)
	}
	for _, field := range setCookies {
		d.Cookies = append(d.Cookies, Field{"Set-Cookie", []byte(field)})
	}
	scheme, authority, to := resolve(location, d.origin.scheme, d.Target)
	if err := d.stays(scheme, authority); err != nil {
		return false, err
	}
	d.Target = to
	if status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect {
		if d.Method != http.MethodHead {
			d.Method = http.MethodGet
		}
		d.Body, d.Rest = nil, nil
		d.Header = slices.DeleteFunc(d.Header, func(f Field) bool { return describesBody(f.Name) })
	}
	d.Header = slices.DeleteFunc(d.Header, func(f Field) bool { return f.Name == "Cookie" })
	if header := d.passed.header(d.own, &d.host, pathOf(to), now); len(header) > 0 {
		d.Header = append(d.Header, Field{"Cookie", header})
	}
	return true, nil
}

// stays fails where scheme and authority of a Location lead elsewhere; the target's name and that of the request's Host header
// are the same place.
func (d *Redirects) stays(scheme, authority string) error {
	if authority == "" && scheme == d.origin.scheme {
		return nil
	}
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	if _, err := url.Parse("//" + authority); err != nil || authority == "" && defaultPort(scheme) != "" {
		return fmt.Errorf("%w: Location: found the host %q", ErrMalformed, authority)
	}
	to := originOf(scheme, authority)
	if to == d.origin || to == d.named {
		return nil
	}
	if authority == "" {
		return fmt.Errorf("%w: scheme %s", ErrForeign, scheme)
	}
	return fmt.Errorf("%w: %s; to test that one, use it as --target", ErrForeign, to)
}

// describesBody reports whether a header field says something of a request's body, and goes with it.
func describesBody(name string) bool {
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Expect":
		return true
	}
	return false
}
