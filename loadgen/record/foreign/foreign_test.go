package foreign

import (
	"bytes"
	"compress/gzip"
	"testing"
)

// packedText packs a text by gzip.
func packedText(text string) string {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text)) // to memory
	_ = w.Close()
	return out.String()
}

// TestRecognize knows the beginnings of what testers have at hand, and takes neither vegeta's results nor plain text for any of them.
func TestRecognize(t *testing.T) {
	for _, c := range []struct{ head, want string }{
		{`{"log": {"version": "1.2", "creator": {"name": "Firefox"}, "entries": []}}`, "a HAR file, a browser's recording"},
		{"\xef\xbb\xbf{\n  \"log\" : {\n", "a HAR file, a browser's recording"},
		{"# the shop\nopenapi: 3.1.0\ninfo: {title: shop}\n", "an OpenAPI description"},
		{`{"info": {"title": "x"}, "openapi": "3.0.3"}`, "an OpenAPI description"},
		{`{"openapi": "3.0.3", "info": {}}`, "an OpenAPI description"},
		{`{"swagger":"2.0"}`, "an OpenAPI description"},
		{`{"info": {"_postman_id": "1", "name": "shop"}, "item": []}`, "a Postman collection"},
		{"timeStamp,elapsed,label,responseCode\n1,2,a,200\n", "JMeter's results (JTL)"},
		{"<?xml version=\"1.0\"?>\n<testResults version=\"1.2\">\n<httpSample t=\"12\"/>", "JMeter's results (JTL)"},
		{"<?xml version=\"1.0\"?>\n<jmeterTestPlan version=\"1.2\">", "a JMeter test plan (JMX)"},
		{`{"type":"Metric","data":{"name":"http_reqs"},"metric":"http_reqs"}` + "\n", "k6's output of single points"},
		{`{"metrics": {"http_req_duration": {"avg": 1}}}`, "k6's summary"},
		{`{"latencies":{"total":1,"mean":1},"requests":3}`, "a report of vegeta"},
		{"Requests      [total, rate, throughput]  3, 1.5, 1.5\n", "a report of vegeta"},
		{"RUN\tshop.Sale\tsale\t1700000000000\t \t3.9\n", "Gatling's simulation.log"},
		{"#[Histogram log format version 1.3]\n", "a log of HdrHistogram"},
		{"<?xml version=\"1.0\"?><testsuites><testsuite/></testsuites>", "JUnit's XML"},
		{"# my sale\napiVersion: fsctl/v1\nkind: Scenario\n", "a scenario"},
		{`{"fsctl_version": "1", "scenario": "x"}`, "a file of a run"},
		{`{"second":0,"step":"order"}`, "a file of a run"},
		{"GET http://127.0.0.1:8080/\n", "a list of targets"},
		{"<!DOCTYPE html><html>", "an HTML page"},
		{"\x1f\x8b\x08\x00", "a file packed by gzip"},
		{packedText(`{"log": {"version": "1.2"}}`), "a HAR file, a browser's recording, packed by gzip"},
		{packedText(`{"log": {"version": "1.2"}}`)[:30], "a HAR file, a browser's recording, packed by gzip"},
		{packedText(packedText("GET http://x/")), "a file packed by gzip"},
		{packedText("hello"), "a file packed by gzip"},
		{`{"browser": "x", "log": {"version": "1.2"}}`, "a HAR file, a browser's recording"},
		{"\"openapi\": 3.1.0\n", "an OpenAPI description"},
		{`{"paths": {"/items": {"get": {}}}}`, "an OpenAPI description"},
		{"\"timeStamp\",\"elapsed\",\"label\"\n", "JMeter's results (JTL)"},
		{"label;elapsed;timeStamp\n", "JMeter's results (JTL)"},
		{"1700000000000,12,Home,200,OK,Thread 1-1,text,true,,10,1,1\n", "JMeter's results (JTL)"},
		{"metric_name,timestamp,metric_value\n", "k6's output of single points"},
		{"\n     http_req_duration..............: avg=1ms\n", "k6's summary"},
		{"import http from 'k6/http';\n", "a script of k6"},
		{"\x00\x00\x00\x00\x063.11.5\x00", "Gatling's simulation.log"},
		{"Type,Name,Request Count,Failure Count\n", "Locust's statistics (CSV)"},
		{"Timestamp,User Count,Type,Name\n", "Locust's statistics (CSV)"},
		{"Method,Name,Error,Occurrences\n", "Locust's statistics (CSV)"},
		{"Running 30s test @ http://127.0.0.1:8080/\n", "the report of wrk"},
		{"This is ApacheBench, Version 2.3\n", "the report of ab"},
		{"\nSummary:\n  Total:\t1.0 secs\n", "the report of hey"},
		{`{"RunType":"HTTP","RequestedQPS":"8"}`, "the report of fortio"},
		{"{\n  \"scenario\": \"x\",\n  \"seed\": 1,\n  \"trials\": 100,\n", "a plan of fsctl"},
		{"scenario: x\nseed: 1\n", "a plan of fsctl"},
		{"{\n  \"run\": \"r\",\n  \"scenario\": \"x\",\n  \"verdict\": \"pass\",", "a report of fsctl"},
		{"## PASS: sale\n", "a report of fsctl"},
		{"{\n  \"format_version\": 2,", "a file of a run"},
		{"# the shop\n\nGET http://127.0.0.1:1/\n", "a list of targets"},
		{`{"method":"GET","url":"http://x/"}`, "a list of targets"},
		{`127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326` + "\n", "a web server's access log"},
		{" \n\n", "nothing but blanks"},
		{"PK\x03\x04\x14", "a ZIP archive"},
		{`{"attack":"","seq":0,"code":200,"timestamp":"2026-11-11T10:00:00Z","latency":1,"bytes_out":0,"bytes_in":0,"error":"","body":null,"method":"GET","url":"http://x/openapi","headers":null}` + "\n", ""},
		{"1700000000000000000,200,1234,0,0,,,,0,GET,http://127.0.0.1/,\n", ""},
		{"hello\n", ""},
		{"", ""},
	} {
		k, ok := Recognize([]byte(c.head))
		if k.Name != c.want || ok != (c.want != "") {
			t.Errorf("%.40q is %q, wanted %q", c.head, k.Name, c.want)
		}
	}
}

// FuzzRecognize: no beginning is too odd.
func FuzzRecognize(f *testing.F) {
	f.Add([]byte(`{"log":{`))
	f.Fuzz(func(_ *testing.T, head []byte) { Recognize(head) })
}
