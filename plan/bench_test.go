package plan

import (
	"fmt"
	"strings"
	"testing"

	"fsctl/scenarios"
)

// twentyServices is a scenario of 20 uncertain services, half of them with a limit on latency.
func twentyServices(t testing.TB) *scenarios.Scenario {
	t.Helper()
	var b strings.Builder
	b.WriteString(`apiVersion: fsctl/v1
kind: Scenario
name: twenty
workload: {users: [8M, 10M, 13M], active: [15%, 20%, 25%], actions: [20, 30, 40], peak: [2, 2.5, 3], event: {order: [60, 90, 120]}}
steps:
  read: {share: 95%}
  order: {share: 5%, transaction: true}
services:
`)
	for i := range 20 {
		fmt.Fprintf(&b, "  - {name: s%d, kind: service, calls: {read: 1, order: %d}, demand: [%dms, %dms, %dms]", i, i%4, i+1, 2*i+2, 4*i+4)
		if i%2 == 0 {
			fmt.Fprintf(&b, ", latency: {quantile: 0.99, limit: %dms}", 12*(i+1))
		}
		b.WriteString("}\n")
	}
	sc, err := scenarios.Parse("twenty.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

func BenchmarkNewTwentyServices(b *testing.B) {
	sc := twentyServices(b)
	for _, cores := range []int{1, 2} {
		b.Run(fmt.Sprintf("cores=%d", cores), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := New(sc, Options{Trials: 10_000, Seed: 1, Cores: cores}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
