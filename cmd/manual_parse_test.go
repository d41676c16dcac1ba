package cmd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A command is found in every form of a block, so that none is left out of the runs unseen.
func TestCommandsOfAPage(t *testing.T) {
	page := strings.ReplaceAll(`Text with '$ fsctl no' and fsctl no.
fsctl begins a line of text.

    $ fsctl plan a \
        --users 1M     # exit 104
    a line

    another
    $ fsctl plan b # with a remark
text

'''sh
$ fsctl plan c | head
c
FSCTL_USERS=1M fsctl out
'''

- a list

      fsctl report x
      cat y | sudo fsctl report z && true
      docker build -t registry.example/fsctl:1.0 .

<!-- the report is that of kept -->

    $ fsctl rehearse
    ...
`, "'", "`")
	var got []string
	for _, c := range commands(page) {
		got = append(got, fmt.Sprintf("%v %q %d %q %d %q", c.prompt, c.text, c.exit, c.run, c.first, c.output))
	}
	want := []string{
		`true "fsctl plan a --users 1M" 104 "" 5 ["a line" "" "another"]`,
		`true "fsctl plan b" 0 "" 9 []`,
		`true "fsctl plan c | head" 0 "" 13 ["c" "FSCTL_USERS=1M fsctl out"]`,
		`false "fsctl report x" 0 "" 20 []`,
		`false "cat y | sudo fsctl report z && true" 0 "" 21 []`,
		`true "fsctl rehearse" 0 "kept" 26 ["..."]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPageShowsOutput(t *testing.T) {
	lines := func(s string) []string { return strings.Fields(s) }
	for _, c := range []struct {
		page, printed string
		shows         bool
		rewritten     string
	}{
		{"a b c", "a b c", true, "a b c"},
		{"a b c", "a b", false, "a b"},
		{"a b", "a b c", false, "a b c"},
		{"b c", "a b c", false, "a b c"},
		{"a ... d", "a b c d", true, "a ... d"},
		{"a ... d", "a b c d e", false, "a ... d e"},
		{"a ... d ...", "a b c d e", true, "a ... d ..."},
		{"... c ...", "a b c d", true, "... c ..."},
		{"... c b ...", "a b c d", false, "... c ..."},
		{"... b d ...", "a b c d", false, "... b c d ..."},
		{"... 7ms/x ...", "a 8ms/x d", false, "... 8ms/x ..."},
		{"... d d", "a d d d", true, "... d d"},
		{"...", "a", true, "..."},
	} {
		page, printed := lines(c.page), lines(c.printed)
		if got := shows(page, printed); got != c.shows {
			t.Errorf("%q of %q: found %v, wanted %v", c.page, c.printed, got, c.shows)
		}
		if got := strings.Join(rewritten(page, printed), " "); got != c.rewritten {
			t.Errorf("%q of %q: rewritten to %q, wanted %q", c.page, c.printed, got, c.rewritten)
		}
		if c.shows != showsForm(page, printed) && !strings.Contains(c.page, "7ms") {
			t.Errorf("%q of %q: the form is found %v, wanted %v", c.page, c.printed, !c.shows, c.shows)
		}
	}
	for page, printed := range map[string]string{
		"at most 286/s, at T0+244ms":  "at most 1.3k/s, at T0+1s",
		"memory  69.3 MB  24.7 GB":    "memory   9 MB   124 GB",
		"cores  < 0.01  1.7":          "cores  0.2    16",
		"at 21:27:51 UTC, 17 % late":  "at 09:00:00 UTC, 0 % late",
		"88 connections":              "64 connections",
		"329k/s over 5.16 us":         "1.2M/s over 812 ns",
		"runs/20261128T085003.916Z-a": "runs/20270101T000000.001Z-a",
	} {
		if !showsForm([]string{page}, []string{printed}) {
			t.Errorf("%q is masked to %q, %q to %q, wanted the same", page, masked([]string{page}), printed, masked([]string{printed}))
		}
	}
	for page, printed := range map[string]string{
		"88 connections": "88 users", "at T0": "at T1", "double11": "double12", "at p95 of 7": "at p99 of 7", "10 items oversold": "10 items lost", "5 ms mean": "5 ms max",
	} {
		if showsForm([]string{page}, []string{printed}) {
			t.Errorf("%q shows %q", page, printed)
		}
	}
}
