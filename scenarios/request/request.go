// Package request reads what a step sends.
package request

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Request is the template of an HTTP request. ${name} stands for a variable in url, headers, body and json, ${env.NAME} for one of
// the environment of whoever starts the storm: see WithEnvironment. Redirects
// are from 0, each a request more.
type Request struct {
	Method    string            `yaml:"method" jsonschema_description:"GET by default, POST with a body."`
	URL       string            `yaml:"url" jsonschema_description:"Path and query, appended to the target."`
	Headers   map[string]string `yaml:"headers"`
	Host      string            `yaml:"host" jsonschema_description:"One of targets; main, which is --target, by default."`
	Body      Body              `yaml:"body" jsonschema_description:"Sent as it is, with values encoded by the content type: a form, JSON, XML or multipart; or {file: F}, a file beside the scenario, sent as it is."`
	JSON      JSON              `yaml:"json" jsonschema_description:"Sent as JSON, in place of body."`
	Form      Form              `yaml:"form" jsonschema_description:"Fields of a form, in their order; a list of values sends the field several times."`
	Multipart Multipart         `yaml:"multipart" jsonschema_description:"Parts of a multipart form: a text, or {file: F, type: T} for a file beside the scenario."`
	GraphQL   *GraphQL          `yaml:"graphql" jsonschema_description:"A GraphQL query, sent as JSON."`
	Redirects *int              `yaml:"redirects" jsonschema_description:"Redirects followed at most; 10 by default."`
	Timeout   time.Duration     `yaml:"timeout" jsonschema_description:"Longest time to the whole answer; 30s by default."`
}

// JSON is a body as JSON text; ${name} inside its strings stands for a variable.
type JSON string

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

// IsJSON reports whether a Content-Type is that of JSON, or of lines of JSON.
func IsJSON(contentType string) bool {
	media := MediaType(contentType)
	return slices.Contains([]string{"application/json", "text/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}, media) ||
		strings.HasSuffix(media, "+json")
}

// AddHeaders gives a request the fields of defaults that it does not have itself, whatever their case. One that it has without a value takes
// the default away. A Content-Type is for bodies that say none by their form: a body of text, JSON and GraphQL.
func (r *Request) AddHeaders(all map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		own, has := "", false
		for field := range r.Headers {
			if strings.EqualFold(field, name) {
				own, has = field, true
			}
		}
		switch {
		case has && r.Headers[own] == "" && !strings.EqualFold(name, "User-Agent"): // without a value that field is not sent at all
			r.Headers = maps.Clone(r.Headers)
			delete(r.Headers, own)
		case has:
		case strings.EqualFold(name, "Content-Type") && r.Body.Text == "" && r.JSON == "" && r.GraphQL == nil:
		default:
			if r.Headers == nil {
				r.Headers = map[string]string{}
			}
			r.Headers[name] = all[name]
		}
	}
}
