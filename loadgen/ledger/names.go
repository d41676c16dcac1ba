package ledger

import (
	"hash/maphash"
	"slices"
)

// Names are the users that a ledger lists, so that those of a run can be found among them. It keeps 8 bytes a user: two
// names are taken for one with a probability of 1e-6 where a ledger of 2 million meets a storm of 10 million.
type Names struct {
	seed   maphash.Seed
	hashes []uint64
	isIn   []bool // of hashes, once they are sorted: who was marked
}

// NewNames returns an empty set.
func NewNames() *Names { return &Names{seed: maphash.MakeSeed()} }

// Add adds a user, unless the name is empty. It must not be called once there are marks.
func (n *Names) Add(name string) {
	if name == "" {
		return
	}
	if len(n.hashes) == cap(n.hashes) { // before it grows, what is there twice goes
		n.compact()
		n.hashes = slices.Grow(n.hashes, len(n.hashes)+64)
	}
	n.hashes = append(n.hashes, maphash.String(n.seed, name))
}

func (n *Names) compact() {
	slices.Sort(n.hashes)
	n.hashes = slices.Compact(n.hashes)
}

// Mark marks a user where the set has one of that name.
func (n *Names) Mark(name []byte) {
	if n.isIn == nil {
		n.compact()
		n.isIn = make([]bool, len(n.hashes))
	}
	if at, ok := slices.BinarySearch(n.hashes, maphash.Bytes(n.seed, name)); ok {
		n.isIn[at] = true
	}
}

// Marked returns how many users of the set were marked, from 0.
func (n *Names) Marked() (count int) {
	for _, is := range n.isIn {
		if is {
			count++
		}
	}
	return count
}
