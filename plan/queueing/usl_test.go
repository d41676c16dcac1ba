package queueing

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// Published with the R package usl.
func specSDM91() []USLPoint {
	return []USLPoint{{1, 64.9}, {18, 995.9}, {36, 1652.4}, {72, 1853.2}, {108, 1828.9}, {144, 1775.0}, {216, 1702.2}}
}

func raytracer() []USLPoint {
	return []USLPoint{{1, 20}, {4, 78}, {8, 130}, {12, 170}, {16, 190}, {20, 200}, {24, 210}, {28, 230}, {32, 260}, {48, 280}, {64, 310}}
}

func TestUSLPublishedSDM(t *testing.T) {
	u := must[USL](t)(FitUSL(specSDM91(), Bootstrap{Seed: 1}))
	wantRelative(t, "gamma", u.GammaPerSec.Value, 89.99523, 1e-6)
	wantRelative(t, "alpha", u.Alpha.Value, .02772848, 1e-6)
	wantRelative(t, "beta", u.Beta.Value, 1.0436548e-4, 1e-6)
	peak := must[USLPeak](t)(u.Peak())
	wantRelative(t, "peak throughput", peak.ThroughputPerSec, 1883.899, 1e-6)
	wantNear(t, "peak concurrency", peak.Concurrency, 96.52, 5e-3)
	for name, e := range map[string]Estimate{"gamma": u.GammaPerSec, "alpha": u.Alpha, "beta": u.Beta} {
		if !(e.Low < e.Value && e.Value < e.High) {
			t.Errorf("%s = %g is not inside its interval %g to %g", name, e.Value, e.Low, e.High)
		}
	}
}

func TestUSLPublishedRaytracerHasNoPeak(t *testing.T) {
	u := must[USL](t)(FitUSL(raytracer(), Bootstrap{Seed: 1}))
	// R stops short of the least squares: its 21.9095 and .0580357 leave a sum of 697.424, the true
	// minimum, found here by scanning alpha, leaves 697.238.
	wantRelative(t, "gamma", u.GammaPerSec.Value, 21.84884, 1e-6)
	wantRelative(t, "alpha", u.Alpha.Value, .05777078, 1e-6)
	wantRelative(t, "published gamma", u.GammaPerSec.Value, 21.9095, .005)
	wantRelative(t, "published alpha", u.Alpha.Value, .0580357, .005)
	wantNear(t, "beta", u.Beta.Value, 0, 0)
	wantRelative(t, "sum of squares", u.ResidualPerSec*u.ResidualPerSec*11, 697.2378, 1e-6)
	_, err := u.Peak()
	wantError(t, "peak", err, ErrPeakUnknown)
}

func TestUSLRecoversWhatMadeThePoints(t *testing.T) {
	for _, c := range []uslCurve{{1000, .05, 1e-4}, {3e6, 0, 1e-3}, {2, .3, 0}, {10, 0, 0}, {7, 1, .01}, {1e-6, .02, 1e-6}} {
		var points []USLPoint
		for _, n := range []float64{1, 2, 4, 8, 16, 32, 64, 128} {
			points = append(points, USLPoint{n, c.throughput(n)})
		}
		u := must[USL](t)(FitUSL(points, Bootstrap{Resamples: 100}))
		wantRelative(t, "gamma", u.GammaPerSec.Value, c.gamma, 1e-6)
		wantNear(t, "alpha", u.Alpha.Value, c.alpha, 1e-6)
		wantNear(t, "beta", u.Beta.Value, c.beta, 1e-8+1e-5*c.beta)
	}
}

func TestUSLIntervalCoversTheTruth(t *testing.T) {
	truth := uslCurve{500, .04, 2e-4}
	random := rand.New(rand.NewPCG(7, 7))
	inside := 0
	const runs = 60
	for range runs {
		var points []USLPoint
		for _, n := range []float64{1, 5, 10, 20, 40, 60, 80, 100, 140, 180} {
			points = append(points, USLPoint{n, math.Max(1, truth.throughput(n)+60*random.NormFloat64())})
		}
		u := must[USL](t)(FitUSL(points, Bootstrap{Seed: 3, Resamples: 200}))
		if u.Beta.Low <= truth.beta && truth.beta <= u.Beta.High {
			inside++
		}
	}
	if inside < runs*80/100 {
		t.Errorf("95 %% interval of beta held the truth in %d of %d runs", inside, runs)
	}
}

