package render

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// junitElement is what both common schemas allow and want of an element: junit-10.xsd of Jenkins' xUnit plugin (MIT), and the JUnit.xsd
// of Windy Road (Apache 2.0). Both are told here in our own words.
type junitElement struct {
	wanted   map[string]*regexp.Regexp // attributes; no others are allowed
	children string                    // pattern of the names of the elements in it, each with a blank
	bare     bool                      // holds no text but blanks
}

func junitElements() map[string]junitElement {
	name, any := regexp.MustCompile(`\S`), regexp.MustCompile(``)
	count, seconds := regexp.MustCompile(`^[0-9]{1,9}$`), regexp.MustCompile(`^[0-9]+\.[0-9]{3}$`)
	message := junitElement{wanted: map[string]*regexp.Regexp{"message": any, "type": any}}
	return map[string]junitElement{
		"testsuites": {children: `(testsuite )*`, bare: true},
		"testsuite": {children: `properties (testcase )*system-out system-err `, bare: true, wanted: map[string]*regexp.Regexp{
			"name": name, "tests": count, "failures": count, "errors": count, "skipped": count, "time": seconds,
			"timestamp": regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$`), "hostname": name, "package": any, "id": count}},
		"properties": {children: `(property )*`, bare: true},
		"property":   {bare: true, wanted: map[string]*regexp.Regexp{"name": name, "value": any}},
		"testcase":   {children: `(skipped |error |failure )?`, bare: true, wanted: map[string]*regexp.Regexp{"name": any, "classname": any, "time": seconds}},
		"failure":    message, "error": message, "skipped": message,
		"system-out": {}, "system-err": {},
	}
}

// checkJUnit holds a document to both schemas, and its counts to its cases.
func checkJUnit(t *testing.T, document string) {
	t.Helper()
	type open struct {
		name, children string
	}
	elements, counts := junitElements(), map[string]int{}
	var path []open
	var suite map[string]string
	decoder := xml.NewDecoder(strings.NewReader(document))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("no XML: %v in\n%s", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e, ok := elements[token.Name.Local]
			if !ok || len(path) == 0 && token.Name.Local != "testsuites" {
				t.Fatalf("found <%s>, which the schemas do not know there", token.Name.Local)
			}
			counts[token.Name.Local]++
			found := map[string]string{}
			for _, a := range token.Attr {
				found[a.Name.Local] = a.Value
				if pattern := e.wanted[a.Name.Local]; pattern == nil || !pattern.MatchString(a.Value) {
					t.Errorf("<%s %s=%q> is not allowed", token.Name.Local, a.Name.Local, a.Value)
				}
			}
			for name := range e.wanted {
				if _, ok := found[name]; !ok {
					t.Errorf("<%s> has no %s", token.Name.Local, name)
				}
			}
			if token.Name.Local == "testsuite" {
				suite = found
			}
			if len(path) > 0 {
				path[len(path)-1].children += token.Name.Local + " "
			}
			path = append(path, open{name: token.Name.Local})
		case xml.EndElement:
			last := path[len(path)-1]
			if !regexp.MustCompile(`^(` + elements[last.name].children + `)$`).MatchString(last.children) {
				t.Errorf("<%s> holds %q, wanted %q", last.name, last.children, elements[last.name].children)
			}
			path = slices.Delete(path, len(path)-1, len(path))
		case xml.CharData:
			if len(path) > 0 && elements[path[len(path)-1].name].bare && strings.TrimSpace(string(token)) != "" {
				t.Errorf("<%s> holds the text %q", path[len(path)-1].name, token)
			}
		}
	}
	for attribute, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"} {
		if suite[attribute] != strconv.Itoa(counts[element]) {
			t.Errorf("found %s=%q, counted %d", attribute, suite[attribute], counts[element])
		}
	}
}
