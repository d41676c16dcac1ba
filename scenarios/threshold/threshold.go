// Package threshold reads what must hold of a run: a metric with its tags, and a condition on it, as k6 has them.
package threshold

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"fsctl/scenarios/quantity"
	"fsctl/scenarios/strict"
)

// Kind says which aggregations a metric has. The kinds are k6's.
type Kind string

// The kinds of metric.
const (
	Trend   Kind = "trend"   // a distribution of times: avg min max med p(N)
	Counter Kind = "counter" // a sum: count, rate (per second)
	Gauge   Kind = "gauge"   // one figure: value
	Share   Kind = "rate"    // a share of requests, 0 to 1: rate (and count)
)

// metricKinds names every metric a threshold may judge: k6's, then ours.
var metricKinds = map[string]Kind{
	"http_reqs": Counter, "http_req_failed": Share, "http_req_duration": Trend,
	"http_req_waiting": Trend, "http_req_connecting": Trend, "http_req_tls_handshaking": Trend,
	"iterations": Counter, "iteration_duration": Trend, "dropped_iterations": Counter, "checks": Share,
	"data_sent": Counter, "data_received": Counter,
	"response_time": Trend, "service_time": Trend, "lateness": Trend,
	"achieved_rate": Gauge, "outcome": Share, "resent": Share,
	"abandoned": Share, "group_duration": Trend,
}

// Metrics returns the names of the metrics that a threshold may judge in every scenario, sorted. Own counters come beside them.
func Metrics() []string { return slices.Sorted(maps.Keys(metricKinds)) }

var aggregations = map[Kind][]string{
	Trend:   {"avg", "min", "max", "med", "p"},
	Counter: {"count", "rate"},
	Gauge:   {"value"},
	Share:   {"rate", "count"},
}

// Limit is all thresholds of one metric, as the file has them.
type Limit struct {
	Name       string // the metric with its tags, such as response_time{step:order}
	Thresholds []Threshold
}

// Threshold is one condition on one metric: aggregation, operator, number.
type Threshold struct {
	Metric      string        // without tags
	Kind        Kind          // of the metric
	Group       string        // only this group's times; empty for all
	Step        string        // only this step's requests; empty for all
	Outcome     string        // only this outcome; empty for all
	Status      string        // only answers of this status code, 0 for requests without an answer; empty for all
	Method      string        // only requests by this method; empty for all
	Journey     string        // only users of this journey, which is k6's scenario; empty for all
	Expected    *bool         // only requests answered as expected, or not; nil for all
	Text        string        // as written: p(99)<300ms
	Aggregation string        // avg min max med p count rate value
	Quantile    float64       // of aggregation p, 0 to 1
	Operator    string        // < <= > >= == !=
	Value       float64       // seconds for a trend, 0 to 1 for a share, else the plain number
	Window      *Window       // nil for the whole run
	AbortOnFail bool          // stop the run when it is crossed
	AbortDelay  time.Duration // since the first arrival, 0 or more
	Optional    bool          // without data it is skipped, where others fail
	Own         bool          // the metric is a counter of the scenario's own
	Added       bool          // not of the scenario as it ran, so that nothing was kept for it alone
}

// Window is a span of a run; its ends are whole seconds from T0.
type Window struct{ From, To time.Duration }

// String returns the text form, T0..T0+10s.
func (w Window) String() string { return quantity.Instant(w.From) + ".." + quantity.Instant(w.To) }

// Holds reports whether the threshold's condition holds for a value in the unit of Value.
func (t *Threshold) Holds(value float64) bool {
	switch t.Operator {
	case "<":
		return value < t.Value
	case "<=":
		return value <= t.Value
	case ">":
		return value > t.Value
	case ">=":
		return value >= t.Value
	case "==":
		return value == t.Value
	}
	return value != t.Value
}

// Unknown says why the metric cannot be told apart by the threshold's tags, nothing where it can.
func (t *Threshold) Unknown() string {
	byStepOnly := t.Own
	switch t.Metric {
	case "group_duration":
		if t.Step != "" || t.Method != "" || t.Journey != "" || t.Outcome != "" || t.Status != "" || t.Expected != nil {
			return "group_duration is known by group alone"
		}
	case "abandoned":
		byStepOnly = true
	case "checks", "data_sent", "data_received", "achieved_rate", "dropped_iterations", "resent":
		byStepOnly = true
	case "iterations", "iteration_duration":
		byStepOnly = true
		if t.Step != "" || t.Method != "" {
			return t.Metric + " is of whole journeys, and not known per step"
		}
	}
	switch {
	case byStepOnly && (t.Outcome != "" || t.Expected != nil):
		return t.Metric + " is not known per outcome"
	case byStepOnly && t.Status != "":
		return t.Metric + " is not known per status"
	case byStepOnly && t.Journey != "" && t.Metric != "iterations" && t.Metric != "iteration_duration":
		return t.Metric + " is not known per journey"
	}
	return ""
}

