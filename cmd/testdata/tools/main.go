// The program of the commands that scripts use beside fsctl; its name says which one it is. It is a program of its own
// since it starts in no time, while the test binary with the race detector needs a quarter of a second.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

func main() {
	if filepath.Base(os.Args[0]) == "jq" {
		jq()
		return
	}
	code()
}

// jq prints the value at a path of a JSON file: jq FILE demand.peak_qps.low
// With a third argument it fails unless the value is that, as text or as a number.
func jq() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		quit(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		quit(fmt.Errorf("%s: %w", os.Args[1], err))
	}
	for name := range strings.SplitSeq(os.Args[2], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			v = element(at, name)
		default:
			v = nil
		}
	}
	got := fmt.Sprint(v)
	if len(os.Args) > 3 && !same(v, os.Args[3]) {
		quit(fmt.Errorf("%s: found %s, wanted %s", os.Args[2], got, os.Args[3]))
	}
	fmt.Println(got)
}

// element returns a list's element by index, or by its name.
func element(list []any, name string) any {
	for _, e := range list {
		if m, ok := e.(map[string]any); ok && (m["name"] == name || m["code"] == name || m["setting"] == name || m["metric"] == name) {
			return e
		}
	}
	i, err := strconv.Atoi(name)
	if err != nil || i >= len(list) {
		return nil
	}
	return list[i]
}

// same compares as text, or as numbers to six digits.
func same(v any, want string) bool {
	f, isNumber := v.(float64)
	w, err := strconv.ParseFloat(want, 64)
	if isNumber && err == nil {
		return fmt.Sprintf("%.6g", f) == fmt.Sprintf("%.6g", w)
	}
	return fmt.Sprint(v) == want
}

// code runs a command and fails unless it exits with the code: code 104 fsctl plan --users x
func code() {
	want, err := strconv.Atoi(os.Args[1])
	if err != nil {
		quit(err)
	}
	c := exec.Command(os.Args[2], os.Args[3:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	got := 0
	var exit *exec.ExitError
	if err := c.Run(); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		quit(err)
	}
	if got != want {
		quit(fmt.Errorf("exit code %d, wanted %d", got, want))
	}
}

func quit(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
