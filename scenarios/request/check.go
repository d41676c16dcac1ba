package request

import (
	"mime"
	"regexp"
	"slices"
	"strings"

	"fsctl/scenarios/strict"
	"fsctl/scenarios/template"
)

// Check reports what is wrong with the request at a path: its method, its URL and its body. Header fields, files and
// variables are not looked at.
func (r *Request) Check(f *strict.Fields, path string) {
	if err := CheckURL(r.URL); err != nil {
		f.Problem(path+".url", "%v", err)
	}
	switch {
	case !methodName.MatchString(r.Method):
		f.Problem(path+".method", "found %q, wanted GET, POST or another in capitals", r.Method)
	case r.Method == "CONNECT":
		f.Problem(path+".method", "found CONNECT, wanted another: it asks for a tunnel and gets no answer to judge")
	}
	if bodies := r.Bodies(); len(bodies) > 1 {
		f.Problem(path+"."+bodies[1], "found it beside %s, wanted one or the other", bodies[0])
	}
	r.checkForm(f, path)
	r.checkMultipart(f, path)
	r.checkGraphQL(f, path)
	r.checkMediaType(f, path)
}

var methodName = regexp.MustCompile(`^[A-Z]+$`)

func (r *Request) checkForm(f *strict.Fields, path string) {
	if f.Has(path+".form") && len(r.Form) == 0 && !f.HasUnread(path+".form") {
		f.Problem(path+".form", "found no field, wanted one at least")
	}
	for _, field := range r.Form {
		checkFieldName(f, path+".form."+field.Name, field.Name)
		if len(field.Values) == 0 && !f.HasUnread(path+".form") {
			f.Problem(path+".form."+field.Name, "found no value, wanted a text or a list of texts")
		}
	}
	if media := MediaType(r.ContentType()); len(r.Form) > 0 && media != "" && media != formMedia {
		f.Problem(path+".headers", "found Content-Type %s beside form, wanted %s or no such header", media, formMedia)
	}
}

// formMedia is how forms are sent.
const formMedia = "application/x-www-form-urlencoded"

// checkFieldName refuses a variable in the name of a form's field.
func checkFieldName(f *strict.Fields, path, name string) {
	if strings.Contains(name, "${") {
		f.Problem(path, "found the name %q, wanted one without a variable: variables stand in values", name)
	}
}

func (r *Request) checkMultipart(f *strict.Fields, path string) {
	if f.Has(path+".multipart") && len(r.Multipart) == 0 && !f.HasUnread(path+".multipart") {
		f.Problem(path+".multipart", "found no part, wanted one at least")
	}
	for _, p := range r.Multipart {
		at := path + ".multipart." + p.Name
		checkFieldName(f, at, p.Name)
		if p.Type == "" {
			continue
		}
		if _, _, err := mime.ParseMediaType(p.Type); err != nil || !strings.Contains(p.Type, "/") || strings.ContainsAny(p.Type, "\r\n") {
			f.Problem(at+".type", "found %q, wanted a media type such as image/png", p.Type)
		}
	}
	if len(r.Multipart) > 0 && r.ContentType() != "" {
		f.Problem(path+".headers", "found Content-Type %s beside multipart, wanted no such header: it names the boundary, which is drawn", r.ContentType())
	}
}

func (r *Request) checkGraphQL(f *strict.Fields, path string) {
	q := r.GraphQL
	if q == nil || f.HasUnread(path+".graphql") {
		return
	}
	if strings.TrimSpace(q.Query) == "" {
		f.Problem(path+".graphql.query", "found an empty text, wanted a query such as { items { id } }")
	}
	if i := strings.Index(q.Query, "${"); i >= 0 {
		f.Problem(path+".graphql.query", "found %q, wanted a variable of GraphQL's own: query($sku: ID!) { ... }, with variables: {sku: \"${sku}\"}", q.Query[i:min(len(q.Query), i+20)])
	}
	if text := strings.TrimSpace(string(q.Variables)); text != "" && !strings.HasPrefix(text, "{") {
		f.Problem(path+".graphql.variables", "found %.40q, wanted names with values, such as {sku: \"${sku}\"}", text)
	}
	if media := MediaType(r.ContentType()); media != "" && !strings.Contains(media, "json") && !strings.Contains(media, "${") {
		f.Problem(path+".headers", "found Content-Type %s beside graphql, wanted application/json or no such header", media)
	}
}

// checkMediaType refuses a media type that is known only when a request is sent: values in a body are encoded by it.
func (r *Request) checkMediaType(f *strict.Fields, path string) {
	body, _ := template.Parse(r.Body.Text)
	if media := MediaType(r.ContentType()); strings.Contains(media, "${") && len(body.Values()) > 0 {
		f.Problem(path+".headers", "found the media type %s beside a body with variables, wanted it without a variable: values in a body are encoded by it", media)
	}
}

// Warnings returns what is valid in the request at a path and hardly meant, a sentence each.
func (r *Request) Warnings(path string) (list []string) {
	if bodies := r.Bodies(); len(bodies) > 0 && slices.Contains([]string{"GET", "HEAD"}, r.Method) {
		list = append(list, path+"."+bodies[0]+" is sent with "+r.Method+", and most servers do not read the body of such a request: say method: POST, or leave method out")
	}
	if r.ContentType() == "" && formBody.MatchString(strings.TrimSpace(r.Body.Text)) {
		list = append(list, path+".body looks like a form and has no content type, so it is sent as it is and most servers do not read it: add headers: {Content-Type: application/x-www-form-urlencoded}, or text/plain where that is meant")
	}
	return list
}

// formBody is what looks like a form.
var formBody = regexp.MustCompile(`^[A-Za-z0-9_.\[\]%+-]+=[^&\n]*(&[A-Za-z0-9_.\[\]%+-]+=[^&\n]*)+$`)