// Unit returns the unit of Value: s, 1/s or the empty string.
func (t *Threshold) Unit() string {
	switch {
	case t.Kind == Trend:
		return "s"
	case t.Kind == Counter && t.Aggregation == "rate":
		return "1/s"
	}
	return ""
}

// Key returns the metric with its tags in one order, such as response_time{step:order,outcome:placed}.
func (t *Threshold) Key() string {
	var tags []string
	for _, tag := range []struct{ name, value string }{
		{"scenario", t.Journey}, {"group", t.Group}, {"step", t.Step}, {"method", t.Method}, {"status", t.Status}, {"outcome", t.Outcome},
	} {
		if tag.value != "" {
			tags = append(tags, tag.name+":"+tag.value)
		}
	}
	if t.Expected != nil {
		tags = append(tags, fmt.Sprintf("expected_response:%t", *t.Expected))
	}
	if len(tags) == 0 {
		return t.Metric
	}
	return t.Metric + "{" + strings.Join(tags, ",") + "}"
}

// Parse reads a metric with tags, such as response_time{step:order}, and a k6 threshold
// expression, such as p(99)<300ms. counters are the scenario's own. It fails for an unknown metric, tag, aggregation or operator, and
// for a limit that the metric cannot have; the error says what was found and wanted. For a metric that is unknown it is an
// *UnknownError.
func Parse(metric, expression string, counters ...string) (Threshold, error) {
	var t Threshold
	err := t.parse(metric, expression, counters)
	return t, err
}

// UnknownError is a metric of no name that is known.
type UnknownError struct {
	Name     string
	counters []string
}

// Error lists the metrics that there are.
func (e *UnknownError) Error() string {
	known := slices.Concat(Metrics(), e.counters)
	return fmt.Sprintf("unknown metric %q, wanted one of %s%s", e.Name, strings.Join(known, ", "), strict.DidYouMean(e.Name, known))
}

// CheckMetric fails for a metric with tags that Parse does not read, and says why. counters are the scenario's own.
func CheckMetric(metric string, counters ...string) error {
	return new(Threshold).parseMetric(metric, counters)
}

// mayBeCounter reports whether a metric with tags is none that is known, and may be an own counter.
func mayBeCounter(metric string) bool {
	name, _, _ := strings.Cut(metric, "{")
	return CheckCounter(name) == nil
}

