package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"fsctl/loadgen/record"
)

// ownReport is what a peer says of its own run. What it does not say is 0.
type ownReport struct {
	requests, errors  uint64
	service, response quantiles // from the instant of sending; from the instant that was due
}

// quantiles are two points of a distribution of times.
type quantiles struct{ p50, p99 time.Duration }

// fromOutput reads what a program printed.
func fromOutput(parse func([]byte) (ownReport, error)) func(context.Context, string, string) (ownReport, error) {
	return func(_ context.Context, _, dir string) (ownReport, error) {
		return fromFile(dir, "stdout", parse)
	}
}

func fromFile(dir, name string, parse func([]byte) (ownReport, error)) (ownReport, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ownReport{}, err
	}
	return parse(text)
}

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s+(\d+) requests in `)
	wrkSockets  = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkStatus   = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
	wrkP50      = regexp.MustCompile(`(?m)^\s+50(?:\.000)?%\s+(\S+)$`)
	wrkP99      = regexp.MustCompile(`(?m)^\s+99(?:\.000)?%\s+(\S+)$`)
)

func parseWrk(text []byte) (ownReport, error) {
	requests, err := count(wrkRequests, text)
	if err != nil {
		return ownReport{}, err
	}
	o := ownReport{requests: requests, errors: sum(wrkSockets, text) + sum(wrkStatus, text)}
	o.service.p50, err = duration(wrkP50, text)
	if err == nil {
		o.service.p99, err = duration(wrkP99, text)
	}
	return o, err
}

// parseWrk2 reads the same lines: wrk2 counts from the instant that was due.
func parseWrk2(text []byte) (ownReport, error) {
	o, err := parseWrk(text)
	o.service, o.response = quantiles{}, o.service
	return o, err
}

var (
	h2loadRequests = regexp.MustCompile(`(?m)^requests: .* (\d+) done,`)
	h2loadErrors   = regexp.MustCompile(`(?m)^requests: .* (\d+) failed, (\d+) errored`) // failed: by status too
)

func parseH2load(text []byte) (ownReport, error) {
	requests, err := count(h2loadRequests, text)
	return ownReport{requests: requests, errors: sum(h2loadErrors, text)}, err
}

var (
	abRequests = regexp.MustCompile(`(?m)^Complete requests:\s+(\d+)`)
	abErrors   = regexp.MustCompile(`(?m)^(?:Failed requests|Non-2xx responses):\s+(\d+)`)
)

func parseAb(text []byte) (ownReport, error) {
	requests, err := count(abRequests, text)
	return ownReport{requests: requests, errors: sum(abErrors, text)}, err
}

var (
	heyAnswers = regexp.MustCompile(`(?m)^\s+\[\d+\]\s+(\d+) responses`)
	heyGood    = regexp.MustCompile(`(?m)^\s+\[200\]\s+(\d+) responses`)
	heyErrors  = regexp.MustCompile(`(?m)^\s+\[(\d+)\]\s+\D`)
	heyP50     = regexp.MustCompile(`(?m)^\s+50% in (\S+) secs`)
	heyP99     = regexp.MustCompile(`(?m)^\s+99% in (\S+) secs`)
)

func parseHey(text []byte) (ownReport, error) {
	answers, failed := sum(heyAnswers, text), sum(heyErrors, text)
	if answers+failed == 0 {
		return ownReport{}, missing(heyAnswers, text)
	}
	o := ownReport{requests: answers + failed, errors: answers + failed - sum(heyGood, text)}
	for _, q := range []struct {
		line *regexp.Regexp
		into *time.Duration
	}{{heyP50, &o.service.p50}, {heyP99, &o.service.p99}} {
		if found := q.line.FindSubmatch(text); found != nil {
			seconds, err := strconv.ParseFloat(string(found[1]), 64)
			if err != nil {
				return o, err
			}
			*q.into = inSeconds(seconds)
		}
	}
	return o, nil
}

func parseVegeta(text []byte) (ownReport, error) {
	var said struct {
		Requests  uint64            `json:"requests"`
		Codes     map[string]uint64 `json:"status_codes"`
		Latencies struct {
			P50 time.Duration `json:"50th"`
			P99 time.Duration `json:"99th"`
		} `json:"latencies"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return ownReport{}, fmt.Errorf("report of vegeta: %w", err)
	}
	return ownReport{requests: said.Requests, errors: said.Requests - min(said.Requests, said.Codes["200"]),
		service: quantiles{said.Latencies.P50, said.Latencies.P99}}, nil
}

