package stream

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"fsctl/loadgen/record/atomicfile"
)

// Spool is a log on an agent's disk: an append-only file with one encoded snapshot an entry, kept until the Seal. Once
// Append has returned, an entry survives the end of the process at any instant; after Sync, also that of the machine. All
// methods may be called from many goroutines.
type Spool struct {
	path string

	mu   sync.RWMutex // guards what follows
	file *os.File     // locked against other processes while it is open
	ends []int64      // of the header and then of each entry

	reserve *Reserve // room for what is still to be written; nil for none
}

// A spool file is spoolMagic and then entries: length, CRC-32C of length and snapshot, snapshot.
const (
	spoolMagic     = "fsctl-spool 1\n"
	spoolEnding    = ".spool"
	entryHeadBytes = 8
	largestEntry   = 64 << 20 // bytes; a length above it is damage
)

// BusyError says that another process has a spool open.
type BusyError struct{ Path string }

// Error names the file.
func (e *BusyError) Error() string {
	return fmt.Sprintf("open spool %s: another process has it open; stop that one first", e.Path)
}

// OpenSpool opens the spool of a log in dir. It creates the directory and the file where there are none. An incomplete
// entry at the file's end, left by a process that was killed, is dropped. It fails with a *BusyError while another process
// has the spool open, and where an entry before the last one is damaged.
func OpenSpool(dir string, key Key) (*Spool, error) {
	if err := key.check(); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	path := filepath.Join(dir, key.String()+spoolEnding)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	s := &Spool{path: path, file: file}
	err = s.lock()
	if err == nil {
		err = atomicfile.Private(file) // an older version gave it 0644
	}
	if err == nil {
		err = s.load()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// Sweep in another process locks a spool for a moment, to see how old it is.
const (
	lockTries = 20
	lockRetry = 10 * time.Millisecond
)

// lock locks the spool against other processes. One that holds the lock for longer than Sweep does is using it.
func (s *Spool) lock() error {
	for range lockTries {
		held, err := lockFile(s.file)
		if err != nil || held {
			return err
		}
		time.Sleep(lockRetry)
	}
	return &BusyError{s.path}
}

// load finds the entries, and cuts off what follows the last one that is whole.
func (s *Spool) load() error {
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	in := bufio.NewReaderSize(s.file, 1<<16)
	magic := make([]byte, len(spoolMagic))
	n, err := io.ReadFull(in, magic)
	if !strings.HasPrefix(spoolMagic, string(magic[:n])) {
		return fmt.Errorf("open spool %s: found no spool, wanted a file that begins with %q", s.path, spoolMagic)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // killed before it had its header
		return s.writeHeader()
	}
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	s.ends = []int64{int64(n)}
	var entry []byte
	for {
		end := s.ends[len(s.ends)-1]
		entry, err = readEntry(in, entry, info.Size()-end)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return s.truncate(end)
		}
		if err != nil {
			return fmt.Errorf("open spool %s: entry %d at byte %d: %w", s.path, len(s.ends)-1, end, err)
		}
		s.ends = append(s.ends, end+entryHeadBytes+int64(len(entry)))
	}
}

func (s *Spool) writeHeader() error {
	if err := s.truncate(0); err != nil {
		return err
	}
	if _, err := s.file.WriteAt([]byte(spoolMagic), 0); err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	s.ends = []int64{int64(len(spoolMagic))}
	return nil
}

func (s *Spool) truncate(end int64) error {
	if err := s.file.Truncate(end); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// readEntry reads an entry's snapshot into buffer. leftBytes is what the file has from the entry's start. An
// entry that is not all there is io.ErrUnexpectedEOF.
func readEntry(in io.Reader, buffer []byte, leftBytes int64) ([]byte, error) {
	var head [entryHeadBytes]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(head[:]))
	if length > largestEntry {
		return nil, fmt.Errorf("found a length of %d bytes, wanted at most %d: the file is damaged", length, largestEntry)
	}
	if entryHeadBytes+length > leftBytes {
		return nil, io.ErrUnexpectedEOF
	}
	if int64(cap(buffer)) < length {
		buffer = make([]byte, length)
	}
	buffer = buffer[:length]
	if _, err := io.ReadFull(in, buffer); err != nil {
		return nil, err
	}
	if entrySum(head[:4], buffer) == binary.LittleEndian.Uint32(head[4:]) {
		return buffer, nil
	}
	if entryHeadBytes+length == leftBytes { // the machine died before the last entry was all on the disk
		return nil, io.ErrUnexpectedEOF
	}
	return nil, errors.New("found another checksum than was written: the file is damaged")
}

func entrySum(length, data []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, data)
}

// Len returns how many snapshots the spool has.
func (s *Spool) Len() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return uint64(len(s.ends) - 1)
}

