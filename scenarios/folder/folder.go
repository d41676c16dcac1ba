// Package folder reads the files that a scenario sends: those beside it and below its folder, and no others.
package folder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MostBytes is the size of the largest file that is read, 64 MiB.
const MostBytes = 64 << 20

// Check fails as Read would, but does not read the file.
func Check(dir, name string) error {
	file, err := open(dir, name)
	if err != nil {
		return err
	}
	return file.Close()
}

// Read returns what is in a file, by its path below the folder dir. It fails where the path leads out of the folder, also by a
// symbolic link, where it is no regular file, where it has more than MostBytes bytes, and where it cannot be read. The error says what was
// found and what was wanted.
func Read(dir, name string) ([]byte, error) {
	file, err := open(dir, name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MostBytes+1)) // it may grow meanwhile
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, checkSize(name, int64(len(data)))
}

// open opens a file that may be read.
func open(dir, name string) (*os.File, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("found the file %q, wanted one beside the scenario or below its folder: a path without .. that does not begin with /", name)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the scenario's folder: %w", err)
	}
	defer root.Close()
	info, err := root.Stat(name) // to open a pipe would wait for its writer
	if err == nil {
		err = checkKind(name, info)
	}
	if err != nil {
		return nil, explain(name, err)
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, explain(name, err)
	}
	return file, nil
}

// checkKind fails for what is no regular file, or too large.
func checkKind(name string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("found the directory %s, wanted a file", name)
	case !info.Mode().IsRegular():
		return fmt.Errorf("found %s, which is no regular file, wanted one", name)
	}
	return checkSize(name, info.Size())
}

func checkSize(name string, size int64) error {
	if size > MostBytes {
		return fmt.Errorf("found more than %d MiB in the file %s, wanted at most that", MostBytes>>20, name)
	}
	return nil
}

// explain says what an error of the file system means for the scenario.
func explain(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("found no file %s, wanted it beside the scenario or below its folder: %w", name, fs.ErrNotExist)
	case strings.Contains(err.Error(), "escapes"): // os.Root has no error of its own for it
		return fmt.Errorf("found the file %s, a link that leads out of the scenario's folder, wanted a file in it", name)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // without the name of a system call
	}
	return fmt.Errorf("found the file %q, which cannot be opened, wanted one beside the scenario or below its folder: %w", name, err)
}

// mediaTypes are those of files by the ends of their names. The system's own table differs from machine to machine, and a storm must not.
// Source: IANA, media types; https://www.iana.org/assignments/media-types.
var mediaTypes = map[string]string{
	".avif": "image/avif", ".bmp": "image/bmp", ".css": "text/css; charset=utf-8", ".csv": "text/csv; charset=utf-8",
	".gif": "image/gif", ".gz": "application/gzip", ".heic": "image/heic", ".htm": "text/html; charset=utf-8", ".html": "text/html; charset=utf-8",
	".ico": "image/vnd.microsoft.icon", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".js": "text/javascript; charset=utf-8",
	".json": "application/json", ".jsonl": "application/jsonl", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".ndjson": "application/x-ndjson",
	".pdf": "application/pdf", ".png": "image/png", ".svg": "image/svg+xml", ".tiff": "image/tiff", ".txt": "text/plain; charset=utf-8",
	".wav": "audio/wav", ".webm": "video/webm", ".webp": "image/webp", ".xml": "application/xml", ".zip": "application/zip",
	".doc": "application/msword", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xls": "application/vnd.ms-excel", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".yaml": "application/yaml", ".yml": "application/yaml",
}

// TypeOf returns the Content-Type of a file by the end of its name, application/octet-stream for one that is not known.
func TypeOf(name string) string {
	if media, ok := mediaTypes[strings.ToLower(filepath.Ext(name))]; ok {
		return media
	}
	return "application/octet-stream"
}
