package transport

import "net/http"

// MayResend reports whether a request by this method may be sent again, once, on a new connection: the connection on which it
// was sent had been open before, and the server closed or reset it before the first byte of an answer. Servers do that to idle
// connections, and to all of them when they reload; a client cannot know before it sends.
//
// The methods are those of net/http, safe by RFC 9110, 9.2.1: GET, HEAD, OPTIONS, TRACE, with or without a body. PUT and DELETE
// are idempotent by 9.2.2 but have effects, and what a server makes of an Idempotency-Key is what a sale's test must show:
// these, like POST, are never sent twice. The buyer does not know either whether such a request was acted upon.
func MayResend(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
