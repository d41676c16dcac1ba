package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fsctl/loadgen/redact"
	"fsctl/scenarios/template"
)

// fewestOfSet is the length in bytes from which on a value of --set is looked for in what is kept of an exchange. Shorter ones, such as a
// version, are in every text.
const fewestOfSet = 4

// shownSet returns assignments as run.json keeps them: of what goes into requests, feeders and the ledger's URL only the names.
func shownSet(set []string) []string {
	shown := slices.Clone(set)
	for i, assignment := range shown {
		if path, _, ok := strings.Cut(assignment, "="); ok && isSent(names(path)) {
			shown[i] = path + "=" + redact.Mark
		}
	}
	return shown
}

// names returns the names of a path, as package strict reads it.
func names(path string) []string {
	return strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
}

// isSent reports whether what stands at a path, or below it, goes to a target.
func isSent(path []string) bool {
	switch path[0] {
	case "feeders", "ledger":
		return true
	case "steps":
		return len(path) < 3 || path[2] == "request"
	}
	return false
}

// secretsIn returns what came into a scenario's requests and feeders from --set and FSCTL_SET, which nothing that is kept may hold but the
// scenario itself.
func secretsIn(set []string) (secrets []string) {
	for _, assignment := range set {
		path, value, ok := strings.Cut(assignment, "=")
		var v any
		if !ok || !isSent(names(path)) || yaml.Unmarshal([]byte(value), &v) != nil {
			continue
		}
		for _, secret := range sentTexts(names(path), v) {
			if len(secret) >= fewestOfSet && !slices.Contains([]string{"true", "false", "null", "none"}, strings.ToLower(secret)) {
				secrets = append(secrets, secret)
			}
		}
	}
	return append(secrets, fromEnvironment(set)...)
}

// sentTexts returns the texts at and below a path that go into headers, bodies and feeders, without the variables in them. A URL's are known by
// their names, as those of the scenario are.
func sentTexts(path []string, v any) (list []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			list = append(list, sentTexts(append(slices.Clone(path), name), child)...)
		}
		return list
	case []any:
		for i, child := range v {
			list = append(list, sentTexts(append(slices.Clone(path), fmt.Sprint(i)), child)...)
		}
		return list
	case nil:
		return nil
	}
	isHeader := len(path) > 4 && path[3] == "headers"
	isBody := len(path) > 3 && (path[3] == "body" || path[3] == "json")
	isField := path[0] == "feeders" && len(path) > 3 && path[2] == "fields"
	if isHeader && redact.IsPublicHeader(path[4]) || !isHeader && !isBody && !isField {
		return nil
	}
	text := fmt.Sprint(v)
	if isBody {
		list = append(list, withoutSchemes(texts(text))...)
	}
	return append(list, withoutSchemes([]string{text})...)
}

// fromEnvironment returns what came into a scenario's requests and feeders from FSCTL_SET: the value, of one with variables the texts
// around them, and each text of a JSON document. What the environment holds may be a secret whatever it sets.
func fromEnvironment(set []string) []string {
	given := os.Getenv(envName("set"))
	path, value, _ := strings.Cut(given, "=")
	if !slices.Contains(set, given) || !strings.Contains(path, ".request.") && !strings.HasPrefix(path, "feeders.") {
		return nil
	}
	return withoutSchemes(append(texts(value), value))
}

// withoutSchemes returns what stands around the variables of texts, and a credential without the scheme before it too.
func withoutSchemes(list []string) (secrets []string) {
	for _, text := range list {
		for _, literal := range literals(text) {
			literal = strings.TrimSpace(literal)
			if _, credential, ok := strings.Cut(literal, " "); ok {
				secrets = append(secrets, credential)
			}
			secrets = append(secrets, literal)
		}
	}
	schemes := []string{"", "Basic", "Bearer", "Digest", "Token"}
	return slices.DeleteFunc(secrets, func(s string) bool { return slices.Contains(schemes, s) })
}

// literals returns what stands around the values of a text, and the texts within them.
func literals(text string) (list []string) {
	t, err := template.Parse(text)
	if err != nil {
		return []string{text}
	}
	for _, part := range t {
		list = append(list, part.Literal)
		if part.Value != nil {
			list = append(list, part.Value.Literals()...)
		}
	}
	return list
}

// texts returns the texts in a JSON document, none of what is no document.
func texts(document string) (list []string) {
	var v any
	if json.Unmarshal([]byte(document), &v) != nil {
		return nil
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(v)
	return list
}
