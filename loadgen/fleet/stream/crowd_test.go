package stream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/record"
)

// spread draws latencies around a median of 20 ms; sigma is about their relative standard deviation.
func spread(b testing.TB, random *rand.Rand, values int, sigma float64) *record.Histogram {
	b.Helper()
	h := record.NewHistogram()
	for range values {
		if err := h.RecordValue(int64(20e6 * math.Exp(sigma*random.NormFloat64()))); err != nil {
			b.Fatal(err)
		}
	}
	return h
}

// busy is what an agent measures in a second: 10,000 values in 20 series, of which four are of requests that
// were due in the second before, and the counters of four steps.
func busy(b testing.TB, seed uint64) []record.Interval {
	b.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	late := record.Interval{Second: -1, Histograms: map[record.Tag]*record.Histogram{}}
	now := record.Interval{Histograms: map[record.Tag]*record.Histogram{}, Steps: map[string]*record.Counters{},
		Generator: &record.Generator{CPUSeconds: random.Float64(), Connections: 64, Arrivals: 2500, IdleCPUSeconds: random.Float64()}}
	for i := range 20 {
		tag := record.Tag{Metric: record.ResponseTime, Step: fmt.Sprintf("step%d", i%4), Outcome: fmt.Sprintf("outcome%d", i/4)}
		of := now
		if i >= 16 {
			of = late
		}
		of.Histograms[tag] = spread(b, random, 500, 0.3)
	}
	for i := range 4 {
		now.Steps[fmt.Sprintf("step%d", i)] = &record.Counters{Due: 2500, Sent: 2500, Done: 2500, BytesIn: 1 << 20, BytesOut: 1 << 19,
			Errors: map[string]uint64{"timeout": 3}, Quiet: record.Load{Requests: 100, Seconds: random.Float64()}}
	}
	return []record.Interval{late, now}
}

// load is snapshots of many agents, made as they are asked for.
type load struct{ bodies [][]Interval }

func newLoad(b testing.TB) *load {
	l := &load{}
	packer := record.NewPacker()
	for seed := range uint64(16) {
		var body []Interval
		for _, interval := range busy(b, seed) {
			body = append(body, Pack(packer, interval))
		}
		l.bodies = append(l.bodies, body)
	}
	return l
}

func (l *load) snapshot(slot, second int) []byte {
	s := Snapshot{Key: Key{testRun, slot, 1}, Number: uint64(second), Second: second}
	for _, interval := range l.bodies[(slot+7*second)%len(l.bodies)] {
		interval.Second += second
		s.Intervals = append(s.Intervals, interval)
	}
	return encode(s)
}

// publishAgents is the environment variable that makes of this program a crowd of agents: address of the bus, number of
// agents, and seconds.
const publishAgents = "FSCTL_TEST_PUBLISH_AGENTS"

// publish has each of many agents publish a snapshot a second, over a connection of its own, evenly spread over the
// second. It fails where the bus does not take them.
func publish(order string) error {
	fields := strings.Fields(order)
	agents, _ := strconv.Atoi(fields[1]) // as publishers() wrote them
	seconds, _ := strconv.Atoi(fields[2])
	l := newLoad(noTest{})
	start := time.Now().Add(3 * time.Second)
	var crowd sync.WaitGroup
	problems := make([]error, agents)
	for i := range agents {
		crowd.Go(func() {
			conn, err := nats.Connect("nats://"+fields[0], nats.Timeout(30*time.Second))
			if err != nil {
				problems[i] = err
				return
			}
			defer conn.Close()
			for second := range seconds {
				time.Sleep(time.Until(start.Add(time.Duration(second)*time.Second + time.Duration(i)*time.Second/time.Duration(agents))))
				if _, err := conn.Request(busRun.RecordSubject(i+1), l.snapshot(i+1, second), 10*time.Second); err != nil {
					problems[i] = fmt.Errorf("agent %d, second %d: %w", i+1, second, err)
					return
				}
			}
		})
	}
	crowd.Wait()
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

// noTest is a test where there is none.
type noTest struct{ testing.TB }

func (noTest) Helper() {}
