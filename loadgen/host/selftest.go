package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"fsctl/scenarios/quantity"
)

// Ability is what a machine was measured to send.
type Ability struct {
	RequestsPerSec float64       // that its usable cores can send, at most
	CPUPerRequest  time.Duration // of the generator alone, not of what answered
	UsableCores    float64       // that a generator may use up and still be punctual
}

// Cores returns how many cores a rate of requests [1/s] takes: by definition rate x CPU time of a request.
func (a Ability) Cores(requestsPerSec float64) float64 {
	return requestsPerSec * a.CPUPerRequest.Seconds()
}

// ErrNoSelfTest is a system on which SelfTest cannot separate the generator's CPU from that of what answers it.
var ErrNoSelfTest = errors.New("the self-test is for Linux only")

// SelfTest measures what this machine can send. send sends small requests without TLS to host:port, keeps the
// connections busy for about a second, and returns how many requests were answered. They go to a responder in this
// process, over loopback, and the CPU that the responder used is taken away. Larger requests and answers, TLS and the
// network cost more, so that it is an upper bound. Errors: ErrNoSelfTest, send's, and no answer at all.
func SelfTest(ctx context.Context, send func(ctx context.Context, address string) (answered uint64, err error)) (Ability, error) {
	responder, err := newResponder(max(1, runtime.GOMAXPROCS(0)/2))
	if err != nil {
		return Ability{}, err
	}
	defer responder.close()
	before := processCPU()
	answered, err := send(ctx, responder.address)
	if err != nil {
		return Ability{}, fmt.Errorf("self-test: %w", err)
	}
	spent := processCPU() - before - responder.cpu()
	if answered == 0 || spent <= 0 {
		return Ability{}, fmt.Errorf("self-test: found %s for %s of CPU, wanted some", quantity.Of(answered, "answer"), quantity.Duration(spent))
	}
	a := Ability{CPUPerRequest: spent / time.Duration(answered), UsableCores: usableCores()}
	a.RequestsPerSec = a.UsableCores * float64(answered) / spent.Seconds()
	return a, nil
}