// Resolve reads those thresholds of the limit that are about a metric which may be an own counter of a scenario: they are kept as
// text until the counters are known. The error is Parse's.
func (l *Limit) Resolve(counters []string) error {
	for i := range l.Thresholds {
		if t := &l.Thresholds[i]; t.Kind == "" {
			if err := t.parse(l.Name, t.Text, counters); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Threshold) parse(metric, expression string, counters []string) error {
	t.Text = expression
	if err := t.parseMetric(metric, counters); err != nil {
		return err
	}
	return t.parseExpression(expression)
}

func (t *Threshold) parseMetric(key string, counters []string) error {
	name, tags, tagged := strings.Cut(key, "{")
	kind, known := metricKinds[name]
	if !known && slices.Contains(counters, name) {
		kind, known, t.Own = Counter, true, true
	}
	if instead := k6Metric(name); !known && instead != "" {
		return fmt.Errorf("found k6's metric %s, which is not measured here: %s", name, instead)
	}
	if !known {
		return &UnknownError{name, counters}
	}
	t.Metric, t.Kind = name, kind
	if tagged {
		tags, closed := strings.CutSuffix(tags, "}")
		if !closed {
			return fmt.Errorf("found %q, wanted tags closed by }", key)
		}
		for tag := range strings.SplitSeq(tags, ",") {
			if err := t.parseTag(tag); err != nil {
				return err
			}
		}
	}
	if name == "outcome" && t.Outcome == "" {
		return fmt.Errorf("found %q, wanted the outcome whose share it is, such as outcome{outcome:placed}", key)
	}
	return nil
}

func (t *Threshold) parseTag(tag string) error {
	k, v, _ := strings.Cut(tag, ":")
	k, v = strings.Trim(strings.TrimSpace(k), `"'`), strings.Trim(strings.TrimSpace(v), `"'`) // as k6 reads them
	var taken bool
	if k == "group" && t.Metric == "group_duration" {
		taken, t.Group = t.Group != "", strings.TrimPrefix(v, "::") // k6 writes ::checkout
		return tagValue(k, t.Group, taken)
	}
	switch k {
	case "step", "name":
		taken, t.Step = t.Step != "", v
	case "outcome":
		taken, t.Outcome = t.Outcome != "", v
	case "status":
		taken, t.Status = t.Status != "", v
		if !statusForm.MatchString(v) {
			return fmt.Errorf("found status:%s, wanted a status code such as 200, or 0 for requests without an answer", v)
		}
	case "method":
		taken, t.Method = t.Method != "", v
		if !methodForm.MatchString(v) {
			return fmt.Errorf("found method:%s, wanted a method such as GET", v)
		}
	case "scenario":
		taken, t.Journey = t.Journey != "", v
	case "expected_response":
		taken = t.Expected != nil
		if v != "true" && v != "false" {
			return fmt.Errorf("found expected_response:%s, wanted true or false", v)
		}
		expected := v == "true"
		t.Expected = &expected
	default:
		if instead, known := k6Tags[k]; known {
			return fmt.Errorf("found k6's tag %s, which is not kept here: %s", k, instead)
		}
		return fmt.Errorf("unknown tag %q, wanted step (or name), scenario, method, status, outcome or expected_response%s", k, strict.DidYouMean(k, tagNames))
	}
	return tagValue(k, v, taken)
}

// tagValue checks that a tag has a value, and stands once.
func tagValue(k, v string, taken bool) error {
	switch {
	case v == "":
		return fmt.Errorf("found the tag %s without a value, wanted %s:VALUE", k, k)
	case taken:
		return fmt.Errorf("found the tag %s twice, wanted it once", k)
	}
	return nil
}

// ParseWindow reads FROM..TO in whole seconds from T0, such as T0..T0+10s. It fails for another form,
// fractions of a second, and a window that ends before it begins.
func ParseWindow(text string) (Window, error) {
	from, to, ok := strings.Cut(text, "..")
	f, err1 := quantity.ParseInstant(from)
	t, err2 := quantity.ParseInstant(to)
	w := Window{f, t}
	switch {
	case !ok || err1 != nil || err2 != nil:
		return w, fmt.Errorf("found window %q, wanted FROM..TO such as T0..T0+10s", text)
	case t <= f:
		return w, fmt.Errorf("found window %q, which ends before it begins, wanted FROM < TO", text)
	case f%time.Second != 0 || t%time.Second != 0:
		return w, fmt.Errorf("found window %q, wanted whole seconds: a record is kept per second", text)
	}
	return w, nil
}

// Fields is the long form of a threshold in a file.
type Fields struct {
	Threshold   string        `yaml:"threshold" jsonschema:"required" jsonschema_description:"Such as p(99)<300ms."`
	Window      string        `yaml:"window" jsonschema_description:"Only requests due in it: T0..T0+10s."`
	AbortOnFail bool          `yaml:"abortOnFail" jsonschema_description:"Stop the run when it is crossed."`
	DelayAbort  time.Duration `yaml:"delayAbortEval" jsonschema_description:"Do not stop earlier than this after the first arrival."`
	Optional    bool          `yaml:"optional" jsonschema_description:"Without data it is skipped, where others fail."`
}

// ReadNode leaves a limit empty whose metric is unknown: the validator reports that, in the key's line. Where it may be an own counter
// the thresholds are kept as text, for Resolve.
func (l *Limit) ReadNode(d *strict.Decoder, n *yaml.Node, path string) {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if !d.CheckLength(n, path) {
		return
	}
	if len(items) == 0 {
		d.Problem(n, path, "found an empty list, wanted at least one threshold")
	}
	known := CheckMetric(l.Name) == nil
	for _, item := range items {
		fields, read := readFields(d, item, path)
		if !read {
			continue
		}
		t := Threshold{AbortOnFail: fields.AbortOnFail, AbortDelay: fields.DelayAbort, Optional: fields.Optional}
		if known {
			if err := t.parse(l.Name, fields.Threshold, nil); err != nil {
				d.Problem(item, path, "%v", err)
			}
		}
		if fields.Window != "" {
			w, err := ParseWindow(fields.Window)
			if err != nil {
				d.Problem(strict.Child(item, "window"), path, "%v", err)
			}
			t.Window = &w
		}
		switch {
		case known:
			l.Thresholds = append(l.Thresholds, t)
		case mayBeCounter(l.Name):
			t.Text = fields.Threshold
			l.Thresholds = append(l.Thresholds, t)
		}
	}
}

// readFields reads the short form or the long one, and reports whether it says anything.
func readFields(d *strict.Decoder, n *yaml.Node, path string) (Fields, bool) {
	var fields Fields
	switch {
	case n.Kind == yaml.ScalarNode && !strict.IsNull(n):
		fields.Threshold = n.Value
	case n.Kind == yaml.MappingNode:
		before := d.Problems()
		d.Struct(n, path, reflect.ValueOf(&fields).Elem())
		return fields, d.Problems() == before
	default:
		d.Wrong(n, path, "a threshold such as p(99)<300ms, or {threshold: p(99)<300ms, window: T0..T0+10s}")
		return fields, false
	}
	return fields, true
}
