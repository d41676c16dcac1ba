//go:build !linux

package host

import (
	"runtime/metrics"
	"time"
)

// machine is what the system reports of its cores and limits: only Linux does.
type machine struct{}

// Cores returns 0: unknown.
func Cores() int { return 0 }

func newMachine() *machine { return nil }

func (*machine) coreTimes() coreTimes { return coreTimes{} }

func (*machine) throttled() time.Duration { return 0 }

// openFiles returns 0: unknown.
func openFiles() int { return 0 }

// residentBytes returns the memory that Go has from the system and has not given back.
func residentBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}
