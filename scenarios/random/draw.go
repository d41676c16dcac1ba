// Package random draws numbers and durations as pure functions of a seed, a name and an index.
package random

import "math/bits"

// Stream is a source of random numbers that any process can read at any place: draw k is a
// pure function of the seed, the stream's name and k. Draws need no order and no
// shared state, so one machine and a hundred machines make the same storm.
type Stream uint64

// NewStream returns the stream of a seed and a name. Streams of different names are independent.
// Any seed is good, and any name.
// Source: the name is hashed with FNV-1a (Fowler, Noll, Vo), and mixed as SplitMix64
// does.
func NewStream(seed uint64, name string) Stream {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	h := uint64(offset)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * prime
	}
	return Stream(mix(seed+golden) ^ mix(h))
}

// golden is 2^64 over the golden ratio: the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the output function of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection
// in which each input bit changes each output bit with probability one half.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 returns draw k, uniform over 0 to 2^64-1; k is any number.
// Source: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), read at place k.
func (s Stream) Uint64(k uint64) uint64 { return mix(mix(uint64(s)+golden*k) + golden) }

// Float64 returns draw k as a number in [0, 1), a multiple of 2^-53.
func (s Stream) Float64(k uint64) float64 { return float64(s.Uint64(k)>>11) / (1 << 53) }

// Sub returns the stream that belongs to draw k, for quantities that need many draws each.
func (s Stream) Sub(k uint64) Stream { return Stream(s.Uint64(k)) }

// Source reads a stream in order; it is a math/rand/v2 Source.
type Source struct {
	Stream Stream
	next   uint64
}

// Uint64 returns the next draw, uniform over 0 to 2^64-1.
func (s *Source) Uint64() uint64 {
	s.next++
	return s.Stream.Uint64(s.next - 1)
}

// Permutation is a seeded bijection of 0..size-1 that needs no table: a Feistel network on
// the next even power of two, walked until it lands inside (Black and Rogaway, CT-RSA 2002).
// Six rounds: with four, small permutations are visibly not alike.
type Permutation struct {
	size uint64
	half uint // bits of each half
	keys [6]Stream
}

// NewPermutation returns the permutation of 0..size-1 that the stream names; size is at least 1.
func NewPermutation(s Stream, size uint64) *Permutation {
	p := &Permutation{size: size, half: max(1, uint(bits.Len64(size-1)+1)/2)}
	for i := range p.keys {
		p.keys[i] = s.Sub(uint64(i))
	}
	return p
}

// At returns the image of k, from 0 to size-1 as k is. For a larger k it has no meaning.
func (p *Permutation) At(k uint64) uint64 {
	mask := uint64(1)<<p.half - 1
	for {
		left, right := k>>p.half, k&mask
		for _, key := range p.keys {
			left, right = right, left^key.Uint64(right)&mask
		}
		if k = left<<p.half | right; k < p.size {
			return k
		}
	}
}
