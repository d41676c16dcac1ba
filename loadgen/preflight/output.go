package preflight

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"fsctl/loadgen/record/atomicfile"
)

// Output is a file that is written when the storm is over.
type Output struct {
	Name string // of what asks for it, such as --junit
	Path string
}

// Check returns why the file could not be written now, nil where it could: its directory is missing or may not be written to, or a
// directory has its name. What is there stays as it is.
func (o Output) Check() *Reason { return o.check("") }

// check returns why the file could not be written, nil where it could. A file in the run directory can, once that is made.
func (o Output) check(runDir string) *Reason {
	dir := filepath.Dir(o.Path)
	if runDir != "" && isSame(dir, runDir) {
		return nil
	}
	err := atomicfile.Check(o.Path)
	if err == nil {
		return nil
	}
	if inPath, ok := errors.AsType[*fs.PathError](err); ok {
		err = inPath.Err // which names the path again
	}
	info, missing := os.Stat(dir)
	switch at, other := os.Stat(o.Path); {
	case other == nil && at.IsDir():
		return reasonf("name a file in it", "%s %s: found a directory, wanted a file", o.Name, o.Path)
	case errors.Is(missing, fs.ErrNotExist):
		return reasonf("make the directory first: mkdir -p "+dir, "%s %s: found no directory %s, wanted one to write the file to", o.Name, o.Path, dir)
	case missing == nil && !info.IsDir():
		return reasonf("name a file elsewhere", "%s %s: found that %s is no directory, wanted one to write the file to", o.Name, o.Path, dir)
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return reasonf("make room, or name a file elsewhere", "%s %s: found no room, wanted some for the report: %w", o.Name, o.Path, err)
	}
	return reasonf("name a file elsewhere, or allow writing there", "%s %s: found that it cannot be written, wanted a file that can: %w", o.Name, o.Path, err)
}

// isSame reports whether two paths of directories, which need not be there, are written for the same one.
func isSame(a, b string) bool {
	one, err := filepath.Abs(a)
	two, other := filepath.Abs(b)
	return err == nil && other == nil && one == two
}

// checkDir returns why a directory could not be made, nil where it could. The first directory above it that is there is
// tried: nothing stays of it.
func checkDir(dir string) *Reason {
	above := filepath.Dir(filepath.Clean(dir))
	for {
		if _, err := os.Lstat(above); !errors.Is(err, fs.ErrNotExist) || filepath.Dir(above) == above {
			break
		}
		above = filepath.Dir(above)
	}
	trial, err := os.MkdirTemp(above, ".fsctl-trial-")
	if err == nil {
		err = os.Remove(trial)
	}
	if err == nil {
		return nil
	}
	if inPath, ok := errors.AsType[*fs.PathError](err); ok {
		err = inPath.Err
	}
	return reasonf("name another directory with --run, or allow writing there",
		"run directory %s: found that nothing can be made in %s, wanted a directory for the record: %w", dir, above, err)
}

func reasonf(hint, format string, args ...any) *Reason {
	return &Reason{fmt.Errorf(format, args...), hint}
}
