package queueing

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Up to this many servers the recursion is both exact and faster than the incomplete gamma function.
const recursionServers = 100

// ErlangB returns the probability that a request finds all servers busy when nothing may wait.
//
//	B = (A^c/c!) / sum_{k=0..c} A^k/k!  =  pmf(c; A) / P(Poisson(A) <= c)
//
//	servers c  number of servers, 0 to 2^31-1
//	erlang  A  offered load, arrival rate x mean service time [erlang], 0 to 1e9
//
// Up to 100 servers it is the recursion 1/B_k = 1 + (k/A)/B_{k-1}; above, the Poisson form with the
// incomplete gamma function, or its continued fraction under overload, in constant time. The two
// agree to 1e-9 relative. Holds for any service time distribution.
// Errors: [RangeError].
// Source: Zeng, Mathematical and Computer Modelling 38, 2003, doi 10.1016/S0895-7177(03)90040-9.
func ErlangB(servers int, erlang float64) (float64, error) {
	if err := checkServers(servers, 0); err != nil {
		return 0, err
	}
	if err := checkErlang(erlang); err != nil {
		return 0, err
	}
	return erlangB(servers, erlang), nil
}

// ErlangC returns the probability that a request has to wait for a server in M/M/c.
//
//	C = B / (1 - rho (1 - B)), rho = A/c, B = ErlangB(c, A)
//
//	servers c  number of servers, 1 to 2^31-1
//	erlang  A  offered load [erlang], 0 to c exclusive
//
// Errors: [RangeError]; [ErrUnstable] where A >= c.
// Source: Zeng 2003, as ErlangB.
func ErlangC(servers int, erlang float64) (float64, error) {
	if err := checkServers(servers, 1); err != nil {
		return 0, err
	}
	if err := checkErlang(erlang); err != nil {
		return 0, err
	}
	if erlang >= float64(servers) {
		return 0, unstable(servers, erlang)
	}
	return erlangC(servers, erlang, erlangB(servers, erlang)), nil
}

// OfferedErlang returns the largest offered load that c servers carry while they refuse at most the
// given share of requests: the inverse of [ErlangB] in its load.
//
//	servers  c  number of servers, 1 to 1e8
//	blocking B  share refused, 1e-300 to 1, 1 excluded
//
// Errors: [RangeError].
// Source: Zeng 2003; the carried load A(1-B) < c bounds the search.
func OfferedErlang(servers int, blocking float64) (float64, error) {
	if servers < 1 || servers > maxErlang/10 {
		return 0, &RangeError{Parameter: "servers", Value: float64(servers), Want: "in [1, 1e8]"}
	}
	if !(blocking >= 1e-300 && blocking < 1) {
		return 0, &RangeError{Parameter: "blocking probability", Value: blocking, Want: "in [1e-300, 1)"}
	}
	high := float64(servers) / (1 - blocking)
	if high > maxErlang {
		return 0, &RangeError{Parameter: "blocking probability", Value: blocking, Want: "small enough for a load of at most 1e9 erlang"}
	}
	logTarget := math.Log(blocking)
	excess := func(logErlang float64) float64 { return logErlangB(servers, math.Exp(logErlang)) - logTarget }
	return math.Exp(findRoot(excess, -700, math.Log(high))), nil
}

// MinServersErlangC returns the smallest number of servers for which at most the given share of
// requests has to wait: min c with c > A and ErlangC(c, A) <= alpha; at least 1.
//
//	erlang          A      offered load [erlang], 0 to 1e9
//	waitProbability alpha  largest share that waits, 0 exclusive to 1
//
// It starts from square-root staffing and corrects that with exact steps of the recursion, so the
// answer is exact and takes about a microsecond at any size. Errors: [RangeError].
// Source: ErlangC; start from Halfin and Whitt, Operations Research 29(3), 1981, 567-588.
func MinServersErlangC(erlang, waitProbability float64) (int, error) {
	if err := checkErlang(erlang); err != nil {
		return 0, err
	}
	if err := checkTarget("wait probability", waitProbability); err != nil {
		return 0, err
	}
	start := 0.0
	if erlang > recursionServers {
		start = erlang + halfinWhittBeta(waitProbability)*math.Sqrt(erlang)
	}
	return searchServers(erlang, start, func(_ int, wait float64) bool { return wait <= waitProbability }), nil
}

