package threshold

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// k6Threshold is what k6 reads of an expression.
type k6Threshold struct {
	method     string
	percentile float64
	operator   string
	value      float64
}

// parseAsK6 reads an expression as k6 v1 does. Source: grafana/k6, metrics/thresholds_parser.go.
func parseAsK6(input string) (t k6Threshold, ok bool) {
	var left, right string
	for _, t.operator = range []string{"<=", "<", ">=", ">", "===", "==", "!="} {
		if left, right, _ = strings.Cut(input, t.operator); right != "" {
			break
		}
	}
	left, right = strings.TrimSpace(left), strings.TrimSpace(right)
	var err error
	if t.value, err = strconv.ParseFloat(right, 64); err != nil {
		return t, false
	}
	if t.method = left; slices.Contains([]string{"value", "count", "rate", "avg", "min", "med", "max", "p"}, left) {
		return t, true
	}
	if !strings.HasPrefix(left, "p(") || !strings.HasSuffix(left, ")") {
		return t, false
	}
	t.method = "p"
	t.percentile, err = strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(left, "p("), ")"), 64)
	return t, err == nil && t.percentile >= 0 && t.percentile <= 100
}

// checkAgainstK6 wants an expression that k6 reads to be read to the same meaning, or refused by an error that names what is wrong.
func checkAgainstK6(t *testing.T, metric, text string) (read bool) {
	t.Helper()
	theirs, ok := parseAsK6(text)
	if !ok {
		return false
	}
	ours, err := Parse(metric, text)
	if err != nil {
		if !strings.Contains(err.Error(), "wanted") {
			t.Fatalf("%s %q: %v does not say what is wanted", metric, text, err)
		}
		isShareOver := ours.Kind == Share && theirs.method == "rate" && theirs.value > 1
		neverHolds := theirs.value < 0 && !slices.Contains([]string{">", ">=", "!="}, theirs.operator)
		if !isShareOver && !neverHolds && !math.IsInf(theirs.value, 0) && !math.IsNaN(theirs.value) && theirs.method != "p" &&
			slices.Contains(aggregations[ours.Kind], theirs.method) {
			t.Fatalf("%s %q: %v, though k6 reads %+v", metric, text, err, theirs)
		}
		return false
	}
	want := theirs.value
	if ours.Kind == Trend {
		want /= 1000
	}
	operator := strings.Replace(theirs.operator, "===", "==", 1)
	if ours.Aggregation != theirs.method || ours.Operator != operator || ours.Value != want || ours.Quantile != theirs.percentile/100 {
		t.Fatalf("%s %q: read as %+v, and by k6 as %+v", metric, text, ours, theirs)
	}
	return true
}

func TestK6Numbers(t *testing.T) {
	for _, number := range []string{"0", "-0", "+5", "5.", ".5", "1e0", "1E+0", "5e-1", "+.5e0", "0x1p-2", "0X1.8P-1", "0x_1p-2", "00000.5", "1e-400"} {
		for _, form := range []string{"p(99.9)<%s", "p(9.99e1) <= %s", "p(+95)>%s", "p(0x1p5)<%s", " avg\t>=\n%s ", "max===%s", "med!=%s", "min\u00a0==\u00a0%s", "p(1e-3)<%s", "p(.5)<%s", "p(100.)<%s"} {
			if text := fmt.Sprintf(form, number); !checkAgainstK6(t, "http_req_duration", text) {
				t.Errorf("%q is not read", text)
			}
		}
		for _, metric := range []string{"http_req_failed", "checks", "http_reqs"} {
			if text := "rate > " + number; number != "+5" && number != "5." && !checkAgainstK6(t, metric, text) {
				t.Errorf("%s %q is not read", metric, text)
			}
		}
	}
	for _, text := range []string{"count>-1", "count>=-1e3", "count!=-0.5", "rate>-0x1p3"} {
		if !checkAgainstK6(t, "http_reqs", text) {
			t.Errorf("%q, which always holds, is not read", text)
		}
	}
	for _, text := range []string{"avg<inf", "avg<+Infinity", "avg>NaN", "avg<-5", "avg==-5", "p(NaN)<5", "p<5", "p(-0.1)<5"} {
		if got, err := Parse("http_req_duration", text); err == nil || !strings.Contains(err.Error(), "wanted") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}

// What k6 has beyond that is refused by its name, with what to write instead.
func TestK6NamesAreRefused(t *testing.T) {
	for _, metric := range []string{"http_req_blocked", "http_req_sending", "http_req_receiving", "vus", "vus_max", "ws_connecting", "grpc_req_duration", "browser_web_vital_lcp"} {
		if _, err := Parse(metric, "p(95)<1"); err == nil || !strings.Contains(err.Error(), "k6's metric "+metric) || !strings.Contains(err.Error(), "write ") {
			t.Errorf("%s: %v", metric, err)
		}
	}
	for _, tag := range []string{"proto", "subproto", "url", "group", "check", "error", "error_code", "tls_version", "service", "iter", "vu", "ocsp_status", "ip"} {
		if _, err := Parse("http_req_duration{"+tag+":x}", "p(95)<1"); err == nil || !strings.Contains(err.Error(), "k6's tag "+tag) {
			t.Errorf("%s: %v", tag, err)
		}
	}
}

func FuzzK6Threshold(f *testing.F) {
	for _, text := range []string{"p(95)<500", "p(99.9) <= 1e3", "rate<0.01", "count>=+1", "value==0x1p-2", "avg!=-5", "med===.5", "max > 1_0", "p(1e1)>Inf", "rate==NaN", "rate<=1==2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, metric := range []string{"http_req_duration", "http_reqs", "http_req_failed", "achieved_rate"} {
			checkAgainstK6(t, metric, text)
		}
	})
}
