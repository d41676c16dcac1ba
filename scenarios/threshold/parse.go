package threshold

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fsctl/scenarios/quantity"
)

var (
	tagNames   = []string{"step", "name", "scenario", "method", "status", "outcome", "expected_response"}
	statusForm = regexp.MustCompile(`^(0|[1-9][0-9][0-9])$`)
	methodForm = regexp.MustCompile(`^[A-Z]+$`)

	// operatorForm finds the first operator; k6's are all of them but !==.
	operatorForm    = regexp.MustCompile(`<=|>=|===|==|!==|!=|<|>`)
	aggregationForm = regexp.MustCompile(`^([a-z]+)\s*(?:\(([^()]*)\))?$`)
	// valueForm is one word, or a number that has a space before its unit, such as 350 ms.
	valueForm = regexp.MustCompile(`^(\S+|[0-9.,]+ [a-z%µμ][a-z0-9 .,µμ]*)$`)
)

// k6Tags are the tags of k6 that thresholds cannot have here, and what to write instead.
var k6Tags = map[string]string{
	"url":         "write step:NAME for the step that has the URL",
	"group":       "write step:NAME for one step, scenario:NAME for a journey, or group_duration{group:NAME}",
	"check":       "write checks{step:NAME}: a step's checks are judged together",
	"error":       "write outcome:error, or status:0",
	"error_code":  "write outcome:error, or status:0",
	"proto":       "the engine decides the protocol for the whole run, so leave the tag out",
	"subproto":    "fsctl sends HTTP requests only, so leave the tag out",
	"tls_version": "leave the tag out",
	"ocsp_status": "leave the tag out",
	"service":     "fsctl sends HTTP requests only, so leave the tag out",
	"iter":        "write scenario:NAME for all users of a journey",
	"vu":          "write scenario:NAME for all users of a journey",
	"ip":          "run fsctl once for each address, with --connect-to",
}

// k6Metric says what to write instead of a metric that k6 has, and thresholds here have not; nothing for any other name.
func k6Metric(name string) string {
	switch name {
	case "http_req_blocked":
		return "write lateness for the wait for a free connection, http_req_connecting for opening one"
	case "http_req_sending", "http_req_receiving":
		return "write http_req_duration for the whole request, http_req_waiting up to the first byte of the answer"
	case "vus", "vus_max":
		return "the load is open-loop, without a number of users: write iterations or http_reqs with rate"
	}
	for _, prefix := range []string{"ws_", "grpc_", "browser_"} {
		if strings.HasPrefix(name, prefix) {
			return "fsctl sends HTTP requests only: write response_time"
		}
	}
	return ""
}

func (t *Threshold) parseExpression(text string) error {
	wrong := fmt.Errorf("found %q, wanted an aggregation, an operator and a number, such as p(99)<300ms or rate<0.1%%", text)
	at := operatorForm.FindStringIndex(text)
	if at == nil {
		return wrong
	}
	left, value := aggregationForm.FindStringSubmatch(strings.TrimSpace(text[:at[0]])), strings.TrimSpace(text[at[1]:])
	if left == nil || !valueForm.MatchString(value) {
		return wrong
	}
	t.Aggregation, t.Operator = left[1], text[at[0]:at[1]]
	if len(t.Operator) == 3 { // ===, !==
		t.Operator = t.Operator[:2]
	}
	if !slices.Contains(aggregations[t.Kind], t.Aggregation) {
		return fmt.Errorf("found aggregation %q of %s, wanted %s", t.Aggregation, t.Metric, strings.ReplaceAll(strings.Join(aggregations[t.Kind], ", "), "p", "p(N)"))
	}
	hasNumber := strings.HasSuffix(strings.TrimSpace(text[:at[0]]), ")")
	if (t.Aggregation == "p") != hasNumber {
		return fmt.Errorf("found %q, wanted p(N) with N from 0 to 100, and no number after any other aggregation", text)
	}
	if t.Aggregation == "p" {
		p, err := strconv.ParseFloat(strings.TrimSpace(left[2]), 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return fmt.Errorf("found p(%s), wanted p(N) with N from 0 to 100", left[2])
		}
		t.Quantile = p / 100
	}
	return t.parseValue(value)
}