func TestUSLIsReproducible(t *testing.T) {
	a := must[USL](t)(FitUSL(specSDM91(), Bootstrap{Seed: 5}))
	b := must[USL](t)(FitUSL(specSDM91(), Bootstrap{Seed: 5}))
	c := must[USL](t)(FitUSL(specSDM91(), Bootstrap{Seed: 6}))
	if !reflect.DeepEqual(a, b) {
		t.Error("the same seed gave different fits")
	}
	if a.Beta.High == c.Beta.High || a.Beta.Value != c.Beta.Value {
		t.Errorf("seeds 5 and 6: values %g and %g, upper ends %g and %g", a.Beta.Value, c.Beta.Value, a.Beta.High, c.Beta.High)
	}
}

func TestUSLConcurrencyInvertsThroughput(t *testing.T) {
	u := must[USL](t)(FitUSL(specSDM91(), Bootstrap{Seed: 1, Resamples: 100}))
	for _, n := range []float64{1, 2, 17.5, 60, 96} {
		x := must[float64](t)(u.ThroughputPerSec(n))
		wantRelative(t, "N", must[float64](t)(u.Concurrency(x)), n, 1e-6)
	}
	linear := must[USL](t)(FitUSL(raytracer(), Bootstrap{Seed: 1, Resamples: 100}))
	wantRelative(t, "N without beta", must[float64](t)(linear.Concurrency(must[float64](t)(linear.ThroughputPerSec(100)))), 100, 1e-6)
	wantNear(t, "N of less than one gives", must[float64](t)(u.Concurrency(10)), 1, 0)
}

func TestUSLRefusesWhatItCannotKnow(t *testing.T) {
	u := must[USL](t)(FitUSL(specSDM91(), Bootstrap{Seed: 1, Resamples: 100}))
	if _, err := u.ThroughputPerSec(432); err != nil {
		t.Errorf("twice the largest N: %v", err)
	}
	_, err := u.ThroughputPerSec(433)
	wantRangeError(t, "beyond twice the largest N", err)
	_, err = u.Concurrency(1884)
	wantRangeError(t, "beyond the peak", err)
	linear := must[USL](t)(FitUSL(raytracer(), Bootstrap{Seed: 1, Resamples: 100}))
	_, err = linear.Concurrency(370) // below gamma/alpha, but N would be over 128
	wantRangeError(t, "beyond twice the largest N", err)

	_, err = FitUSL(specSDM91()[:5], Bootstrap{})
	wantRangeError(t, "five points", err)
	_, err = FitUSL(append(specSDM91()[:5], USLPoint{1, 70}, USLPoint{18, 1000}), Bootstrap{})
	wantRangeError(t, "seven points at five concurrencies", err)
	_, err = FitUSL(append(specSDM91(), USLPoint{0, 70}), Bootstrap{})
	wantRangeError(t, "zero concurrency", err)
	_, err = FitUSL(append(specSDM91(), USLPoint{4, math.NaN()}), Bootstrap{})
	wantRangeError(t, "NaN throughput", err)
	_, err = FitUSL(specSDM91(), Bootstrap{Resamples: 5})
	wantRangeError(t, "five resamples", err)
	_, err = FitUSL(specSDM91(), Bootstrap{ConfidenceRatio: 95})
	wantRangeError(t, "confidence in percent", err)
	_, err = USL{}.Concurrency(5)
	wantRangeError(t, "zero value", err)
}

func TestUSLPeakFarBeyondTheMeasurementsIsUnknown(t *testing.T) {
	c := uslCurve{100, .01, 1e-6} // peak at N = 995
	var points []USLPoint
	for _, n := range []float64{1, 2, 4, 8, 16, 32, 64} {
		points = append(points, USLPoint{n, c.throughput(n)})
	}
	_, err := must[USL](t)(FitUSL(points, Bootstrap{})).Peak()
	wantError(t, "peak at 15 times the largest N", err, ErrPeakUnknown)
}
