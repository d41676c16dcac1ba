// Package wheel keeps users who wait until each one's next step is due.
package wheel

import (
	"container/heap"
	"iter"
	"math"
	"math/bits"
	"time"

	"fsctl/loadgen/journey"
)

// Geometry of the wheel: ticks of 2^20 ns (1.05 ms), four levels of 256 buckets: 52 days ahead.
const (
	tickBits   = 20
	bucketBits = 8
	buckets    = 1 << bucketBits
	levels     = 4
	furthest   = 1<<(bucketBits*levels) - 1 // ticks
	bucketMask = buckets - 1
	wordsOfMap = buckets / 64
)

// Wheel keeps waiting users by due instant: adding and taking cost the same for ten users and a
// million (Varghese and Lauck, SOSP 1987, scheme 7: hierarchical timing wheels). Users due within
// the current tick stand in a heap, so that they leave in order of their exact instants. The zero Wheel is empty, and
// stands at T0.
type Wheel struct {
	tick    int64 // users due in this tick or before are in soon
	count   int   // in the buckets
	buckets [levels][buckets]*journey.User
	used    [levels][wordsOfMap]uint64 // a bit for each bucket that is not empty
	soon    dueHeap
}

func tickOf(t time.Duration) int64 { return int64(t) >> tickBits }

// Start sets the wheel, which is empty, to the instant now.
func (w *Wheel) Start(now time.Duration) { w.tick = tickOf(now) }

// Add puts a user in.
func (w *Wheel) Add(u *journey.User) {
	ahead := tickOf(u.Due) - w.tick
	if ahead <= 0 {
		heap.Push(&w.soon, u)
		return
	}
	w.count++
	tick := w.tick + min(ahead, furthest)
	level := (bits.Len64(uint64(ahead)) - 1) / bucketBits
	level = min(level, levels-1)
	bucket := tick >> (bucketBits * level) & bucketMask
	u.Next = w.buckets[level][bucket]
	w.buckets[level][bucket] = u
	w.used[level][bucket/64] |= 1 << (bucket % 64)
}

// take empties a bucket.
func (w *Wheel) take(level int, bucket int64) *journey.User {
	u := w.buckets[level][bucket]
	w.buckets[level][bucket] = nil
	w.used[level][bucket/64] &^= 1 << (bucket % 64)
	return u
}

// Turn moves the wheel to the instant now: the users due in its tick or before come into order, where First and Pop find them.
func (w *Wheel) Turn(now time.Duration) {
	target := tickOf(now)
	for first := w.firstTick(); first <= target; first = w.firstTick() {
		w.tick = first
		// Where a level has come round, the next bucket of the level above is dealt out below.
		for level := 1; level < levels && w.tick&(1<<(bucketBits*level)-1) == 0; level++ {
			w.deal(w.take(level, w.tick>>(bucketBits*level)&bucketMask))
		}
		w.deal(w.take(0, w.tick&bucketMask))
	}
	w.tick = max(w.tick, target)
}

// deal adds a list of users again.
func (w *Wheel) deal(u *journey.User) {
	for u != nil {
		next := u.Next
		u.Next = nil
		w.count--
		w.Add(u)
		u = next
	}
}

// First returns the due instant of the first user that Pop would return, the largest time.Duration for none.
func (w *Wheel) First() time.Duration {
	if len(w.soon) == 0 {
		return math.MaxInt64
	}
	return w.soon[0].Due
}

// Pop takes the first user out, for whom First returned an instant. That may be later than the one to which the wheel was turned.
func (w *Wheel) Pop() *journey.User { return heap.Pop(&w.soon).(*journey.User) }

// Next returns an instant by which the wheel must be turned again: that of the first user, or
// before it where that user is far. It returns false where no user waits.
func (w *Wheel) Next() (time.Duration, bool) {
	if len(w.soon) > 0 {
		return w.soon[0].Due, true
	}
	first := w.firstTick()
	return time.Duration(first << tickBits), first < math.MaxInt64
}

// firstTick returns the next tick at which a bucket is to be dealt, far in the future where all are empty.
func (w *Wheel) firstTick() int64 {
	first := int64(math.MaxInt64)
	for level := range levels {
		shift := bucketBits * level
		here := w.tick >> shift
		if ahead := w.firstUsed(level, here); ahead > 0 {
			first = min(first, (here+ahead)<<shift)
		}
	}
	return first
}

// firstUsed returns how many buckets ahead of here the level's first user is, 0 for none.
func (w *Wheel) firstUsed(level int, here int64) int64 {
	for ahead := int64(1); ahead <= buckets; {
		bucket := (here + ahead) & bucketMask
		if rest := w.used[level][bucket/64] >> (bucket % 64); rest != 0 {
			return ahead + int64(bits.TrailingZeros64(rest))
		}
		ahead += 64 - bucket%64
	}
	return 0
}

// Len returns how many users wait, 0 or more.
func (w *Wheel) Len() int { return w.count + len(w.soon) }

// Drain empties the wheel and walks its users, in no order.
func (w *Wheel) Drain() iter.Seq[*journey.User] {
	full := *w
	*w = Wheel{tick: w.tick}
	return func(yield func(*journey.User) bool) {
		for _, u := range full.soon {
			if !yield(u) {
				return
			}
		}
		for level := range levels {
			for _, u := range full.buckets[level] {
				for ; u != nil; u = u.Next {
					if !yield(u) {
						return
					}
				}
			}
		}
	}
}

// dueHeap orders users by due instant, then by arrival.
type dueHeap []*journey.User

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return h[i].Due < h[j].Due || h[i].Due == h[j].Due && h[i].Arrival < h[j].Arrival
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop are for container/heap.
func (h *dueHeap) Push(x any) { *h = append(*h, x.(*journey.User)) }

// Pop removes the last element.
func (h *dueHeap) Pop() any {
	old := *h
	u := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return u
}
