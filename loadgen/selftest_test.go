package loadgen

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"

	"fsctl/loadgen/host"
)

func TestSelfTest(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for real seconds")
	}
	for _, engine := range []string{EngineAuto, EngineVegeta} {
		a, err := SelfTest(context.Background(), engine)
		if runtime.GOOS != "linux" {
			if !errors.Is(err, host.ErrNoSelfTest) {
				t.Errorf("%s: %v, wanted %v", engine, err, host.ErrNoSelfTest)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if a.RequestsPerSec <= 0 || a.CPUPerRequest <= 0 || a.UsableCores <= 0 || a.UsableCores > float64(runtime.GOMAXPROCS(0)) {
			t.Errorf("%s: found %+v", engine, a)
		}
		if got := a.Cores(a.RequestsPerSec); math.Abs(got-a.UsableCores) > 0.01*a.UsableCores {
			t.Errorf("%s: the most that it can send takes %g cores, wanted the %g that it may use", engine, got, a.UsableCores)
		}
		t.Logf("%s: %+v", engine, a)
	}
}

func TestSelfTestStopsWhenItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := SelfTest(ctx, EngineAuto); !errors.Is(err, context.Canceled) && !errors.Is(err, host.ErrNoSelfTest) {
		t.Errorf("found %v, wanted it to be canceled", err)
	}
}
