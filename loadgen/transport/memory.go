package transport

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"fsctl/loadgen/budget"
)

// ErrMemory is an answer within the limits that was not kept since other answers had taken the memory for it: the
// generator's fault.
var ErrMemory = errors.New("no memory left for the answer")

const (
	// SmallBody is how much of a body a connection may keep without asking the budget of all answers, in bytes, and again as much
	// to unpack it.
	SmallBody = 16 << 10
	// keptBody is the largest buffer that is kept for other answers, in bytes.
	keptBody = 1 << 20
	// coarse is the size from which a buffer grows by a quarter, so that little of it stays empty.
	coarse = 1 << 20
)

// buffer is memory for a body. What is beyond SmallBody is taken from the budget of all answers.
type buffer struct {
	held  int
	short bool // it is needed no longer than it takes to unpack and judge a body
}

// extend returns p with room for at least n bytes more, at most limit in all. It returns false, and p as it is, where the budget
// is used up.
func (b *buffer) extend(p []byte, n, limit int) ([]byte, bool) {
	wanted := len(p) + n
	size := max(2*cap(p), wanted, 512)
	if cap(p) >= coarse {
		size = max(cap(p)+cap(p)/4, wanted)
	}
	size = max(min(size, limit+1), wanted) // the byte beyond the limit is read too
	if more := size - SmallBody - b.held; more > 0 {
		take := budget.Answers.Take
		if b.short {
			take = budget.Answers.TakeShort
		}
		if !take(more) {
			return p, false
		}
		b.held += more
	}
	var larger []byte
	if used, ok := usedBuffers.Get().(*[]byte); ok && size > SmallBody && cap(*used) >= size {
		larger = (*used)[:len(p):size]
	} else {
		larger = make([]byte, len(p), size)
	}
	copy(larger, p)
	return larger, true
}

// usedBuffers are large buffers of answers that have been judged. The garbage collector takes those that are not needed again.
var usedBuffers sync.Pool

// letGo offers a buffer for another answer, and gives back what was taken for it.
func (b *buffer) letGo(p []byte) {
	if cap(p) <= keptBody {
		usedBuffers.Put(&p)
	}
	b.free()
}

// free gives back what was taken, once the memory is no longer used.
func (b *buffer) free() {
	budget.Answers.Give(b.held)
	b.held = 0
}

// Append adds n bytes that came to the body. Where the budget of all answers is used up, the body is dropped, and so is
// all that comes after: see Kept. limit bounds a body, in bytes.
func (a *Answer) Append(p []byte, limit int) {
	if len(p) > cap(a.Body)-len(a.Body) && !a.makeRoom(len(p), limit) {
		return
	}
	a.Body = append(a.Body, p...)
}

// readFrom adds all of r to the body, or drops it as Append does, and returns how many bytes that were.
func (a *Answer) readFrom(r io.Reader, limit int) (n int64, err error) {
	for {
		if len(a.Body) == cap(a.Body) && !a.makeRoom(1, limit) {
			rest, err := io.Copy(io.Discard, r)
			return n + rest, err
		}
		read, err := r.Read(a.Body[len(a.Body):cap(a.Body)])
		a.Body = a.Body[:len(a.Body)+read]
		n += int64(read)
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
	}
}

// makeRoom makes room for n bytes more, or drops the body.
func (a *Answer) makeRoom(n, limit int) bool {
	if a.dropped {
		return false
	}
	body, ok := a.memory.extend(a.Body, n, limit)
	if a.Body = body; !ok {
		a.drop()
	}
	return ok
}

// drop gives the body up, and its memory.
func (a *Answer) drop() {
	a.saveStart()
	a.Body, a.spare, a.dropped = nil, nil, true
	a.memory.free()
	a.spareMemory.free()
}

// saveStart keeps the beginning of the body as it was sent, which is about to go.
func (a *Answer) saveStart() { a.start = append(a.start[:0], a.Body[:min(len(a.Body), MostStart)]...) }

// Start returns the first MostStart bytes of a wanted body: unpacked where that succeeded, and what was sent where the answer is no
// whole one. It may share the memory of the body.
func (a *Answer) Start(whole bool) []byte {
	if !whole && len(a.start) > 0 {
		return a.start
	}
	return a.Body[:min(len(a.Body), MostStart)]
}

// IsLarge reports whether the body has memory of the budget of all answers, which is gone once it is released.
func (a *Answer) IsLarge() bool { return a.memory.held > 0 }

// Kept fails with ErrMemory where the body was dropped.
func (a *Answer) Kept() error {
	if a.dropped {
		return NoMemory()
	}
	return nil
}

// NoMemory returns an ErrMemory that says how much there is.
func NoMemory() error {
	return fmt.Errorf("%w: all answers of this process together may take %d MiB", ErrMemory, budget.Answers.Limit()>>20)
}

// Release gives back the memory of a large answer, once it has been judged: its body is gone then. That of a small one stays for
// the next answer.
func (a *Answer) Release() {
	if cap(a.Body) <= SmallBody && cap(a.spare) <= SmallBody {
		return
	}
	if cap(a.Body) > SmallBody {
		a.memory.letGo(a.Body)
		a.Body = nil
	}
	if cap(a.spare) > SmallBody {
		a.spareMemory.letGo(a.spare)
		a.spare = nil
	}
}
