package loadtest

import (
	"flag"
	"strconv"
)

// Waiting has so many parallel tests, at least 1, run at once unless -parallel says otherwise: for a TestMain of tests that wait more
// than they compute.
func Waiting(tests int) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", strconv.Itoa(tests)) // a flag of every test
	}
}