// k6Metrics is what k6 exports at the end of a run; its times are milliseconds.
type k6Metrics struct {
	Metrics struct {
		Requests struct{ Count uint64 }  `json:"http_reqs"`
		Failed   struct{ Value float64 } `json:"http_req_failed"` // share
		Users    struct{ Max float64 }   `json:"vus"`
		Duration struct {
			P50 float64 `json:"med"`
			P99 float64 `json:"p(99)"`
		} `json:"http_req_duration"`
	}
}

func parseK6(text []byte) (ownReport, error) {
	var said k6Metrics
	if err := json.Unmarshal(text, &said); err != nil {
		return ownReport{}, fmt.Errorf("summary of k6: %w", err)
	}
	m := said.Metrics
	return ownReport{requests: m.Requests.Count, errors: uint64(m.Failed.Value * float64(m.Requests.Count)),
		service: quantiles{inSeconds(m.Duration.P50 / 1e3), inSeconds(m.Duration.P99 / 1e3)}}, nil
}

func readK6(_ context.Context, _, dir string) (ownReport, error) {
	return fromFile(dir, k6Summary, parseK6)
}

// k6Waited returns the most users that k6 had.
func k6Waited(dir string) (float64, error) {
	text, err := os.ReadFile(filepath.Join(dir, k6Summary))
	if err != nil {
		return 0, err
	}
	var said k6Metrics
	err = json.Unmarshal(text, &said)
	return said.Metrics.Users.Max, err
}

func parseFsctl(text []byte) (ownReport, error) {
	type seconds struct{ P50, P99 float64 }
	var said struct {
		Steps []struct {
			Requests, Errors uint64
			Response         seconds `json:"response_time_seconds"`
			Service          seconds `json:"service_time_seconds"`
		}
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return ownReport{}, fmt.Errorf("report of fsctl: %w", err)
	}
	var o ownReport
	for _, s := range said.Steps {
		o.requests += s.Requests
		o.errors += s.Errors
	}
	if len(said.Steps) == 1 { // quantiles of several do not add up
		s := said.Steps[0]
		o.service = quantiles{inSeconds(s.Service.P50), inSeconds(s.Service.P99)}
		o.response = quantiles{inSeconds(s.Response.P50), inSeconds(s.Response.P99)}
	}
	return o, nil
}

func readFsctl(_ context.Context, _, dir string) (ownReport, error) {
	return fromFile(dir, "stdout", parseFsctl)
}

// fsctlWaited returns the most users that waited at the end of any second.
func fsctlWaited(dir string) (float64, error) {
	run, err := record.Open(filepath.Join(dir, fsctlRun))
	if err != nil {
		return 0, err
	}
	most := 0
	for _, g := range run.Generators() {
		most = max(most, g.Waiting)
	}
	return float64(most), nil
}

// count returns the number in the first match.
func count(line *regexp.Regexp, text []byte) (uint64, error) {
	found := line.FindSubmatch(text)
	if found == nil {
		return 0, missing(line, text)
	}
	return strconv.ParseUint(string(found[1]), 10, 64)
}

// sum returns the sum of all numbers in all matches.
func sum(line *regexp.Regexp, text []byte) uint64 {
	var total uint64
	for _, found := range line.FindAllSubmatch(text, -1) {
		for _, digits := range found[1:] {
			n, _ := strconv.ParseUint(string(digits), 10, 64) // digits, by the expression
			total += n
		}
	}
	return total
}

// duration returns the time in the first match.
func duration(line *regexp.Regexp, text []byte) (time.Duration, error) {
	found := line.FindSubmatch(text)
	if found == nil {
		return 0, missing(line, text)
	}
	return time.ParseDuration(string(found[1]))
}

func missing(line *regexp.Regexp, text []byte) error {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return errors.New("found no output")
	}
	return fmt.Errorf("found no line like %s in what it printed: %s", line, text[max(0, len(text)-300):])
}

func inSeconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }
