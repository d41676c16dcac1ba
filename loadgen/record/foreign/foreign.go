// Package foreign recognizes files of other tools by their beginning.
package foreign

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
)

// Size is how much of a file's beginning Recognize looks at, in bytes.
const Size = 64 << 10

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

// newScenario is how to use what says which requests there are.
const newScenario = "it says which requests there are: write those of the sale into a scenario, which begins with: fsctl scenarios new"

// kinds are in the order in which they are tried: what is more special first.
var kinds = []kind{
	{Kind{"a HAR file, a browser's recording", "it holds requests and no load test: a browser's developer tools read it"}, pattern(`^\s*\{\s*"log"\s*:\s*\{|"log"\s*:\s*\{\s*"(version|creator|entries|pages|browser)"\s*:`)},
	{Kind{"an OpenAPI description", newScenario}, pattern(`"(openapi|swagger)"\s*:\s*"[0-9]|"paths"\s*:\s*\{\s*"/|(?m)^["']?(openapi|swagger)["']?\s*:`)},
	{Kind{"a Postman collection", newScenario}, pattern(`"_postman_id"|schema\.getpostman\.com`)},
	{Kind{"JMeter's results (JTL)", "jmeter -g FILE -o DIR reads them"}, pattern(`^[^\n]*\btimeStamp\b[^\n]*\belapsed\b|^[^\n]*\belapsed\b[^\n]*\btimeStamp\b|^[0-9]{13}[,;\t][0-9]+[,;\t][^\n]*[,;\t](true|false)[,;\t]|<testResults\b|<(httpSample|sample)\s[^>]*\bt="`)},
	{Kind{"a JMeter test plan (JMX)", "jmeter -n -t FILE runs it"}, pattern(`<jmeterTestPlan\b`)},
	{Kind{"k6's output of single points", "k6 made it with --out; its end-of-test summary has the sums"}, pattern(`^\s*\{[^\n]*"type"\s*:\s*"(Metric|Point)"|^metric_name,timestamp`)},
	{Kind{"k6's summary", "it holds no single results"}, pattern(`"http_req_duration"\s*:\s*\{|"root_group"\s*:|(?m)^\s*(http_req_duration|iteration_duration|http_reqs)\.{3,}`)},
	{Kind{"a script of k6", "k6 run FILE runs it"}, pattern(`(?m)^\s*import\s[^\n]*from\s+["']k6(/|["'])`)},
	{Kind{"a report of vegeta", "it holds no single results: name the file that vegeta attack wrote"}, pattern(`^\s*\{\s*"latencies"\s*:|^Requests\s+\[total, rate|^Bucket\s+#`)},
	{Kind{"Gatling's simulation.log", "gatling -ro DIR reads it"}, pattern(`^(RUN|ASSERTION|USER|REQUEST)\t|^\x00\x00\x00\x00[\x01-\x20][0-9]+\.[0-9]+\.[0-9]+`)},
	{Kind{"Locust's statistics (CSV)", "it holds no single results: Locust's own web page, or --html FILE, shows them"}, pattern(`^"?(Type"?,"?Name"?,"?(Request Count|# requests)|Timestamp"?,"?User Count|Method"?,"?Name"?,"?(Error|Message))\b`)},
	{Kind{"the report of wrk", "it holds no single results, and is for people to read"}, pattern(`^Running \S+ test @ `)},
	{Kind{"the report of ab", "it holds no single results, and is for people to read"}, pattern(`^This is ApacheBench|(?m)^Concurrency Level:\s`)},
	{Kind{"the report of hey", "it holds no single results, and is for people to read"}, pattern(`^\s*Summary:\s+Total:\s`)},
	{Kind{"the report of fortio", "fortio report shows it"}, pattern(`"DurationHistogram"\s*:|"RequestedQPS"\s*:`)},
	{Kind{"a log of HdrHistogram", "if it is latency.hlog of a run, name the run's directory"}, pattern(`^#\[.*[Hh]istogram log format`)},
	{Kind{"JUnit's XML", "it is a report already"}, pattern(`<testsuites?\b`)},
	{Kind{"a scenario", "send its load with: fsctl attack FILE --target URL, or check it with: fsctl scenarios validate FILE"}, pattern(`(?m)^["']?apiVersion["']?\s*:\s*["']?fsctl/|^\s*\{[^{}]*"apiVersion"\s*:\s*"fsctl/`)},
	{Kind{"a plan of fsctl", "fsctl plan made it from a scenario; a run is what fsctl attack leaves"}, pattern(`^\s*\{\s*"scenario"\s*:[^{}]*"trials"\s*:|^scenario:[^\n]*\n(seed|trials):`)},
	{Kind{"a calibration of fsctl", "fsctl plan --calibration FILE reads it"}, pattern(`(?m)^kind\s*:\s*["']?Calibration`)},
	{Kind{"a report of fsctl", "name the run's directory, or show it as it is"}, pattern(`^\s*\{\s*"run"\s*:[^{}]*"verdict"\s*:|^run:[^\n]*\nscenario:[^\n]*\nverdict:|^## (PASS|FAIL|INVALID|INCOMPLETE|NOT STARTED): `)},
	{Kind{"a file of a run", "name the run's directory"}, pattern(`^\s*\{\s*"(fsctl_version|format_version|second|run)"\s*:|^\{"files":\[\{"name":|^\{"step":"[^"\n]*","reason":`)},
	{Kind{"a list of targets", "send it with: fsctl attack --targets FILE --rate RATE"}, pattern(`(?m)^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) +https?://|^\s*\{\s*"(method|url)"\s*:\s*"[^"\n]*",\s*"(method|url)"\s*:`)},
	{Kind{"a web server's access log", "it says which requests there were: write those of the sale into a scenario, which begins with: fsctl scenarios new"}, pattern(`^\S+ \S+ \S+ \[[^\]\n]+\] "[A-Z]+ [^"\n]*" [0-9]{3} `)},
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
		if !strings.HasPrefix(string(head), p.magic) {
			continue
		}
		if inner, ok := Recognize(unpack(head)); ok {
			return Kind{inner.Name + ", packed by gzip", strings.TrimSuffix(p.hint+"; then: "+inner.Hint, "; then: ")}, true
		}
		return Kind{p.name, p.hint}, true
	}
	if len(head) == 0 {
		return Kind{}, false
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return Kind{"nothing but blanks", "whoever wrote it may have failed"}, true
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for _, k := range kinds {
		if k.pattern.Match(head) {
			return k.Kind, true
		}
	}
	return Kind{}, false
}

// unpack returns the beginning of what gzip packed, nothing for other files. What is packed again stays so.
func unpack(head []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return nil
	}
	inner, _ := io.ReadAll(io.LimitReader(r, Size)) // the end may be missing
	if bytes.HasPrefix(inner, []byte("\x1f\x8b")) {
		return nil
	}
	return inner
}
