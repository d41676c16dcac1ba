// Package seal says whether the files of a record are as they were written.
//
// A record that is closed has a Seal in its manifest, which holds the size and SHA-256 of every other file. One that is still being
// written, or whose process died, has checkpoints: each says how long every file was when a second had been written whole.
package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strings"
)

// File is what a file of a record holds: its first Bytes bytes, from 0, and their SHA-256 in hexadecimal digits.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Of returns the file that holds data.
func Of(name string, data []byte) File {
	d := NewDigest()
	d.Write(data)
	return d.File(name)
}

// String says what the file holds.
func (f File) String() string {
	if f.Bytes == 0 {
		return "an empty file"
	}
	return fmt.Sprintf("%d bytes with SHA-256 %.12s", f.Bytes, f.SHA256)
}

// Digest is the running size and SHA-256 of a file that grows.
type Digest struct {
	hash  hash.Hash
	bytes int64
}

// NewDigest returns the digest of an empty file.
func NewDigest() *Digest { return &Digest{hash: sha256.New()} }

// Write adds what the file has more, all bytes of p. The error is always nil.
func (d *Digest) Write(p []byte) (bytes int, err error) {
	d.bytes += int64(len(p))
	return d.hash.Write(p)
}

// File returns what was written so far, as the file of a name.
func (d *Digest) File(name string) File {
	return File{Name: name, Bytes: d.bytes, SHA256: hex.EncodeToString(d.hash.Sum(nil))}
}

// Totals are sums over the whole record, each from 0. What is read must add up to them.
type Totals struct {
	Due        uint64 `json:"due"`        // requests, as in the counters
	Sent       uint64 `json:"sent"`       // requests
	Done       uint64 `json:"done"`       // requests
	Failed     uint64 `json:"failed"`     // requests
	Arrivals   uint64 `json:"arrivals"`   // users who came
	Iterations uint64 `json:"iterations"` // journeys that ended
	Values     uint64 `json:"values"`     // that all histograms hold
	Told       uint64 `json:"told"`       // orders that buyers were told of
	Sold       uint64 `json:"sold"`       // orders that the shop lists
}

// Seal closes a manifest. Files is every other file of the record, in a fixed order. Totals is nil where the record broke: its
// files may hold a part of a second. SHA256 is that of the manifest's text with this hash blanked by zeros.
type Seal struct {
	Files  []File  `json:"files"`
	Totals *Totals `json:"totals,omitempty"`
	SHA256 string  `json:"manifest_sha256"`
}

// Find returns the sealed file of a name; ok is false where the record has none.
func (s *Seal) Find(name string) (f File, ok bool) {
	for _, f := range s.Files {
		if f.Name == name {
			return f, true
		}
	}
	return File{}, false
}

// blank stands for a manifest's hash of itself while that is computed.
var blank = strings.Repeat("0", 2*sha256.Size)

// Sign returns the text of a manifest with its hash of itself. v is the manifest, whose last field is s. It fails where v has no
// JSON form.
func Sign(v any, s *Seal) ([]byte, error) {
	s.SHA256 = blank
	text, err := Text(v)
	if err != nil {
		return nil, err
	}
	s.SHA256 = sumOf(text)
	return replaceHash(text, blank, s.SHA256), nil
}

// Text returns a manifest as JSON, a field a line. It fails where v has no JSON form.
func Text(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}

// Verify fails with a *DamageError where a manifest's text, read from path, is not what Sign made with this seal.
func (s *Seal) Verify(path string, text []byte) error {
	if found := sumOf(replaceHash(text, s.SHA256, blank)); len(s.SHA256) != len(blank) || found != s.SHA256 {
		return &DamageError{Path: path, Found: fmt.Sprintf("a text with SHA-256 %.12s", found), Wanted: fmt.Sprintf("%.12s, as its seal says", s.SHA256)}
	}
	return nil
}

// replaceHash replaces the hash that stands last in a manifest.
func replaceHash(text []byte, old, made string) []byte {
	const field = `"manifest_sha256": "`
	at := bytes.LastIndex(text, []byte(field+old+`"`))
	if at < 0 {
		return text
	}
	at += len(field)
	return bytes.Join([][]byte{text[:at], []byte(made), text[at+len(old):]}, nil)
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Reader reads a sealed file and keeps its digest, so that the file is read once.
type Reader struct {
	from   io.Reader
	digest *Digest
}

// NewReader returns a reader of a file from its start.
func NewReader(from io.Reader) *Reader { return &Reader{from: from, digest: NewDigest()} }

// Read reads on, 0 or more bytes. It fails where the file does.
func (r *Reader) Read(p []byte) (bytes int, err error) {
	n, err := r.from.Read(p)
	_, _ = r.digest.Write(p[:n]) // never fails
	return n, err
}

// Verify reads what is left of the file at path, and fails with a *DamageError where it does not hold what was sealed. unread is
// why the file could not be read as what it should be, nil where it could: it is the error's detail, and returned as it is where
// the file is undamaged.
func (r *Reader) Verify(path string, wanted File, unread error) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if found := r.digest.File(wanted.Name); found != wanted {
		return &DamageError{Path: path, Found: found.String(), Wanted: wanted.String() + ", as the seal in run.json says", Err: unread}
	}
	return unread
}

// DamageError says that a file of a record is not as it was written. Nothing is concluded from such a record.
type DamageError struct {
	Path          string
	Found, Wanted string
	Hint          string // what to do where the usual hint does not apply
	Err           error  // what could not be read for it; may be nil
}

// Error says which file is damaged, what was found and what was wanted.
func (e *DamageError) Error() string {
	text := fmt.Sprintf("%s is damaged: found %s, wanted %s", e.Path, e.Found, e.Wanted)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what could not be read.
func (e *DamageError) Unwrap() error { return e.Err }

// Advice says what can be done about it.
func (e *DamageError) Advice() string {
	if e.Hint != "" {
		return e.Hint
	}
	return "restore the run directory from a copy, or run again: nothing can be concluded from a record that was changed"
}
