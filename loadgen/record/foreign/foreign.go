// Package foreign recognizes files of other tools by their beginning.
package foreign

import (
	"bytes"
	"regexp"
	"strings"
)

// Size is how much of a file's beginning Recognize looks at, in bytes.
const Size = 16 << 10

// A Kind is a form of file that holds no results that can be read here.
type Kind struct {
	Name string // such as "a HAR file"
	Hint string // what reads it, or where what is wanted is
}

// kind is a Kind with the pattern that its files begin with, or have near their beginning.
type kind struct {
	Kind
	pattern *regexp.Regexp
}

// kinds are in the order in which they are tried: what is more special first.
var kinds = []kind{
	{Kind{"a HAR file, a browser's recording", "it holds requests and no load test: a browser's developer tools read it"}, pattern(`^\s*\{\s*"log"\s*:\s*\{`)},
	{Kind{"an OpenAPI description", "it says which requests there are: write those of the sale into a scenario, which begins with: fsctl scenarios new"}, pattern(`"(openapi|swagger)"\s*:\s*"|(?m)^(openapi|swagger)\s*:`)},
	{Kind{"a Postman collection", "it says which requests there are: write those of the sale into a scenario, which begins with: fsctl scenarios new"}, pattern(`"_postman_id"|schema\.getpostman\.com`)},
	{Kind{"JMeter's results (JTL)", "jmeter -g FILE -o DIR reads them"}, pattern(`^timeStamp[,;\t]elapsed|<testResults\b|<(httpSample|sample)\s[^>]*\bt="`)},
	{Kind{"a JMeter test plan (JMX)", "jmeter -n -t FILE runs it"}, pattern(`<jmeterTestPlan\b`)},
	{Kind{"k6's output of single points", "k6 made it with --out; its end-of-test summary has the sums"}, pattern(`^\s*\{[^\n]*"type"\s*:\s*"(Metric|Point)"|^metric_name,timestamp`)},
	{Kind{"k6's summary", "it holds no single results"}, pattern(`"http_req_duration"\s*:\s*\{|"root_group"\s*:`)},
	{Kind{"a report of vegeta", "it holds no single results: name the file that vegeta attack wrote"}, pattern(`^\s*\{\s*"latencies"\s*:|^Requests\s+\[total, rate`)},
	{Kind{"Gatling's simulation.log", "gatling -ro DIR reads it"}, pattern(`^RUN\t`)},
	{Kind{"a log of HdrHistogram", "if it is latency.hlog of a run, name the run's directory"}, pattern(`^#\[.*[Hh]istogram log format`)},
	{Kind{"JUnit's XML", "it is a report already"}, pattern(`<testsuites?\b`)},
	{Kind{"a scenario", "send its load with: fsctl attack FILE --target URL, or check it with: fsctl scenarios validate FILE"}, pattern(`(?m)^apiVersion\s*:\s*["']?fsctl/|^\s*\{[^{}]*"apiVersion"\s*:\s*"fsctl/`)},
	{Kind{"a file of a run", "name the run's directory"}, pattern(`^\s*\{\s*"(fsctl_version|second|run)"\s*:`)},
	{Kind{"a list of targets", "send it with: fsctl attack --targets FILE --rate RATE"}, pattern(`^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) +https?://`)},
	{Kind{"an HTML page", ""}, pattern(`(?i)^\s*(<!doctype html|<html\b)`)},
}

func pattern(text string) *regexp.Regexp { return regexp.MustCompile(text) }

// packed are forms of packed files, by their first bytes.
var packed = []struct{ magic, name, hint string }{
	{"\x1f\x8b", "a file packed by gzip", "unpack it: gunzip FILE"},
	{"PK\x03\x04", "a ZIP archive", "unpack it: unzip FILE"},
	{"\x28\xb5\x2f\xfd", "a file packed by zstd", "unpack it: zstd -d FILE"},
	{"BZh", "a file packed by bzip2", "unpack it: bunzip2 FILE"},
	{"\xfd7zXZ", "a file packed by xz", "unpack it: unxz FILE"},
}

// Recognize says what a file is by its first Size bytes. ok is false for a form that is not known.
func Recognize(head []byte) (k Kind, ok bool) {
	for _, p := range packed {
		if strings.HasPrefix(string(head), p.magic) {
			return Kind{p.name, p.hint}, true
		}
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for _, k := range kinds {
		if k.pattern.Match(head) {
			return k.Kind, true
		}
	}
	return Kind{}, false
}
