package threshold

import (
	"math"
	"strings"
	"testing"
	"time"
)

// The forms are those of k6's documentation on thresholds, then the units that are ours.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		metric, text string
		aggregation  string
		quantile     float64
		operator     string
		value        float64
		unit         string
	}{
		{"http_req_duration", "p(90) < 400", "p", 0.9, "<", 0.4, "s"},
		{"http_req_duration", "p(99.9)<400", "p", 0.999, "<", 0.4, "s"},
		{"http_req_duration", "p(95)<=200.5", "p", 0.95, "<=", 0.2005, "s"},
		{"http_req_duration", "p(100)<1", "p", 1, "<", 0.001, "s"},
		{"http_req_duration", "p(0)>0", "p", 0, ">", 0, "s"},
		{"http_req_duration", "avg<200", "avg", 0, "<", 0.2, "s"},
		{"http_req_duration", "max<=2000", "max", 0, "<=", 2, "s"},
		{"http_req_duration", "min>1", "min", 0, ">", 0.001, "s"},
		{"http_req_waiting", "med<=300", "med", 0, "<=", 0.3, "s"},
		{"http_req_connecting", "med < 10", "med", 0, "<", 0.01, "s"},
		{"http_req_failed", "rate<0.01", "rate", 0, "<", 0.01, ""},
		{"checks", "rate>0.9", "rate", 0, ">", 0.9, ""},
		{"checks", "rate==1", "rate", 0, "==", 1, ""},
		{"http_reqs", "count>=1000", "count", 0, ">=", 1000, ""},
		{"http_reqs", "rate>=100", "rate", 0, ">=", 100, "1/s"},
		{"iterations", "count!=0", "count", 0, "!=", 0, ""},
		{"dropped_iterations", "count===0", "count", 0, "==", 0, ""},
		{"achieved_rate", "value===1", "value", 0, "==", 1, ""},
		{"achieved_rate", "value!==0", "value", 0, "!=", 0, ""},
		{"data_received", "count<1e6", "count", 0, "<", 1e6, ""},
		{"response_time", "p(99)<300ms", "p", 0.99, "<", 0.3, "s"},
		{"service_time", "  p( 99 ) <  1m30s ", "p", 0.99, "<", 90, "s"},
		{"service_time", "p(99) < 350 ms", "p", 0.99, "<", 0.35, "s"},
		{"service_time", "max<26 min 23 s", "max", 0, "<", 1583, "s"},
		{"http_req_failed", "rate<0.1 %", "rate", 0, "<", 0.001, ""},
		{"lateness", "max<50ms", "max", 0, "<", 0.05, "s"},
		{"http_req_failed", "rate<0.1%", "rate", 0, "<", 0.001, ""},
		{"http_req_failed", "count<5", "count", 0, "<", 5, ""},
		{"achieved_rate", "value>98%", "value", 0, ">", 0.98, ""},
		{"http_reqs", "rate>6k/m", "rate", 0, ">", 100, "1/s"},
		{"data_sent", "count<1.5M", "count", 0, "<", 1.5e6, ""},
	} {
		got, err := Parse(c.metric, c.text)
		if err != nil {
			t.Errorf("%s %s: %v", c.metric, c.text, err)
			continue
		}
		if got.Metric != c.metric || got.Text != c.text || got.Aggregation != c.aggregation || math.Abs(got.Quantile-c.quantile) > 1e-12 ||
			got.Operator != c.operator || math.Abs(got.Value-c.value) > 1e-12 || got.Unit() != c.unit {
			t.Errorf("%s %s: found %+v with unit %q, wanted %+v", c.metric, c.text, got, got.Unit(), c)
		}
	}
}

func TestBadThresholds(t *testing.T) {
	for _, c := range []struct{ metric, text, want string }{
		{"http_req_durations", "avg<1", "unknown metric \"http_req_durations\", wanted one of abandoned, achieved_rate, checks, "},
		{"http_req_durations", "avg<1", "(did you mean http_req_duration?)"},
		{"", "avg<1", "unknown metric"},
		{"response_time", "p(101)<300", "found p(101), wanted p(N) with N from 0 to 100"},
		{"response_time", "p(1.2.3)<300", "found p(1.2.3)"},
		{"response_time", "p(.)<300", "found p(.)"},
		{"response_time", "p(-1)<300", "found p(-1), wanted p(N) with N from 0 to 100"},
		{"response_time", "p<300", "wanted p(N)"},
		{"response_time", "avg(3)<300", "no number after any other aggregation"},
		{"response_time", "rate<0.1", `found aggregation "rate" of response_time, wanted avg, min, max, med, p(N)`},
		{"http_reqs", "p(99)<3", "wanted count, rate"},
		{"http_req_failed", "avg<3", "wanted rate, count"},
		{"achieved_rate", "rate<3", "wanted value"},
		{"achieved_rate", "mode<3", "wanted value"},
		{"response_time", "", "wanted an aggregation"},
		{"response_time", "avg", "wanted an aggregation"},
		{"response_time", "avg<", "wanted an aggregation"},
		{"response_time", "avg=<3", "wanted an aggregation"},
		{"response_time", "avg<3 4", "wanted an aggregation"},
		{"response_time", "AVG<3", "wanted an aggregation"},
		{"response_time", "avg<3 && max<4", "wanted an aggregation"},
		{"response_time", "avg<fast", `found "fast", wanted a duration`},
		{"response_time", "avg<10%", `found "10%", wanted a duration`},
		{"response_time", "avg<nan", "wanted a duration"},
		{"response_time", "avg<inf", "wanted a duration"},
		{"response_time", "avg<-3", "wanted a duration"},
		{"http_req_failed", "rate<5", "found 5 for a share, wanted 0 to 1"},
		{"http_req_failed", "rate<101%", "wanted a share"},
		{"http_req_failed", "count<1%", "wanted a count"},
		{"http_reqs", "rate<1%", "wanted a count"},
		{"http_reqs", "rate<1/d", "wanted a rate"},
		{"http_reqs", "count<1/s", "wanted a count"},
		{"http_reqs", "count<-1", "wanted a count"},
		{"response_time{step:order", "avg<1", "wanted tags closed by }"},
		{"response_time{}", "avg<1", `unknown tag ""`},
		{"response_time{state:200}", "avg<1", `unknown tag "state"`},
		{"response_time{stats:200}", "avg<1", "(did you mean status?)"},
		{"response_time{status:ok}", "avg<1", "found status:ok, wanted a status code such as 200"},
		{"response_time{status:20}", "avg<1", "found status:20, wanted a status code such as 200"},
		{"response_time{method:get}", "avg<1", "found method:get, wanted a method such as GET"},
		{"response_time{scenario:}", "avg<1", "found the tag scenario without a value"},
		{"response_time{status:200,status:404}", "avg<1", "found the tag status twice"},
		{"response_time{step}", "avg<1", "without a value"},
		{"response_time{step:a,step:b}", "avg<1", "found the tag step twice"},
		{"response_time{step:a,name:b}", "avg<1", "found the tag name twice"},
		{"response_time{expected_response:yes}", "avg<1", "wanted true or false"},
		{"outcome", "rate<1%", "outcome{outcome:placed}"},
		{"outcome{step:order}", "rate<1%", "outcome{outcome:placed}"},
	} {
		if got, err := Parse(c.metric, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %+v, %v; wanted %q", c.metric, c.text, got, err, c.want)
		}
	}
}

