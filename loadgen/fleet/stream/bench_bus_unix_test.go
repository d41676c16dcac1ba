//go:build unix

package stream

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"fsctl/loadgen/fleet/bus"
	"fsctl/loadgen/record"
)

// BenchmarkThousandAgentsOnTheBus is a coordinator with the bus in it, its store and its record, while a thousand agents
// of another process publish a snapshot of 20 series a second. On one core:
//
//	go test ./loadgen/fleet/log -run '^$' -bench OnTheBus -cpu 1 -benchtime 1x
func BenchmarkThousandAgentsOnTheBus(b *testing.B) {
	const agents, seconds = 1000, 15
	for range b.N {
		server, err := bus.StartServer(bus.ServerOptions{StoreDir: b.TempDir(), OnError: func(err error) { b.Log(err) }})
		if err != nil {
			b.Fatal(err)
		}
		defer server.Close()
		w, err := record.Create(filepath.Join(b.TempDir(), "run"), testManifest(), nil)
		if err != nil {
			b.Fatal(err)
		}
		reached := make(chan int, 10*seconds)
		c, err := NewCollector(CollectorOptions{Run: testRun, Slots: agents, Told: w.Told, Write: func(i record.Interval) error {
			reached <- i.Second
			return w.Write(i)
		}})
		if err != nil {
			b.Fatal(err)
		}
		conn, err := nats.Connect(server.URL())
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		r, err := NewReceiver(ReceiverOptions{Conn: conn, Collector: c, Stream: busRun.Stream(), Subjects: busRun.StoredSubjects(), SlotOf: bus.SlotOf,
			Control: busRun.DownSlotSubject, Problem: func(err error) { b.Error(err) }})
		if err == nil {
			err = r.Open(b.Context())
		}
		if err != nil {
			b.Fatal(err)
		}
		ctx, stop := context.WithCancel(b.Context())
		received := make(chan error, 1)
		go func() { received <- r.Run(ctx) }()

		before := cpuTime(b)
		crowd := exec.Command(os.Args[0], "-test.run=^$")
		crowd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d", publishAgents, server.Addr(), agents, seconds), "GOMAXPROCS=1")
		if out, err := crowd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		sent := time.Now()
		for second := 0; second < seconds-1; {
			second = <-reached
		}
		lag := time.Since(sent)
		used := cpuTime(b) - before
		stop()
		<-received
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(seconds)/used.Seconds(), "fleet-s/cpu-s")
		b.ReportMetric(lag.Seconds(), "s-behind")
	}
}
