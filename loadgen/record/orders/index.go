package orders

import (
	"bytes"
	"hash/maphash"
	"iter"
	"slices"
	"sort"
)

// Index groups orders of a list by a key, and finds those of one. It takes 8 bytes an order: its place, and above it 24 bits
// of its key's hash. Places are sorted by that; the few of one hash are sorted by what the list says of them.
type Index struct {
	list   *List
	seed   maphash.Seed
	key    func(to []byte, row Row) []byte
	places []Place
}

// NewIndex groups the orders at some places of a list, and sorts each group. It takes the places over.
//
//	key      appends the key of a row
//	compare  sorts rows of one key
func NewIndex(list *List, places []Place, key func(to []byte, row Row) []byte, compare func(a, b Row) int) *Index {
	x := &Index{list: list, seed: maphash.MakeSeed(), key: key, places: places}
	var a, b []byte
	for i, p := range places {
		a = key(a[:0], list.Row(p))
		places[i] = p&(1<<placeBits-1) | x.hash(a)
	}
	slices.Sort(places)
	for from, to := 0, 0; from < len(places); from = to {
		if to = x.endOfHash(from); to-from == 1 {
			continue
		}
		slices.SortFunc(places[from:to], func(p, q Place) int {
			one, other := list.Row(p), list.Row(q)
			a, b = key(a[:0], one), key(b[:0], other)
			if c := bytes.Compare(a, b); c != 0 {
				return c
			}
			return compare(one, other)
		})
	}
	return x
}

// Places returns the places of all orders of a list.
func (l *List) Places() []Place {
	places := make([]Place, 0, l.count)
	for p := range l.Rows() {
		places = append(places, p)
	}
	return places
}

func (x *Index) hash(key []byte) Place {
	return Place(maphash.Bytes(x.seed, key)) &^ (1<<placeBits - 1)
}

func (x *Index) endOfHash(from int) int {
	to := from + 1
	for to < len(x.places) && x.places[to]>>placeBits == x.places[from]>>placeBits {
		to++
	}
	return to
}

// Find returns the places of the orders of a key, sorted; none where there are none.
func (x *Index) Find(key []byte) []Place {
	hash := x.hash(key)
	from, _ := slices.BinarySearch(x.places, hash)
	var buf []byte
	of := func(p Place) []byte {
		buf = x.key(buf[:0], x.list.Row(p))
		return buf
	}
	bucket := x.places[from:]
	bucket = bucket[:sort.Search(len(bucket), func(i int) bool { return bucket[i]>>placeBits > hash>>placeBits })]
	first := sort.Search(len(bucket), func(i int) bool { return bytes.Compare(of(bucket[i]), key) >= 0 })
	bucket = bucket[first:]
	return bucket[:sort.Search(len(bucket), func(i int) bool { return !bytes.Equal(of(bucket[i]), key) })]
}

// Groups returns each key, which is good until the next one, and the places of its orders, sorted. Keys come in no order.
func (x *Index) Groups() iter.Seq2[[]byte, []Place] {
	return func(yield func([]byte, []Place) bool) {
		var key, next []byte
		for from, to := 0, 0; from < len(x.places); from = to {
			key = x.key(key[:0], x.list.Row(x.places[from]))
			for to = from + 1; to < len(x.places) && x.places[to]>>placeBits == x.places[from]>>placeBits; to++ {
				if next = x.key(next[:0], x.list.Row(x.places[to])); !bytes.Equal(key, next) {
					break
				}
			}
			if !yield(key, x.places[from:to:to]) {
				return
			}
		}
	}
}
