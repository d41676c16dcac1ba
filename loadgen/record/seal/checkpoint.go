package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Checkpoint says what the files of a record held when a second had been written whole. A file that it does not name was empty.
//
// Where Replaces names a file, that one is about to be replaced as a whole, and Files has what it will hold: until it is
// replaced the checkpoint before holds, and from then on this one.
type Checkpoint struct {
	Files    []File `json:"files"`
	Replaces string `json:"replaces,omitempty"`
}

// Line returns the checkpoint as a line of a log of checkpoints.
func (c Checkpoint) Line() []byte {
	line, _ := json.Marshal(c) // it always has a JSON form
	return append(line, '\n')
}

// bytesOf returns how long a file was, 0 or more in a log that is sound.
func (c Checkpoint) bytesOf(name string) int64 {
	for _, f := range c.Files {
		if f.Name == name {
			return f.Bytes
		}
	}
	return 0
}

// ParseLog returns the checkpoints of a log. A last line that was cut off is dropped, and torn is then true; a log may also end
// in zeros, which a power cut can leave. Any other line that is no checkpoint is an error that names it.
func ParseLog(path string, text []byte) (log []Checkpoint, torn bool, err error) {
	for number := 1; len(text) > 0; number++ {
		line, rest, terminated := bytes.Cut(text, []byte("\n"))
		c, err := parseCheckpoint(line)
		if err != nil && (terminated || len(bytes.Trim(rest, "\x00")) > 0) {
			return nil, false, &DamageError{Path: fmt.Sprintf("%s:%d", path, number), Found: "a line that is no checkpoint", Wanted: "the sizes and hashes of the record's files", Err: err}
		}
		if err != nil {
			return log, true, nil
		}
		log, text = append(log, c), rest
	}
	return log, false, nil
}

func parseCheckpoint(line []byte) (c Checkpoint, err error) {
	if err := json.Unmarshal(line, &c); err != nil {
		return c, err
	}
	if len(c.Files) == 0 {
		return c, errors.New("it names no file")
	}
	for _, f := range c.Files {
		if f.Bytes < 0 || len(f.SHA256) != len(blank) {
			return c, fmt.Errorf("file %q has %d bytes with hash %q, wanted 0 or more with a SHA-256", f.Name, f.Bytes, f.SHA256)
		}
	}
	return c, nil
}

// Kept is what is to be read of a record without a seal.
type Kept struct {
	Bytes map[string]int64 // the first bytes of each file, 0 or more
	Torn  int              // files that lost something, or of which something is dropped, from 0
}

// Recover finds the last checkpoint that the files of a record hold, and with it what is to be read of them: up to there every
// second is whole, and what comes after is dropped.
//
// A process that is killed leaves files that hold the last checkpoint, or the one before while a file is replaced. After a power
// cut any of them may have lost its end, or end in zeros, and an earlier checkpoint holds. A file that has as many bytes as a
// checkpoint says, but others, though later checkpoints follow, was changed: that is a *DamageError. path says where a file is, for
// errors. It fails also where a file cannot be read.
func Recover(log []Checkpoint, files map[string]io.Reader, path func(name string) string) (*Kept, error) {
	found := map[string]*prefixes{}
	for name, from := range files {
		p, err := measure(from, boundaries(log, name))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path(name), err)
		}
		found[name] = p
	}
	last := len(log) - 1
	for last >= 0 && len(log[last].unmet(found)) > 0 {
		last--
	}
	if err := excuse(log, last+1, found, path); err != nil {
		return nil, err
	}
	kept := &Kept{Bytes: map[string]int64{}}
	for name, p := range found {
		if last >= 0 {
			kept.Bytes[name] = log[last].bytesOf(name)
		}
		if p.size > kept.Bytes[name] || lost(log[last+1:], name, kept.Bytes[name]) {
			kept.Torn++
		}
	}
	return kept, nil
}

// unmet returns the files that do not hold what the checkpoint says.
func (c Checkpoint) unmet(found map[string]*prefixes) (files []File) {
	for _, f := range c.Files {
		if p := found[f.Name]; p == nil || p.sums[f.Bytes] != f.SHA256 {
			files = append(files, f)
		}
	}
	return files
}

// excuse fails where the checkpoint at an index does not hold for another reason than that something was lost at a file's end.
func excuse(log []Checkpoint, at int, found map[string]*prefixes, path func(string) string) error {
	if at >= len(log)-1 { // it holds, or is the last: what it speaks of is the record's end
		return nil
	}
	for _, f := range log[at].unmet(found) {
		p := found[f.Name]
		if p != nil && p.text < f.Bytes {
			continue
		}
		holds := "nothing of that name"
		if p != nil {
			holds = "others of the same number"
		}
		return &DamageError{Path: path(f.Name), Found: holds, Wanted: "its first " + f.String() + ", as a checkpoint says"}
	}
	return nil
}

// lost reports that a file was longer at the last of some checkpoints. One that replaces a file says nothing of what was there.
func lost(log []Checkpoint, name string, bytes int64) bool {
	if slices.ContainsFunc(log, func(c Checkpoint) bool { return c.Replaces != "" }) || len(log) == 0 {
		return false
	}
	return log[len(log)-1].bytesOf(name) > bytes
}

// boundaries returns the sizes of a file at the checkpoints, in rising order.
func boundaries(log []Checkpoint, name string) []int64 {
	sizes := map[int64]bool{}
	for _, c := range log {
		sizes[c.bytesOf(name)] = true
	}
	return slices.Sorted(maps.Keys(sizes))
}

// prefixes are the hashes of a file's first bytes, by their number.
type prefixes struct {
	sums map[int64]string
	size int64
	text int64 // size without the zeros at its end
}

// measure reads a file once and hashes it up to each size. Sizes that it does not reach are left out.
func measure(from io.Reader, sizes []int64) (*prefixes, error) {
	p, digest := &prefixes{sums: map[int64]string{}}, NewDigest()
	buffer := make([]byte, 1<<16)
	for {
		for len(sizes) > 0 && sizes[0] == p.size {
			p.sums[p.size] = digest.File("").SHA256
			sizes = sizes[1:]
		}
		most := int64(len(buffer))
		if len(sizes) > 0 {
			most = min(most, sizes[0]-p.size)
		}
		n, err := from.Read(buffer[:most])
		_, _ = digest.Write(buffer[:n]) // never fails
		if text := len(bytes.TrimRight(buffer[:n], "\x00")); text > 0 {
			p.text = p.size + int64(text)
		}
		p.size += int64(n)
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
