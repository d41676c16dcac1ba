package request

import (
	"maps"
	"slices"

	"fsctl/scenarios/template"
)

// Text is one of the texts with ${...} that a request is made of.
type Text struct {
	Field   string // where it stands in the request, such as headers.Authorization
	Written string // the text itself
	Place   template.Place
	IsJSON  bool // it is JSON itself, and not a text that is sent as JSON
}

// Parse reads the text. It fails as [template.Parse] and [template.ParseJSON] do.
func (t *Text) Parse() (template.Template, error) {
	if t.IsJSON {
		return template.ParseJSON(t.Written)
	}
	parsed, err := template.Parse(t.Written)
	if err == nil && t.Place == template.InJSON {
		return parsed.InJSON()
	}
	return parsed, err
}

// Texts returns the request's texts with ${...}, but for empty ones.
func (r *Request) Texts() []Text {
	body := Text{Field: "body", Written: r.Body.Text}
	if IsJSON(r.ContentType()) {
		body.Place = template.InJSON
	}
	list := []Text{{Field: "url", Written: r.URL, Place: template.InURL}, body, {Field: "json", Written: string(r.JSON), Place: template.InJSON, IsJSON: true}}
	for _, f := range r.Form {
		for _, value := range f.Values {
			list = append(list, Text{Field: "form." + f.Name, Written: value})
		}
	}
	for _, p := range r.Multipart {
		list = append(list, Text{Field: "multipart." + p.Name, Written: p.Text}, Text{Field: "multipart." + p.Name + ".name", Written: p.FileName})
	}
	if r.GraphQL != nil {
		list = append(list, Text{Field: "graphql.variables", Written: string(r.GraphQL.Variables), Place: template.InJSON, IsJSON: true})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		list = append(list, Text{Field: "headers." + name, Written: r.Headers[name], Place: template.InHeader})
	}
	return slices.DeleteFunc(list, func(t Text) bool { return t.Written == "" })
}

// Variables returns the names in the request's texts that stand for variables without a default: a user who lacks one does not send
// it. Words such as uuid are among them. Texts that cannot be read have none.
func (r *Request) Variables() (names []string) {
	for _, text := range r.Texts() {
		t, _ := text.Parse() // what is wrong with it is reported where it stands
		names = append(names, t.Needed()...)
	}
	return names
}

// Names returns all names in the request's texts, of variables with a default too. Texts that cannot be read have none.
func (r *Request) Names() (names []string) {
	for _, text := range r.Texts() {
		t, _ := text.Parse()
		names = append(names, t.Names()...)
	}
	return names
}