func TestThresholdTags(t *testing.T) {
	for key, want := range map[string]string{
		"http_req_duration":                            "http_req_duration",
		"http_req_duration{name:order}":                "http_req_duration{step:order}",
		"http_req_duration{ step : order }":            "http_req_duration{step:order}",
		"outcome{outcome:placed, step:order}":          "outcome{step:order,outcome:placed}",
		"http_req_duration{expected_response:true}":    "http_req_duration{expected_response:true}",
		`http_req_duration{status:"200", method:GET}`:  "http_req_duration{method:GET,status:200}",
		"http_reqs{status:0,scenario:buyer,step:a}":    "http_reqs{scenario:buyer,step:a,status:0}",
		"service_time{step:a,expected_response:false}": "service_time{step:a,expected_response:false}",
	} {
		var got Threshold
		if err := got.parseMetric(key, nil); err != nil || got.Key() != want {
			t.Errorf("%s: %s, %v; wanted %s", key, got.Key(), err, want)
		}
		var again Threshold
		if err := again.parseMetric(got.Key(), nil); err != nil || again.Key() != got.Key() {
			t.Errorf("%s: read again as %s, %v", got.Key(), again.Key(), err)
		}
	}
}

func TestThresholdHolds(t *testing.T) {
	for operator, want := range map[string][3]bool{
		"<": {true, false, false}, "<=": {true, true, false}, ">": {false, false, true},
		">=": {false, true, true}, "==": {false, true, false}, "!=": {true, false, true},
	} {
		limit := Threshold{Operator: operator, Value: 2}
		for i, value := range []float64{1, 2, 3} {
			if got := limit.Holds(value); got != want[i] {
				t.Errorf("%v %s 2: %t", value, operator, got)
			}
		}
	}
}

func TestParseWindow(t *testing.T) {
	for text, want := range map[string]Window{
		"T0..T0+10s": {0, 10 * time.Second}, "T0-1m..T0": {-time.Minute, 0}, "T0 .. T0+1s": {0, time.Second},
	} {
		got, err := ParseWindow(text)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
		if again, err := ParseWindow(got.String()); err != nil || again != got {
			t.Errorf("%s read again: %v, %v", got, again, err)
		}
	}
	for text, want := range map[string]string{
		"": "wanted FROM..TO", "T0": "wanted FROM..TO", "T0..": "wanted FROM..TO", "0s..10s": "wanted FROM..TO", "T0..T0+1s..T0+2s": "wanted FROM..TO",
		"T0..T0": "ends before it begins", "T0+2s..T0+1s": "ends before it begins", "T0..T0+1500ms": "whole seconds", "T0-1ms..T0+1s": "whole seconds",
	} {
		if got, err := ParseWindow(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; wanted %q", text, got, err, want)
		}
	}
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]string{
		"response_time: p(99)<300ms":                          "response_time p(99)<300ms",
		" http_reqs{status:404,method:GET} :count < 1 ":       "http_reqs{method:GET,status:404} count < 1",
		"http_req_duration{scenario: buyer}:p(99.9)<1e3":      "http_req_duration{scenario:buyer} p(99.9)<1e3",
		`http_reqs{expected_response:true,step:"a"}: rate>-1`: "http_reqs{step:a,expected_response:true} rate>-1",
	} {
		l, err := ParseLimit(text)
		if err != nil || len(l.Thresholds) != 1 || l.Thresholds[0].Key()+" "+l.Thresholds[0].Text != want {
			t.Errorf("%q: %+v, %v, wanted %s", text, l, err, want)
		}
	}
	for _, text := range []string{"", ":", "response_time", "response_time p(99)<1", "http_reqs{status:404}", "http_reqs{status:404: count<1", "checks{scenario:a}: rate>0", "iterations{step:a}: count>1"} {
		if l, err := ParseLimit(text); err == nil {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}
