package queueing_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/checks.md anew")

const checksFile = "../../docs/checks.md"

// check is a value that somebody published, or worked out apart from this project, with ours.
type check struct {
	quantity string
	source   string
	want     string // as published, so that its last digit says how exact it is
	got      float64
	why      string // it differs by more than its digits and 0.1 % allow; empty where it must not
}

// section is the checks of one model.
type section struct {
	title  string
	checks []check
}

// published returns the value and half of its last digit, up to which it may have been rounded.
func (c check) published() (value, half float64, err error) {
	value, err = strconv.ParseFloat(c.want, 64)
	mantissa, exponent, _ := strings.Cut(c.want, "e")
	_, decimals, _ := strings.Cut(mantissa, ".")
	shift, _ := strconv.Atoi(exponent) // 0 where there is none
	return value, math.Pow(10, float64(shift-len(decimals))) / 2, err
}

func (c check) difference() (text string, within bool, err error) {
	want, half, err := c.published()
	off := c.got - want
	within = math.Abs(off) <= half*1.02 || math.Abs(off) <= 1e-3*math.Abs(want)
	switch {
	case math.Abs(off) <= 1e-9*math.Abs(want):
		text = "none"
	case math.Abs(off) <= half*1.02:
		text = "rounding"
	default:
		text = fmt.Sprintf("%+.2g %%", 100*off/want)
	}
	return text, within, err
}

func TestChecksPage(t *testing.T) {
	var page bytes.Buffer
	page.WriteString("# Check values\n\n" +
		"Each value that the models are held to, and what they compute. \"rounding\": equal to as many digits as were published. " +
		"A test writes this page (`go test ./plan/queueing -run TestChecksPage -update`) and fails when a value is further off than 0.1 %, or when the page is stale. " +
		"[How plan counts](model.md) has the formulas.\n\n" +
		"\"independent\": worked out apart from this project, with exact arithmetic or long runs.\n")
	for _, s := range sections(t) {
		fmt.Fprintf(&page, "\n## %s\n\n| quantity | source | published | computed | difference |\n|---|---|--:|--:|--:|\n", s.title)
		var notes []string
		for _, c := range s.checks {
			off, within, err := c.difference()
			if err != nil {
				t.Fatalf("%s: %v", c.quantity, err)
			}
			if within != (c.why == "") {
				t.Errorf("%s: computed %.10g, wanted %s; explained: %q", c.quantity, c.got, c.want, c.why)
			}
			fmt.Fprintf(&page, "| %s | %s | %s | %s | %s |\n", c.quantity, c.source, c.want, strconv.FormatFloat(c.got, 'g', 8, 64), off)
			if c.why != "" && !slices.Contains(notes, c.why) {
				notes = append(notes, c.why)
			}
		}
		for _, n := range notes {
			page.WriteString("\n" + n + "\n")
		}
	}
	if *update {
		if err := os.WriteFile(checksFile, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(checksFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, page.Bytes()) {
		t.Error("docs/checks.md is stale: go test ./plan/queueing -run TestChecksPage -update")
	}
}

// try returns a value, or ends the test.
func try[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
