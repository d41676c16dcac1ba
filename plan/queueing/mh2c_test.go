package queueing

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// exactMH2cMeanWait is the mean wait of M/H2/c with balanced means, mean service 1 s, solved as a
// quasi-birth-death process with the matrix-geometric method (Neuts 1981): the oracle for claims
// about two-moment approximations. Level n is the number in the system, phase j the number of busy
// servers on the first branch.
func exactMH2cMeanWait(t *testing.T, rho, serviceSCV float64, c int) float64 {
	t.Helper()
	h := newHyperexponential(rho*float64(c), serviceSCV)
	up, down := scaled(h.lambda, identity(c+1)), h.downFull(c)
	local := mat.NewDense(c+1, c+1, nil)
	for j := range c + 1 {
		local.Set(j, j, -h.lambda-mat.Sum(down.RowView(j)))
	}
	r := rateMatrix(up, local, down)
	// pi_n = pi_(n-1) ratio[n], from level c down to the empty system.
	ratio := make([]*mat.Dense, c+1)
	closing := sum(local, product(r, down))
	for n := c; n >= 1; n-- {
		ratio[n] = product(h.up(n-1), inverse(scaled(-1, closing)))
		if n > 1 {
			own := mat.NewDense(n, n, nil)
			for j := range n {
				own.Set(j, j, -h.lambda-mat.Sum(h.down(n-1).RowView(j)))
			}
			closing = sum(own, product(ratio[n], h.down(n)))
		}
	}
	pi := mat.NewDense(1, 1, []float64{1})
	total := 0.0
	for n := 1; n <= c; n++ {
		total += mat.Sum(pi)
		pi = product(pi, ratio[n])
	}
	geometric := inverse(sum(identity(c+1), scaled(-1, r)))
	total += mat.Sum(product(pi, geometric))
	inLine := mat.Sum(product(product(product(pi, r), geometric), geometric))
	return inLine / total / h.lambda
}

type hyperexponential struct{ lambda, p, mu1, mu2 float64 }

func newHyperexponential(lambda, scv float64) hyperexponential {
	p := 0.5 * (1 + math.Sqrt((scv-1)/(scv+1)))
	return hyperexponential{lambda: lambda, p: p, mu1: 2 * p, mu2: 2 * (1 - p)}
}

func (h hyperexponential) up(n int) *mat.Dense {
	u := mat.NewDense(n+1, n+2, nil)
	for j := range n + 1 {
		u.Set(j, j+1, h.lambda*h.p)
		u.Set(j, j, h.lambda*(1-h.p))
	}
	return u
}

func (h hyperexponential) down(n int) *mat.Dense {
	d := mat.NewDense(n+1, n, nil)
	for j := range n + 1 {
		if j > 0 {
			d.Set(j, j-1, float64(j)*h.mu1)
		}
		if j < n {
			d.Set(j, j, float64(n-j)*h.mu2)
		}
	}
	return d
}

// downFull is a departure that is at once replaced from the line.
func (h hyperexponential) downFull(c int) *mat.Dense {
	d := mat.NewDense(c+1, c+1, nil)
	for j := range c + 1 {
		first, second := float64(j)*h.mu1, float64(c-j)*h.mu2
		d.Set(j, j, first*h.p+second*(1-h.p))
		if j > 0 {
			d.Set(j, j-1, first*(1-h.p))
		}
		if j < c {
			d.Set(j, j+1, second*h.p)
		}
	}
	return d
}

// rateMatrix is the minimal R with up + R local + R^2 down = 0, by logarithmic reduction (Latouche
// and Ramaswami 1993).
func rateMatrix(up, local, down *mat.Dense) *mat.Dense {
	n, _ := up.Dims()
	out := inverse(scaled(-1, local))
	high, low := product(out, up), product(out, down)
	g, t := mat.DenseCopyOf(low), mat.DenseCopyOf(high)
	for range 40 {
		rest := inverse(sum(identity(n), scaled(-1, sum(product(high, low), product(low, high)))))
		high, low = product(rest, product(high, high)), product(rest, product(low, low))
		g = sum(g, product(t, low))
		t = product(t, high)
		if mat.Max(t) < 1e-15 {
			break
		}
	}
	return product(up, inverse(scaled(-1, sum(local, product(up, g)))))
}

func identity(n int) *mat.Dense {
	m := mat.NewDense(n, n, nil)
	for i := range n {
		m.Set(i, i, 1)
	}
	return m
}

func product(a, b mat.Matrix) *mat.Dense { var m mat.Dense; m.Mul(a, b); return &m }

func sum(a, b mat.Matrix) *mat.Dense { var m mat.Dense; m.Add(a, b); return &m }

func scaled(f float64, a mat.Matrix) *mat.Dense { var m mat.Dense; m.Scale(f, a); return &m }

func inverse(a mat.Matrix) *mat.Dense {
	var m mat.Dense
	if err := m.Inverse(a); err != nil {
		if _, ill := err.(mat.Condition); !ill {
			panic(err)
		}
	}
	return &m
}
