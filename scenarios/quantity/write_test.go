package quantity

import (
	"math"
	"testing"
	"time"
)

func TestForms(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ got, want string }{
		{Rate(8000), "8k/s"}, {Rate(8451), "8.45k/s"}, {Rate(694.44), "694/s"}, {Rate(999.7), "1k/s"}, {Rate(284e6), "284M/s"},
		{Rate(0), "0/s"}, {Rate(-2500), "-2.5k/s"}, {Rate(inf), "-"}, {Rate(0.0009), "< 0.001/s"}, {Rate(0.0009996), "0.001/s"}, {Rate(2e15), "2e+15/s"},
		{Estimate(60e6), "60,000,000"}, {Estimate(79673), "79,700"}, {Estimate(8036), "8,040"}, {Estimate(67.24), "67.2"}, {Estimate(7), "7"},
		{Estimate(0.001), "< 0.01"}, {Estimate(-0.001), "> -0.01"}, {Estimate(1e18), "1e+18"}, {Estimate(nan), "-"}, {Estimate(0), "0"},
		{Percent(0.2), "20 %"}, {Percent(0.338283), "33.8 %"}, {Percent(0.00123), "0.123 %"}, {Percent(1), "100 %"}, {Percent(nan), "-"}, {Percent(0), "0 %"},
		{Percent(0.00000000819), "< 0.01 %"}, {Percent(0.0001), "0.01 %"}, {Percent(0.99949), "99.9 %"}, {Percent(0.9995), "99.95 %"}, {Percent(0.99968), "99.97 %"},
		{Percent(0.9999), "99.99 %"}, {Percent(0.99991), "> 99.99 %"}, {Percent(-0.99991), "< -99.99 %"}, {Percent(1 - 1e-15), "100 %"}, {Percent(1.0004), "100 %"}, {Percent(123), "12,300 %"},
		{Seconds(0), "0 s"}, {Seconds(5e-10), "< 1 ns"}, {Seconds(8.5e-7), "850 ns"}, {Seconds(0.00085), "850 us"}, {Seconds(0.35), "350 ms"}, {Seconds(0.9999), "1 s"},
		{Seconds(1.2), "1.2 s"}, {Seconds(61.23), "61.2 s"}, {Seconds(120), "2 min"}, {Seconds(310), "5 min 10 s"}, {Seconds(1583), "26 min 23 s"},
		{Seconds(3 * 3600), "3 h"}, {Seconds(3*3600 + 120), "3 h 2 min"}, {Seconds(366 * 24 * 3600), "8,780 h"}, {Seconds(-0.35), "-350 ms"}, {Seconds(nan), "-"},
		{Duration(90 * time.Second), "90 s"}, {Duration(26*time.Minute + 23*time.Second), "26 min 23 s"},
		{Exact(90 * time.Second), "1 min 30 s"}, {Exact(time.Hour + time.Second), "1 h 1 s"}, {Exact(0), "0 s"}, {Exact(1234567 * time.Microsecond), "1.234567 s"},
		{Exact(-5 * time.Minute), "-5 min"}, {Exact(5 * time.Microsecond), "5 us"}, {Exact(1), "1 ns"}, {Exact(2500 * time.Microsecond), "2.5 ms"},
		{Bytes(850), "850 B"}, {Bytes(52e6), "52 MB"}, {Bytes(1234), "1.23 kB"}, {Bytes(0.2), "< 1 B"}, {Bytes(0), "0 B"},
		{Money(0.04), "0.04"}, {Money(12345), "12,300"}, {Money(0.001), "< 0.01"},
		{Factor(2.5), "2.5 x"}, {Factor(0.0001), "< 0.001 x"},
		{Number(0.1234), "0.123"}, {Number(1234567), "1,230,000"}, {Number(1.234e-7), "1.23e-07"}, {Number(math.Copysign(0, -1)), "0"},
		{Given(12345), "12,345"}, {Given(-2), "-2"}, {Given(0.045678), "0.045678"}, {Given(1e18), "1e+18"}, {Given(nan), "-"},
		{Precise(1234567.891), "1234567.9"}, {Precise(1.23456789e-7), "1.2345679e-07"}, {Precise(0), "0"},
		{Count(12000), "12,000"}, {Count(-1234567), "-1,234,567"}, {Count(uint64(999)), "999"}, {Count(uint64(math.MaxUint64)), "18,446,744,073,709,551,615"},
		{Count(int64(math.MinInt64)), "-9,223,372,036,854,775,808"},
		{Of(1, "order"), "1 order"}, {Of(2000, "order"), "2,000 orders"}, {Of(0, "replica"), "0 replicas"}, {Of(2, "query"), "2 queries"}, {Of(2, "day"), "2 days"},
		{Of(3, "process"), "3 processes"}, {EstimateOf(1.0001, "core"), "1 core"}, {EstimateOf(79673, "core"), "79,700 cores"}, {Verb(Of(1, "pod"), "is", "are"), "is"}, {Verb("11 pods", "is", "are"), "are"}, {Verb("1", "is", "are"), "is"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, wanted %q", c.got, c.want)
		}
	}
}
