package queueing

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// ErrUnstable says that arrivals reach or exceed what the servers can finish, so that no steady
// state exists and the queue only grows.
var ErrUnstable = errors.New("queue is unstable")

// ErrInfeasible says that nothing meets the limit that was asked for, however many servers are paid for.
var ErrInfeasible = errors.New("limit cannot be met")

// RangeError reports an argument outside the range in which a formula holds.
type RangeError struct {
	Parameter string  // the argument, with its unit: "service time [s]"
	Value     float64 // what was found, in the unit that Parameter names
	Want      string  // the range that was wanted: "in (0, 1]"
}

// Error names the parameter, the value found and the range wanted.
func (e *RangeError) Error() string {
	return fmt.Sprintf("%s is %g, want %s", e.Parameter, e.Value, e.Want)
}

// The ranges that every formula shares. They are wider than any sale needs, and narrow enough that
// products and quotients of valid arguments stay finite.
const (
	minSeconds = 1e-12
	maxSeconds = 1e12
	minRate    = 1e-15
	maxRate    = 1e15
	maxErlang  = 1e9
	maxServers = math.MaxInt32
	maxCount   = 1e18
	maxSCV     = 1e6
)

func checkSeconds(name string, v float64) error {
	if v >= minSeconds && v <= maxSeconds {
		return nil
	}
	return &RangeError{Parameter: name + " [s]", Value: v, Want: "in [1e-12, 1e12]"}
}

func checkSecondsOrZero(name string, v float64) error {
	if v == 0 {
		return nil
	}
	if checkSeconds(name, v) != nil {
		return &RangeError{Parameter: name + " [s]", Value: v, Want: "0 or in [1e-12, 1e12]"}
	}
	return nil
}

// checkTailTime accepts whatever a quantile may be: those of a nearly saturated queue exceed every
// other time here.
func checkTailTime(v float64) error {
	if v >= 0 && v <= 1e30 {
		return nil
	}
	return &RangeError{Parameter: "time [s]", Value: v, Want: "in [0, 1e30]"}
}

func checkRate(name string, v float64) error {
	if v >= minRate && v <= maxRate {
		return nil
	}
	return &RangeError{Parameter: name + " [1/s]", Value: v, Want: "in [1e-15, 1e15]"}
}

func checkRateOrZero(name string, v float64) error {
	if v == 0 {
		return nil
	}
	if checkRate(name, v) != nil {
		return &RangeError{Parameter: name + " [1/s]", Value: v, Want: "0 or in [1e-15, 1e15]"}
	}
	return nil
}

func checkCount(name string, v float64) error {
	if v >= 0 && v <= maxCount {
		return nil
	}
	return &RangeError{Parameter: name, Value: v, Want: "in [0, 1e18]"}
}

func checkErlang(v float64) error {
	if v >= 0 && v <= maxErlang {
		return nil
	}
	return &RangeError{Parameter: "offered load [erlang]", Value: v, Want: "in [0, 1e9]"}
}

func checkServers(servers, least int) error {
	if servers >= least && servers <= maxServers {
		return nil
	}
	return &RangeError{Parameter: "servers", Value: float64(servers), Want: fmt.Sprintf("in [%d, %d]", least, maxServers)}
}

// checkProbability accepts [0, 1].
func checkProbability(name string, v float64) error {
	if v >= 0 && v <= 1 {
		return nil
	}
	return &RangeError{Parameter: name, Value: v, Want: "in [0, 1]"}
}

// checkTarget accepts (0, 1]: a limit of zero can never be met.
func checkTarget(name string, v float64) error {
	if v > 0 && v <= 1 {
		return nil
	}
	return &RangeError{Parameter: name, Value: v, Want: "in (0, 1]"}
}

// checkQuantile accepts [0, 1): the largest value of an unbounded distribution is infinite.
func checkQuantile(v float64) error {
	if v >= 0 && v < 1 {
		return nil
	}
	return &RangeError{Parameter: "quantile", Value: v, Want: "in [0, 1)"}
}

func checkSCV(name string, v float64) error {
	if v >= 0 && v <= maxSCV {
		return nil
	}
	return &RangeError{Parameter: name, Value: v, Want: "in [0, 1e6]"}
}

func checkAtLeast(name string, v, least int) error {
	if v >= least {
		return nil
	}
	return &RangeError{Parameter: name, Value: float64(v), Want: fmt.Sprintf("at least %d", least)}
}

func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