// Append adds encoded snapshots, all or none, which get the numbers from Len on. It fails for a snapshot of more than 64 MiB,
// and where the file cannot be written, such as on a full disk. Either way the spool is as it was.
func (s *Spool) Append(snapshots ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := s.ends[len(s.ends)-1]
	var entries []byte
	var ends []int64
	for _, data := range snapshots {
		if len(data) > largestEntry {
			return fmt.Errorf("append to spool %s: found %d bytes, wanted at most %d", s.path, len(data), largestEntry)
		}
		entries = appendEntry(entries, data)
		ends = append(ends, start+int64(len(entries)))
	}
	s.reserve.Release(int64(len(entries)))
	if _, err := s.file.WriteAt(entries, start); err != nil {
		return errors.Join(fmt.Errorf("append to spool: %w", err), s.truncate(start))
	}
	s.ends = append(s.ends, ends...)
	return nil
}

func appendEntry(dst, data []byte) []byte {
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	dst = append(dst, length...)
	dst = binary.LittleEndian.AppendUint32(dst, entrySum(length, data))
	return append(dst, data...)
}

// Read returns the snapshot of a number, from 0 and below Len, as it was appended. It fails for another number, and
// where the entry is damaged or cannot be read.
func (s *Spool) Read(number uint64) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if number+1 >= uint64(len(s.ends)) {
		return nil, fmt.Errorf("read spool %s: found %d snapshots, wanted number %d", s.path, len(s.ends)-1, number)
	}
	from, to := s.ends[number], s.ends[number+1]
	data, err := readEntry(io.NewSectionReader(s.file, from, to-from), nil, to-from)
	if err != nil {
		return nil, fmt.Errorf("read spool %s: entry %d: %w", s.path, number, err)
	}
	return data, nil
}

// Sync writes what was appended to the disk. It fails where the disk does, or the spool is closed.
func (s *Spool) Sync() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.file.Sync()
}

// Close closes the spool; the file stays. Closing twice does nothing more. It fails where the file system does.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Remove closes the spool and deletes its file. It fails where the file cannot be deleted, or is gone.
func (s *Spool) Remove() error { return errors.Join(s.Close(), os.Remove(s.path)) }

// Spools returns the logs that have a spool in dir, by name; none where dir is missing. They are of agents that run, or
// that ended before their log was sealed. It fails where dir cannot be read.
func Spools(dir string) ([]Key, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list spools: %w", err)
	}
	var keys []Key
	for _, entry := range entries {
		if key, ok := keyOf(entry.Name()); ok {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// Leftover is a spool that no process has open: its agent ended before the log was sealed.
type Leftover struct {
	Key       Key
	SizeBytes int64
	Written   time.Time // last write
}

// Sweep looks through the spools in dir that no process has open, and deletes those last written before an instant. It
// returns these, and those that it kept, by name. The error is of spools that it could not examine or delete; they
// stay.
func Sweep(dir string, before time.Time) (deleted, kept []Leftover, err error) {
	keys, err := Spools(dir)
	for _, key := range keys {
		found, gone, problem := sweep(filepath.Join(dir, key.String()+spoolEnding), before)
		found.Key = key
		switch {
		case problem != nil:
			err = errors.Join(err, fmt.Errorf("sweep spools: %w", problem))
		case gone:
			deleted = append(deleted, found)
		case !found.Written.IsZero():
			kept = append(kept, found)
		}
	}
	return deleted, kept, err
}

// sweep returns a zero Leftover for a spool that is in use, and for what is not a spool.
func sweep(path string, before time.Time) (found Leftover, gone bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) { // another process swept it, or its log was sealed
		return found, false, nil
	}
	if err != nil {
		return found, false, err
	}
	defer file.Close()
	held, err := lockFile(file)
	if err != nil || !held {
		return found, false, err
	}
	info, err := file.Stat() // under the lock: no process writes to it
	if err != nil || !info.Mode().IsRegular() {
		return found, false, err
	}
	found.SizeBytes, found.Written = info.Size(), info.ModTime()
	if !found.Written.Before(before) {
		return found, false, nil
	}
	return found, true, os.Remove(path)
}

func keyOf(name string) (key Key, ok bool) {
	name, ok = strings.CutSuffix(name, spoolEnding)
	parts := strings.Split(name, "-")
	if !ok || len(parts) < 3 {
		return Key{}, false
	}
	last := len(parts) - 1
	slot, errSlot := strconv.Atoi(parts[last-1])
	epoch, errEpoch := strconv.ParseUint(parts[last], 10, 64)
	key = Key{strings.Join(parts[:last-1], "-"), slot, epoch}
	return key, errors.Join(errSlot, errEpoch, key.check()) == nil && key.String() == name
}
