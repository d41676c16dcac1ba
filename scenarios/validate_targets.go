package scenarios

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fsctl/scenarios/request"
	"fsctl/scenarios/template"
)

// MainTarget is the name of the target that --target gives, to which steps without a host go.
const MainTarget = "main"

// TargetNames returns the names of the targets, the main one first and then the others, sorted.
func (s *Scenario) TargetNames() []string {
	return append([]string{MainTarget}, slices.Sorted(maps.Keys(s.Targets))...)
}

// targets checks the other targets, as far as they are known without those who send to them.
func (v *validator) targets() {
	for _, name := range slices.Sorted(maps.Keys(v.s.Targets)) {
		path := "targets." + name
		if v.name(path, name); name == MainTarget {
			v.Problem(path, "found the name %s, wanted another: that one is what --target gives", MainTarget)
		}
		if problem := targetProblem(v.s.Targets[name]); problem != "" {
			v.Problem(path, "%s", problem)
		}
	}
}

// targetProblem returns what is wrong with the URL of a target, empty for nothing. It says nothing of a user and a password but that they
// are there.
func targetProblem(text string) string {
	const wanted = "wanted https://HOST or http://HOST:PORT"
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(text, "@"), err == nil && u.User != nil:
		return "found a user or a password, " + wanted + " without: the scenario is kept with each run; give it with --target NAME=URL"
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "found " + strconv.Quote(text) + ", " + wanted
	case strings.Contains(text, "${"):
		return "found " + strconv.Quote(text) + ", " + wanted + " without a variable: --target NAME=URL gives another"
	case strings.ContainsAny(text, "?#"):
		return "found " + strconv.Quote(text) + ", " + wanted + " with at most a path: a query belongs to the steps"
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return "found " + strconv.Quote(text) + ", wanted a port from 1 to 65535"
	}
	return ""
}

// host checks which target a request goes to.
func (v *validator) host(path, name string) {
	if name != "" && !v.isOver {
		v.oneOf(path, "target", name, v.s.TargetNames())
	}
}

// isDefault reports whether a step has a header field from the defaults: what is wrong with it is a problem of theirs alone.
func (v *validator) isDefault(path, name, value string) bool {
	given, ok := v.s.Defaults.Headers[name]
	return ok && given == value && !v.Has(path)
}

const defaultHeaders = "defaults.headers"

// defaults checks what holds for every step.
func (v *validator) defaults() {
	v.headers(defaultHeaders, v.s.Defaults.Headers)
	for _, name := range slices.Sorted(maps.Keys(v.s.Defaults.Headers)) {
		v.template(defaultHeaders+"."+name, &request.Text{Written: v.s.Defaults.Headers[name], Place: template.InHeader})
	}
	if v.Has("defaults.timeout") && v.s.Defaults.Timeout <= 0 && !v.IsUnread("defaults.timeout") {
		v.Problem("defaults.timeout", "found 0, wanted above 0")
	}
}

// unusedTargets returns the targets that no step goes to, sorted.
func (s *Scenario) unusedTargets() (names []string) {
	for _, name := range s.TargetNames()[1:] {
		if !slices.ContainsFunc(s.Steps, func(step Step) bool { return step.Request.Host == name }) {
			names = append(names, name)
		}
	}
	return names
}
