//go:build !linux

package host

// ephemeralPorts returns 0: unknown.
func ephemeralPorts() int { return 0 }

// freeMemory returns 0: unknown.
func freeMemory() float64 { return 0 }

// coresAllowed returns 0: no quota is known.
func coresAllowed() float64 { return 0 }
