package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"fsctl/scenarios/quantity"
)

// Reserve is room on the disk for a spool that is still to be written: a file without a name, which is shortened by as much
// as the spool grows. Its bytes are written and synced, since a file system may promise more than it has. Where the system
// cannot unlink an open file, the room is shown to be there and is not kept. All methods may be called on nil, and from many
// goroutines.
type Reserve struct {
	dir string

	mu   sync.Mutex
	file *os.File // nil where it is not kept
	size int64
}

// RoomError says that a directory has not the room that a run needs, or cannot be written at all.
type RoomError struct {
	Dir           string
	Found, Wanted int64 // bytes
	Err           error
}

// Error says how much there is.
func (e *RoomError) Error() string {
	return fmt.Sprintf("%s: found room for %s, wanted %s: %v", e.Dir, quantity.Bytes(float64(e.Found)), quantity.Bytes(float64(e.Wanted)), e.Err)
}

// Unwrap returns what the system said.
func (e *RoomError) Unwrap() error { return e.Err }

// NewReserve keeps room of a size in bytes, 0 or more, in a directory, which it creates where there is none. It fails with a
// *RoomError where that cannot be written, and with ctx's error.
func NewReserve(ctx context.Context, dir string, size int64) (*Reserve, error) {
	failed := func(err error) (*Reserve, error) { return nil, &RoomError{Dir: dir, Wanted: size, Err: err} }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return failed(err)
	}
	file, err := os.CreateTemp(dir, "room-*")
	if err != nil {
		return failed(err)
	}
	r := &Reserve{dir: dir, file: file}
	isGone := os.Remove(file.Name()) == nil
	err = r.Grow(ctx, size)
	if err != nil || !isGone {
		r.Close()
		if !isGone {
			_ = os.Remove(file.Name()) // the next one has another name
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Grow makes room up to a size in bytes. The errors are those of NewReserve; what there was before stays.
func (r *Reserve) Grow(ctx context.Context, size int64) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil {
		return nil
	}
	before := r.size
	data := make([]byte, 256<<10)
	for i := range data {
		data[i] = byte(i*7 + i>>8) // some file systems keep no room for zeros
	}
	const page = 4 << 10
	err := ctx.Err()
	for r.size < size && err == nil {
		var n int
		n, err = r.file.WriteAt(data[:min(int64(len(data)), size-r.size)], r.size)
		r.size += int64(n)
		if err != nil && len(data) > page && ctx.Err() == nil { // see how much there is
			data, err = data[:page], nil
		}
		err = errors.Join(err, ctx.Err())
	}
	if err == nil {
		err = r.file.Sync()
	}
	if err == nil || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	found := r.size
	r.size = min(before, r.size)
	_ = r.file.Truncate(r.size) // else the room stays taken until Close
	return &RoomError{Dir: r.dir, Found: found, Wanted: size, Err: err}
}

// Release gives room back that something else is about to take.
func (r *Reserve) Release(bytes int64) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file == nil || r.size == 0 {
		return
	}
	r.size = max(0, r.size-bytes)
	_ = r.file.Truncate(r.size) // where that fails, the spool's own write says so
}

// Close gives all of the room back.
func (r *Reserve) Close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.file != nil {
		_ = r.file.Close() // nothing in it is wanted
		r.file, r.size = nil, 0
	}
}
