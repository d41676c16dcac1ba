package scenarios

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ContentType returns the value of the request's Content-Type header, as it is written; empty where there is none.
func (r *Request) ContentType() string {
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		if strings.EqualFold(name, "Content-Type") {
			return r.Headers[name]
		}
	}
	return ""
}

// MediaType returns the media type of a Content-Type, without its parameters, in small letters.
func MediaType(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// contentType refuses a media type that is known only when a request is sent: values in a body are encoded by it.
func (v *validator) contentType(path string, r *Request) {
	body, _ := ParseTemplate(r.Body)
	if media := MediaType(r.ContentType()); strings.Contains(media, "${") && len(body.Variables()) > 0 {
		v.Problem(path+".request.headers", "found the media type %s beside a body with variables, wanted it without a variable: values in a body are encoded by it", media)
	}
}

// formBody is what looks like a form.
var formBody = regexp.MustCompile(`^[A-Za-z0-9_.\[\]%+-]+=[^&\n]*(&[A-Za-z0-9_.\[\]%+-]+=[^&\n]*)+$`)

// Warnings returns what is valid in the scenario and hardly meant, a sentence each.
func (s *Scenario) Warnings() (list []string) {
	for i := range s.Steps {
		r := &s.Steps[i].Request
		if r.ContentType() == "" && formBody.MatchString(strings.TrimSpace(r.Body)) {
			list = append(list, fmt.Sprintf("steps.%s.request.body looks like a form and has no content type, so it is sent as it is and most servers do not read it: add headers: {Content-Type: application/x-www-form-urlencoded}, or text/plain where that is meant", s.Steps[i].Name))
		}
	}
	if s.Ledger != nil && s.Ledger.Answers && slices.Contains(s.Invariants, Invariant{Name: NoLostOrder}) {
		list = append(list, "invariants: no-lost-order has no data with ledger: answers, and fails the run: only the shop's own ledger can show a lost order; leave it out, or say {name: no-lost-order, optional: true}")
	}
	return list
}