// parseValue reads the number in the metric's unit; a bare number of a trend is milliseconds, as in k6.
func (t *Threshold) parseValue(text string) error {
	if f, ok := t.bareNumber(text); ok {
		if t.Value = f; t.Kind == Trend {
			t.Value = f / 1000
		}
		if t.Kind == Share && t.Aggregation == "rate" && f > 1 {
			return fmt.Errorf("found %s for a share, wanted 0 to 1, or 0%% to 100%%", text)
		}
		return nil
	}
	switch {
	case t.Kind == Trend:
		d, err := quantity.ParseSpan(text)
		t.Value = d.Seconds()
		return err
	case strings.HasSuffix(text, "%") && t.Aggregation != "count" && t.Kind != Counter:
		r, err := quantity.ParseShare(text)
		t.Value = r
		return err
	case strings.Contains(text, "/") && t.Kind == Counter && t.Aggregation == "rate":
		r, err := quantity.ParsePositive(text, quantity.ParseRate, quantity.RateForm)
		t.Value = r
		return err
	}
	c, err := quantity.ParsePositive(text, quantity.ParseCount, quantity.CountForm)
	t.Value = c
	return err
}

// bareNumber reads a number without a unit: whatever k6 reads, which is what strconv.ParseFloat does, or 1,200. It is finite, and
// below 0 only where the threshold can hold then: no figure of a run is.
func (t *Threshold) bareNumber(text string) (number float64, ok bool) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		f, err = quantity.ParseNumber(text)
	}
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	if f == 0 {
		return 0, true // of -0 too
	}
	return f, f > 0 || t.Operator == ">" || t.Operator == ">=" || t.Operator == "!="
}

// ParseLimit reads a metric and an expression as one text, METRIC: EXPRESSION, such as response_time{step:order}: p(99)<300ms. The
// error says what was found and wanted. A metric that may be an own counter of a scenario is kept as text: see Limit.Resolve.
func ParseLimit(text string) (Limit, error) {
	from := 0 // tags have colons of their own
	if tags, end := strings.Index(text, "{"), strings.LastIndex(text, "}"); tags >= 0 && end > tags && tags < strings.Index(text, ":") {
		from = end
	}
	colon := strings.Index(text[from:], ":")
	if colon < 0 {
		return Limit{}, fmt.Errorf("found no colon after the metric, wanted METRIC: EXPRESSION such as response_time{step:order}: p(99)<300ms")
	}
	name := strings.TrimSpace(text[:from+colon])
	expression := strings.TrimSpace(text[from+colon+1:])
	t, err := Parse(name, expression)
	if _, isUnknown := errors.AsType[*UnknownError](err); isUnknown && mayBeCounter(name) {
		return Limit{Name: name, Thresholds: []Threshold{{Text: expression}}}, nil
	}
	if err != nil {
		return Limit{}, err
	}
	if why := t.Unknown(); why != "" {
		return Limit{}, fmt.Errorf("found %s %s, which has no data: %s", t.Key(), t.Text, why)
	}
	return Limit{Name: name, Thresholds: []Threshold{t}}, nil
}

// counterName is a name that a metric can have.
var counterName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// CheckCounter fails for a name that an own counter of a scenario cannot have: it is one of a metric of fsctl or k6, or of another
// form than theirs.
func CheckCounter(name string) error {
	_, known := metricKinds[name]
	switch {
	case !counterName.MatchString(name):
		return fmt.Errorf("found the counter %q, wanted lower-case letters, digits and _, beginning with a letter, since it is the name of a metric", name)
	case known:
		return fmt.Errorf("found the counter %q, wanted another name: it is that of a metric", name)
	case k6Metric(name) != "":
		return fmt.Errorf("found the counter %q, wanted another name: it is that of a metric of k6", name)
	}
	return nil
}
