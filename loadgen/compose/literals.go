package compose

import (
	"slices"
	"strings"

	"fsctl/loadgen/redact"
	"fsctl/scenarios"
	"fsctl/scenarios/request"
	"fsctl/scenarios/template"
)

// fewestOfLiteral is the length in bytes from which on a literal value of a header may be a secret.
const fewestOfLiteral = 8

// literalSecrets returns the values in a scenario's requests that are secrets, or may be, though they stand there as they are: what has
// the name of a secret, the values of headers that are the scenario's own, and words that seem to be drawn at random. They stay in the
// scenario's document alone.
func literalSecrets(sc *scenarios.Scenario) (list []string) {
	for i := range sc.Steps {
		r := &sc.Steps[i].Request
		list = append(list, urlLiterals(r.URL)...)
		for _, body := range bodyTexts(r) {
			list = append(list, namedLiterals(body)...)
			for _, literal := range literalsOf(body) {
				list = append(list, redact.Tokens(literal, false)...)
			}
		}
		for _, name := range sorted(r.Headers) {
			list = append(list, headerLiterals(name, r.Headers[name])...)
		}
	}
	if sc.Ledger.IsRead() {
		list = append(list, urlLiterals(sc.Ledger.URL)...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// LiteralCredentials returns the headers of a scenario's requests that carry a credential by their names and have a literal value, such as
// steps.order.request.headers.Authorization. With ${env.NAME} the value would be in no file.
func LiteralCredentials(sc *scenarios.Scenario) (places []string) {
	for i := range sc.Steps {
		s := &sc.Steps[i]
		for _, name := range sorted(s.Request.Headers) {
			value := s.Request.Headers[name]
			if !redact.IsSecretName(name) || len(headerLiterals(name, value)) == 0 {
				continue
			}
			place := "steps." + s.Name + ".request.headers." + name
			if sc.Defaults.Headers[name] == value {
				place = "defaults.headers." + name
			}
			if !slices.Contains(places, place) {
				places = append(places, place)
			}
		}
	}
	return places
}

// bodyTexts returns the texts of a request's body.
func bodyTexts(r *request.Request) []string {
	list := []string{r.Body.Text, string(r.JSON)}
	for _, f := range r.Form {
		for _, value := range f.Values {
			list = append(list, f.Name+"="+value)
		}
	}
	for _, p := range r.Multipart {
		list = append(list, p.Name+"="+p.Text)
	}
	if r.GraphQL != nil {
		list = append(list, string(r.GraphQL.Variables), r.GraphQL.Query)
	}
	return list
}

func urlLiterals(url string) (list []string) {
	path, query, _ := strings.Cut(url, "?")
	for _, literal := range literalsOf(path) {
		list = append(list, redact.Tokens(literal, true)...)
	}
	for _, literal := range literalsOf(query) {
		list = append(list, redact.Tokens(literal, false)...)
	}
	return append(list, namedLiterals(url)...)
}

func headerLiterals(name, value string) (list []string) {
	if redact.IsPublicHeader(name) {
		return namedLiterals(value)
	}
	for _, literal := range literalsOf(value) {
		literal = strings.TrimSpace(literal)
		list = append(list, redact.HeaderSecrets(name, literal)...)
		if !redact.IsSecretName(name) && len(literal) >= fewestOfLiteral {
			list = append(list, literal)
		}
	}
	return list
}

// between stands for a variable in a template's text. No text of a scenario has it.
const between = "\x00"

// namedLiterals returns the literal parts of what a template holds as a secret by its name.
func namedLiterals(text string) (list []string) {
	for _, value := range redact.NamedValues(strings.Join(literalsOf(text), between)) {
		for literal := range strings.SplitSeq(value, between) {
			if len(literal) >= fewestOfLiteral/2 {
				list = append(list, literal)
			}
		}
	}
	return list
}

// literalsOf returns the texts before, between and after the variables of a template.
func literalsOf(text string) []string {
	parts, err := template.Parse(text)
	if err != nil {
		return nil // it is refused where it is compiled
	}
	list := []string{""}
	for _, p := range parts {
		if p.Value != nil {
			list = append(list, "")
		}
		list[len(list)-1] += p.Literal
	}
	return list
}