// searchServers returns the smallest stable number of servers that enough accepts. enough must stay
// true for more servers, and be true once the wait probability is 0.
func searchServers(erlang, start float64, enough func(servers int, wait float64) bool) int {
	least := int(erlang) + 1
	if erlang <= recursionServers {
		return searchFromOne(erlang, least, enough)
	}
	n := max(least, int(math.Min(start, maxServers)))
	b := erlangB(n, erlang)
	if b == 0 { // underflow: the way down would stay at zero
		n, b = least, erlangB(least, erlang)
	}
	if !enough(n, erlangC(n, erlang, b)) {
		for {
			n++
			b = 1 / (1 + float64(n)/(erlang*b))
			if enough(n, erlangC(n, erlang, b)) {
				return n
			}
		}
	}
	for n > least {
		fewer := float64(n) / erlang * b / (1 - b)
		if !enough(n-1, erlangC(n-1, erlang, fewer)) {
			break
		}
		n, b = n-1, fewer
	}
	return n
}

func searchFromOne(erlang float64, least int, enough func(servers int, wait float64) bool) int {
	inverse := 1.0
	for n := 1; ; n++ {
		inverse = 1 + float64(n)/erlang*inverse
		if n >= least && enough(n, erlangC(n, erlang, 1/inverse)) {
			return n
		}
	}
}

// erlangC needs erlang < servers.
func erlangC(servers int, erlang, b float64) float64 {
	c := float64(servers)
	return b / ((c-erlang)/c + erlang/c*b)
}

func erlangB(servers int, erlang float64) float64 {
	if servers == 0 {
		return 1
	}
	if erlang == 0 {
		return 0
	}
	if servers <= recursionServers {
		inverse := 1.0
		for k := 1; k <= servers; k++ {
			inverse = 1 + float64(k)/erlang*inverse
		}
		return 1 / inverse
	}
	return math.Min(1, math.Exp(logErlangB(servers, erlang)))
}

// logErlangB is the logarithm of Erlang B, for which small probabilities do not underflow.
func logErlangB(servers int, erlang float64) float64 {
	c := float64(servers)
	if servers <= recursionServers {
		return recursionLogB(servers, erlang)
	}
	// Past five standard deviations of overload the Poisson sum is small, and its continued
	// fraction converges within a few dozen terms.
	if erlang > c+5*math.Sqrt(c) {
		return -math.Log(overloadInverseB(c, erlang))
	}
	return logPoisson(c, erlang) - math.Log(mathext.GammaIncRegComp(c+1, erlang))
}

// recursionLogB is for up to 100 servers. Below 1 erlang the recursion's inverse would overflow.
func recursionLogB(servers int, erlang float64) float64 {
	if erlang > 1 {
		return math.Log(erlangB(servers, erlang))
	}
	// 1/B_c = sum of c!/(j! A^(c-j)), dominated by j = 0 for small loads.
	sum, term := 1.0, 1.0
	for j := 1; j <= servers; j++ {
		term *= erlang / float64(j)
		sum += term
	}
	logFactorial, _ := math.Lgamma(float64(servers) + 1)
	return float64(servers)*math.Log(erlang) - logFactorial - math.Log(sum)
}

// logPoisson is ln(e^-x x^n / n!) for n > 100, without the cancellation of its textbook terms.
// Source: Loader, Fast and Accurate Computation of Binomial Probabilities, 2000.
func logPoisson(n, x float64) float64 {
	stirling := (1.0/12 - (1.0/360-1.0/1260/(n*n))/(n*n)) / n
	excess := (x - n) / n
	return -n*(excess-math.Log1p(excess)) - stirling - 0.5*math.Log(2*math.Pi*n)
}

// overloadInverseB is 1/B for x > n, as Legendre's continued fraction of the incomplete gamma
// function: x / (x-n + n/(x-n+2 + 2(n-1)/(x-n+4 + ...))), whose terms are all positive.
func overloadInverseB(n, x float64) float64 {
	const tiny = 1e-300
	value := x - n
	c, d := value, 0.0
	for k := 1.0; k <= n; k++ {
		a, b := k*(n-k+1), x-n+2*k
		d = 1 / math.Max(b+a*d, tiny)
		c = b + a/c
		step := c * d
		value *= step
		if math.Abs(step-1) < 1e-15 {
			break
		}
	}
	return x / value
}

func unstable(servers int, erlang float64) error {
	return fmt.Errorf("%w: %g erlang offered to %d servers, want fewer than %d erlang or at least %.0f servers",
		ErrUnstable, erlang, servers, servers, math.Floor(erlang)+1)
}
