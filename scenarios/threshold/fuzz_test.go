package threshold

import (
	"math"
	"strings"
	"testing"
)

func FuzzThreshold(f *testing.F) {
	for _, c := range [][2]string{
		{"http_req_duration", "p(99.9)<400"}, {"http_req_failed{name:order}", "rate<0.1%"}, {"http_reqs", "count>=1000"}, {"http_reqs", "rate>6k/m"},
		{"achieved_rate", "value===1"}, {"outcome{step:order,outcome:placed}", "rate > 0.5"}, {"service_time{expected_response:true}", "med != 1m3s"},
		{`http_reqs{scenario:buyer,status:"200",method:GET}`, "count>-1e0"}, {"iteration_duration", "p(9.9e1)<+.5"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, metric, text string) {
		got, err := Parse(metric, text)
		if err != nil {
			return
		}
		if got.Value < 0 && !strings.Contains("> >= !=", got.Operator) || math.IsInf(got.Value, 0) || math.IsNaN(got.Value) || got.Quantile < 0 || got.Quantile > 1 || got.Kind == "" || got.Text != text {
			t.Fatalf("%q %q: %+v", metric, text, got)
		}
		if again, err := Parse(got.Key(), text); err != nil || again.Key() != got.Key() {
			t.Fatalf("%q is read as %q, and that as %q: %v", metric, got.Key(), again.Key(), err)
		}
		if opposite := map[string]string{"<": ">=", ">": "<=", "==": "!=", "<=": ">", ">=": "<", "!=": "=="}[got.Operator]; opposite == "" {
			t.Fatalf("unknown operator %q", got.Operator)
		} else if other := (Threshold{Operator: opposite, Value: got.Value}); got.Holds(got.Value) == other.Holds(got.Value) {
			t.Fatalf("%q and its opposite agree", text)
		}
	})
}
