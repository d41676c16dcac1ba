// Package budget bounds the memory that answers take in this process, all connections of all storms together.
//
// What the targets send decides how much is kept of it; only a bound for the process keeps that inside the machine. Small
// answers stay in memory that each connection has for itself, and never ask.
package budget

import "sync/atomic"

// Default is the memory for large answers where nothing sets another limit, in bytes.
const Default = 128 << 20

// Budget is an amount of memory, of which parts are taken and given back. It may be used from many goroutines.
type Budget struct{ limit, used atomic.Int64 }

// Answers is what large answers of this process are kept in, and large heads.
var Answers = New(Default)

// New returns a budget of so many bytes, from 0.
func New(limitBytes int64) *Budget {
	b := new(Budget)
	b.limit.Store(limitBytes)
	return b
}

// SetLimit makes it another number of bytes, from 0. What is taken stays taken.
func (b *Budget) SetLimit(bytes int64) { b.limit.Store(bytes) }

// Limit returns how many bytes there are in all.
func (b *Budget) Limit() int64 { return b.limit.Load() }

// Used returns how many bytes are taken.
func (b *Budget) Used() int64 { return b.used.Load() }

// Take takes so many bytes, from 0, or none of them where fewer are left. It reports whether it took them.
func (b *Budget) Take(bytes int) bool {
	if b.used.Add(int64(bytes)) <= b.limit.Load() {
		return true
	}
	b.used.Add(-int64(bytes))
	return false
}

// TakeShort is Take for memory that is needed for no longer than a computation takes. It leaves a quarter to what the targets
// are just sending.
func (b *Budget) TakeShort(bytes int) bool {
	if limit := b.limit.Load(); b.used.Add(int64(bytes)) <= limit-limit/4 {
		return true
	}
	b.used.Add(-int64(bytes))
	return false
}

// Give gives back what was taken.
func (b *Budget) Give(bytes int) { b.used.Add(-int64(bytes)) }
